"""Learning with random feedback: terms that make up for what feedback alignment lacks.

Shervani-Tabar & Rosenbaum (2023, doi:10.1038/s41467-023-37562-1) found, by learning the rule
itself, that two terms beside the pseudo-gradient bring deep networks with random feedback near to
backpropagation: a Hebbian one of errors, and Oja's. Here these rules have fixed coefficients and
learn handwritten digits online, from one sample after another. The figure `random-feedback.png`
shows accuracy, how far errors point away from those of backpropagation, and how far weights are
from orthonormal ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurotrain.experiments.learning_courses import (
    Lesson,
    Outcome,
    in_layer,
    in_time,
    mean_accuracy,
    taught,
    told,
)
from neurotrain.experiments.measurements import plain_name
from neurotrain.experiments.report import Check, Findings, Setting, save_figure
from neurotrain.learning_rules import Rule, term

PUBLISHED, BEFORE = "published", "another program of ours"
SEEDS = tuple(range(10))
SIZES = (784, 170, 130, 100, 70, 10)
CHECKPOINTS = (250, 500, 1000, 1500, 2000, 2500, 3000, 3500, 4000)
EARLY = 500
QUICK_SIZES = (64, 48, 40, 32, 24, 10)
QUICK_CHECKPOINTS, QUICK_SEEDS = (500, 1000, 2000, 3000), 1
CHANCE = 0.1


@dataclass(frozen=True)
class Method:
    """A rule with its feedback, and the accuracy that another program came to, if it is known."""

    feedback: str
    rule: Rule
    reference: float | None = None


_GRADIENT, _EHEBB, _OJA = term("pseudo-gradient"), term("ehebb"), term("oja")
_FA = "feedback-alignment"
BP, BIO, OJA, EHEBB, FA = "BP", "bio", "FA + Oja", "FA + eHebb", "FA"
METHODS = {
    BP: Method("backpropagation", 0.0029 * _GRADIENT, 0.88),
    BIO: Method(_FA, 0.01 * _GRADIENT - 0.015 * _EHEBB + 0.004 * _OJA, 0.83),
    OJA: Method(_FA, 0.01 * _GRADIENT + 0.004 * _OJA, 0.79),
    EHEBB: Method(_FA, 0.01 * _GRADIENT - 0.015 * _EHEBB, 0.72),
    FA: Method(_FA, 0.0029 * _GRADIENT, 0.60),
    "FA, as fast as the others": Method(_FA, 0.01 * _GRADIENT, 0.26),
    "bio, Oja in hidden layers": Method(
        _FA, 0.01 * _GRADIENT - 0.015 * _EHEBB + 0.004 * _OJA.on("hidden"), 0.81
    ),
    "direct FA": Method("direct-feedback-alignment", 0.0021 * _GRADIENT),
    "direct FA + Oja": Method("direct-feedback-alignment", 0.007 * _GRADIENT + 0.0025 * _OJA),
}


def run(setting: Setting) -> Findings:
    """Learn digits by each rule, and measure how."""
    seeds = SEEDS[:QUICK_SEEDS] if setting.quick else SEEDS
    outcomes = {name: [_taught(setting, name, seed) for seed in seeds] for name in METHODS}
    _save_figure(setting, outcomes)
    checks = _quick_checks if setting.quick else _checks
    rows = tuple(_row(setting, name, each) for name, each in outcomes.items())
    return Findings(tuple(checks(outcomes)), rows)


def _taught(setting: Setting, name: str, seed: int) -> Outcome:
    method = METHODS[name]
    plain = plain_name(name)
    sizes = QUICK_SIZES if setting.quick else SIZES
    times = QUICK_CHECKPOINTS if setting.quick else CHECKPOINTS
    return taught(setting, plain, Lesson(sizes, method.rule, times, method.feedback), seed)


def _row(setting: Setting, name: str, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    last = [one["accuracy"][-1] for one in outcomes]
    times = QUICK_CHECKPOINTS if setting.quick else (500, 1000, 2000, 4000)
    reference = None if setting.quick else METHODS[name].reference
    return {
        "rule": name,
        **{f"at_{time}": mean_accuracy(outcomes, time) for time in times},
        "lowest": min(last),
        "highest": max(last),
        "known": "-" if reference is None else reference,
        **{f"angle_{k + 1}": told(in_layer(outcomes, "error_angle", k)) for k in range(4)},
        "orthonormality_1": told(in_layer(outcomes, "orthonormality_error", 0)),
        "cpu_seconds": float(np.median([one["cpu_seconds"] for one in outcomes])),
    }


def _checks(outcomes: Mapping[str, list[Outcome]]) -> list[Check]:
    ranking = (BP, BIO, OJA, EHEBB, FA)
    means = {name: mean_accuracy(outcomes[name]) for name in ranking}
    checks = [
        Check(f"accuracy, {one} minus {other}", means[one] - means[other], 0, True, PUBLISHED)
        for one, other in zip(ranking[:-1], ranking[1:], strict=True)
    ]
    early = {name: mean_accuracy(outcomes[name], EARLY) for name in (BIO, FA)}
    return [
        *checks,
        Check("accuracy, bio minus FA", means[BIO] - means[FA], 0.15, True, f"0.23, {BEFORE}"),
        Check("accuracy after 500, bio", early[BIO], 4 * CHANCE, True, f"0.53, {BEFORE}"),
        Check("accuracy after 500, FA", early[FA], 1.5 * CHANCE, False, f"0.10, {BEFORE}"),
        *_measure_checks(outcomes),
    ]


def _measure_checks(outcomes: Mapping[str, list[Outcome]], ratio: float = 0.7) -> list[Check]:
    angle = {name: in_layer(outcomes[name], "error_angle", 3) for name in (EHEBB, FA)}
    distance = {name: in_layer(outcomes[name], "orthonormality_error", 0) for name in (OJA, FA)}
    return [
        Check("degrees that eHebb gains", angle[FA] - angle[EHEBB], 25, True, f"41, {BEFORE}"),
        Check(
            "orthonormality error, Oja by FA",
            distance[OJA] / distance[FA],
            ratio,
            False,
            f"0.58, {BEFORE}",
        ),
    ]


def _quick_checks(outcomes: Mapping[str, list[Outcome]]) -> list[Check]:
    means = {name: mean_accuracy(outcomes[name]) for name in (BP, BIO, OJA, FA)}
    return [
        *(
            Check(f"accuracy, {name}", means[name], 2 * CHANCE, True, "twice that of guessing")
            for name in (BP, BIO, OJA)
        ),
        Check("accuracy, bio minus FA", means[BIO] - means[FA], 0, True, PUBLISHED),
        *_measure_checks(outcomes, 0.9),
    ]


def _save_figure(setting: Setting, outcomes: Mapping[str, list[Outcome]]) -> None:
    from neurotrain.analysis.learning_rules import courses_figure

    panels = {
        "accuracy": {name: [one["accuracy"] for one in each] for name, each in outcomes.items()},
        "degrees from backpropagation, layer 4": {
            name: in_time(each, "error_angle", 3) for name, each in outcomes.items()
        },
        "distance from orthonormal rows, layer 1": {
            name: in_time(each, "orthonormality_error", 0) for name, each in outcomes.items()
        },
    }
    (times, *_) = {tuple(one["samples"]) for each in outcomes.values() for one in each}
    save_figure(setting, "random-feedback", courses_figure(times, panels))
