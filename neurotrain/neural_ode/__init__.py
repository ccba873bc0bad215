"""Neural ordinary differential equations, trained by evolution strategies and by gradients."""

from neurotrain.neural_ode.field import VectorField
from neurotrain.neural_ode.solver import Solution, solve

__all__ = ["Solution", "VectorField", "solve"]
