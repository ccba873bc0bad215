"""Neural ordinary differential equations, trained by evolution strategies and by gradients."""

from neurotrain.neural_ode.field import VectorField
from neurotrain.neural_ode.pollu import pollu
from neurotrain.neural_ode.problem import OdeProblem
from neurotrain.neural_ode.rober import rober
from neurotrain.neural_ode.solver import Solution, solve
from neurotrain.neural_ode.spiral import spiral
from neurotrain.neural_ode.van_der_pol import van_der_pol

__all__ = [
    "OdeProblem",
    "Solution",
    "VectorField",
    "pollu",
    "rober",
    "solve",
    "spiral",
    "van_der_pol",
]
