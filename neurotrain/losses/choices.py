"""Losses of the choice, from any decision variable."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurotrain.losses.base import MeanOverTrials, cross_entropy, of_label


@dataclass(frozen=True)
class CrossEntropy(MeanOverTrials):
    """Cross-entropy of the softmax of a graded readout.

    ``-log(exp(r_y) / sum_k exp(r_k))``, averaged over trials; smooth in the readout.
    """

    name: ClassVar[str] = "cross-entropy"
    readout: ClassVar[str | None] = "graded"
    discrete: ClassVar[bool] = False

    def _per_trial(self, readout: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return cross_entropy(readout, labels)

    def slope(self, readout: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Return the derivative of each trial's loss by its readout, (candidate, trial, class)."""
        raised = np.exp(readout - readout.max(axis=-1, keepdims=True))
        is_label = np.arange(readout.shape[-1]) == labels[:, None]
        return raised / raised.sum(axis=-1, keepdims=True) - is_label


@dataclass(frozen=True)
class ZeroOne(MeanOverTrials):
    """Share of wrong choices; a tie for the largest readout is wrong."""

    name: ClassVar[str] = "zero-one"
    readout: ClassVar[str | None] = None
    discrete: ClassVar[bool] = True

    def _per_trial(self, readout: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return (lead(readout, labels) <= 0).astype(float)


def lead(readout: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return by how much the correct class leads the strongest other, (candidate, trial)."""
    is_label = np.arange(readout.shape[-1]) == labels[:, None]
    strongest_other = np.where(is_label, -np.inf, readout).max(axis=-1)
    return of_label(readout, labels) - strongest_other
