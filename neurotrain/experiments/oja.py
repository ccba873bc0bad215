"""Backpropagation with Oja's rule beside it: where it helps, and where it does not.

Oja's rule keeps the rows of weights orthonormal, and so signals alive in deep networks whose
initial weights are too small (Shervani-Tabar et al. 2024, arXiv:2408.08408). Networks of two
depths and three gains of their initial weights learn handwritten digits online, from one sample
after another, with several learning rates. The figure `oja.png` shows what backpropagation and
both together come to with the best of as many settings, and the norms of activity and gradients.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from neurotrain.experiments.learning_courses import (
    Lesson,
    Outcome,
    mean_accuracy,
    taught,
    told,
)
from neurotrain.experiments.report import Check, Findings, Setting, save_figure
from neurotrain.learning_rules import term

BEFORE, CLAIMED = "another program of ours", "claimed of them"
SEEDS, QUICK_SEEDS = (0, 1, 2), (0,)
DEPTHS = {
    5: (784, 170, 130, 100, 70, 10),
    10: (784, 170, 150, 130, 120, 110, 100, 90, 80, 70, 10),
}
QUICK_DEPTHS = {5: (64, 48, 40, 32, 24, 10)}
GAINS, QUICK_GAINS = (1.0, 0.5, 0.3), (1.0, 0.3)
CHECKPOINTS, QUICK_CHECKPOINTS = (1000, 2000, 3000, 4000), (1000, 3000)
BP, BOTH = "BP", "BP + Oja"
# Coefficients of the pseudo-gradient and of Oja's term in the hidden layers, as many of each.
SETTINGS = {
    BP: ((0.003, 0.0), (0.01, 0.0), (0.03, 0.0), (0.1, 0.0)),
    BOTH: ((0.003, 0.003), (0.003, 0.01), (0.01, 0.003), (0.01, 0.01)),
}
QUICK_SETTINGS = {BP: ((0.01, 0.0), (0.03, 0.0)), BOTH: ((0.01, 0.01), (0.03, 0.01))}
# What another program came to, with the best of nearly the same settings.
KNOWN = {
    (5, 1.0, BP): 0.88,
    (5, 1.0, BOTH): 0.80,
    (10, 1.0, BP): 0.62,
    (10, 1.0, BOTH): 0.79,
    (5, 0.3, BP): 0.10,
    (5, 0.3, BOTH): 0.77,
    (10, 0.3, BP): 0.10,
    (10, 0.3, BOTH): 0.74,
}
CHANCE = 0.1


class Case(NamedTuple):
    """How many layers of weights, how large at first, and how they learn."""

    layers: int
    gain: float
    method: str


class Best(NamedTuple):
    """The setting with the highest mean accuracy in the end, and what came of it."""

    gradient: float
    oja: float
    outcomes: list[Outcome]


def run(setting: Setting) -> Findings:
    """Learn digits with and without Oja's rule, in networks easy and hard to train."""
    depths = QUICK_DEPTHS if setting.quick else DEPTHS
    gains = QUICK_GAINS if setting.quick else GAINS
    cases = [Case(n, gain, method) for n in depths for gain in gains for method in SETTINGS]
    found = {case: _best(setting, case) for case in cases}
    _save_figure(setting, found)
    checks = _quick_checks if setting.quick else _checks
    rows = tuple(_row(case, best, setting.quick) for case, best in found.items())
    return Findings(tuple(checks(found)), rows)


def _best(setting: Setting, case: Case) -> Best:
    tried = (QUICK_SETTINGS if setting.quick else SETTINGS)[case.method]
    return max(
        (Best(*rates, _taught(setting, case, *rates)) for rates in tried),
        key=lambda best: mean_accuracy(best.outcomes),
    )


def _taught(setting: Setting, case: Case, gradient: float, oja: float) -> list[Outcome]:
    rule = gradient * term("pseudo-gradient")
    if oja:
        rule = rule + oja * term("oja").on("hidden")
    sizes = (QUICK_DEPTHS if setting.quick else DEPTHS)[case.layers]
    times = QUICK_CHECKPOINTS if setting.quick else CHECKPOINTS
    lesson = Lesson(sizes, rule, times, gain=case.gain)
    name = f"layers{case.layers}-gain{case.gain}-gradient{gradient}-oja{oja}"
    seeds = QUICK_SEEDS if setting.quick else SEEDS
    return [taught(setting, name, lesson, seed) for seed in seeds]


def _row(case: Case, best: Best, quick: bool) -> dict[str, Any]:
    last = [one["accuracy"][-1] for one in best.outcomes]
    norms = _hidden(best, "activity_norm")
    gradients = _hidden(best, "gradient_norm")
    return {
        "layers": case.layers,
        "gain": case.gain,
        "method": case.method,
        "gradient": best.gradient,
        "oja": best.oja,
        "at_1000": mean_accuracy(best.outcomes, 1000),
        "accuracy": mean_accuracy(best.outcomes),
        "lowest": min(last),
        "highest": max(last),
        "known": "-" if quick else KNOWN.get(case, "-"),
        "orthonormality": told(float(np.mean(_hidden(best, "orthonormality_error")))),
        "participation": told(_hidden(best, "participation_ratio")[-1]),
        "effective_rank": told(_hidden(best, "effective_rank")[-1]),
        "norm_last_by_first": told(norms[-1] / norms[0]),
        "gradient_first_by_last": told(gradients[0] / gradients[-1]),
        "cpu_seconds": float(np.median([one["cpu_seconds"] for one in best.outcomes])),
    }


def _hidden(best: Best, what: str) -> np.ndarray:
    """Return a measure of each hidden layer in the end, its median over networks."""
    return np.median([one[what][-1] for one in best.outcomes], 0)[:-1]


def _gap(found: Mapping[Case, Best], layers: int, gain: float) -> float:
    """Return how much Oja's rule gains, with the best settings of both."""
    both, bp = (mean_accuracy(found[Case(layers, gain, m)].outcomes) for m in (BOTH, BP))
    return both - bp


def _checks(found: Mapping[Case, Best]) -> list[Check]:
    hard = {m: mean_accuracy(found[Case(10, 0.3, m)].outcomes) for m in SETTINGS}
    gap = {(n, gain): _gap(found, n, gain) for n in DEPTHS for gain in GAINS}
    distance = {m: _hidden(found[Case(10, 0.3, m)], "orthonormality_error") for m in SETTINGS}
    ratio = float(distance[BOTH].mean() / distance[BP].mean())
    gains = [
        Check(f"gain of {n} layers, small minus large weights", g, 0, True, CLAIMED)
        for n, g in ((n, gap[n, 0.3] - gap[n, 1.0]) for n in DEPTHS)
    ]
    return [
        Check("accuracy, 10 layers, gain 0.3, BP", hard[BP], 2 * CHANCE, False, f"0.10, {BEFORE}"),
        Check("accuracy, the same, BP + Oja", hard[BOTH], 0.5, True, f"0.74, {BEFORE}"),
        Check("gain of 10 minus 5 layers", gap[10, 1.0] - gap[5, 1.0], 0, True, CLAIMED),
        *gains,
        Check("orthonormality error, BP + Oja by BP", ratio, 0.9, False, f"0.7, {BEFORE}"),
        Check("gain where BP is fine", gap[5, 1.0], 0.02, False, f"-0.08, {BEFORE}"),
    ]


def _quick_checks(found: Mapping[Case, Best]) -> list[Check]:
    hard = {m: mean_accuracy(found[Case(5, 0.3, m)].outcomes) for m in SETTINGS}
    return [
        Check("accuracy, 5 layers, gain 0.3, BP", hard[BP], 2 * CHANCE, False, "nearly guessing"),
        Check("accuracy, the same, BP + Oja", hard[BOTH], 0.4, True, "four times that"),
    ]


def _save_figure(setting: Setting, found: Mapping[Case, Best]) -> None:
    from neurotrain.analysis.learning_rules import depth_figure

    accuracy = {
        f"{n} layers, {m}": {
            gain: [one["accuracy"][-1] for one in best.outcomes]
            for (n_layers, gain, method), best in found.items()
            if (n_layers, method) == (n, m)
        }
        for n, m in dict.fromkeys((case.layers, case.method) for case in found)
    }
    hard = max(case.layers for case in found), min(case.gain for case in found)
    across = {
        what: {m: _hidden(found[Case(*hard, m)], name).tolist() for m in SETTINGS}
        for what, name in (
            ("activity norm", "activity_norm"),
            ("gradient norm", "gradient_norm"),
            ("participation ratio", "participation_ratio"),
        )
    }
    title = f"{hard[0]} layers, gain {hard[1]:g}"
    save_figure(setting, "oja", depth_figure(accuracy, across, title))
