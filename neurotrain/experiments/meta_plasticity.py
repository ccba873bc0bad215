"""Plasticity rules that are learned themselves, for learning fast with random feedback.

After Shervani-Tabar & Rosenbaum (2023, doi:10.1038/s41467-023-37562-1), with the digits of
scikit-learn in place of EMNIST: coefficients of one to three terms follow the gradient through
learning five classes from 50 images each, and those of all ten terms with a penalty. The figure
`meta-plasticity.png` shows accuracies and coefficients as they are learned.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import process_time
from typing import Any

import numpy as np

from neurotrain.experiments.measurements import measured, plain_name
from neurotrain.experiments.report import Check, Findings, Setting, save_figure
from neurotrain.learning_rules import (
    Episodes,
    FeedforwardNetwork,
    MetaLearning,
    digits,
    meta_learn,
    term,
    term_names,
)

PUBLISHED, BEFORE = "published", "another program of ours"
SIZES = (64, 48, 40, 32, 24, 10)
SEEDS, LAST = (0, 1, 2), 30
# Of more episodes each, since there are few.
QUICK_GENERATIONS, QUICK_TOGETHER = 2, 4
SHOWN = ("pseudo-gradient", "ehebb", "oja")
CHANCE = 0.2
# Below it, a coefficient of the pool counts as vanished.
VANISHED = 0.003

Outcome = Mapping[str, Any]


@dataclass(frozen=True)
class Arm:
    """Which terms are learned, and the accuracy that another program came to with them."""

    terms: tuple[str, ...]
    feedback: str = "feedback-alignment"
    generations: int = 90
    penalty: float = 0.0
    # Where the quick form begins: about where the long one ends.
    known: tuple[float, ...] = ()
    reference: float | None = None


BP, FA, OJA, EHEBB, BIO, POOL = "BP", "FA", "FA + Oja", "FA + eHebb", "bio", "ten terms, penalty"
_G, _H, _O = SHOWN
ARMS = {
    BP: Arm((_G,), "backpropagation", known=(0.03,), reference=0.69),
    FA: Arm((_G,), known=(0.025,), reference=0.23),
    OJA: Arm((_G, _O), known=(0.064, 0.033), reference=0.65),
    EHEBB: Arm((_G, _H), known=(0.05, -0.084), reference=0.56),
    BIO: Arm((_G, _H, _O), known=(0.049, -0.045, 0.021), reference=0.61),
}
POOL_ARM = Arm(tuple(term_names()), generations=300, penalty=0.3)


def run(setting: Setting) -> Findings:
    """Learn the coefficients of each rule, and test what they are good for."""
    seeds = SEEDS[:1] if setting.quick else SEEDS
    outcomes = {
        name: [_learned(setting, name, arm, seed) for seed in seeds] for name, arm in ARMS.items()
    }
    _save_figure(setting, outcomes)
    rows = [_row(name, ARMS[name], each, setting.quick) for name, each in outcomes.items()]
    if setting.quick:
        return Findings(tuple(_quick_checks(outcomes)), tuple(rows))
    rows.append(_row(POOL, POOL_ARM, [_learned(setting, POOL, POOL_ARM, 0)], False))
    return Findings(tuple(_checks(outcomes)), tuple(rows))


def _learned(setting: Setting, name: str, arm: Arm, seed: int) -> Outcome:
    plain = plain_name(name)
    episodes = Episodes(digits(), ways=5, shots=50, queries=10)
    network, terms = FeedforwardNetwork(SIZES), [term(one) for one in arm.terms]
    problem = MetaLearning(
        episodes,
        network,
        terms,
        arm.feedback,
        penalty=arm.penalty,
        together=QUICK_TOGETHER if setting.quick else 1,
    )
    first = arm.known if setting.quick else (0.01,)
    how = {"learning_rate": 2e-3, "seed": seed, "progress": setting.progress}

    def measure() -> dict[str, Any]:
        began = process_time()
        training = meta_learn(
            problem,
            dict(zip(arm.terms, first, strict=False)),
            generations=QUICK_GENERATIONS if setting.quick else arm.generations,
            folder=setting.folder / f"{plain}-seed{seed}",
            **how,
        )
        return {
            "accuracy": training.accuracy,
            "coefficients": [one.tolist() for one in training.coefficients],
            "final": training.final.tolist(),
            "formula": training.formula(VANISHED),
            "cpu_seconds": process_time() - began,
        }

    return measured(setting, f"{plain}-seed{seed}", measure)


def _accuracy(outcomes: Sequence[Outcome]) -> float:
    """Return the mean accuracy in the last episodes, before each was learned from."""
    return float(np.mean([one["accuracy"][-LAST:] for one in outcomes]))


def _coefficient(arm: Arm, outcomes: Sequence[Outcome], name: str) -> float:
    return float(np.median([one["final"][arm.terms.index(name)] for one in outcomes]))


def _row(name: str, arm: Arm, outcomes: Sequence[Outcome], quick: bool) -> dict[str, Any]:
    last = [_accuracy([one]) for one in outcomes]
    return {
        "rule": name,
        "generations": len(outcomes[0]["accuracy"]),
        "accuracy": float(np.mean(last)),
        "lowest": min(last),
        "highest": max(last),
        "known": "-" if quick or arm.reference is None else arm.reference,
        **{one: _coefficient(arm, outcomes, one) if one in arm.terms else "-" for one in SHOWN},
        "cpu_seconds": float(np.median([one["cpu_seconds"] for one in outcomes])),
        "found": outcomes[0]["formula"],
    }


def _checks(outcomes: Mapping[str, Sequence[Outcome]]) -> list[Check]:
    means = {name: _accuracy(each) for name, each in outcomes.items()}
    gains = [
        Check(f"accuracy, {name} minus FA", means[name] - means[FA], 0.25, True, PUBLISHED)
        for name in (OJA, EHEBB, BIO)
    ]
    signs = [
        Check(
            f"coefficient of {what} in {name}",
            _coefficient(ARMS[name], outcomes[name], what),
            0,
            what == _O,
            f"{'positive' if what == _O else 'negative'}, {PUBLISHED}",
        )
        for name, what in ((EHEBB, _H), (OJA, _O), (BIO, _H), (BIO, _O))
    ]
    return [
        Check("accuracy, FA", means[FA], 0.3, False, f"0.25, {PUBLISHED}"),
        Check("accuracy, BP", means[BP], 0.6, True, f"0.70, {PUBLISHED}"),
        *gains,
        *signs,
    ]


def _quick_checks(outcomes: Mapping[str, Sequence[Outcome]]) -> list[Check]:
    means = {name: _accuracy(each) for name, each in outcomes.items()}
    return [
        Check(f"accuracy, {name}, known coefficients", means[name], 2 * CHANCE, True, BEFORE)
        for name in (BP, OJA, BIO)
    ] + [Check("accuracy, bio minus FA", means[BIO] - means[FA], 0.1, True, PUBLISHED)]


def _save_figure(setting: Setting, outcomes: Mapping[str, Sequence[Outcome]]) -> None:
    from neurotrain.analysis.learning_rules import courses_figure

    panels = {"accuracy": {n: [one["accuracy"] for one in each] for n, each in outcomes.items()}}
    for what in SHOWN:
        panels[f"coefficient of {what}"] = {
            name: [
                [values[ARMS[name].terms.index(what)] for values in one["coefficients"]]
                for one in each
            ]
            if what in ARMS[name].terms
            else []
            for name, each in outcomes.items()
        }
    generations = range(len(next(iter(outcomes.values()))[0]["accuracy"]))
    save_figure(setting, "meta-plasticity", courses_figure(generations, panels, "generations"))
