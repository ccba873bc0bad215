"""The loss of candidates and its gradient, by backpropagation through the equations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.executions.base import Request
from neurotrain.executions.torch.options import Differentiation
from neurotrain.gradients.activity import as_tensors, in_numpy, run
from neurotrain.gradients.losses import (
    differentiable_loss,
    require_differentiable_loss,
    require_same_in_tensors,
)
from neurotrain.gradients.outcome import Outcome
from neurotrain.gradients.readouts import merged_bins, read, require_differentiable_readout
from neurotrain.losses import Loss, as_loss, make_loss
from neurotrain.recording import Recording
from neurotrain.required_torch import require_torch, torch_threads
from neurotrain.simulation import check_fits, make_recording, make_request, readout_edges
from neurotrain.trials import Trials

if TYPE_CHECKING:
    from torch import Tensor

    from neurotrain.circuit import Circuit

State = Mapping[str, np.ndarray]
LossLike = Loss | Callable[[Recording, Trials], np.ndarray] | str


@dataclass(frozen=True)
class Differentiated:
    """What a differentiated simulation of P candidates gave.

    Parameters
    ----------
    recording : Recording
    loss : (candidate,) array
        Infinite for a candidate that failed.
    gradient : (candidate, parameter) array
        By the searched coordinates; NaN for a candidate that failed.
    """

    recording: Recording
    loss: np.ndarray
    gradient: np.ndarray


def loss_and_gradient(
    circuit: Circuit,
    candidates: np.ndarray,
    trials: Trials,
    initial_state: State,
    loss: LossLike,
    options: Differentiation | None = None,
    *,
    blocks: Iterable[str] | None = None,
    threads: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the loss of candidates and its gradient.

    Parameters
    ----------
    circuit : Circuit
    candidates : (candidate, parameter) array
    trials : Trials
    initial_state : mapping of str to (trial, neuron) array
        As `Circuit.draw_initial_state` gives it.
    loss : Loss, function or str
        One with a derivative: of `differentiable_losses`, or with an attribute ``in_tensors``,
        a function of an `Outcome` and trials that returns the loss in tensors.
    options : Differentiation, optional
        How spikes are differentiated, and how the gradient is computed.
    blocks : iterable of str, optional
        By which trained parameters the loss is differentiated; by all others the gradient is 0.
        By default by all. By those of the readout alone nothing has to be propagated back
        through time.
    threads : int, optional
        Threads of PyTorch; by default its own choice.

    Returns
    -------
    loss : (candidate,) array
        Infinite for a candidate that failed.
    gradient : (candidate, parameter) array
        Of the loss with respect to the coordinates of ``circuit.parameters``; NaN for a
        candidate that failed.

    Raises
    ------
    InvalidInput
        If loss or readout have no derivative, something does not fit together, or PyTorch is
        not installed.
    UnsupportedModel
        If the equations cannot be differentiated.
    """
    result = differentiate(
        circuit, candidates, trials, initial_state, loss, options, blocks=blocks, threads=threads
    )
    return result.loss, result.gradient


def differentiate(
    circuit: Circuit,
    candidates: np.ndarray,
    trials: Trials,
    initial_state: State,
    loss: LossLike,
    options: Differentiation | None = None,
    *,
    blocks: Iterable[str] | None = None,
    threads: int | None = None,
) -> Differentiated:
    """Return what `loss_and_gradient` does, with the recording it was computed from."""
    loss = make_loss(loss) if isinstance(loss, str) else as_loss(loss)
    options = options or Differentiation()
    require_differentiable_readout(circuit.readout)
    require_differentiable_loss(loss)
    check_fits(circuit, trials, initial_state)
    values = circuit.parameters.split(np.atleast_2d(candidates))
    chosen = _chosen(circuit, blocks)
    request = make_request(circuit, trials)
    with torch_threads(threads):
        tensors = as_tensors(values, chosen, options)
        activity = run(circuit, tensors, trials.inputs, initial_state, request, options, threads)
        recording = make_recording(circuit, in_numpy(activity), values, trials, request)
        # First in NumPy, which finds out whether loss, readout and trials belong together.
        losses = np.asarray(loss(recording, trials), dtype=float)
        outcome = _outcome(circuit, activity, tensors, trials, request)
        in_tensors = differentiable_loss(loss, outcome, trials)
        require_same_in_tensors(loss, losses, in_tensors)
        gradients = _gradients(in_tensors, tensors, chosen)
    gradient = circuit.parameters.pull_back(np.atleast_2d(candidates), gradients)
    gradient[~np.isfinite(losses)] = np.nan
    return Differentiated(recording, losses, gradient)


def _chosen(circuit: Circuit, blocks: Iterable[str] | None) -> list[str]:
    """Return the names of blocks to differentiate by that have anything to search."""
    blocks = circuit.parameters.names if blocks is None else tuple(blocks)
    circuit.parameters.require(*blocks)
    return [
        block.name for block in circuit.parameters.blocks if block.name in blocks and block.size
    ]


def _outcome(
    circuit: Circuit,
    activity: Any,
    tensors: Mapping[str, Tensor],
    trials: Trials,
    request: Request,
) -> Outcome:
    """Give the readout exactly the bins that it needs, and keep what it gives."""
    readout, edges = circuit.readout, readout_edges(circuit, trials)
    counts = merged_bins(activity.spike_count, edges, request.bin_stops)
    needed = replace(activity, spike_count=counts)
    given = read(readout, needed, edges * circuit.dt_ms, tensors)
    return Outcome(
        spike_count=activity.spike_count,
        bin_edges_ms=np.array([0, *request.bin_stops]) * circuit.dt_ms,
        failed=activity.failed,
        **{"output" if readout.outputs else "readout": given},
    )


def _gradients(
    losses: Tensor, tensors: Mapping[str, Tensor], chosen: list[str]
) -> dict[str, np.ndarray]:
    """Return the derivatives of each candidate's loss by its values of each block."""
    torch = require_torch()
    if not losses.requires_grad:
        return {}
    by = [tensors[name] for name in chosen]
    # No candidate's loss depends on another's values.
    found = torch.autograd.grad(losses.sum(), by, allow_unused=True, materialize_grads=True)
    return {name: one.cpu().numpy() for name, one in zip(chosen, found, strict=True)}
