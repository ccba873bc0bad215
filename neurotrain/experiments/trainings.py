"""Trainings of an experiment: begun, gone on with, or taken as they are; and their medians."""

from collections.abc import Mapping, Sequence
from statistics import fmean, median
from typing import Any, TypeVar

from neurotrain.experiments.report import Setting
from neurotrain.training.result import Result
from neurotrain.training.run_folder import CONFIG
from neurotrain.training.trainer import resume, train

EVOLUTION, BACKPROPAGATION = "evolution strategy", "backpropagation"
# Gradients of networks of spiking neurons are now and then very long.
BY_GRADIENT = {"precision": "float32", "clip_norm": 1.0}
# How much stronger the published recurrent weights are than those of morris-lecar by default.
PUBLISHED_GAIN = 10.0

Key = TypeVar("Key")


def trained(setting: Setting, name: str, **arguments: Any) -> Result:
    """Return the training called `name`, with `arguments` of `neurotrain.train`.

    The name must tell all that may differ between trainings of the experiment: one that is in
    the experiment's folder already is not begun anew.
    """
    how = {"threads": setting.threads, "progress": setting.progress}
    folder = setting.folder / name
    if (folder / CONFIG).is_file():
        return resume(folder, **how)
    return train(out=folder, **arguments, **how)


def medians(results: Sequence[Result | None]) -> dict[str, Any]:
    """Return what is told of the same training with several seeds, as part of a row.

    Of test accuracies the median, the lowest and the highest, of what they cost the median. One
    that is None could not take its first steps: nothing was right.
    """
    accuracies = [0.0 if result is None else result.test_accuracy for result in results]
    return {
        "test_accuracy": median(accuracies),
        "lowest": min(accuracies),
        "highest": max(accuracies),
        "spikes_per_neuron": _median(results, "test_spikes_per_neuron"),
        "trial_simulations": _median(results, "trial_simulations"),
        "seconds": _median(results, "wall_seconds"),
    }


def _median(results: Sequence[Result | None], name: str) -> float:
    return median([result.summary[name] for result in results if result is not None] or [0])


def gradient_medians(results: Sequence[Result | None]) -> dict[str, Any]:
    """Return how many gradient steps were taken, and the share of steps that were not finite.

    In an evolution strategy the latter is the share of candidates that failed.
    """
    return {
        "gradient_steps": median(map(_gradient_steps, results)),
        "non_finite_share": median(map(_non_finite_share, results)),
    }


def _gradient_steps(result: Result | None) -> int:
    return 0 if result is None else sum("gradient_norm" in each for each in result.metrics)


def _non_finite_share(result: Result | None) -> float:
    if result is None:
        return 1.0
    return fmean(each.get("skipped", each["failed_share"]) for each in result.metrics)


def highest_validated(results: Mapping[Key, Sequence[Result | None]]) -> Key:
    """Return whose trainings have the highest median of validation accuracies; the first if many.

    What is chosen by the test would look better than it is.
    """
    return max(results, key=lambda key: median(map(_validated, results[key])))


def _validated(result: Result | None) -> float:
    return -1.0 if result is None else result.validation_accuracy
