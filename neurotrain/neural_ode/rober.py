"""ROBER: three chemical species with rates nine orders of magnitude apart."""

from functools import cache

import numpy as np

from neurotrain.errors import require_whole
from neurotrain.neural_ode.problem import OdeProblem
from neurotrain.neural_ode.reference import reference_problem

# Robertson 1966; in the notation of Hairer & Wanner 1996, eq. IV.1.4.
K1, K2, K3 = 0.04, 3e7, 1e4
START = np.array([1.0, 0.0, 0.0])
# Kim et al. 2021 (doi:10.1063/5.0060697): 50 times from 1e-5 to 1e5, equally far by ratio.
FIRST, LAST = -5.0, 5.0


@cache
def rober(points: int = 50) -> OdeProblem:
    """Return Robertson's autocatalytic reaction from (1, 0, 0) at time 0.

    Times are from 1e-5 to 1e5, equally far apart by ratio, as in Kim et al. 2021.
    Errors are divided by the largest value of each species.

    Parameters
    ----------
    points : int
        Number of times.

    Raises
    ------
    InvalidInput
        If there are less than two.
    """
    require_whole("points", points, 2)
    times = np.logspace(FIRST, LAST, points)
    return reference_problem("rober", _right_hand_side, _jacobian, START, times)


def _right_hand_side(time: float, state: np.ndarray) -> np.ndarray:
    a, b, c = state
    slow, fast, back = K1 * a, K2 * b * b, K3 * b * c
    return np.array([back - slow, slow - back - fast, fast])


def _jacobian(time: float, state: np.ndarray) -> np.ndarray:
    _, b, c = state
    fast = 2 * K2 * b
    return np.array(
        [
            [-K1, K3 * c, K3 * b],
            [K1, -K3 * c - fast, -K3 * b],
            [0.0, fast, 0.0],
        ]
    )
