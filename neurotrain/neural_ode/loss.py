"""The loss of solved trajectories, and its derivative by their states."""

import numpy as np


def scaled_absolute_error(states: np.ndarray, targets: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return the mean absolute error in units of `scale`, (candidate,).

    The mean is over trajectories, times (the first included, as in the publications) and states.
    Of a candidate with a state that is not finite, as after a failed solve, it is infinite, so
    that every optimizer ranks it last.

    Parameters
    ----------
    states : (candidate, trajectory, time, state) array
    targets : (trajectory, time, state) array
    scale : (state,) array
    """
    with np.errstate(over="ignore", invalid="ignore"):
        # In double precision, which sums of many small errors need.
        errors = np.abs(states - targets) / scale
        losses = errors.mean(axis=(1, 2, 3), dtype=float)
    return np.where(np.isfinite(losses), losses, np.inf)


def scaled_absolute_error_cotangents(
    states: np.ndarray, targets: np.ndarray, scale: np.ndarray
) -> np.ndarray:
    """Return the derivatives of `scaled_absolute_error` by the states.

    They are 0 where a state is on its target. Arguments are those of `scaled_absolute_error`.

    Returns
    -------
    (candidate, trajectory, time, state) array
    """
    return np.sign(states - targets) / (scale * targets.size)
