"""Losses of the spikes that pools of neurons fire in the decision period."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurotrain.errors import InvalidInput, require_number
from neurotrain.losses.base import MeanOverTrials, cross_entropy
from neurotrain.losses.choices import lead


@dataclass(frozen=True)
class SpikeCountMargin(MeanOverTrials):
    """Spikes that the correct pool lacks to lead all others by `margin`.

    ``max(0, margin - (n_y - max_{k != y} n_k))``, averaged over trials, where ``n_k``
    is the spike count of pool k in the decision period.

    Parameters
    ----------
    margin : float
        The lead that is enough, in spikes.
    """

    name: ClassVar[str] = "spike-count-margin"
    readout: ClassVar[str | None] = "spike-count"
    discrete: ClassVar[bool] = True

    margin: float = 2.0

    def __post_init__(self) -> None:
        require_number(f"'margin' of loss '{self.name}'", self.margin, above=0)

    def _per_trial(self, readout: np.ndarray, labels: np.ndarray) -> np.ndarray:
        _check_counts(self.name, readout)
        return np.maximum(0.0, self.margin - lead(readout, labels))


@dataclass(frozen=True)
class SpikeCountCrossEntropy(MeanOverTrials):
    """Cross-entropy of the softmax of spike counts, ``softmax(n / temperature)``.

    Parameters
    ----------
    temperature : float
        The lead in spikes that multiplies the odds of a choice by e.
    """

    name: ClassVar[str] = "spike-count-cross-entropy"
    readout: ClassVar[str | None] = "spike-count"
    discrete: ClassVar[bool] = True

    temperature: float = 1.5

    def __post_init__(self) -> None:
        require_number(f"'temperature' of loss '{self.name}'", self.temperature, above=0)

    def _per_trial(self, readout: np.ndarray, labels: np.ndarray) -> np.ndarray:
        _check_counts(self.name, readout)
        return cross_entropy(readout / self.temperature, labels)


def _check_counts(name: str, readout: np.ndarray) -> None:
    if (readout < 0).any() or (readout != np.floor(readout)).any():
        raise InvalidInput(
            f"Loss '{name}' needs a readout of spike counts, got values that are not counts; "
            f"use a spike-count readout, or the loss 'cross-entropy' for a graded one."
        )
