"""Neural ordinary differential equations, trained by evolution strategies and by gradients."""

from neurotrain.neural_ode.descent import descend
from neurotrain.neural_ode.evolution import evolve
from neurotrain.neural_ode.field import VectorField
from neurotrain.neural_ode.fit import Fit
from neurotrain.neural_ode.history import History
from neurotrain.neural_ode.pollu import pollu
from neurotrain.neural_ode.problem import OdeProblem
from neurotrain.neural_ode.rober import rober
from neurotrain.neural_ode.solver import Solution, solve
from neurotrain.neural_ode.spiral import spiral
from neurotrain.neural_ode.training import Training
from neurotrain.neural_ode.van_der_pol import van_der_pol
from neurotrain.neural_ode.windows import Windows

__all__ = [
    "Fit",
    "History",
    "OdeProblem",
    "Solution",
    "Training",
    "VectorField",
    "Windows",
    "descend",
    "evolve",
    "pollu",
    "rober",
    "solve",
    "spiral",
    "van_der_pol",
]
