"""What a neural ODE is fitted to: states at times, and the equations they come from, if known."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.optimizers.checks import frozen

RightHandSide = Callable[[float, np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class OdeProblem:
    """Data of a trajectory, read-only.

    Parameters
    ----------
    times : (time,) array
        Increasing; trajectories start at the first.
    states : (time, state) array
        The data, at least two times.
    scale : (state,) array, optional
        By what errors are divided; by default the largest absolute value of each state.
    name : str
        What files and figures call it.
    right_hand_side : callable, optional
        The equations behind the data, from time and (state,) to the (state,) derivative.
    jacobian : callable, optional
        Their derivative by the states, from time and (state,) to (state, state).

    Raises
    ------
    InvalidInput
        If shapes do not fit, values are not finite, times do not increase, or a scale is not
        above zero.
    """

    times: np.ndarray
    states: np.ndarray
    scale: np.ndarray | None = None
    name: str = "data"
    right_hand_side: RightHandSide | None = None
    jacobian: RightHandSide | None = None

    def __post_init__(self) -> None:
        times, states = _numbers("times", self.times, 1), _numbers("states", self.states, 2)
        _check_trajectory(times, states)
        scale = np.abs(states).max(axis=0) if self.scale is None else self.scale
        scale = _numbers("scale", scale, 1)
        _check_scale(scale, states.shape[1])
        for name, array in (("times", times), ("states", states), ("scale", scale)):
            object.__setattr__(self, name, array)

    @property
    def n_states(self) -> int:
        """Number of states."""
        return self.states.shape[1]

    @property
    def start(self) -> np.ndarray:
        """The (state,) at the first time."""
        return self.states[0]

    @property
    def duration(self) -> float:
        """Time from the first to the last."""
        return float(self.times[-1] - self.times[0])


def _check_trajectory(times: np.ndarray, states: np.ndarray) -> None:
    if len(times) < 2 or states.shape[1] < 1 or len(states) != len(times):
        raise InvalidInput(
            "states must have shape (time, state) with one row for each of at least two "
            f"times, got shape {states.shape} for {len(times)} times."
        )
    late = np.flatnonzero(np.diff(times) <= 0)
    if late.size:
        at = late[0]
        raise InvalidInput(
            f"times must increase, but time {at + 1} is {times[at + 1]} after {times[at]}."
        )


def _check_scale(scale: np.ndarray, n_states: int) -> None:
    if scale.shape != (n_states,):
        raise InvalidInput(
            f"scale must have one value for each of {n_states} states, got shape {scale.shape}."
        )
    bad = np.flatnonzero(scale <= 0)
    if bad.size:
        raise InvalidInput(
            f"The scale of state {bad[0]} must be above 0, got {scale[bad[0]]}; "
            "for a state that is always 0 give a scale of your own, such as 1."
        )


def _numbers(name: str, values: object, axes: int) -> np.ndarray:
    """Return a read-only float copy; refuse what is not an array of finite numbers."""
    try:
        array = np.array(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"{name} must be an array of numbers: {error}.") from error
    if array.ndim != axes:
        raise InvalidInput(f"{name} must have {axes} axes, got shape {array.shape}.")
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        at = tuple(int(i) for i in bad[0])
        raise InvalidInput(f"{name} must be finite, got {array[at]} at {at}.")
    return frozen(array)
