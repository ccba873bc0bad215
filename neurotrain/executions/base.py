"""What every execution is asked for, and what it gives back."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

# After so many steps, and after the last, an execution looks whether all states are finite.
STEPS_BETWEEN_CHECKS = 32


@dataclass(frozen=True)
class Request:
    """What to simulate and to record, in steps of `dt` seconds.

    Parameters
    ----------
    dt : float
        Duration of a step, in seconds.
    n_steps : int
        Duration of every trial.
    steps_per_input : int
        How long an input bin lasts.
    bin_stops : tuple of int
        The step after the last one of each bin in which spikes are counted.
    observed : tuple of str
        Variables or subexpressions to average and to sample.
    average : (start, stop)
        The steps over which they are averaged.
    sample_every : int
        Sample them every so many steps; 0 for no samples.
    ends_failed : bool
        Whether a trial may end once a state is non-finite. What was recorded of it is
        then incomplete, but for `failed`.
    trial_seconds : float, optional
        Most processor time of a candidate for each of its trials; where it takes longer, it has
        failed. By default there is no limit.
    """

    dt: float
    n_steps: int
    steps_per_input: int
    bin_stops: tuple[int, ...]
    observed: tuple[str, ...] = ()
    average: tuple[int, int] = (0, 0)
    sample_every: int = 0
    ends_failed: bool = True
    trial_seconds: float | None = None

    @property
    def n_samples(self) -> int:
        """Number of samples of each observed variable."""
        return -(-self.n_steps // self.sample_every) if self.sample_every else 0


@dataclass(frozen=True)
class Activity:
    """What the neurons did, in SI units.

    Parameters
    ----------
    spike_count : (candidate, trial, bin, neuron) int array
    failed : (candidate, trial) bool array
        Where a state became non-finite, or a limit of time was reached.
    average : mapping of str to (candidate, trial, neuron) array
    samples : mapping of str to (candidate, trial, sample, neuron) array
    timed_out : (candidate, trial) bool array, optional
        Where the limit of time was reached; None if there was none.
    """

    spike_count: np.ndarray
    failed: np.ndarray
    average: Mapping[str, np.ndarray] = field(default_factory=dict)
    samples: Mapping[str, np.ndarray] = field(default_factory=dict)
    timed_out: np.ndarray | None = None
