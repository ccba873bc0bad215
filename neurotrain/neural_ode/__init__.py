"""Neural ordinary differential equations: problems, vector fields, solvers, and their training."""

from neurotrain.neural_ode.pollu import pollu
from neurotrain.neural_ode.problem import OdeProblem
from neurotrain.neural_ode.rober import rober
from neurotrain.neural_ode.spiral import spiral
from neurotrain.neural_ode.van_der_pol import van_der_pol

__all__ = ["OdeProblem", "pollu", "rober", "spiral", "van_der_pol"]
