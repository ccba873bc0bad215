"""Where backpropagation trains a network of Morris-Lecar neurons, and where evolution does.

The task is to integrate evidence, stretched in time: the horizon is the duration of a trial. The
gain is the spread of the initial recurrent weights, in units of the published one. In every cell of
this map backpropagation is tuned: of all learning rates and norms at which gradients are clipped,
that with the highest validation accuracy is trained with more seeds. The evolution strategy is not
tuned, and has one setting everywhere. Both train the same networks from the same weights, for about
the same seconds. The figure `bp-trainability.png` is written beside the trainings.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from statistics import median
from typing import Any

from neurotrain.errors import TrainingFailed
from neurotrain.executions.torch.execution import require_torch
from neurotrain.experiments.report import Check, Findings, Setting
from neurotrain.experiments.trainings import BY_GRADIENT, PUBLISHED_GAIN, trained
from neurotrain.training.result import Result

CHANCE = 1 / 3
HORIZONS_MS = (200.0, 500.0, 1000.0, 2000.0)
GAINS = (0.1, 0.3, 1.0, 3.0)
RATES = (0.003, 0.01, 0.03)
CLIP_NORMS = (0.1, 1.0)
# The first one tunes; what is found counts by the validation, the table is of the tests.
SEEDS = (0, 1, 2)
# Generations, and gradient steps for about the same seconds.
GENERATIONS, STEPS = 250, 750
BINS = 50
# A cell where backpropagation is known to learn, and one where it was seen to learn nothing.
SHORT, LONG = (200.0, 0.1), (1000.0, 1.0)

Cell = tuple[float, float]


def run(setting: Setting) -> Findings:
    """Map where backpropagation can be trained, over horizons and recurrent gains."""
    require_torch()
    horizons_ms, gains = ((40.0, 80.0), (0.1, 1.0)) if setting.quick else (HORIZONS_MS, GAINS)
    rows = [_row(setting, cell) for cell in product(horizons_ms, gains)]
    _save_figure(setting, rows)
    return Findings(_checks(rows, setting.quick), tuple(rows))


def _row(setting: Setting, cell: Cell) -> dict[str, Any]:
    rates, clips, seeds = (RATES, CLIP_NORMS, SEEDS)
    if setting.quick:
        rates, clips, seeds = rates[-2:], clips[:1], seeds[:1]
    tuned = {each: _descend(setting, cell, *each, seeds[0]) for each in product(rates, clips)}
    rate, clip = max(tuned, key=lambda each: _validated(tuned[each]))
    descended = [_descend(setting, cell, rate, clip, seed) for seed in seeds]
    evolved = [_evolve(setting, cell, seed) for seed in seeds]
    return {
        "horizon_ms": cell[0],
        "gain": cell[1],
        "learning_rate": rate,
        "clip_norm": clip,
        **_of("backpropagation", descended),
        **_of("evolution", evolved),
        "gradient_norm": _gradient_norm(tuned.values()),
        "non_finite_share": max(map(_skipped, tuned.values())),
    }


def _of(method: str, results: Sequence[Result | None]) -> dict[str, Any]:
    """Return what is told of a method in a cell; a training that failed got nothing right."""
    accuracies = [0.0 if each is None else each.test_accuracy for each in results]
    done = [each.summary for each in results if each is not None]
    return {
        method: median(accuracies),
        f"{method}_lowest": min(accuracies),
        f"{method}_highest": max(accuracies),
        f"{method}_simulations": median(s["trial_simulations"] for s in done) if done else 0,
        f"{method}_seconds": median(s["wall_seconds"] for s in done) if done else 0.0,
    }


def _validated(result: Result | None) -> float:
    return -1.0 if result is None else result.validation_accuracy


def _skipped(result: Result | None) -> float:
    return 1.0 if result is None else result.summary["skipped_share"]


def _gradient_norm(results: Any) -> float:
    """Return the median length of gradients where training begins; 0 if none was finite."""
    first = [r.metrics[0]["gradient_norm"] for r in results if r is not None]
    return median([each for each in first if each is not None] or [0.0])


def _descend(setting: Setting, cell: Cell, rate: float, clip: float, seed: int) -> Result | None:
    steps = 10 if setting.quick else STEPS
    options = {**BY_GRADIENT, "learning_rate": rate, "clip_norm": clip}
    name = f"adam-rate{rate:g}-clip{clip:g}-steps{steps}"
    return _train(setting, cell, name, steps, seed, "adam", options)


def _evolve(setting: Setting, cell: Cell, seed: int) -> Result | None:
    generations = 5 if setting.quick else GENERATIONS
    name = f"openai-es-generations{generations}"
    return _train(setting, cell, name, generations, seed, "openai-es", {})


def _train(
    setting: Setting,
    cell: Cell,
    name: str,
    generations: int,
    seed: int,
    optimizer: str,
    options: Mapping[str, Any],
) -> Result | None:
    """Return a training; None if it failed, which also is what came of it."""
    horizon_ms, gain = cell
    neurons, trials, small = 32, 32, {"validation_trials": 500}
    if setting.quick:
        neurons, trials, small = 8, 8, {"validation_trials": 50, "test_trials": 100}
    words = (10 if setting.quick else BINS) - 1
    try:
        return trained(
            setting,
            f"{horizon_ms:g}ms-gain{gain:g}-neurons{neurons}-{name}-seed{seed}",
            circuit="morris-lecar",
            # So coarse a step gives the same spikes within 1 %, up to the highest gain.
            model_options={"neurons": neurons, "gain": gain * PUBLISHED_GAIN, "dt": "0.5*ms"},
            task="stimulus-integration",
            task_options={"words": words, "bin_ms": horizon_ms / (words + 1)},
            optimizer=optimizer,
            optimizer_options=options,
            generations=generations,
            validation_every=max(1, generations // 10),
            trials=trials,
            seed=seed,
            **small,
        )
    except TrainingFailed:
        return None


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


def _save_figure(setting: Setting, rows: list[dict[str, Any]]) -> None:
    from neurotrain.analysis.style import write_pngs
    from neurotrain.analysis.trainability import trainability_figure

    write_pngs({"bp-trainability": trainability_figure(rows, chance=CHANCE)}, setting.folder)
