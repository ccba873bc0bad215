"""Training that begins with an easier form of the task and advances on performance."""

from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass, replace
from typing import Any

from neurotrain.drawn import settled
from neurotrain.errors import InvalidInput, require_number, require_whole, unknown_name
from neurotrain.task import Task

FIELDS = ("setting", "values", "accuracy", "generations")


@dataclass(frozen=True)
class Curriculum:
    """Values that a setting of the task takes in training before its own one.

    Training begins with the first of `values`. It goes on to the next, and in the end to
    the value that the task itself has, when the accuracy of the guess, a mean over the
    training trials of the last `generations` generations, before it has learned from them,
    is at least `accuracy`. Validation and test are always on the task itself.

    Parameters
    ----------
    setting : str
        A setting of the task, such as ``'delay_ms'``.
    values : sequence
        From the easiest on; each as the setting itself would be given.
    accuracy : float
        Share of correct trials, or score of trajectories, that is enough.
    generations : int
        Over how many generations it is averaged, all of them with the same value.

    Raises
    ------
    InvalidInput
        If there are no values, or a number is out of its range.
    """

    setting: str
    values: tuple[Any, ...]
    accuracy: float = 0.8
    generations: int = 10

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", settled(self.values))
        if not isinstance(self.values, tuple) or not self.values:
            raise InvalidInput(
                f"'values' of a curriculum must be a list of at least one, got {self.values!r}."
            )
        require_number("accuracy", self.accuracy, most=1)
        require_whole("generations", self.generations)

    def levels(self, task: Task) -> tuple[Task, ...]:
        """Return the tasks of all levels; the last is `task` itself.

        Raises
        ------
        InvalidInput
            If the task has no such setting, a value is not possible, or it changes the
            number of channels or classes.
        """
        known = task.__dataclass_fields__ if is_dataclass(task) else {}
        if self.setting not in known:
            raise unknown_name(f"setting of task '{task.name}'", self.setting, known or ["none"])
        return (*(self._easier(task, value) for value in self.values), task)

    def _easier(self, task: Task, value: Any) -> Task:
        try:
            easier = replace(task, **{self.setting: value})
        except InvalidInput as error:
            raise InvalidInput(f"The curriculum's {self.setting}={value!r}: {error}") from error
        for name in ("channels", "classes", "outputs"):
            if getattr(easier, name, None) != getattr(task, name, None):
                raise InvalidInput(
                    f"The curriculum's {self.setting}={value!r} changes the number of {name} of "
                    f"task '{task.name}'; one network could not do all levels."
                )
        return easier


@dataclass(frozen=True)
class CurriculumState:
    """At which level, counted from 0, a training is, and the accuracies there so far."""

    level: int = 0
    accuracies: tuple[float, ...] = ()

    def after(
        self, accuracy: float | None, curriculum: Curriculum | None, n_levels: int
    ) -> "CurriculumState":
        """Return the state after one more generation, of which `accuracy` may be unknown."""
        if curriculum is None or self.level == n_levels - 1:
            return self
        recent = (*self.accuracies, accuracy or 0.0)[-curriculum.generations :]
        is_done = len(recent) == curriculum.generations
        if is_done and sum(recent) / len(recent) >= curriculum.accuracy:
            return CurriculumState(self.level + 1)
        return CurriculumState(self.level, recent)


def make_curriculum(given: Curriculum | Mapping[str, Any] | None) -> Curriculum | None:
    """Return a curriculum that is given as such or as a table of its settings.

    Raises
    ------
    InvalidInput
        If a setting is unknown or missing, or a value is out of its range.
    """
    if given is None or isinstance(given, Curriculum):
        return given
    if not isinstance(given, Mapping):
        raise InvalidInput(f"curriculum must be a Curriculum or a table, got {given!r}.")
    for name in given:
        if name not in FIELDS:
            raise unknown_name("setting of a curriculum", name, FIELDS)
    missing = [name for name in ("setting", "values") if name not in given]
    if missing:
        raise InvalidInput(f"A curriculum needs '{missing[0]}'; give 'setting' and 'values'.")
    return Curriculum(**given)
