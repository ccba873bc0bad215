"""Courses of learning in an experiment: taken once and kept, and what is told of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import process_time
from typing import Any

import numpy as np

from neurotrain.experiments.measurements import measured
from neurotrain.experiments.report import Setting
from neurotrain.learning_rules import (
    FeedforwardNetwork,
    Learner,
    Rule,
    digits,
    learn,
    mnist_5k,
)

# In the quick form, digits of scikit-learn.
TEST, QUICK_TEST = 1000, 500

Outcome = Mapping[str, Any]


@dataclass(frozen=True)
class Lesson:
    """How a network learns, from one sample after another.

    Parameters
    ----------
    sizes : tuple of int
        Of its layers.
    rule : Rule
    checkpoints : tuple of int
        After how many samples it is measured, besides at once; the last one ends it.
    feedback : str
    gain : float
        Of the initial weights.
    """

    sizes: tuple[int, ...]
    rule: Rule
    checkpoints: tuple[int, ...]
    feedback: str = "backpropagation"
    gain: float = 1.0


def taught(setting: Setting, name: str, lesson: Lesson, seed: int) -> Outcome:
    """Return what came of a lesson, kept under its name, which must tell it from all others."""

    def teach() -> dict[str, Any]:
        images, n_test = (digits(), QUICK_TEST) if setting.quick else (mnist_5k(), TEST)
        train, test = images.split(n_test, seed)
        network, times = FeedforwardNetwork(lesson.sizes), lesson.checkpoints
        began = process_time()
        learner = Learner.start(
            network, lesson.rule, lesson.feedback, seeds=[seed], gain=lesson.gain
        )
        course = learn(learner, train, test, times[-1], checkpoints=(0, *times))
        return {
            "samples": course.samples.tolist(),
            "accuracy": course.accuracy[:, 0].tolist(),
            **{what: values[:, 0].tolist() for what, values in course.measures.items()},
            "cpu_seconds": process_time() - began,
        }

    return measured(setting, f"{name}-seed{seed}", teach)


def mean_accuracy(outcomes: Sequence[Outcome], samples: int | None = None) -> float:
    """Return the mean accuracy after so many samples; by default after all of them."""
    times = outcomes[0]["samples"]
    k = -1 if samples is None else times.index(samples)
    return float(np.mean([one["accuracy"][k] for one in outcomes]))


def in_layer(outcomes: Sequence[Outcome], what: str, layer: int) -> float:
    """Return the median of a measure after all samples; it may be huge in single networks."""
    return float(np.median([one[what][-1][layer] for one in outcomes]))


def in_time(outcomes: Sequence[Outcome], what: str, layer: int) -> list[list[float]]:
    """Return a measure at all checkpoints, a curve for each network."""
    return [[values[layer] for values in one[what]] for one in outcomes]


def told(value: float) -> float | str:
    """Return a number for a table, where it is one."""
    return value if np.isfinite(value) else "-"
