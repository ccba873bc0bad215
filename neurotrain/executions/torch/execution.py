"""Running a circuit step by step in PyTorch, with gradients or without."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.executions.base import Activity, Request
from neurotrain.executions.fused.execution import collect, network_of, span_of
from neurotrain.executions.torch.options import Differentiation
from neurotrain.required_torch import require_torch, torch_threads

if TYPE_CHECKING:
    from torch import Tensor

    from neurotrain.circuit import Circuit


@dataclass(frozen=True)
class TensorActivity:
    """What the neurons did, in SI units, as tensors that know where they come from.

    Parameters
    ----------
    spike_count : (candidate, trial, bin, neuron) tensor
        With the surrogate derivative of spikes.
    failed : (candidate, trial) bool tensor
        Where a state became non-finite.
    average : mapping of str to (candidate, trial, neuron) tensor
    samples : mapping of str to (candidate, trial, sample, neuron) tensor
    """

    spike_count: "Tensor"
    failed: "Tensor"
    average: Mapping[str, "Tensor"] = field(default_factory=dict)
    samples: Mapping[str, "Tensor"] = field(default_factory=dict)


def run_torch(
    circuit: "Circuit",
    blocks: Mapping[str, np.ndarray],
    inputs: np.ndarray,
    initial_state: Mapping[str, np.ndarray],
    request: Request,
    threads: int | None,
    precision: str,
) -> Activity:
    """Simulate blocks (candidate, ...) on inputs (trial, bin, channel), without gradients.

    Raises
    ------
    InvalidInput
        Where PyTorch is not installed, or a limit of time is asked for.
    UnsupportedModel
        For what has no counterpart in PyTorch.
    """
    torch = require_torch()
    if request.trial_seconds is not None:
        raise InvalidInput(
            "The torch execution has no limit of time; leave out trial_seconds, or use "
            "execution='fused'."
        )
    options = Differentiation(surrogate="none", precision=precision)
    with torch_threads(threads), torch.no_grad():
        tensors = {name: torch.as_tensor(np.asarray(b)) for name, b in blocks.items()}
        found = run_differentiable(circuit, tensors, inputs, initial_state, request, options)
    return Activity(
        spike_count=found.spike_count.numpy().round().astype(np.int64),
        failed=found.failed.numpy(),
        average={name: one.numpy() for name, one in found.average.items()},
        samples={name: one.numpy() for name, one in found.samples.items()},
    )


def run_differentiable(
    circuit: "Circuit",
    blocks: Mapping[str, "Tensor"],
    inputs: np.ndarray,
    initial_state: Mapping[str, np.ndarray],
    request: Request,
    options: Differentiation,
) -> TensorActivity:
    """Simulate blocks (candidate, ...) on inputs (trial, bin, channel).

    Parameters
    ----------
    circuit : Circuit
    blocks : mapping of str to (candidate, ...) tensor
        As `circuit.parameters.split` shapes them; gradients reach those that require them.
    inputs : (trial, bin, channel) array
    initial_state : mapping of str to (trial, neuron) array
        As `Circuit.draw_initial_state` gives it.
    request : Request
    options : Differentiation

    Raises
    ------
    InvalidInput
        Where PyTorch is not installed.
    UnsupportedModel
        For what has no counterpart in PyTorch, or no derivative where one is asked for.
    """
    require_torch()
    from neurotrain.executions.torch.run import Run

    network = network_of(circuit, request.observed)
    values = collect(circuit, network, blocks, inputs, initial_state, request)
    n_candidates = len(next(iter(blocks.values())))
    span = span_of(values.clocks, request)
    often = span.n_steps // max(1, request.n_steps)
    options = replace(
        options,
        **{
            name: steps * often
            for name in ("checkpoint_steps", "truncate_steps")
            if (steps := getattr(options, name))
        },
    )
    run = Run(network.program, values, span, options)
    run.measure_scales(network.arrays)
    return run.activity(n_candidates, circuit.n_neurons)
