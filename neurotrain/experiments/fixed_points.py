"""Learning where a network comes to rest: the gradient by weights, and reparameterised steps.

Linear networks learn the fixed points of a teacher, and networks of 100 and 300 tanh neurons learn
to tell digits apart by where they come to rest with each image; only recurrent weights are
learned (Neural Computation 36:1568, 2024). `fixed-points.png` shows losses as they fall, and
accuracy against the learning rate. Images that are tested never enter an update.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurotrain.experiments.fixed_point_problems import (
    Digits,
    Linear,
    Outcome,
    learn_digits,
    learn_linear,
)
from neurotrain.experiments.report import Check, Findings, Setting, save_figure
from neurotrain.learning_rules.fixed_point_rules import RULES

ASKED, PUBLISHED = "asked of this library", "published"
EUCLIDEAN, LINEARISED = "euclidean", "linearised"
SEEDS, QUICK_SEEDS = (0, 1, 2), (0,)


LINEAR, QUICK_LINEAR = Linear(), Linear(20, 10, 400, (0.3, 3.0))
_GRID = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
SMALL = Digits(100, 100, 120, {EUCLIDEAN: _GRID, LINEARISED: _GRID}, SEEDS)
# The published size and number of steps, which here go through the images 45 times.
LARGE = Digits(300, 512, 354, {EUCLIDEAN: (0.005, 0.01, 0.025), LINEARISED: (0.1, 0.25)}, (0,))
QUICK_DIGITS = Digits(50, 100, 60, {EUCLIDEAN: (0.03,), LINEARISED: (0.3,)}, QUICK_SEEDS)
# As far as the accuracy may be below the best one for a learning rate to be usable.
USABLE = 0.1


def run(setting: Setting) -> Findings:
    """Learn linear fixed points, and digits with networks of two sizes."""
    linear, sizes = (LINEAR, (SMALL, LARGE)) if not setting.quick else (QUICK_LINEAR, ())
    sizes = sizes or (QUICK_DIGITS,)
    lines = {
        (rule, rate): [learn_linear(setting, linear, rule, rate, seed) for seed in _seeds(setting)]
        for rule in RULES
        for rate in linear.rates
    }
    images = {
        (size.neurons, rule, rate): [learn_digits(setting, size, rule, rate, s) for s in size.seeds]
        for size in sizes
        for rule, rates in size.rates.items()
        for rate in rates
    }
    _save_figure(setting, lines, images)
    rows = [_row("linear", rule, rate, each) for (rule, rate), each in lines.items()]
    rows += [_row(f"{n} neurons", rule, rate, each) for (n, rule, rate), each in images.items()]
    checks = _quick_checks(images) if setting.quick else _checks(lines, images)
    return Findings(tuple(checks), tuple(rows))


def _seeds(setting: Setting) -> tuple[int, ...]:
    return QUICK_SEEDS if setting.quick else SEEDS


def _row(problem: str, rule: str, rate: float, outcomes: list[Outcome]) -> dict[str, Any]:
    def middle(name: str) -> float | str:
        found = [one[name] for one in outcomes if name in one]
        return float(np.median(found)) if found else "-"

    return {
        "problem": problem,
        "rule": rule,
        "learning_rate": rate,
        **{name: middle(name) for name in ("loss", "accuracy", "steps", "abscissa")},
        "ms_per_step": middle("ms_per_step"),
    }


def _accuracies(images: Mapping[tuple[int, str, float], list[Outcome]], n: int, rule: str) -> dict:
    """Return the median accuracy at each learning rate."""
    return {
        rate: float(np.median([one["accuracy"] for one in outcomes]))
        for (neurons, of_rule, rate), outcomes in images.items()
        if (neurons, of_rule) == (n, rule)
    }


def _cost(images: Mapping[tuple[int, str, float], list[Outcome]], n: int, rule: str) -> float:
    """Return the median CPU milliseconds of a step."""
    found = (
        one["ms_per_step"]
        for (neurons, of_rule, _), outcomes in images.items()
        for one in outcomes
        if (neurons, of_rule) == (n, rule)
    )
    return float(np.median([*found]))


def _checks(lines: Mapping, images: Mapping) -> list[Check]:
    loss = {key: float(np.median([one["loss"] for one in each])) for key, each in lines.items()}
    small = {rule: _accuracies(images, SMALL.neurons, rule) for rule in SMALL.rates}
    large = {rule: max(_accuracies(images, LARGE.neurons, rule).values()) for rule in LARGE.rates}
    best = {rule: max(found.values()) for rule, found in small.items()}
    usable = {r: sum(a >= best[r] - USABLE for a in found.values()) for r, found in small.items()}
    cost = {rule: _cost(images, SMALL.neurons, rule) for rule in SMALL.rates}
    return [
        Check("linear, euclidean, rate 3: loss", loss[EUCLIDEAN, 3.0], 1e-2, True, ASKED),
        *(
            Check(f"linear, {rule}, rate 3: loss", loss[rule, 3.0], 1e-15, False, ASKED)
            for rule in (LINEARISED, "reparameterised")
        ),
        Check(
            "digits, linearised minus euclidean",
            best[LINEARISED] - best[EUCLIDEAN],
            0.05,
            True,
            ASKED,
        ),
        Check(
            "usable rates, linearised minus euclidean",
            usable[LINEARISED] - usable[EUCLIDEAN],
            1,
            True,
            ASKED,
        ),
        Check(
            "cost of a step, linearised by euclidean",
            cost[LINEARISED] / cost[EUCLIDEAN],
            1,
            False,
            ASKED,
        ),
        Check("300 neurons, linearised", large[LINEARISED], 0.85, True, PUBLISHED),
        Check("300 neurons, euclidean", large[EUCLIDEAN], 0.72, False, PUBLISHED),
    ]


def _quick_checks(images: Mapping) -> list[Check]:
    (n,) = {key[0] for key in images}
    best = {rule: max(_accuracies(images, n, rule).values()) for rule in (EUCLIDEAN, LINEARISED)}
    return [Check("digits, linearised", best[LINEARISED], 0.3, True, "three times guessing")]


def _save_figure(setting: Setting, lines: Mapping, images: Mapping) -> None:
    from neurotrain.analysis.learning_rules import fixed_points_figure

    losses = {
        rate: {rule: [one["losses"] for one in lines[rule, rate]] for rule in RULES}
        for rate in sorted({rate for _, rate in lines})
    }
    accuracy: dict[str, dict[str, dict[float, list[float]]]] = {}
    for (n, rule, rate), outcomes in images.items():
        of_rule = accuracy.setdefault(f"{n} neurons", {}).setdefault(rule, {})
        of_rule[rate] = [one["accuracy"] for one in outcomes]
    save_figure(setting, "fixed-points", fixed_points_figure(losses, accuracy))
