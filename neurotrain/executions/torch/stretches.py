"""Long runs cut into stretches, to save memory and to cut gradients."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from neurotrain.executions.torch.network import Carry
from neurotrain.executions.torch.options import Differentiation
from neurotrain.executions.torch.steps import Outputs, Steps

# What gradients may need without any checkpoints, and between two of them, in bytes.
_ENOUGH = 2**30
_BETWEEN = 2**28

Fixed = dict[tuple, tuple[Tensor, ...]]


@dataclass(frozen=True)
class Plan:
    """Which steps are run together.

    Parameters
    ----------
    stretches : tuple of range
    is_checkpointed : bool
        Whether what lies between is computed again for the gradient.
    cuts : frozenset of int
        The steps before which gradients are cut.
    """

    stretches: tuple[range, ...]
    is_checkpointed: bool
    cuts: frozenset[int]

    @classmethod
    def of(cls, steps: Steps, options: Differentiation, step_bytes: int) -> "Plan":
        """Return the plan for steps that need so much memory each."""
        n_steps = steps.recording.span.n_steps
        every = options.checkpoint_steps or _checkpoint_every(steps, step_bytes)
        cut = options.truncate_steps or 0
        cuts = frozenset(range(cut, n_steps, cut)) if cut else frozenset()
        starts = sorted({*range(0, n_steps, every), *cuts})
        stretches = (range(a, b) for a, b in zip(starts, [*starts[1:], n_steps], strict=True))
        return cls(tuple(stretches), every < n_steps and torch.is_grad_enabled(), cuts)

    def is_cut(self, step: int) -> bool:
        """Return whether gradients are cut before a step."""
        return step in self.cuts


def _checkpoint_every(steps: Steps, step_bytes: int) -> int:
    """Return how many steps lie between checkpoints so that memory is small, or all of them."""
    n_steps, network = steps.recording.span.n_steps, steps.network
    if step_bytes * n_steps <= _ENOUGH:
        return max(1, n_steps)
    kept = step_bytes * len(network.begin().tensors()) / steps.n_operations()
    # Memory is least where as much is kept between checkpoints as at all of them.
    least = ceil(sqrt(n_steps * kept / step_bytes))
    return min(n_steps, max(least, _BETWEEN // step_bytes, 1))


def run_plainly(
    steps: Steps, carry: Carry, fixed: Fixed, input_weights: Tensor, which: range
) -> tuple[Carry, Outputs]:
    """Run steps and keep all that a gradient needs."""
    return steps.run(carry, fixed, input_weights, which)


def checkpointed(
    steps: Steps, carry: Carry, fixed: Fixed, input_weights: Tensor, which: range
) -> tuple[Carry, Outputs]:
    """Run steps and keep only where they begin."""
    stretch = _Stretch(steps, carry, fixed, which)
    tensors = (*carry.tensors(), *(t for one in fixed.values() for t in one), input_weights)
    results = iter(_Checkpoint.apply(stretch, *tensors))
    return stretch.ends[0].replaced(results), stretch.ends[1].replaced(results)


class _Stretch:
    """Steps as a function of tensors one behind the other."""

    def __init__(self, steps: Steps, carry: Carry, fixed: Fixed, which: range) -> None:
        self.steps, self.carry, self.fixed, self.which = steps, carry, fixed, which
        self.ends: tuple[Carry, Outputs] = (carry, Outputs())

    def run(self, tensors: Iterator[Tensor]) -> list[Tensor]:
        carry = self.carry.replaced(tensors)
        fixed = {key: tuple(next(tensors) for _ in one) for key, one in self.fixed.items()}
        self.ends = self.steps.run(carry, fixed, next(tensors), self.which)
        return [*self.ends[0].tensors(), *self.ends[1].tensors()]


class _Checkpoint(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, stretch: _Stretch, *tensors: Tensor) -> tuple[Tensor, ...]:
        with torch.no_grad():
            # What is handed through would else be the same tensor as the argument.
            results = [one.clone() for one in stretch.run(iter(tensors))]
        ctx.stretch = stretch
        ctx.save_for_backward(*tensors)
        ctx.mark_non_differentiable(*(r for r in results if not r.is_floating_point()))
        ctx.set_materialize_grads(False)
        return tuple(results)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        wanted = ctx.needs_input_grad[1:]
        tensors = [
            t.detach().requires_grad_(w) for t, w in zip(ctx.saved_tensors, wanted, strict=True)
        ]
        with torch.enable_grad():
            results = ctx.stretch.run(iter(tensors))
        pairs = [
            (r, g)
            for r, g in zip(results, gradients, strict=True)
            if g is not None and r.requires_grad
        ]
        leaves = [t for t in tensors if t.requires_grad]
        if not pairs or not leaves:
            return (None,) * (1 + len(tensors))
        outputs, given = zip(*pairs, strict=True)
        found = iter(torch.autograd.grad(outputs, leaves, given, allow_unused=True))
        return (None, *(next(found) if w else None for w in wanted))
