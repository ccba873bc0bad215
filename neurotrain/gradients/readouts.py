"""The readouts of `neurotrain.readouts` in tensors, so that what is read has derivatives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.readouts import (
    FirstSpikeReadout,
    GradedReadout,
    RateReadout,
    RateTrajectoryReadout,
    Readout,
    SpikeCountReadout,
    SpikeTrainReadout,
    TrajectoryReadout,
)

if TYPE_CHECKING:
    from torch import Tensor

Values = Mapping[str, "Tensor"]

WITHOUT_DERIVATIVE: Mapping[type, str] = {
    FirstSpikeReadout: "the time of a first spike, in bins, is constant but for jumps",
}


def require_differentiable_readout(readout: Readout) -> None:
    """Raise `InvalidInput` for a readout without derivative, which says what to do."""
    if type(readout) not in _READ:
        known = ", ".join(sorted(one.__name__ for one in _READ))
        because = WITHOUT_DERIVATIVE.get(type(readout))
        raise InvalidInput(
            f"Backpropagation cannot differentiate what a {type(readout).__name__} reads"
            f"{f': {because}' if because else ''}; evolution strategies can train with it, such "
            f"as optimizer='openai-es', or take one of {known}."
        )


def read(readout: Readout, activity: Any, edges_ms: np.ndarray, values: Values) -> Tensor:
    """Return what the method `read` of the readout returns, as a tensor with derivatives.

    Parameters
    ----------
    readout : Readout
    activity : TensorActivity
        With spikes counted in exactly the bins between `edges_ms`.
    edges_ms : (bin + 1,) array
    values : mapping of str to (candidate, ...) tensor
        The trained parameters.

    Raises
    ------
    InvalidInput
        If the readout has no derivative.
    """
    require_differentiable_readout(readout)
    return _READ[type(readout)](readout, activity, edges_ms, values)


def merged_bins(spike_count: Tensor, edges: np.ndarray, stops: tuple[int, ...]) -> Tensor:
    """Return the spike counts in the bins between some of the edges of all bins.

    Parameters
    ----------
    spike_count : (candidate, trial, bin, neuron) tensor
    edges : (merged bin + 1,) int array
        Edges of the bins that are wanted, in steps; each 0 or one of `stops`.
    stops : tuple of int
        The step after the last one of each bin of `spike_count`.
    """
    import torch

    first = np.searchsorted([0, *stops], edges)
    bins = [spike_count[:, :, a:b].sum(dim=2) for a, b in pairwise(first)]
    return torch.stack(bins, dim=2)


def _graded(readout: GradedReadout, activity: Any, edges_ms: np.ndarray, values: Values) -> Tensor:
    return _weighted(activity.average[readout.variable], values)


def _rate(readout: RateReadout, activity: Any, edges_ms: np.ndarray, values: Values) -> Tensor:
    *_, rate = _filtered(activity.spike_count, edges_ms, readout.tau_ms)
    return _weighted(rate, values)


def _trajectory(
    readout: TrajectoryReadout, activity: Any, edges_ms: np.ndarray, values: Values
) -> Tensor:
    return _weighted_bins(activity.samples[readout.variable], values)


def _rate_trajectory(
    readout: RateTrajectoryReadout, activity: Any, edges_ms: np.ndarray, values: Values
) -> Tensor:
    import torch

    rates = _filtered(activity.spike_count, edges_ms, readout.tau_ms)
    return _weighted_bins(torch.stack(list(rates), dim=2), values)


def _spike_count(
    readout: SpikeCountReadout, activity: Any, edges_ms: np.ndarray, values: Values
) -> Tensor:
    return _pooled(activity.spike_count, readout.pools).sum(dim=2)


def _spike_train(
    readout: SpikeTrainReadout, activity: Any, edges_ms: np.ndarray, values: Values
) -> Tensor:
    return _pooled(activity.spike_count[..., : readout.outputs * readout.size], readout.outputs)


def _filtered(spike_count: Tensor, edges_ms: np.ndarray, tau_ms: float) -> Iterator[Tensor]:
    """Yield the filtered spike count at the end of each bin, (candidate, trial, neuron)."""
    rate = 0.0
    for k, decay in enumerate(np.exp(-np.diff(edges_ms) / tau_ms)):
        rate = rate * float(decay) + spike_count[:, :, k]
        yield rate


def _weighted(neurons: Tensor, values: Values) -> Tensor:
    """Return ``weight @ neurons + bias``: (candidate, trial, neuron) to (candidate, trial, row)."""
    return neurons @ values["readout.weight"].transpose(1, 2) + values["readout.bias"][:, None]


def _weighted_bins(neurons: Tensor, values: Values) -> Tensor:
    """Return the same of (candidate, trial, bin, neuron), (candidate, trial, bin, row)."""
    flat = _weighted(neurons.flatten(1, 2), values)
    return flat.unflatten(1, neurons.shape[1:3])


def _pooled(spike_count: Tensor, pools: int) -> Tensor:
    """Return counts of pools of equal size, (..., pool), of those of neurons, (..., neuron)."""
    size = spike_count.shape[-1] // pools
    return spike_count[..., : size * pools].unflatten(-1, (pools, size)).sum(dim=-1)


_READ: Mapping[type, Callable[..., Any]] = {
    GradedReadout: _graded,
    RateReadout: _rate,
    TrajectoryReadout: _trajectory,
    RateTrajectoryReadout: _rate_trajectory,
    SpikeCountReadout: _spike_count,
    SpikeTrainReadout: _spike_train,
}
