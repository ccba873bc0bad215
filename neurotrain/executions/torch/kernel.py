"""Steps compiled to C++, as one operation of PyTorch with a gradient of its own."""

import ctypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from neurotrain.compiler import compile_library, vector_bytes
from neurotrain.executions.base import STEPS_BETWEEN_CHECKS
from neurotrain.executions.torch.arguments import Sizes
from neurotrain.executions.torch.kernel_source import KernelSource, kernel_source
from neurotrain.executions.torch.network import Carry
from neurotrain.executions.torch.options import Differentiation
from neurotrain.executions.torch.source import StepSource
from neurotrain.executions.torch.steps import Outputs, Steps, watched_symbols
from neurotrain.executions.torch.stretch_call import Call
from neurotrain.lowering.program import Program

Fixed = dict[tuple, tuple[Tensor, ...]]


@lru_cache(maxsize=64)
def _written(
    step: StepSource, program: Program, depths: tuple[tuple[str, int], ...], surrogate: str
) -> KernelSource | None:
    return kernel_source(step, program, dict(depths), surrogate)


@lru_cache(maxsize=64)
def _compiled(text: str, precision: str) -> ctypes.CDLL:
    defines = {"REAL": {"float32": "float", "float64": "double"}[precision]}
    path = compile_library(text, defines | {"WIDTH": vector_bytes()})
    library = ctypes.CDLL(str(path))
    for function in (library.neurotrain_forward, library.neurotrain_backward):
        function.argtypes, function.restype = [ctypes.c_void_p], None
    return library


@dataclass(frozen=True)
class Kernel:
    """Compiled steps, for `run_plainly` and `checkpointed` to be replaced by.

    Parameters
    ----------
    steps : Steps
    source : KernelSource
    library : CDLL
    options : Differentiation
    scales : mapping of (str, int) to float
        The natural scale of each condition.
    shape : (n_candidates, n_trials)
    """

    steps: Steps
    source: KernelSource
    library: ctypes.CDLL
    options: Differentiation
    scales: Mapping[tuple[str, int], float]
    shape: tuple[int, int]

    @classmethod
    def of(
        cls,
        steps: Steps,
        options: Differentiation,
        scales: Mapping[tuple[str, int], float],
        shape: tuple[int, int],
    ) -> "Kernel | None":
        """Return the compiled steps, None where something in them cannot be compiled."""
        network = steps.network
        source = _written(
            network.variant(*steps.whole).source,
            network.program,
            tuple(network.depths().items()),
            options.surrogate,
        )
        if source is None:
            return None
        library = _compiled(source.text, options.precision)
        return cls(steps, source, library, options, scales, shape)

    @property
    def sizes(self) -> Sizes:
        """How values are laid out."""
        network = self.steps.network
        lanes = vector_bytes() // network.dtype.itemsize
        return Sizes(network.values.sizes, lanes, *self.shape)

    def bytes_each(self) -> int:
        """Return how much memory a step needs."""
        frame = self.sizes.offsets(self.source)[-1]
        return frame * self.shape[0] * self.steps.network.dtype.itemsize

    def run(
        self, carry: Carry, fixed: Fixed, input_weights: Tensor, which: range, keeps: bool
    ) -> tuple[Carry, Outputs]:
        """Return what goes on and what is recorded after some steps.

        Unless it `keeps` what the gradient needs, that is computed again.
        """
        sizes, steps, source = self.sizes, self.steps, self.source
        dtype = steps.network.dtype
        nodes = steps.network.variant(*steps.whole).source.fixed
        own = dict(zip(nodes, fixed[steps.whole], strict=True))
        rows = [sizes.row(own[n], owner, dtype) for n, owner in source.fixed]
        matrices = [sizes.matrix(own[one.matrix], one.post) for one in source.products]
        inputs = self._inputs(carry, input_weights, which)
        call = Call(self, which, keeps)
        end, counts, totals, samples, failed = _Stretch.apply(
            call, sizes.frame(source, carry, dtype), sizes.rows(inputs, 0), *rows, *matrices
        )
        outputs = self._outputs(call, counts, totals, samples, failed)
        return sizes.carried(source, carry, end), outputs

    def _inputs(self, carry: Carry, weights: Tensor, which: range) -> Tensor:
        """Return the inputs (candidate, bin, trial, element); without channels, one bin."""
        network = self.steps.network
        if network.has_channels:
            return self.steps.input_rows(weights, which)
        symbols = network.program.inputs
        if symbols:
            return carry.states[symbols[0]][:, None]
        return torch.zeros((1, 1, 1, 1), dtype=network.dtype)

    def _outputs(
        self, call: Call, counts: Tensor, totals: Tensor, samples: Tensor, failed: Tensor
    ) -> Outputs:
        n, found = self.steps.network.values.sizes[0], Outputs(failed=failed)
        if self.steps.network.program.counted:
            found.counts = {bin_: counts[:, k, :, :n] for k, bin_ in enumerate(call.bins)}
        for k, name in enumerate(self.steps.recording.names):
            if call.averaged.any():
                found.totals[name] = totals[:, k, :, :n]
            every = samples[:, k, ..., :n].unbind(1)
            found.samples |= {(name, at): s for at, s in zip(call.sampled, every, strict=True)}
        return found


class _Stretch(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, call: Call, frame: Tensor, inputs: Tensor, *fixed: Tensor
    ) -> tuple[Tensor, ...]:
        frames, recorded = _forward(call, frame, inputs, fixed)
        end = frames[:, -1, : frame.shape[1]].clone()
        ctx.call = call
        ctx.save_for_backward(frames if call.keeps else frame, inputs, *fixed)
        failed = _failed(call, frames)
        ctx.mark_non_differentiable(failed)
        return end, *recorded.values(), failed

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, end: Tensor, counts: Tensor, totals: Tensor, samples: Tensor, _: None
    ) -> tuple[Tensor | None, ...]:
        call, (frames, inputs, *fixed) = ctx.call, ctx.saved_tensors
        if not call.keeps:
            frames, _ = _forward(call, frames, inputs, fixed)
        adjoint = frames.new_zeros((len(frames), 2, frames.shape[-1]))
        adjoint[:, 0, : end.shape[1]] = end
        gradients = [torch.zeros_like(one) for one in (inputs, *fixed)]
        n = len(call.kernel.source.fixed)
        call.execute(
            "neurotrain_backward",
            {
                "frames": frames,
                "inputs": inputs,
                "input_gradients": gradients[0],
                "fixed": fixed[:n],
                "fixed_gradients": gradients[1 : 1 + n],
                "matrices": fixed[n:],
                "transposed": [call.transposed(k, one) for k, one in enumerate(fixed[n:])],
                "matrix_gradients": gradients[1 + n :],
                "counts": counts.contiguous(),
                "totals": totals.contiguous(),
                "sampled": samples.contiguous(),
                "adjoint": adjoint,
            },
        )
        return None, adjoint[:, 0, : end.shape[1]], *gradients


def _forward(
    call: Call, frame: Tensor, inputs: Tensor, fixed: Sequence[Tensor]
) -> tuple[Tensor, dict[str, Tensor]]:
    size = call.kernel.sizes.offsets(call.kernel.source)[-1]
    frames = frame.new_empty((len(frame), len(call.which) + 1, size))
    frames[:, 0, : frame.shape[1]] = frame
    recorded = {name: frame.new_zeros(shape) for name, shape in call.shapes.items()}
    n = len(call.kernel.source.fixed)
    given = {"frames": frames, "inputs": inputs, "fixed": fixed[:n], "matrices": fixed[n:]}
    call.execute("neurotrain_forward", given | recorded)
    return frames, recorded


def _failed(call: Call, frames: Tensor) -> Tensor:
    """Return where a state became non-finite, (candidate, trial)."""
    kernel, which = call.kernel, call.which
    checked = [
        k + 1
        for k, step in enumerate(which)
        if (step + 1) % STEPS_BETWEEN_CHECKS == 0 or step + 1 == which.stop
    ]
    offsets, names = kernel.sizes.offsets(kernel.source), watched_symbols(kernel.steps.network)
    bad = torch.zeros(kernel.shape, dtype=torch.bool)
    for k, slot in enumerate(kernel.source.slots):
        if slot.name[0] == "state" and slot.name[1] in names:
            values = frames[:, checked, offsets[k] : offsets[k + 1]]
            values = values.unflatten(-1, (kernel.sizes.n_trials, -1))
            # What fills up vectors does as the last element does.
            bad = bad | ~torch.isfinite(values).all(-1).all(1)
    return bad
