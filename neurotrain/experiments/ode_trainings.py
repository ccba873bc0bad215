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


def generations_within(
    setting: Setting, name: str, train: Callable[..., Training], seconds: float
) -> int:
    """Return how many generations last for `seconds`, those of one measured once and kept.

    Parameters
    ----------
    setting : Setting
    name : str
    train : callable
        Trains for so many ``generations``.
    seconds : float
    """

    def measure() -> float:
        training = train(generations=25, threads=setting.threads, progress=False)
        # The first ones compile and fill caches.
        return float(np.median(np.diff(training.history.seconds)[4:]))

    return max(LAST, round(seconds / measured(setting, f"seconds-{name}", measure)))


def trained_from_seeds(
    setting: Setting,
    name: str,
    train: Callable[..., Training],
    generations: int,
    seeds: Sequence[int],
) -> list[Outcome]:
    """Return what came of trainings of so many generations, one of each seed.

    Parameters
    ----------
    setting : Setting
    name : str
        Tells all that may differ between trainings, but for generations and seed.
    train : callable
        Is told ``seed``, ``generations``, ``folder``, ``threads`` and ``progress``.
    generations : int
    seeds : sequence of int
    """
    how = {"generations": generations, "threads": setting.threads, "progress": setting.progress}

    def trained(seed: int) -> Outcome:
        return ode_trained(
            setting,
            f"{name}-{generations}-seed{seed}",
            lambda folder: train(seed=seed, folder=folder, **how),
        )

    return [trained(seed) for seed in seeds]
