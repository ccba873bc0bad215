"""The cubic spiral: a general, non-stiff test of neural ODEs."""

from functools import cache

import numpy as np

from neurotrain.errors import require_whole
from neurotrain.neural_ode.problem import OdeProblem
from neurotrain.neural_ode.reference import reference_problem

# Chen et al. 2018 (arXiv:1806.07366), the demonstration that comes with torchdiffeq.
MATRIX = np.array([[-0.1, 2.0], [-2.0, -0.1]])
START = np.array([2.0, 0.0])
END = 25.0


@cache
def spiral(points: int = 1000) -> OdeProblem:
    """Return y' = y**3 A from (2, 0), at equal distances over 25 units of time.

    Errors are not scaled, as in the publications.

    Parameters
    ----------
    points : int
        Number of times, the first and the last included.

    Raises
    ------
    InvalidInput
        If there are less than two.
    """
    require_whole("points", points, 2)
    times = np.linspace(0.0, END, points)
    return reference_problem("spiral", _right_hand_side, _jacobian, START, times, scale="none")


def _right_hand_side(time: float, state: np.ndarray) -> np.ndarray:
    return state**3 @ MATRIX


def _jacobian(time: float, state: np.ndarray) -> np.ndarray:
    return MATRIX.T * (3 * state**2)
