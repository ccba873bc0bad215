"""What is trained: a vector field, the data it is to follow, and how it is solved."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.neural_ode.field import VectorField
from neurotrain.neural_ode.loss import scaled_absolute_error, scaled_absolute_error_cotangents
from neurotrain.neural_ode.problem import OdeProblem
from neurotrain.neural_ode.solver import Solution, solve
from neurotrain.neural_ode.windows import Batch, Windows, whole
from neurotrain.seeding import generator


@dataclass(frozen=True)
class Losses:
    """Losses of candidates, and how many of their trajectories failed.

    Parameters
    ----------
    values : (candidate,) array
        Infinite where a trajectory failed.
    failed : (candidate,) array of int
    """

    values: np.ndarray
    failed: np.ndarray


@dataclass(frozen=True, eq=False)
class Fit:
    """A vector field that is to follow data, by the scaled mean absolute error.

    Parameters
    ----------
    problem : OdeProblem
        The data.
    field : VectorField
        With as many states.
    windows : Windows, optional
        Which part of the data a generation sees, the same for all candidates; by default the
        whole trajectory.
    method : str
        That of `solve`, such as ``'dopri5'``.
    options : mapping
        All other options of `solve`.

    Raises
    ------
    InvalidInput
        If field and data differ in the number of states.
    """

    problem: OdeProblem
    field: VectorField
    windows: Windows | None = None
    method: str = "dopri5"
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.field.states != self.problem.n_states:
            raise InvalidInput(
                f"The vector field has {self.field.states} states, the data have "
                f"{self.problem.n_states}: give the field as many."
            )

    def batch(self, seed: int, generation: int) -> Batch:
        """Return what a generation of the run with this seed sees."""
        if self.windows is None:
            return whole(self.problem)
        return self.windows.draw(self.problem, generator(seed, "ode-windows", generation))

    def losses(self, parameters: np.ndarray, batch: Batch, threads: int | None = None) -> Losses:
        """Return the losses of (candidate, parameter) arrays on a batch."""
        solution = self._solve(parameters, batch, threads)
        values = scaled_absolute_error(solution.states, batch.targets, self.problem.scale)
        return Losses(values, solution.failed.sum(axis=1))

    def loss_and_gradient(
        self, parameters: np.ndarray, batch: Batch, threads: int | None = None
    ) -> tuple[float, np.ndarray]:
        """Return the loss of a (parameter,) array and its gradient, exact for the steps taken.

        They are infinite and NaN if a trajectory failed.
        """
        solution = self._solve(parameters[np.newaxis], batch, threads, keep=True)
        if solution.failed.any():
            return np.inf, np.full(parameters.shape, np.nan)
        arguments = solution.states, batch.targets, self.problem.scale
        gradient = solution.gradient(scaled_absolute_error_cotangents(*arguments))
        return float(scaled_absolute_error(*arguments)[0]), np.asarray(gradient[0], dtype=float)

    def loss(self, parameters: np.ndarray, threads: int | None = None) -> float:
        """Return the loss of a (parameter,) array on all windows, or the whole trajectory."""
        batch = whole(self.problem) if self.windows is None else self.windows.all(self.problem)
        return float(self.losses(parameters[np.newaxis], batch, threads).values[0])

    def trajectory(self, parameters: np.ndarray, threads: int | None = None) -> np.ndarray:
        """Return the (time, state) solution over all times of the data, NaN after a failure."""
        batch = whole(self.problem)
        return self._solve(parameters[np.newaxis], batch, threads).states[0, 0]

    def _solve(
        self, parameters: np.ndarray, batch: Batch, threads: int | None, keep: bool = False
    ) -> Solution:
        return solve(
            self.field,
            parameters,
            batch.starts,
            batch.times,
            method=self.method,
            threads=threads,
            keep=keep,
            **self.options,
        )
