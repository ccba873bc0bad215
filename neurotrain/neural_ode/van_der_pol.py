"""The oscillator of van der Pol, which is the stiffer the larger mu is."""

from functools import cache, partial

import numpy as np

from neurotrain.errors import require_number, require_whole
from neurotrain.neural_ode.problem import OdeProblem
from neurotrain.neural_ode.reference import reference_problem

START = np.array([2.0, 0.0])
# Over a full period each: 6.66 at mu = 1, about 1.614 mu where it is large.
SHORTEST, PER_MU = 20.0, 2.0


@cache
def van_der_pol(mu: float = 1.0, points: int = 200) -> OdeProblem:
    """Return y'' = mu (1 - y**2) y' - y from (2, 0), as states y and y' (van der Pol 1926).

    Times are at equal distances up to the larger of 20 and 2 mu. Errors are divided by the
    largest absolute value of each state.

    Parameters
    ----------
    mu : float
        Stiffness, such as 1, 100 or 1000.
    points : int
        Number of times, the first and the last included.

    Raises
    ------
    InvalidInput
        If mu is not above zero, or there are less than two times.
    """
    require_number("mu", mu, above=0)
    require_whole("points", points, 2)
    times = np.linspace(0.0, max(SHORTEST, PER_MU * mu), points)
    equations = partial(_right_hand_side, mu), partial(_jacobian, mu)
    return reference_problem(f"van-der-pol-{mu:g}", *equations, START, times)


def _right_hand_side(mu: float, time: float, state: np.ndarray) -> np.ndarray:
    y, speed = state
    return np.array([speed, mu * (1 - y * y) * speed - y])


def _jacobian(mu: float, time: float, state: np.ndarray) -> np.ndarray:
    y, speed = state
    return np.array([[0.0, 1.0], [-2 * mu * y * speed - 1, mu * (1 - y * y)]])
