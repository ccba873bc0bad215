"""Losses of spike trains beside target trains or target rates."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurotrain.errors import InvalidInput, require_number
from neurotrain.losses.outputs import MeanOverOutputs, mean_squared
from neurotrain.spike_distances import (
    spike_times,
    van_rossum_distance,
    victor_purpura_distance,
)


class _Distance(MeanOverOutputs):
    """A mean over trials and outputs of distances between spike trains.

    Targets are spike counts. A spike counts as fired in the middle of its bin, and not at all
    in a bin that does not count.
    """

    def _per_trial(
        self, output: np.ndarray, targets: np.ndarray, counts: np.ndarray, bin_ms: float
    ) -> np.ndarray:
        times = (np.arange(output.shape[2]) + 0.5) * bin_ms
        output, targets = (np.where(counts[..., np.newaxis], one, 0) for one in (output, targets))
        _check_counts(self.name, "output of the readout", output)
        _check_counts(self.name, "target", targets)
        trains, target_trains = (
            spike_times(np.moveaxis(each, -1, -2), times) for each in (output, targets)
        )
        return self._distance(trains, target_trains).mean(axis=-1)

    def _distance(self, trains: np.ndarray, targets: np.ndarray) -> np.ndarray:
        raise NotImplementedError


@dataclass(frozen=True)
class VanRossum(_Distance):
    """Van Rossum distance of spike trains to target trains, the mean over trials and outputs.

    Targets are spike counts in each bin of the trial; see `van_rossum_distance`.

    Parameters
    ----------
    tau_ms : float
        Time constant: spikes closer than this count as near.
    """

    name: ClassVar[str] = "van-rossum"
    readout: ClassVar[str | None] = "spike-train"
    discrete: ClassVar[bool] = True

    tau_ms: float = 10.0

    def __post_init__(self) -> None:
        require_number(f"'tau_ms' of loss '{self.name}'", self.tau_ms, above=0)

    def _distance(self, trains: np.ndarray, targets: np.ndarray) -> np.ndarray:
        return van_rossum_distance(trains, targets, self.tau_ms)


@dataclass(frozen=True)
class VictorPurpura(_Distance):
    """Victor-Purpura distance of spike trains to target trains, the mean over trials and outputs.

    Targets are spike counts in each bin of the trial; see `victor_purpura_distance`.

    Parameters
    ----------
    cost_per_ms : float
        Of a shift by one ms; adding or removing a spike costs 1.
    """

    name: ClassVar[str] = "victor-purpura"
    readout: ClassVar[str | None] = "spike-train"
    discrete: ClassVar[bool] = True

    cost_per_ms: float = 0.1

    def __post_init__(self) -> None:
        require_number(f"'cost_per_ms' of loss '{self.name}'", self.cost_per_ms, above=0)

    def _distance(self, trains: np.ndarray, targets: np.ndarray) -> np.ndarray:
        return victor_purpura_distance(trains, targets, self.cost_per_ms)


@dataclass(frozen=True)
class RateMatching(MeanOverOutputs):
    """Mean squared difference of firing rates and target rates, in Hz squared.

    The rate of an output is its spike count filtered with an exponential, so that spikes at a
    constant rate come to that rate; targets are in Hz, those of all neurons of an output together.

    Parameters
    ----------
    tau_ms : float
        Time constant of the filter.
    """

    name: ClassVar[str] = "rate-matching"
    readout: ClassVar[str | None] = "spike-train"
    discrete: ClassVar[bool] = True

    tau_ms: float = 50.0

    def __post_init__(self) -> None:
        require_number(f"'tau_ms' of loss '{self.name}'", self.tau_ms, above=0)

    def _per_trial(
        self, output: np.ndarray, targets: np.ndarray, counts: np.ndarray, bin_ms: float
    ) -> np.ndarray:
        _check_counts(self.name, "output of the readout", output)
        return mean_squared(self._rate_hz(output, bin_ms) - targets, counts)

    def _rate_hz(self, output: np.ndarray, bin_ms: float) -> np.ndarray:
        """Return the rate at the end of each bin, (candidate, trial, bin, output)."""
        decay = np.exp(-bin_ms / self.tau_ms)
        rates = np.empty_like(output)
        rate = np.zeros_like(output[:, :, 0])
        for k in range(output.shape[2]):
            rate = decay * rate + (1 - decay) * output[:, :, k] * (1000.0 / bin_ms)
            rates[:, :, k] = rate
        return rates


def _check_counts(name: str, what: str, values: np.ndarray) -> None:
    if (values < 0).any() or (values != np.floor(values)).any():
        raise InvalidInput(
            f"Loss '{name}' needs spike trains as counts in each bin, but the {what} has values "
            "that are not counts."
        )
