"""Learning curves of backpropagation and of an evolution strategy on the published network.

128 Morris-Lecar neurons with recurrent weights as strong as published learn to integrate evidence
for 200 ms, with the same loss, from the same initial weights, on trials of the same task. Both
methods get the learning rate that validates best in a sweep, equally wide for both, on a seed that
plays no part later; and about the same seconds, since a gradient costs a few times what the
simulations of a population cost. Accuracies are drawn against seconds and against simulations of a
trial in `integration-bp-vs-es.png`.
"""

from collections.abc import Sequence
from typing import Any

from neurotrain.executions.torch.execution import require_torch
from neurotrain.experiments.report import Check, Findings, Setting
from neurotrain.experiments.trainings import (
    BACKPROPAGATION,
    BY_GRADIENT,
    EVOLUTION,
    PUBLISHED_GAIN,
    gradient_medians,
    highest_validated,
    medians,
    trained,
)
from neurotrain.training.result import Result

CHANCE = 1 / 3
# In units of the natural scale of each parameter.
RATES = {EVOLUTION: (0.1, 0.2, 0.4, 0.8), BACKPROPAGATION: (0.003, 0.01, 0.03, 0.1)}
SEEDS, TUNING_SEED = (0, 1, 2), 100
# Generations, or gradient steps for about the same seconds of one core.
LENGTH = {EVOLUTION: 400, BACKPROPAGATION: 4000}
# The sweep is this much shorter.
TUNING = 5


def run(setting: Setting) -> Findings:
    """Learn to integrate evidence by backpropagation and by evolution, both tuned equally."""
    require_torch()
    rows, results = [], {}
    for method, rates in RATES.items():
        rates = rates[1:3] if setting.quick else rates
        sweep = {rate: [_train(setting, method, rate, TUNING_SEED, TUNING)] for rate in rates}
        chosen = highest_validated(sweep)
        seeds = SEEDS[:1] if setting.quick else SEEDS
        results[method] = [_train(setting, method, chosen, seed) for seed in seeds]
        rows += [_row(method, rate, "tuning", each) for rate, each in sweep.items()]
        rows.append(_row(method, chosen, "chosen", results[method]))
    _save_figure(setting, results)
    return Findings(_checks(rows, setting.quick), tuple(rows))


def _train(setting: Setting, method: str, rate: float, seed: int, shorter: int = 1) -> Result:
    neurons, trials, length = (8, 8, {EVOLUTION: 40, BACKPROPAGATION: 80})
    small = {"validation_trials": 50, "test_trials": 200}
    if not setting.quick:
        neurons, trials, length, small = 128, 50, LENGTH, {}
    generations = length[method] // shorter
    if method == EVOLUTION:
        how = {"optimizer": "openai-es", "optimizer_options": {"population_size": 100}}
    else:
        how = {"optimizer": "adam", "optimizer_options": {**BY_GRADIENT}}
    how["optimizer_options"]["learning_rate"] = rate
    return trained(
        setting,
        f"{how['optimizer']}-rate{rate:g}-neurons{neurons}-generations{generations}-seed{seed}",
        circuit="morris-lecar",
        model_options={"neurons": neurons, "gain": PUBLISHED_GAIN},
        task="stimulus-integration",
        trials=trials,
        generations=generations,
        validation_every=max(1, generations // 20),
        seed=seed,
        **how,
        **small,
    )


def _row(method: str, rate: float, what: str, results: Sequence[Result]) -> dict[str, Any]:
    return {
        "method": method,
        "learning_rate": rate,
        "trainings": what,
        **medians(results),
        **gradient_medians(results),
    }


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


def _save_figure(setting: Setting, results: dict[str, list[Result]]) -> None:
    from neurotrain.analysis.learning_costs import learning_costs_figure
    from neurotrain.analysis.style import write_pngs

    curves = {method: [_curve(each) for each in of] for method, of in results.items()}
    figure = learning_costs_figure(curves, chance=CHANCE)
    write_pngs({"integration-bp-vs-es": figure}, setting.folder)


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
