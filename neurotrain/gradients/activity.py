"""What the neurons do, in tensors and in arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.executions.base import Activity, Request
from neurotrain.executions.fused.execution import run_fused
from neurotrain.executions.torch.execution import run_differentiable
from neurotrain.executions.torch.options import Differentiation
from neurotrain.required_torch import require_torch

if TYPE_CHECKING:
    from torch import Tensor

    from neurotrain.circuit import Circuit


def as_tensors(
    blocks: Mapping[str, np.ndarray], chosen: Iterable[str], options: Differentiation
) -> dict[str, Tensor]:
    """Return the values of blocks as tensors, of which the chosen ones are differentiated by."""
    torch = require_torch()
    dtype = getattr(torch, options.precision)
    return {
        name: torch.tensor(value, dtype=dtype, requires_grad=name in chosen)
        for name, value in blocks.items()
    }


def run(
    circuit: Circuit,
    tensors: Mapping[str, Tensor],
    inputs: np.ndarray,
    initial_state: Mapping[str, np.ndarray],
    request: Request,
    options: Differentiation,
    threads: int | None,
) -> Any:
    """Return the activity of candidates with the values `tensors` of their blocks, in tensors."""
    own = {block.name for block in circuit.readout.blocks(circuit.n_neurons)}
    if all(name in own for name, value in tensors.items() if value.requires_grad):
        # What the neurons do does not depend on how it is read.
        blocks = {name: value.detach().numpy() for name, value in tensors.items()}
        precision = options.precision
        return _in_tensors(
            run_fused(circuit, blocks, inputs, initial_state, request, threads, precision), options
        )
    return run_differentiable(circuit, tensors, inputs, initial_state, request, options)


def _in_tensors(activity: Activity, options: Differentiation) -> Activity:
    """Return an activity of constant tensors."""
    torch = require_torch()
    dtype = getattr(torch, options.precision)

    def constant(values: np.ndarray) -> Tensor:
        return torch.as_tensor(np.array(values), dtype=dtype)

    return Activity(
        spike_count=constant(activity.spike_count),
        failed=torch.as_tensor(np.array(activity.failed)),
        average={name: constant(values) for name, values in activity.average.items()},
        samples={name: constant(values) for name, values in activity.samples.items()},
    )


def in_numpy(activity: Any) -> Activity:
    """Return what other executions give of an activity in tensors."""

    def array(tensor: Tensor) -> np.ndarray:
        return tensor.detach().cpu().numpy()

    spike_count = np.nan_to_num(array(activity.spike_count))
    return Activity(
        spike_count=np.rint(spike_count).astype(np.int64),
        failed=array(activity.failed),
        average={name: array(values) for name, values in activity.average.items()},
        samples={name: array(values) for name, values in activity.samples.items()},
    )
