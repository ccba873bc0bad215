"""Reservoirs in experiments: a movement learned once, its test kept, and what is told of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import process_time
from typing import Any

import numpy as np

from neurotrain.experiments.measurements import measured
from neurotrain.experiments.report import Setting
from neurotrain.reservoirs import (
    Arm,
    Learner,
    Pen,
    Reservoir,
    ReservoirTraining,
    Trial,
    deviation,
)

# Of the paths that are drawn.
_POINTS = 400

Outcome = Mapping[str, Any]


@dataclass(frozen=True)
class Size:
    """How large a reservoir is, and how long it learns."""

    units: int
    steps: int
    trials: int
    test_trials: int


FULL, QUICK = Size(1000, 50_000, 10, 5), Size(200, 5_000, 8, 2)


def size_of(setting: Setting) -> Size:
    """Return the published size, or that of the quick form."""
    return QUICK if setting.quick else FULL


def learned(
    setting: Setting, name: str, movement: Pen | Arm, learner: Learner, seed: int
) -> Outcome:
    """Return what came of a training, kept under its name, which must tell it from all others."""

    def learn() -> dict[str, Any]:
        size = size_of(setting)
        began = process_time()
        training = trained(size, movement, learner, seed)
        tested = training.test(size.test_trials)
        return {
            "deviation": deviation(tested),
            "closed_loop": deviation(training.test(size.test_trials, closed_loop=True)),
            "training": [root_error([trial]) for trial in training.trials],
            "gate": training.trials[-1].gate,
            "path": path(tested),
            "cpu_seconds": process_time() - began,
        }

    return measured(setting, f"{name}-seed{seed}", learn)


def trained(size: Size, movement: Pen | Arm, learner: Learner, seed: int) -> ReservoirTraining:
    """Return a training after its last trial."""
    reservoir = Reservoir(size.units)
    training = ReservoirTraining(movement, learner, reservoir, steps=size.steps, seed=seed)
    for _ in range(size.trials):
        training.learn()
    return training


def root_error(trials: Sequence[Trial]) -> float:
    """Return the root of the mean error; infinite if it is not a number any more."""
    found = float(np.sqrt(np.mean([trial.error.mean() for trial in trials])))
    return found if np.isfinite(found) else 1e9


def path(trials: Sequence[Trial]) -> list[list[float]]:
    """Return points of the last trial, (point, 2)."""
    position = trials[-1].position
    return np.nan_to_num(position[:: max(1, len(position) // _POINTS)]).tolist()


def middle(outcomes: Sequence[Outcome], name: str, of: Callable = np.median) -> float:
    """Return the median of a number over seeds, or what else of them."""
    return float(of([one[name] for one in outcomes]))
