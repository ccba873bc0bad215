"""Trainings of neural ODEs in an experiment: gone on with, or taken as they are; their medians."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from neurotrain.experiments.measurements import measured
from neurotrain.experiments.ode_arms import finite
from neurotrain.experiments.report import Setting
from neurotrain.neural_ode.training import Training

# Points of a curve that is kept; each is a mean over the generations since the one before.
POINTS = 1000
# The published losses fluctuate from generation to generation.
LAST = 50

Outcome = Mapping[str, Any]


def ode_trained(setting: Setting, name: str, train: Callable[[Path], Training]) -> Outcome:
    """Return what came of the training called `name`, plain values.

    The name must tell all that may differ between trainings of the experiment.

    Parameters
    ----------
    setting : Setting
    name : str
    train : callable
        Trains in the folder that it is given, which one that was stopped has begun.
    """

    def measure() -> dict[str, Any]:
        training = train(setting.folder / name)
        history = training.history
        return {
            "curve": curve(training),
            "generations": history.generations,
            "seconds": history.total_seconds,
            "last_loss": history.last(LAST),
            "test_loss": training.fit.loss(training.parameters, setting.threads),
            "failed_solves": sum(history.failed),
            "skipped": sum(history.skipped),
        }

    return measured(setting, name, measure)


def curve(training: Training) -> dict[str, list[float]]:
    """Return generations, seconds and mean losses of at most `POINTS` stretches of a training."""
    history = training.history
    parts = np.array_split(np.arange(history.generations), min(POINTS, history.generations))
    loss, seconds = np.array(history.loss), np.array(history.seconds)
    return {
        "generation": [int(part[-1]) + 1 for part in parts],
        "seconds": [float(seconds[part[-1]]) for part in parts],
        "loss": [float(loss[part].mean()) for part in parts],
    }


def ode_medians(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return what is told of the same training with several seeds, as part of a row.

    Of the loss in the last generations the median, the lowest and the highest; of all else the
    median.
    """
    losses = [one["last_loss"] for one in outcomes]
    others = ("test_loss", "generations", "seconds", "failed_solves", "skipped")
    return {
        "loss": median(losses),
        "lowest": min(losses),
        "highest": max(losses),
        **{name: median(one[name] for one in outcomes) for name in others},
    }


def seconds_to(outcomes: Sequence[Outcome], loss: float) -> float | str:
    """Return the median seconds after which a curve was first that low, or that most never were."""
    seconds = []
    for one in outcomes:
        reached = np.flatnonzero(np.array(one["curve"]["loss"]) <= loss)
        seconds.append(one["curve"]["seconds"][reached[0]] if reached.size else float("inf"))
    return finite(median(seconds))


def generations_within(seconds: float, seconds_each: float, least: int = LAST) -> int:
    """Return how many generations of so many seconds each last for `seconds`."""
    return max(least, round(seconds / seconds_each))


def seconds_each(setting: Setting, name: str, train: Callable[[int], Training]) -> float:
    """Return the median seconds of a generation, measured once and kept.

    Parameters
    ----------
    setting : Setting
    name : str
    train : callable
        Trains for a number of generations.
    """

    def measure() -> float:
        # The first ones compile and fill caches.
        seconds = train(25).history.seconds
        return float(np.median(np.diff(seconds)[4:]))

    return measured(setting, f"seconds-{name}", measure)
