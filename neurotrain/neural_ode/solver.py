"""Integrating the vector fields of a population, each trajectory with its own step sizes."""

from dataclasses import dataclass

import numpy as np

from neurotrain.errors import InvalidInput, require_number, require_whole, unknown_name
from neurotrain.neural_ode.field import VectorField
from neurotrain.neural_ode.kernel import METHODS, Kernel, available_threads

PRECISIONS = ("float32", "float64")
# By the number that the compiled code gives back.
REASONS = ("", "too many steps", "not finite", "newton iteration", "step too small", "stopped")


@dataclass(frozen=True)
class Solution:
    """What became of a population's trajectories.

    Parameters
    ----------
    states : (candidate, trajectory, time, n)
        NaN from where a solve failed.
    failed : (candidate, trajectory) bool
    reasons : (candidate, trajectory) str
        Why: ``'too many steps'``, ``'not finite'``, ``'newton iteration'`` (an implicit stage
        could not be solved), ``'step too small'``; empty where it went well.
    steps : (candidate, trajectory) int
        Steps that were tried, accepted or not.
    kernel : Kernel
        Holds the steps, where they were kept.
    factors : (d,)
        By which parameters took the field's scales into them.
    """

    states: np.ndarray
    failed: np.ndarray
    reasons: np.ndarray
    steps: np.ndarray
    kernel: Kernel
    factors: np.ndarray

    def gradient(self, cotangents: np.ndarray) -> np.ndarray:
        """Return the gradient (candidate, d) of a loss of the states by the parameters.

        It is the exact derivative of the steps that were taken, with their sizes held fixed
        (discretize, then optimize); of candidates of which a trajectory failed it is NaN.

        Parameters
        ----------
        cotangents : (candidate, trajectory, time, n)
            The derivatives of each candidate's loss by the states. Those at the first time do
            not matter, since the start does not depend on parameters.

        Raises
        ------
        InvalidInput
            If the steps were not kept, or the shape is wrong.
        """
        if not self.kernel.numbers["keeps"]:
            raise InvalidInput("This solution kept no steps; solve with keep=True for gradients.")
        if np.shape(cotangents) != self.states.shape:
            raise InvalidInput(
                f"Cotangents must have the shape of the states, {self.states.shape}, got "
                f"{np.shape(cotangents)}."
            )
        failed = self.failed.any(axis=1)
        usable = np.where(failed[:, None, None, None], 0.0, cotangents)
        gradient = self.kernel.gradient(usable) * self.factors
        gradient[failed] = np.nan
        return gradient


def solve(
    field: VectorField,
    parameters: np.ndarray,
    starts: np.ndarray,
    times: np.ndarray,
    *,
    method: str = "dopri5",
    steps: int | None = None,
    rtol: float = 1e-6,
    atol: float | np.ndarray = 1e-8,
    log_time: bool = False,
    max_steps: int = 2000,
    precision: str = "float64",
    threads: int | None = None,
    keep: bool = False,
) -> Solution:
    """Integrate the field from each start, for each candidate's parameters.

    Nothing of a trajectory depends on what else is solved with it, or on the number of threads.
    Steps end exactly on the wanted times.

    Parameters
    ----------
    field : VectorField
    parameters : (candidate, d)
    starts : (n,) or (trajectory, n)
        The states at the first time.
    times : (time,) or (trajectory, time)
        Increasing; where states are wanted.
    method : {'dopri5', 'rk4', 'sdirk4'}
        Explicit of order 5 (Dormand and Prince), explicit of order 4 with fixed steps, or for
        stiff fields the L-stable SDIRK method of order 4 of Hairer and Wanner.
    steps : int, optional
        This many steps of the same size from each time to the next, in place of steps whose
        size follows the error's estimate; 1 for ``'rk4'``, which has no such estimate.
    rtol : float
        A step's error may be ``atol + rtol*|y|`` in the root mean square over the states; a single
        precision cannot do with less than 6e-6. With fixed steps the stages of ``'sdirk4'`` are
        solved to a fraction of it.
    atol : float or (n,)
    log_time : bool
        Step in the logarithm of time; the first time must be above 0.
    max_steps : int
        Steps tried on one trajectory, rejected ones included, before it has failed; where the
        size follows the error.
    precision : {'float64', 'float32'}
    threads : int, optional
        By default one for each processor.
    keep : bool
        Keep the steps, for `Solution.gradient`.

    Raises
    ------
    InvalidInput
        If a shape, a time or an option is wrong.
    CompilerNotFound
        If there is no C++ compiler.
    """
    _require_known(method, precision)
    arrays = _arrays(field, parameters, starts, times, atol)
    _require_times(arrays["times"], log_time)
    require_number("rtol", rtol, above=0)
    require_whole("max_steps", max_steps)
    steps = 1 if steps is None and method == "rk4" else steps
    if steps is not None:
        require_whole("steps", steps)
    threads = available_threads() if threads is None else threads
    require_whole("threads", threads)
    options = {
        "method": METHODS.index(method),
        "log_time": int(log_time),
        "steps": steps or 0,
        "max_steps": max_steps,
        "keeps": int(keep),
        "rtol": rtol,
    }
    kernel = Kernel(field, arrays, options, precision, threads)
    kernel.solve()
    return _solution(kernel, field.factors())


def _solution(kernel: Kernel, factors: np.ndarray) -> Solution:
    reason = kernel.arrays["reason"]
    return Solution(
        kernel.arrays["states"],
        reason != 0,
        np.array(REASONS)[reason],
        kernel.arrays["tried"],
        kernel,
        factors,
    )


def _require_known(method: str, precision: str) -> None:
    if method not in METHODS:
        raise unknown_name("method of integration", method, METHODS)
    if precision not in PRECISIONS:
        raise unknown_name("precision", precision, PRECISIONS)


def _arrays(
    field: VectorField,
    parameters: np.ndarray,
    starts: np.ndarray,
    times: np.ndarray,
    atol: float | np.ndarray,
) -> dict[str, np.ndarray]:
    """Return what is given, checked and in the shapes that the compiled code reads."""
    parameters, starts = np.asarray(parameters, float), np.asarray(starts, float)
    times, atol = np.asarray(times, float), np.asarray(atol, float)
    _require_shape("parameters", parameters, [("candidate", field.size)])
    _require_shape("starts", starts, [(field.states,), ("trajectory", field.states)])
    _require_shape("times", times, [("time",), ("trajectory", "time")])
    _require_shape("atol", atol, [(), (field.states,)])
    numbers = {len(one) for one, axes in ((starts, 2), (times, 2)) if one.ndim == axes} or {1}
    if len(numbers) > 1:
        raise InvalidInput(
            f"There are {len(starts)} starts, but times of {len(times)} trajectories; give one "
            "of both for each trajectory, or the same times for all."
        )
    if not np.isfinite(starts).all():
        raise InvalidInput("The starts of trajectories must be finite numbers.")
    if not (np.isfinite(atol).all() and (atol > 0).all()):
        raise InvalidInput(f"atol must be finite and above 0, got {atol}.")
    (n,) = numbers
    return {
        "parameters": np.ascontiguousarray(parameters * field.factors()),
        "starts": np.ascontiguousarray(np.broadcast_to(starts, (n, field.states))),
        "times": np.ascontiguousarray(np.broadcast_to(times, (n, times.shape[-1]))),
        "atol": np.ascontiguousarray(np.broadcast_to(atol, field.states)),
    }


def _require_shape(name: str, array: np.ndarray, allowed: list[tuple[str | int, ...]]) -> None:
    """Raise `InvalidInput` unless the shape is one of these; a named axis has any length."""
    for shape in allowed:
        pairs = zip(shape, array.shape, strict=False)
        if len(shape) == array.ndim and all(
            own > 0 if isinstance(wanted, str) else own == wanted for wanted, own in pairs
        ):
            return
    shapes = " or ".join(f"({', '.join(map(str, shape))})" for shape in allowed)
    raise InvalidInput(f"{name} must have the shape {shapes}, got {array.shape}.")


def _require_times(times: np.ndarray, log_time: bool) -> None:
    if times.shape[1] < 2:
        raise InvalidInput("A trajectory needs two times at least, its start and one more.")
    if not (np.isfinite(times).all() and (np.diff(times) > 0).all()):
        raise InvalidInput("The times of a trajectory must be finite and increasing.")
    if log_time and (times[:, 0] <= 0).any():
        raise InvalidInput(
            "With log_time=True the first time must be above 0; start a little later, or use "
            "log_time=False."
        )
