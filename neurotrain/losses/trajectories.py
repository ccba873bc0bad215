"""Losses of trajectories beside their targets."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurotrain.losses.outputs import MeanOverOutputs, mean_squared


@dataclass(frozen=True)
class TrajectoryError(MeanOverOutputs):
    """Mean squared difference of outputs and targets, over the bins that count and over trials."""

    name: ClassVar[str] = "trajectory-error"
    readout: ClassVar[str | None] = "trajectory"
    discrete: ClassVar[bool] = False

    def _per_trial(
        self, output: np.ndarray, targets: np.ndarray, counts: np.ndarray, bin_ms: float
    ) -> np.ndarray:
        return mean_squared(output - targets, counts)
