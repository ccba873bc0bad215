"""What losses are computed from where they are differentiated: the tensors of a recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Outcome:
    """The part of a `Recording` that has derivatives, as tensors.

    Parameters
    ----------
    spike_count : (candidate, trial, bin, neuron) float tensor
        Spikes in each time bin, with surrogate derivatives.
    bin_edges_ms : (bin + 1,) array
        Where the bins begin and end.
    failed : (candidate, trial) bool tensor
    readout : (candidate, trial, class) tensor or None
        What a readout of classes gave.
    output : (candidate, trial, bin, output) tensor or None
        What a readout of trajectories gave.
    """

    spike_count: Tensor
    bin_edges_ms: np.ndarray
    failed: Tensor
    readout: Tensor | None = None
    output: Tensor | None = None
