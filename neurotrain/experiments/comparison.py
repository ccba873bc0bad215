"""One task learned in three ways: by evolution, by backpropagation, and with rate units."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from neurotrain import catalog
from neurotrain.errors import InvalidInput, require_number, require_whole
from neurotrain.experiments.equal_seconds import METHODS, Budget, train_tuned
from neurotrain.experiments.report import Setting, format_table
from neurotrain.experiments.trainings import (
    BACKPROPAGATION,
    EVOLUTION,
    gradient_medians,
    medians,
)
from neurotrain.required_torch import require_torch
from neurotrain.training.command_line import DEFAULT_MODEL

SECONDS = 120.0
RATE_MODEL = "rate"
_SMALL = {"trials": 4, "validation_trials": 20, "test_trials": 40}


@dataclass(frozen=True)
class Comparison:
    """What came of the three ways.

    Parameters
    ----------
    task : str
    seconds : float
        How long all of it took, this time.
    rows : tuple of mapping
        One for each way: ``method``, ``model``, medians over seeds of ``test_accuracy`` and of
        what it cost, ``gradient_steps``, and the share of steps, or of candidates, that were not
        finite.
    """

    task: str
    seconds: float
    rows: tuple[Mapping[str, Any], ...]

    def as_json(self) -> dict[str, Any]:
        """Return the comparison as plain values."""
        return {"task": self.task, "seconds": self.seconds, "rows": [*map(dict, self.rows)]}

    def __str__(self) -> str:
        return "\n".join([f"{self.task}, {self.seconds:.0f} s", *format_table(self.rows)])


def compare(
    task: str,
    *,
    model: str | None = None,
    neurons: int | None = None,
    seconds: float | None = None,
    generations: int | None = None,
    seeds: int | None = None,
    quick: bool = False,
    out: Path | None = None,
    threads: int | None = None,
    progress: bool = True,
) -> Comparison:
    """Train on a task by evolution and by backpropagation, and rate units by backpropagation.

    The first two ways train the same network of biophysical neurons with the same loss, from the
    same weights and on the same trials. All three have the same seconds, or generations, and the
    best of as many learning rates, each tried for a fifth of that. In a generation the evolution
    strategy simulates 64 candidates, a descent its guess alone.

    Parameters
    ----------
    task : str
        Its name.
    model : str, optional
        Of the biophysical network; by default the task's usual one.
    neurons : int, optional
        Of each network; by default 64.
    seconds : float, optional
        Of each training, at most; by default 120.
    generations : int, optional
        Of each training, or gradient steps, instead of seconds.
    seeds : int, optional
        Number of trainings of each kind; by default 3.
    quick : bool
        Whether to train so little that it shows only that everything works.
    out : Path, optional
        Folder of the trainings, by default ``runs/compare-TASK``. Complete ones that are there
        already are taken as they are, interrupted ones go on.
    threads : int, optional
        Threads of the trainings; by default one, since gradients never use more.
    progress : bool
        Whether to show the progress of trainings.

    Raises
    ------
    InvalidInput
        If a name is unknown, a number out of its range, both budgets are given, or PyTorch is not
        installed; nothing has been written by then.
    """
    if seconds is not None and generations is not None:
        raise InvalidInput("Give the trainings either seconds or generations, not both.")
    require_whole("seeds", 1 if seeds is None else seeds)
    require_whole("generations", 1 if generations is None else generations)
    require_number("seconds", 1 if seconds is None else seconds, above=0)
    usual = getattr(catalog.find("tasks", task), "usual_training", {})
    model = model or usual.get("circuit", DEFAULT_MODEL)
    catalog.find("models", model)
    require_torch()
    options = usual.get("model_options", {}) if model == usual.get("circuit") else {}
    neurons = neurons or (8 if quick else 64)
    if seconds is None and generations is None:
        seconds, generations = (None, 3) if quick else (SECONDS, None)
    folder = out or Path("runs") / f"compare-{_plain(task)}{'-quick' * quick}"
    setting, started = Setting(folder, quick, threads, progress), perf_counter()
    rows = []
    for method, name in (
        (EVOLUTION, model),
        (BACKPROPAGATION, model),
        (BACKPROPAGATION, RATE_MODEL),
    ):
        tuned = train_tuned(
            setting,
            f"{_plain(task)}-{_plain(name)}-neurons{neurons}",
            METHODS[method].in_form(quick),
            Budget(seconds, generations),
            range(seeds or (1 if quick else 3)),
            task=task,
            circuit=name,
            model_options={**(options if name == model else {}), "neurons": neurons},
            **(_SMALL if quick else {}),
        )
        told = {**tuned.chosen, **medians(tuned.results), **gradient_medians(tuned.results)}
        rows.append({"method": method, "model": name, **told})
    return Comparison(task, perf_counter() - started, tuple(rows))


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "-", name)
