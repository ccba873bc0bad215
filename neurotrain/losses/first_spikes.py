"""Losses of which pool of neurons spikes first."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurotrain.errors import InvalidInput, require_number
from neurotrain.losses.base import MeanOverTrials, cross_entropy, of_label


@dataclass(frozen=True)
class FirstSpikeOrder(MeanOverTrials):
    """Share of the other pools that spike no later than the correct one, averaged over trials.

    0 if the correct pool is the first of all, 1 if it is the last or nobody spikes.
    """

    name: ClassVar[str] = "first-spike-order"
    readout: ClassVar[str | None] = "first-spike"
    discrete: ClassVar[bool] = True

    def _per_trial(self, readout: np.ndarray, labels: np.ndarray) -> np.ndarray:
        _check_latencies(self.name, readout)
        no_later = readout >= of_label(readout, labels)[..., np.newaxis]
        # The correct pool is no later than itself.
        return (no_later.sum(axis=-1) - 1) / (readout.shape[-1] - 1)


@dataclass(frozen=True)
class FirstSpikeLatency(MeanOverTrials):
    """Cross-entropy of the softmax of minus the latencies, ``softmax(-t / temperature_ms)``.

    ``t_k`` is the time of the first spike of pool k; a silent pool counts as spiking when the
    decision period ends.

    Parameters
    ----------
    temperature_ms : float
        The lead in ms that multiplies the odds of a choice by e.

    Notes
    -----
    The first term of the loss of Goeltz et al. (2021), DOI 10.1038/s42256-021-00388-x.
    """

    name: ClassVar[str] = "first-spike-latency"
    readout: ClassVar[str | None] = "first-spike"
    discrete: ClassVar[bool] = True

    temperature_ms: float = 5.0

    def __post_init__(self) -> None:
        require_number(f"'temperature_ms' of loss '{self.name}'", self.temperature_ms, above=0)

    def _per_trial(self, readout: np.ndarray, labels: np.ndarray) -> np.ndarray:
        _check_latencies(self.name, readout)
        return cross_entropy(readout / self.temperature_ms, labels)


def _check_latencies(name: str, readout: np.ndarray) -> None:
    if (readout > 0).any():
        raise InvalidInput(
            f"Loss '{name}' needs a readout of first spikes, which is minus a latency; "
            "got positive values. Use FirstSpikeReadout."
        )
