"""Gradients of losses by backpropagation through the equations, what is trained by them, and
instruments that show where they can be used."""

from neurotrain.executions.torch.options import Differentiation
from neurotrain.gradients.differentiation import (
    Differentiated,
    differentiate,
    loss_and_gradient,
)
from neurotrain.gradients.direction import GradientCosine, cosine, gradient_cosine
from neurotrain.gradients.fixed_point_gradient import FixedPointGradient
from neurotrain.gradients.guide import TruncatedGradient
from neurotrain.gradients.horizon import GradientHorizon, block_norms, gradient_horizon
from neurotrain.gradients.landscape import Landscape, draw_directions, loss_landscape, smoothed
from neurotrain.gradients.losses import differentiable_losses
from neurotrain.gradients.lyapunov import LyapunovExponents, lyapunov_exponents
from neurotrain.gradients.outcome import Outcome
from neurotrain.gradients.rule_gradient import RuleGradient
from neurotrain.gradients.shares import RunShares, run_shares
from neurotrain.gradients.simulated_loss import SimulatedLoss
from neurotrain.gradients.smoothing import SmoothedGradient, smoothed_gradient
from neurotrain.gradients.sweep import Sweep, sweep_learning_rates

__all__ = [
    "Differentiated",
    "Differentiation",
    "FixedPointGradient",
    "GradientCosine",
    "GradientHorizon",
    "Landscape",
    "LyapunovExponents",
    "Outcome",
    "RuleGradient",
    "RunShares",
    "SimulatedLoss",
    "SmoothedGradient",
    "Sweep",
    "TruncatedGradient",
    "block_norms",
    "cosine",
    "differentiable_losses",
    "differentiate",
    "draw_directions",
    "gradient_cosine",
    "gradient_horizon",
    "loss_and_gradient",
    "loss_landscape",
    "lyapunov_exponents",
    "run_shares",
    "smoothed",
    "smoothed_gradient",
    "sweep_learning_rates",
]
