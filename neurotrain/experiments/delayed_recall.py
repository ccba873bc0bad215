"""Recurrent networks that recall a symbol after a delay: backpropagation with Oja's rule and alone.

One of eight symbols is shown for a step; after a delay, in which there is nothing but noise, the
network says which one it was. Networks learn online, from one trial after another, by
backpropagation through time, with and without Oja's rule on the recurrent weights, which is
claimed to improve what such networks remember (Shervani-Tabar et al. 2024, arXiv:2408.08408).
The figure `delayed-recall.png` shows accuracy against the delay for several gains of the initial
recurrent weights.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from neurotrain.experiments.measurements import measured
from neurotrain.experiments.report import Check, Findings, Setting, save_figure
from neurotrain.learning_rules import RecurrentLearner, RecurrentNetwork, term
from neurotrain.learning_rules.learner import are_right
from neurotrain.required_torch import require_torch, torch_threads
from neurotrain.seeding import generator

BP, BOTH = "BP", "BP + Oja"
# Learning rates, and coefficients of Oja's rule, as many of each.
SETTINGS = {
    BP: ((0.001, 0.0), (0.003, 0.0), (0.01, 0.0), (0.03, 0.0)),
    BOTH: ((0.003, 0.001), (0.003, 0.003), (0.01, 0.001), (0.01, 0.003)),
}
TRIED = tuple((method, *rates) for method, all_of in SETTINGS.items() for rates in all_of)
GAINS, QUICK_GAINS = (0.8, 1.0, 1.2, 1.5), (1.5,)
DELAYS, QUICK_DELAYS = (5, 10, 15, 20, 30, 40, 60, 80), (5, 15)
SEEDS, QUICK_SEEDS = (0, 1, 2, 3, 4), (0, 1)
NEURONS, SYMBOLS, NOISE = 48, 8, 0.05
TRIALS, QUICK_TRIALS, TEST_TRIALS = 800, 300, 200
# What a network that recalls has right; guessing is an eighth.
RECALLED = 0.9
CLAIMED = "claimed of them"

# Accuracy of every seed, by gain, delay, and what was tried.
Accuracies = Mapping[tuple[float, int], Mapping[tuple[str, float, float], Sequence[float]]]


def run(setting: Setting) -> Findings:
    """Learn to recall after many delays, with and without Oja's rule."""
    gains = QUICK_GAINS if setting.quick else GAINS
    delays = QUICK_DELAYS if setting.quick else DELAYS
    found: Accuracies = {
        (gain, delay): dict(zip(TRIED, _learned(setting, gain, delay), strict=True))
        for gain in gains
        for delay in delays
    }
    _save_figure(setting, found)
    rows = [_row(found, gain, method, delays) for gain in gains for method in SETTINGS]
    checks = [_check(found, gain, delays) for gain in gains if gain >= 1]
    return Findings(tuple(checks), tuple(rows))


def _learned(setting: Setting, gain: float, delay: int) -> list[list[float]]:
    """Return accuracies after learning, a list over seeds for each of `TRIED`."""

    def learn() -> list[list[float]]:
        seeds = QUICK_SEEDS if setting.quick else SEEDS
        trials = QUICK_TRIALS if setting.quick else TRIALS
        # Several threads would be slower, with matrices so small.
        with torch_threads(1):
            learner = _learner(gain, seeds)
            for trial in range(trials):
                inputs, labels = _trials(seeds, delay, 1, trial)
                learner.step(inputs, np.eye(SYMBOLS)[labels])
            return _accuracies(learner, *_trials(seeds, delay, TEST_TRIALS, trials)).tolist()

    return measured(setting, f"gain{gain}-delay{delay}", learn)


def _learner(gain: float, seeds: Sequence[int]) -> RecurrentLearner:
    """Return a learner with a network for each setting and seed, seeds changing fastest."""
    tensor = require_torch().tensor
    rate, oja = (
        tensor([one[k] for one in TRIED]).repeat_interleave(len(seeds)).double() for k in (1, 2)
    )
    rule = rate * term("pseudo-gradient") + oja * term("oja").on([1])
    network = RecurrentNetwork(SYMBOLS, NEURONS, SYMBOLS)
    return RecurrentLearner.start(network, rule, seeds=[*seeds] * len(TRIED), gain=gain)


def _trials(
    seeds: Sequence[int], delay: int, trials: int, first: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs (network, trial, step, symbol) and labels (network, trial)."""
    drawn = [_drawn(seed, delay, trials, first) for seed in seeds]
    inputs, labels = (np.stack(part) for part in zip(*drawn, strict=True))
    return np.tile(inputs, (len(TRIED), 1, 1, 1)), np.tile(labels, (len(TRIED), 1))


def _drawn(seed: int, delay: int, trials: int, first: int) -> tuple[np.ndarray, np.ndarray]:
    rng = generator(seed, "learning-samples", first)
    labels = rng.integers(SYMBOLS, size=trials)
    inputs = NOISE * rng.normal(size=(trials, delay, SYMBOLS))
    inputs[np.arange(trials), 0, labels] += 1
    return inputs, labels


def _accuracies(learner: RecurrentLearner, inputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the share of trials that are right, (setting, seed)."""
    output = learner.run(inputs, np.eye(SYMBOLS)[labels]).output[..., 0, :]
    right = are_right(output, require_torch().tensor(labels)).numpy()
    return right.mean(-1).reshape(len(TRIED), -1)


def _best(found: Accuracies, gain: float, delay: int, method: str) -> tuple[float, ...]:
    """Return learning rate, coefficient and mean accuracy of the setting that does best."""
    accuracy = {
        tried: float(np.mean(values))
        for tried, values in found[gain, delay].items()
        if tried[0] == method
    }
    best = max(accuracy, key=accuracy.__getitem__)
    return (*best[1:], accuracy[best])


def _usable(found: Accuracies, gain: float, method: str, delays: Sequence[int]) -> int:
    """Return the longest delay up to which symbols are recalled; 0 if after none."""
    usable = 0
    for delay in delays:
        if _best(found, gain, delay, method)[-1] < RECALLED:
            break
        usable = delay
    return usable


def _row(found: Accuracies, gain: float, method: str, delays: Sequence[int]) -> dict[str, Any]:
    return {
        "gain": gain,
        "method": method,
        "usable_delay": _usable(found, gain, method, delays),
        **{f"after_{delay}": _best(found, gain, delay, method)[-1] for delay in delays},
    }


def _check(found: Accuracies, gain: float, delays: Sequence[int]) -> Check:
    usable = {method: _usable(found, gain, method, delays) for method in SETTINGS}
    name = f"usable delay with Oja's rule, gain {gain:g}, alone {usable[BP]}"
    return Check(name, usable[BOTH], usable[BP], True, CLAIMED)


def _save_figure(setting: Setting, found: Accuracies) -> None:
    from neurotrain.analysis.learning_rules import recall_figure

    curves: dict[float, dict[str, dict[int, Sequence[float]]]] = {}
    for gain, delay in found:
        for method in SETTINGS:
            best = (method, *_best(found, gain, delay, method)[:2])
            of_method = curves.setdefault(gain, {}).setdefault(method, {})
            of_method[delay] = found[gain, delay][best]
    save_figure(setting, "delayed-recall", recall_figure(curves, 1 / SYMBOLS))
