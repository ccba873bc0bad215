"""Where backpropagation trains a network of Morris-Lecar neurons, and where evolution does.

The task is to integrate evidence, stretched in time: the horizon is the duration of a trial. The
gain is the spread of the initial recurrent weights, in units of the published one. In every cell of
this map both methods train the same networks, from the same weights, for the same seconds, each
with the best of six settings: backpropagation of learning rates and norms at which gradients are
clipped, the evolution strategy of learning rates and of how far its candidates are from its guess.
The figure `bp-trainability.png` is written beside the trainings.
"""

from collections.abc import Sequence
from itertools import product
from statistics import median
from typing import Any

from neurotrain.experiments.equal_seconds import Budget, Method, Tuned, train_tuned
from neurotrain.experiments.report import Check, Findings, Setting, save_figure
from neurotrain.experiments.trainings import (
    BY_GRADIENT,
    PUBLISHED_GAIN,
    gradient_medians,
    medians,
)
from neurotrain.required_torch import require_torch
from neurotrain.training.result import Result

CHANCE = 1 / 3
HORIZONS_MS = (200.0, 500.0, 1000.0, 2000.0)
GAINS = (0.1, 0.3, 1.0, 3.0)
SEEDS = (0, 1, 2)
# Of a training with a horizon of a second or more; with a shorter one in proportion.
SECONDS = 50.0
BINS = 50
# A cell where backpropagation is known to learn, and one where it was seen to learn nothing.
SHORT, LONG = (200.0, 0.1), (1000.0, 1.0)


def _tried(first: str, values: Sequence[float], second: str, others: Sequence[float]) -> Any:
    return tuple({first: one, second: other} for one, other in product(values, others))


METHODS = {
    "backpropagation": Method(
        "adam", _tried("learning_rate", (0.003, 0.01, 0.03), "clip_norm", (0.1, 1.0)), BY_GRADIENT
    ),
    "evolution": Method("openai-es", _tried("learning_rate", (0.1, 0.2, 0.4), "sigma", (0.1, 0.4))),
}


def run(setting: Setting) -> Findings:
    """Map where backpropagation can be trained, over horizons and recurrent gains."""
    from neurotrain.analysis.trainability import trainability_figure

    require_torch()
    horizons_ms, gains = ((40.0, 80.0), (0.1, 1.0)) if setting.quick else (HORIZONS_MS, GAINS)
    rows = [_row(setting, *cell) for cell in product(horizons_ms, gains)]
    save_figure(setting, "bp-trainability", trainability_figure(rows, chance=CHANCE))
    return Findings(_checks(rows, setting.quick), tuple(rows))


def _row(setting: Setting, horizon_ms: float, gain: float) -> dict[str, Any]:
    found = {name: _train(setting, name, horizon_ms, gain) for name in METHODS}
    row: dict[str, Any] = {"horizon_ms": horizon_ms, "gain": gain}
    for name, tuned in found.items():
        row |= _of(name, tuned)
    tuning = [result for _, result in found["backpropagation"].tuning]
    return row | {"gradient_norm": _gradient_norm(tuning), "non_finite_share": _skipped(tuning)}


def _of(method: str, tuned: Tuned) -> dict[str, Any]:
    """Return what is told of a method in a cell; a training that failed got nothing right."""
    told = medians(tuned.results)
    return {
        method: told["test_accuracy"],
        f"{method}_lowest": told["lowest"],
        f"{method}_highest": told["highest"],
        f"{method}_simulations": told["trial_simulations"],
        f"{method}_seconds": told["seconds"],
        **{f"{method}_{option}": value for option, value in tuned.chosen.items()},
    }


def _skipped(results: Sequence[Result | None]) -> float:
    """Return the highest share of steps that were not finite."""
    return max(gradient_medians([result])["non_finite_share"] for result in results)


def _gradient_norm(results: Sequence[Result | None]) -> float:
    """Return the median length of gradients where training begins; 0 if none was finite."""
    first = [result.metrics[0]["gradient_norm"] for result in results if result is not None]
    return median([each for each in first if each is not None] or [0.0])


def _train(setting: Setting, method: str, horizon_ms: float, gain: float) -> Tuned:
    neurons, bins, small = 32, BINS, {"trials": 32, "validation_trials": 500}
    budget, seeds = Budget(seconds=SECONDS * min(1.0, horizon_ms / 1000)), SEEDS
    if setting.quick:
        neurons, bins, small = 8, 10, {"trials": 8, "validation_trials": 50, "test_trials": 100}
        budget, seeds = Budget(generations=10), SEEDS[:1]
    return train_tuned(
        setting,
        f"{horizon_ms:g}ms-gain{gain:g}-neurons{neurons}",
        METHODS[method].in_form(setting.quick),
        budget,
        seeds,
        circuit="morris-lecar",
        # So coarse a step gives the same spikes within 1 %, up to the highest gain.
        model_options={"neurons": neurons, "gain": gain * PUBLISHED_GAIN, "dt": "0.5*ms"},
        task="stimulus-integration",
        task_options={"words": bins - 1, "bin_ms": horizon_ms / bins},
        **small,
    )


def _checks(rows: list[dict[str, Any]], quick: bool) -> tuple[Check, ...]:
    found = {(row["horizon_ms"], row["gain"]): row for row in rows}
    if quick:
        highest = max(max(row["backpropagation"], row["evolution"]) for row in rows)
        return (Check("highest test accuracy of any", highest, 0.2, True, "chance is 1/3"),)
    short, long = found[SHORT], found[LONG]
    loop = "plain PyTorch loop"
    return (
        Check("backpropagation, 200 ms, gain 0.1", short["backpropagation"], 0.85, True, loop),
        Check("backpropagation, 1 s, gain 1", long["backpropagation"], 0.6, False, loop),
        Check("evolution strategy, 1 s, gain 1", long["evolution"], 0.75, True, "ours"),
    )
