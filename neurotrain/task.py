"""What a task is, and the checks that every task must pass."""

from collections.abc import Iterator
from dataclasses import is_dataclass
from numbers import Integral
from typing import Any, Protocol, runtime_checkable

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.trials import Trials


@runtime_checkable
class Task(Protocol):
    """A seeded source of trials and their score.

    A task is a frozen dataclass: its fields are its settings. A field called
    ``seed`` fixes what stays the same over a whole run, such as the code of a
    word. `ChoiceTask` and `TrajectoryTask` bring most of one along.

    Attributes
    ----------
    name : str
        The name by which the command line finds it.
    channels : int
        Number of input channels.
    classes : int
        Number of possible choices, at least 2; 0 for a task of trajectories, which has
        ``outputs``, the number of them, instead.
    varies : bool, optional
        False for a task whose trials may all be the same.
    usual_training : mapping, optional
        Arguments of `neurotrain.train` that the command line takes where none are given, such as
        a model that can do the task.
    usual_loss : str, optional
        The loss that training takes where none is given and the readout suits it.
    file_settings : tuple of str, optional
        Settings that may name a file, whose content takes the place of the name.
    ideal_score : callable, optional
        From trials to the score of the ideal observer, or None where it is not known.
    """

    name: str
    channels: int
    classes: int

    def draw(self, n_trials: int, rng: np.random.Generator) -> Trials:
        """Return `n_trials` trials drawn with `rng`."""
        ...

    def score(self, given: np.ndarray, trials: Trials) -> np.ndarray:
        """Return how well trials were done, at best 1.

        Of choices, the share of correct trials: (..., trial) give (...). Of trajectories,
        whatever is 1 where they are the targets: (candidate, trial, bin, output) give
        (candidate,).
        """
        ...


def check_task(task: Task, n_trials: int = 20) -> None:
    """Check that `task` keeps the promises that training relies on.

    It must be a frozen dataclass; give as many trials as asked for; take all its
    randomness from the generator it is given; give finite inputs, and valid labels or
    targets; and score perfect trials 1. Correct choices are scored by their share;
    trajectories that differ from the targets less than 1, but only where the mask counts.

    Parameters
    ----------
    task : Task
        The task to check, with the settings to check it with.
    n_trials : int
        Number of trials to draw for most checks. Take more if trials that are drawn
        differently may well be the same.

    Raises
    ------
    InvalidInput
        On the first promise that is not kept, saying which.
    """
    problem = next(_problems(task, n_trials), None)
    if problem is not None:
        name = getattr(task, "name", type(task).__name__)
        raise InvalidInput(f"Task '{name}' does not keep to the rules of a task: {problem}.")


def _problems(task: Task, n_trials: int) -> Iterator[str]:
    """Name broken promises one by one; each check may rely on the ones before it."""
    if not isinstance(task, Task):
        yield "it must have 'name', 'channels', 'classes', 'draw' and 'score'"
    if not is_dataclass(task) or not type(task).__dataclass_params__.frozen:
        yield "it must be a frozen dataclass"
    if not task.name or not isinstance(task.name, str):
        yield f"its name must be a text that is not empty, got {task.name!r}"
    for size in (1, n_trials):
        yield from _problems_of_trials(task, task.draw(size, np.random.default_rng(1)), size)
    yield from _problems_of_randomness(task, n_trials)
    if task.classes:
        yield from _problems_of_score(task, n_trials)
    else:
        yield from _problems_of_trajectory_score(task, n_trials)
    if hasattr(task, "ideal_score"):
        ideal = task.ideal_score(task.draw(n_trials, np.random.default_rng(1)))
        if ideal is not None and not 0 <= ideal <= 1:
            yield f"the score of its ideal observer must be 0 to 1, or None, got {ideal!r}"


def _problems_of_trials(task: Task, trials: Trials, n_trials: int) -> Iterator[str]:
    if trials.n_trials != n_trials:
        yield f"asked for {n_trials} trials it drew {trials.n_trials}"
    if trials.n_channels != task.channels:
        yield f"it has {task.channels} channels, but its inputs have {trials.n_channels}"
    if not np.issubdtype(trials.inputs.dtype, np.floating) or not np.isfinite(trials.inputs).all():
        yield "its inputs must be finite floating-point numbers"
    yield from _problems_of_answers(task, trials)


def _problems_of_answers(task: Task, trials: Trials) -> Iterator[str]:
    if not isinstance(task.classes, Integral) or task.classes < 0 or task.classes == 1:
        yield f"its classes must be 2 or more, or 0 for trajectories, got {task.classes!r}"
    if task.classes == 0:
        outputs = getattr(task, "outputs", None)
        if trials.targets is None:
            yield "it has no classes, so its trials need targets"
        elif trials.targets.shape[2] != outputs:
            yield f"it has {outputs!r} outputs, but its targets have {trials.targets.shape[2]}"
    elif trials.labels is None:
        yield f"it has {task.classes} classes, so its trials need labels"
    elif not np.issubdtype(trials.labels.dtype, np.integer):
        yield f"its labels must be whole numbers, got {trials.labels.dtype}"
    elif not ((trials.labels >= 0) & (trials.labels < task.classes)).all():
        yield f"its labels must be 0 to {task.classes - 1}, one for each of its classes"


def _problems_of_randomness(task: Task, n_trials: int) -> Iterator[str]:
    first, same, other = (task.draw(n_trials, np.random.default_rng(seed)) for seed in (1, 1, 2))
    if not _are_same(first, same):
        yield "drawing twice with the same seed must give the same trials"
    if getattr(task, "varies", True) and _are_same(first, other):
        yield "drawing with different generators must give different trials"


def _are_same(one: Trials, other: Trials) -> bool:
    names = ("inputs", "labels", "targets", "mask", "bin_ms", "periods")
    return (
        all(_are_equal(getattr(one, name), getattr(other, name)) for name in names)
        and one.conditions.keys() == other.conditions.keys()
        and all(np.array_equal(one.conditions[k], other.conditions[k]) for k in one.conditions)
    )


def _are_equal(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    return one is other is None or (type(one) is type(other) and one == other)


def _problems_of_score(task: Task, n_trials: int) -> Iterator[str]:
    trials = task.draw(n_trials, np.random.default_rng(1))
    none = np.full_like(trials.labels, -1)
    all_but_one = np.where(np.arange(n_trials) == 0, none, trials.labels)
    decisions = np.stack([trials.labels, none, all_but_one])
    expected = np.array([1, 0, 1 - 1 / n_trials])
    for choices, score in ((decisions, expected), (decisions[:, None], expected[:, None])):
        given = np.asarray(task.score(choices, trials))
        if given.shape != score.shape:
            yield f"scoring choices of shape {choices.shape} must give {score.shape}"
        elif not np.allclose(given, score):
            yield "its score must be the share of choices that equal the labels"
    if np.shape(task.score(trials.labels, trials)) != ():
        yield "scoring one choice for each trial must give one number"


def _problems_of_trajectory_score(task: Task, n_trials: int) -> Iterator[str]:
    trials = task.draw(n_trials, np.random.default_rng(1))
    counted = trials.counted[..., np.newaxis]
    # What does not count must not matter, so it is far off.
    perfect = np.where(counted, trials.targets, 1e3)
    wrong = np.where(counted, trials.targets + 1, 1e3)
    failed = np.where(np.arange(n_trials)[:, np.newaxis, np.newaxis] == 0, np.nan, perfect)
    scores = np.asarray(task.score(np.stack([perfect, wrong, failed]), trials))
    if scores.shape != (3,):
        yield "scoring an output (candidate, trial, bin, output) must give (candidate,)"
    elif not np.isclose(scores[0], 1):
        yield "its score must be 1 where the output is the target in all bins that count"
    elif not (scores[1:] < 1).all():
        yield "its score must be less than 1 where the output is not the target, or NaN"
