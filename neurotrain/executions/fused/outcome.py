"""What a call of the kernel gives back."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Outcome:
    """What a call gives back, in SI units.

    Parameters
    ----------
    spike_count : (candidate, trial, bin, element) int array
    failed : (candidate, trial) bool array
    timed_out : (candidate, trial) bool array
        Those of them that failed since they took too long.
    samples : tuple of mapping of str to (candidate, trial, sample, element) array
    average : mapping of str to (candidate, trial, element) array
    states : mapping of str to (candidate, trial, element) array
    notes : tuple of (structured array, (entry, value) array)
        Of each log: tick, element and trial of every event, and the values noted with it.
    last_events : mapping of str to structured array
        Tick, element and trial of the events that may still be under way at the end.
    """

    spike_count: np.ndarray
    failed: np.ndarray
    timed_out: np.ndarray
    samples: tuple[dict[str, np.ndarray], ...] = ()
    average: Mapping[str, np.ndarray] = field(default_factory=dict)
    states: Mapping[str, np.ndarray] = field(default_factory=dict)
    notes: tuple[tuple[np.ndarray, np.ndarray], ...] = ()
    last_events: Mapping[str, np.ndarray] = field(default_factory=dict)
