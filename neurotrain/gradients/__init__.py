"""Gradients of losses by backpropagation through the equations, and what is trained by them."""

from neurotrain.executions.torch.options import Differentiation
from neurotrain.gradients.differentiation import (
    Differentiated,
    differentiate,
    loss_and_gradient,
)
from neurotrain.gradients.guide import TruncatedGradient
from neurotrain.gradients.losses import differentiable_losses
from neurotrain.gradients.sweep import Sweep, sweep_learning_rates

__all__ = [
    "Differentiated",
    "Differentiation",
    "Sweep",
    "TruncatedGradient",
    "differentiable_losses",
    "differentiate",
    "loss_and_gradient",
    "sweep_learning_rates",
]
