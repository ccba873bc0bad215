"""Learning curves of backpropagation and of an evolution strategy on the published network.

128 Morris-Lecar neurons with recurrent weights as strong as published learn to integrate evidence
for 200 ms, with the same loss, from the same initial weights, on trials of the same task. Both
methods have the same seconds, and the best of as many learning rates. Accuracies are drawn against
seconds and against simulations of a trial in `integration-bp-vs-es.png`.
"""

from dataclasses import replace
from typing import Any

from neurotrain.experiments.equal_seconds import METHODS, Budget, Tuned, train_tuned
from neurotrain.experiments.report import Check, Findings, Setting, save_figure
from neurotrain.experiments.trainings import (
    BACKPROPAGATION,
    EVOLUTION,
    PUBLISHED_GAIN,
    gradient_medians,
    medians,
)
from neurotrain.required_torch import require_torch
from neurotrain.training.result import Result

CHANCE = 1 / 3
SEEDS = (0, 1, 2)
SECONDS = 300.0
OPTIONS = {EVOLUTION: {"population_size": 100}, BACKPROPAGATION: {}}


def run(setting: Setting) -> Findings:
    """Learn to integrate evidence by backpropagation and by evolution, both tuned equally."""
    from neurotrain.analysis.learning_costs import learning_costs_figure

    require_torch()
    found = {name: _train(setting, name) for name in METHODS}
    rows = [row for name, tuned in found.items() for row in _rows(name, tuned)]
    curves = {name: _curves(tuned) for name, tuned in found.items()}
    save_figure(setting, "integration-bp-vs-es", learning_costs_figure(curves, chance=CHANCE))
    return Findings(_checks(rows, setting.quick), tuple(rows))


def _train(setting: Setting, name: str) -> Tuned:
    neurons, budget, seeds, small = 128, Budget(seconds=SECONDS), SEEDS, {"trials": 50}
    if setting.quick:
        neurons, budget, seeds = 8, Budget(generations=40), SEEDS[:1]
        small = {"trials": 8, "validation_trials": 50, "test_trials": 200}
    method = METHODS[name].in_form(setting.quick)
    return train_tuned(
        setting,
        f"neurons{neurons}",
        replace(method, options={**method.options, **OPTIONS[name]}),
        budget,
        seeds,
        circuit="morris-lecar",
        model_options={"neurons": neurons, "gain": PUBLISHED_GAIN},
        task="stimulus-integration",
        **small,
    )


def _rows(method: str, tuned: Tuned) -> list[dict[str, Any]]:
    """Return a row for each learning rate tried, and that of the one chosen."""
    trainings = [(tried, "tuning", [result]) for tried, result in tuned.tuning]
    return [
        {
            "method": method,
            **options,
            "trainings": what,
            **medians(results),
            **gradient_medians(results),
        }
        for options, what, results in (*trainings, (tuned.chosen, "chosen", tuned.results))
    ]


def _checks(rows: list[dict[str, Any]], quick: bool) -> tuple[Check, ...]:
    accuracy = {row["method"]: row["test_accuracy"] for row in rows if row["trainings"] == "chosen"}
    bounds = {
        EVOLUTION: (0.9, "code preceding arXiv:2311.10869: 0.90 after 2400 iterations"),
        BACKPROPAGATION: (0.85, "plain PyTorch loop: 0.87 after 375 steps"),
    }
    if quick:
        bounds = dict.fromkeys(bounds, (0.1, "chance is 1/3"))
    return tuple(
        Check(f"test accuracy, {method}", accuracy[method], bound, True, origin)
        for method, (bound, origin) in bounds.items()
    )


def _curves(tuned: Tuned) -> list[dict[str, list[float]]]:
    """Return the learning curves of the chosen trainings."""
    return [_curve(result) for result in tuned.results if result is not None]


def _curve(result: Result) -> dict[str, list[float]]:
    """Return accuracies of validations against what had been spent by then.

    Generations of one training cost about the same, so that the seconds of each are its share.
    """
    validated = [each for each in result.metrics if "validation_accuracy" in each]
    share = result.summary["wall_seconds"] / len(result.metrics)
    return {
        "accuracy": [each["validation_accuracy"] for each in validated],
        "seconds": [share * each["generation"] for each in validated],
        "trial_simulations": [each["trial_simulations"] for each in validated],
    }
