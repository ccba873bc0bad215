"""The loop that all trainings of a neural ODE share: budgets, progress, and what is kept."""

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple, Protocol

import numpy as np

from neurotrain.errors import InvalidInput, require_number, require_whole
from neurotrain.kept_training import EveryFewSeconds
from neurotrain.neural_ode.fit import Fit
from neurotrain.neural_ode.history import History
from neurotrain.neural_ode.progress import Progress
from neurotrain.neural_ode.training_file import read_training, write_training
from neurotrain.optimizers.checks import frozen, parameter_array
from neurotrain.seeding import generator


class Step(NamedTuple):
    """What a generation tells: loss of the guess before it, failed solves, no step taken."""

    loss: float
    failed: int
    skipped: bool


class Learner(Protocol):
    """A method with the parameters that it has come to."""

    @property
    def guess(self) -> np.ndarray: ...

    def step(self, generation: int) -> Step:
        """Learn from one more generation."""
        ...

    def state_dict(self) -> dict[str, np.ndarray]:
        """Return all that changes, as arrays that need no pickle."""
        ...

    def load_state_dict(self, state: dict[str, np.ndarray]) -> None:
        """Go on from where `state` was taken."""
        ...


@dataclass(frozen=True, eq=False)
class Training:
    """What came of a training.

    Parameters
    ----------
    fit : Fit
        What was trained.
    parameters : (parameter,) array
        The last guess.
    best : (parameter,) array
        The guess with the lowest loss that a generation saw. With windows, which differ from
        generation to generation, that is luck too.
    best_loss : float
        Infinite if every guess failed.
    history : History
    """

    fit: Fit
    parameters: np.ndarray
    best: np.ndarray
    best_loss: float
    history: History


@dataclass(frozen=True)
class Budget:
    """When a training ends: after so many generations or seconds, whichever is first."""

    generations: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.generations is None and self.seconds is None:
            raise InvalidInput("A training must know when to end: set generations or seconds.")
        if self.generations is not None:
            require_whole("generations", self.generations)
        if self.seconds is not None:
            require_number("seconds", self.seconds, above=0)

    def lasts(self, history: History) -> bool:
        """Whether there is to be another generation."""
        generations = self.generations is None or history.generations < self.generations
        return generations and (self.seconds is None or history.total_seconds < self.seconds)


def starting_point(fit: Fit, start: np.ndarray | str, seed: int) -> np.ndarray:
    """Return the (parameter,) where a training starts: given, or drawn as `start` says.

    Raises
    ------
    InvalidInput
        If the name is unknown, or the number of parameters wrong.
    """
    require_whole("seed", seed, least=0)
    if isinstance(start, str):
        return fit.field.initial(generator(seed, "ode-parameters"), start)
    start = parameter_array("start", start)
    if start.size != fit.field.size:
        raise InvalidInput(
            f"start must have one value for each of {fit.field.size} parameters of the vector "
            f"field, got {start.size}."
        )
    return start


def run(
    fit: Fit,
    learner: Learner,
    budget: Budget,
    *,
    description: dict[str, Any],
    folder: Path | None,
    progress: bool,
) -> Training:
    """Train until the budget is spent; go on with what `folder` holds.

    Parameters
    ----------
    fit : Fit
    learner : Learner
        At its start.
    budget : Budget
        Counts what an earlier call has spent, too.
    description : dict
        What must be the same when a training goes on, as plain values.
    folder : Path, optional
        Where the state is kept every few seconds.
    progress : bool
        Whether to show the progress where somebody looks.

    Raises
    ------
    RunFolderError
        If the folder holds another training, or cannot be read or written.
    """
    training = Training(fit, learner.guess, learner.guess, np.inf, History())
    if folder is not None:
        training = read_training(folder, training, learner, description)
    found, keeping = training, EveryFewSeconds()
    bar = Progress(training.history, budget.generations, progress)
    try:
        while budget.lasts(training.history):
            training = _advance(training, learner)
            bar.update(training.history, training.best_loss)
            if folder is not None:
                keeping.call(write_training, folder, training, learner, description)
    finally:
        bar.close()
    if folder is not None and training is not found:
        write_training(folder, training, learner, description)
    return training


def _advance(training: Training, learner: Learner) -> Training:
    history, before, began = training.history, frozen(learner.guess), perf_counter()
    step = learner.step(history.generations)
    history.add(step.loss, perf_counter() - began, step.failed, step.skipped)
    best, best_loss = training.best, training.best_loss
    if step.loss < best_loss:
        best, best_loss = before, step.loss
    return Training(training.fit, frozen(learner.guess), best, best_loss, history)
