"""Networks that answer after a delay: with others than the one of training, and without memory."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median
from typing import Any

from neurotrain.experiments.report import Check, Setting, save_figure
from neurotrain.seeding import generator
from neurotrain.training.result import Result

TEST_TRIALS = 2000
LONGEST_SECONDS = 30 * 60


def delay_checks(
    delay_ms: float, asked: float, chance: float, results: Sequence[Result]
) -> list[Check]:
    """Return whether networks remember, whether the memory is their state's, and how soon."""
    what = f"after {delay_ms:g} ms, median of {len(results)}"
    accuracy = median(result.test_accuracy for result in results)
    reset = median(_accuracy(result, delay_ms, reset=True) for result in results)
    # Guessing stays below with a probability of 0.9999.
    highest_chance = chance + 3.72 * (chance * (1 - chance) / TEST_TRIALS) ** 0.5
    guessing = f"chance is {chance:.3g}"
    seconds = max(result.summary["wall_seconds"] for result in results)
    return [
        Check(f"test accuracy {what}", accuracy, asked, True, guessing),
        Check(f"the same, state reset {what}", reset, highest_chance, False, guessing),
        Check(f"seconds of a training, {delay_ms:g} ms", seconds, LONGEST_SECONDS, False, "ours"),
    ]


def delay_row(trained_ms: float, tested_ms: float, results: Sequence[Result]) -> dict[str, Any]:
    """Return how networks trained with one delay do with another, for `memory_figure`."""
    accuracies = [_accuracy(result, tested_ms) for result in results]
    return {
        "trained_delay_ms": trained_ms,
        "tested_delay_ms": tested_ms,
        "accuracy": median(accuracies),
        "lowest": min(accuracies),
        "highest": max(accuracies),
        "state_reset": median(_accuracy(result, tested_ms, reset=True) for result in results),
    }


def save_delay_figure(setting: Setting, rows: Sequence[Mapping[str, Any]], chance: float) -> None:
    """Write `accuracy-against-delay.png` beside the trainings."""
    from neurotrain.analysis.memory import memory_figure

    save_figure(setting, "accuracy-against-delay", memory_figure(rows, chance=chance))


def _accuracy(result: Result, delay_ms: float, reset: bool = False) -> float:
    """Return the accuracy with a delay, and with the state reset in the middle of it."""
    task = replace(result.task, delay_ms=delay_ms)
    trials = task.draw(TEST_TRIALS, generator(result.summary["seed"], "test-trials"))
    if reset:
        start, stop = trials.periods["delay"]
        trials = trials.starting_at(round((start + stop) / 2 / task.bin_ms) * task.bin_ms)
    return result.accuracy_on(trials)
