"""Stretches of the data, each solved from its own first state."""

from dataclasses import dataclass

import numpy as np

from neurotrain.errors import InvalidInput, require_whole
from neurotrain.neural_ode.problem import OdeProblem


@dataclass(frozen=True, eq=False)
class Batch:
    """Trajectories to be solved, and what they are to be.

    Parameters
    ----------
    times : (trajectory, time) array
    targets : (trajectory, time, state) array
        The data at these times; each trajectory starts at the first of its own.
    """

    times: np.ndarray
    targets: np.ndarray

    @property
    def starts(self) -> np.ndarray:
        """The (trajectory, state) at the first times."""
        return self.targets[:, 0]


@dataclass(frozen=True)
class Windows:
    """Some windows of the data, drawn anew in each generation.

    Parameters
    ----------
    count : int
        Number of windows; none is drawn twice in a generation.
    length : int
        Number of times of each, the first included.

    Raises
    ------
    InvalidInput
        If a number is out of range.
    """

    count: int = 20
    length: int = 10

    def __post_init__(self) -> None:
        require_whole("count of windows", self.count)
        require_whole("length of windows", self.length, 2)

    def draw(self, problem: OdeProblem, rng: np.random.Generator) -> Batch:
        """Return some windows.

        Raises
        ------
        InvalidInput
            If there are not as many windows in the data.
        """
        starts = self._starts(problem)
        return _gather(problem, rng.choice(starts, self.count, replace=False), self.length)

    def all(self, problem: OdeProblem) -> Batch:
        """Return all windows, one from each time that has enough others behind it."""
        return _gather(problem, np.arange(self._starts(problem)), self.length)

    def _starts(self, problem: OdeProblem) -> int:
        starts = len(problem.times) - self.length + 1
        if starts < self.count:
            raise InvalidInput(
                f"{self.count} windows of {self.length} times are more than there are in the "
                f"{len(problem.times)} times of the data: take fewer or shorter windows."
            )
        return starts


def whole(problem: OdeProblem) -> Batch:
    """Return the data as one trajectory."""
    return Batch(problem.times[np.newaxis], problem.states[np.newaxis])


def _gather(problem: OdeProblem, starts: np.ndarray, length: int) -> Batch:
    rows = starts[:, np.newaxis] + np.arange(length)
    return Batch(problem.times[rows], problem.states[rows])
