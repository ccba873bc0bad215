"""Spikes, which are 1 or 0, with the derivatives that replace theirs."""

from collections.abc import Callable
from math import pi
from typing import Any

import torch
from torch import Tensor

from neurotrain.errors import InvalidInput
from neurotrain.executions.torch.options import Differentiation


def derivative(options: Differentiation) -> Callable[[Tensor], Tensor]:
    """Return the derivative of a spike by the distance from threshold, in natural scales."""
    k = options.slope
    return {
        "none": torch.zeros_like,
        "fast-sigmoid": lambda x: (1 + k * x.abs()).square().reciprocal(),
        "sigmoid": lambda x: k * torch.sigmoid(k * x) * torch.sigmoid(-k * x),
        "arctan": lambda x: k / 2 / (1 + (pi / 2 * k * x).square()),
        "triangle": lambda x: 0.3 * (1 - k * x.abs()).clamp(min=0),
    }[options.surrogate]


class _Spike(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, condition: Tensor, distance: Tensor, scale: float, by: Callable
    ) -> Tensor:
        ctx.save_for_backward(distance)
        ctx.scale, ctx.by = scale, by
        return condition.to(distance.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[None, Tensor, None, None]:
        (distance,) = ctx.saved_tensors
        return None, gradient * ctx.by(distance / ctx.scale) / ctx.scale, None, None


class Surrogate:
    """Makes spikes of a step's conditions.

    The natural scale of each condition is found by calling the step with `measure` in its place.
    """

    def __init__(self, options: Differentiation) -> None:
        self.by = derivative(options)
        self.scales: dict[tuple[str, int], float] = {}

    def measure(self, condition: Tensor, distance: Tensor, place: tuple[str, int]) -> Tensor:
        """Note the natural scale of a condition.

        Raises
        ------
        InvalidInput
            Where there is none, since both sides are equal.
        """
        scale = distance.abs().double().median().item()
        if not scale > 0:
            raise InvalidInput(
                "A surrogate derivative is relative to how far neurons are from threshold in the "
                "circuit's objects, and half of them are on it; set their states elsewhere."
            )
        self.scales[place] = scale
        return condition.to(distance.dtype)

    def __call__(self, condition: Tensor, distance: Tensor, place: tuple[str, int]) -> Tensor:
        """Return 1 where the condition holds and 0 elsewhere."""
        return _Spike.apply(condition, distance, self.scales[place], self.by)
