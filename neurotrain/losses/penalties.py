"""Penalties for networks that are silent, blocked, or fire too little or too much.

They say nothing about the task, and are meant to be added to a loss that does.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurotrain.errors import InvalidInput, require_number
from neurotrain.losses.sums import Summable
from neurotrain.recording import Recording
from neurotrain.trials import Trials


class _Penalty(Summable):
    """A loss of the activity alone; infinite for a candidate with a failed trial."""

    name: str
    readout: ClassVar[str | None] = None
    discrete: ClassVar[bool] = True

    def __call__(self, recording: Recording, trials: Trials) -> np.ndarray:
        """Return the loss of each candidate, (candidate,)."""
        if recording.failed.shape[1] != trials.n_trials:
            raise InvalidInput(
                f"The recording has {recording.failed.shape[1]} trials, got {trials.n_trials} "
                "trials to judge it by."
            )
        return np.where(recording.failed.any(axis=1), np.inf, self._penalty(recording))

    def slope(self, readout: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Return zeros: what is read does not matter."""
        return np.zeros(readout.shape)

    def _penalty(self, recording: Recording) -> np.ndarray:
        raise NotImplementedError


@dataclass(frozen=True)
class Silence(_Penalty):
    """Share of neurons without a spike on a trial, averaged over trials."""

    name: ClassVar[str] = "silence"

    def _penalty(self, recording: Recording) -> np.ndarray:
        return recording.silent_share


@dataclass(frozen=True)
class DepolarizationBlock(_Penalty):
    """Share of neurons in depolarization block on a trial, averaged over trials.

    The circuit must say when a neuron is, with `Blocked`.
    """

    name: ClassVar[str] = "depolarization-block"

    def _penalty(self, recording: Recording) -> np.ndarray:
        if recording.blocked is None:
            raise InvalidInput(
                f"Loss '{self.name}' needs a circuit that says when a neuron is in depolarization "
                "block; give it blocked=Blocked(variable, level)."
            )
        return recording.blocked.mean(axis=(1, 2))


@dataclass(frozen=True)
class RateBand(_Penalty):
    """How far neurons fire outside a band of rates, averaged over neurons.

    ``max(0, 1 - r/lowest_hz) + max(0, r/highest_hz - 1)`` of the rate r of a neuron over all
    trials: 1 for a neuron that is silent on all of them.

    Parameters
    ----------
    lowest_hz, highest_hz : float
        The band, in spikes per second.
    """

    name: ClassVar[str] = "rate-band"

    lowest_hz: float = 1.0
    highest_hz: float = 50.0

    def __post_init__(self) -> None:
        require_number(f"'lowest_hz' of loss '{self.name}'", self.lowest_hz, above=0)
        require_number(f"'highest_hz' of loss '{self.name}'", self.highest_hz, above=self.lowest_hz)

    def _penalty(self, recording: Recording) -> np.ndarray:
        duration_ms = recording.bin_edges_ms[-1] - recording.bin_edges_ms[0]
        spikes = recording.spike_count.sum(axis=2).mean(axis=1)  # (candidate, neuron)
        rate_hz = spikes * (1000.0 / duration_ms)
        too_low = np.maximum(0.0, 1 - rate_hz / self.lowest_hz)
        too_high = np.maximum(0.0, rate_hz / self.highest_hz - 1)
        return (too_low + too_high).mean(axis=1)
