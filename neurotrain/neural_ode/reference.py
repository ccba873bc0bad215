"""Reference solutions of known equations, by an implicit method with tight tolerances."""

import numpy as np

from neurotrain.errors import NeurotrainError
from neurotrain.neural_ode.problem import OdeProblem, RightHandSide

RTOL, ATOL = 1e-10, 1e-14


def reference_problem(
    name: str,
    right_hand_side: RightHandSide,
    jacobian: RightHandSide,
    start: np.ndarray,
    times: np.ndarray,
    *,
    start_time: float = 0.0,
    scale: str = "largest",
) -> OdeProblem:
    """Return the problem whose data solve the equations.

    Parameters
    ----------
    name, right_hand_side, jacobian
        Those of `OdeProblem`.
    start : (state,) array
        The state at `start_time`.
    times : (time,) array
        When data are wanted; the first may be later than `start_time`.
    start_time : float
    scale : {'largest', 'range', 'none'}
        By what errors are divided: the largest absolute value of each state, the difference of
        its largest and smallest value, or 1.

    Raises
    ------
    NeurotrainError
        If the equations cannot be solved.
    """
    states = reference_solution(right_hand_side, jacobian, start, times, start_time=start_time)
    spread = {"largest": None, "range": np.ptp(states, axis=0), "none": np.ones(len(start))}[scale]
    return OdeProblem(times, states, spread, name, right_hand_side, jacobian)


def reference_solution(
    right_hand_side: RightHandSide,
    jacobian: RightHandSide,
    start: np.ndarray,
    times: np.ndarray,
    *,
    start_time: float = 0.0,
    rtol: float = RTOL,
    atol: float = ATOL,
) -> np.ndarray:
    """Return the (time, state) solution by SciPy's Radau, of order 5.

    Parameters
    ----------
    right_hand_side, jacobian, start, times, start_time
        Those of `reference_problem`.
    rtol, atol : float
        Tolerances of a step.

    Raises
    ------
    NeurotrainError
        If the equations cannot be solved.
    """
    from scipy.integrate import solve_ivp

    solution = solve_ivp(
        right_hand_side,
        (start_time, times[-1]),
        start,
        method="Radau",
        t_eval=times,
        jac=jacobian,
        rtol=rtol,
        atol=atol,
    )
    if not solution.success:
        raise NeurotrainError(f"The reference solution failed: {solution.message}")
    return solution.y.T
