"""Reservoirs that learn to draw a butterfly, with a pen and with arms, by three learners.

FORCE is told the target; RMHL explores and is told how wrong it is; SUPERTREX lets the first learn
from the second (Pyle & Rosenbaum 2019, arXiv:1803.03304). Beside what was published stand numbers
of the authors' code, of eleven seeds, from the replication by Sankar et al. (2021). `supertrex.png`
shows the last test trial of each, the median of the seeds.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from neurotrain.experiments.measurements import plain_name
from neurotrain.experiments.report import Check, Findings, Setting, save_figure
from neurotrain.experiments.reservoir_lessons import (
    Outcome,
    deviations,
    learned,
    middle,
    size_of,
)
from neurotrain.reservoirs import Arm, Learner, Pen, butterfly, force, rmhl, supertrex

AUTHORS, ASKED = "the authors' code", "asked of this library"
SEEDS, QUICK_SEEDS = (0, 1, 2, 3, 4), (0,)
PEN, TWO = Pen(), Arm()
THREE, COSTS = Arm((1.8, 1.2, 0.6)), Arm((1.8, 1.2, 0.6), (0.1, 0.05, 0.0))
TEN = Arm((0.36,) * 10)
TAPERING = Arm(tuple(1.8 * 0.6**joint for joint in range(10)))


class Case(NamedTuple):
    """A movement and who learns it; what the authors' code came to, if it is known."""

    movement: Pen | Arm
    learner: Learner
    known: float | str = "-"
    spiking: bool = False


CASES: dict[str, Case] = {
    "pen, FORCE": Case(PEN, force(PEN), 0.003),
    "pen, RMHL": Case(PEN, rmhl(PEN), 0.168),
    "pen, SUPERTREX": Case(PEN, supertrex(PEN), 0.006),
    "2 segments, RMHL": Case(TWO, rmhl(TWO), 0.759),
    "2 segments, SUPERTREX": Case(TWO, supertrex(TWO), 0.011),
    "3 segments, SUPERTREX": Case(THREE, supertrex(THREE), 0.067),
    "3 segments, costs, SUPERTREX": Case(COSTS, supertrex(COSTS), 0.14),
    "10 segments, SUPERTREX": Case(TEN, supertrex(TEN)),
    "10 tapering segments, SUPERTREX": Case(TAPERING, supertrex(TAPERING)),
    "2 segments, SUPERTREX as published": Case(TWO, supertrex(TWO, original=True), 0.011),
}
# Errors of spiking neurons are larger, and mastery would never begin.
_NOISY = replace(supertrex(PEN), threshold=0.015)
CASES |= {
    "pen, RMHL, spiking": Case(PEN, rmhl(PEN), spiking=True),
    "pen, SUPERTREX, spiking": Case(PEN, _NOISY, spiking=True),
}
QUICK_CASES = ("pen, FORCE", "2 segments, RMHL", "2 segments, SUPERTREX")

Outcomes = Mapping[str, list[Outcome]]


def run(setting: Setting) -> Findings:
    """Learn every movement by the learners that can."""
    names = QUICK_CASES if setting.quick else tuple(CASES)
    found = {name: [_learned(setting, name, seed) for seed in _seeds(setting)] for name in names}
    _save_figure(setting, found)
    checks = _quick_checks(found) if setting.quick else _checks(found)
    return Findings(tuple(checks), tuple(_row(name, each) for name, each in found.items()))


def _seeds(setting: Setting) -> tuple[int, ...]:
    return QUICK_SEEDS if setting.quick else SEEDS


def _learned(setting: Setting, name: str, seed: int) -> Outcome:
    case = CASES[name]
    return learned(
        setting, plain_name(name), case.movement, case.learner, seed, spiking=case.spiking
    )


def _row(name: str, outcomes: list[Outcome]) -> dict[str, Any]:
    return {
        "movement": name,
        **deviations(outcomes),
        "known": CASES[name].known,
        "closed_loop": middle(outcomes, "closed_loop"),
        "gate": middle(outcomes, "gate"),
        "cpu_seconds": middle(outcomes, "cpu_seconds"),
    }


def _checks(found: Outcomes) -> list[Check]:
    def one(name: str, bound: float, at_least: bool = False, of: Any = None) -> Check:
        value = middle(found[name], "deviation", *([of] if of else []))
        told = {max: ", highest", min: ", lowest"}.get(of, "")
        return Check(f"deviation, {name}{told}", value, bound, at_least, ASKED)

    seconds = middle(found["pen, SUPERTREX"], "cpu_seconds")
    return [
        one("pen, SUPERTREX", 0.01),
        one("pen, RMHL", 0.13, True),
        one("pen, FORCE", 0.006),
        one("2 segments, SUPERTREX", 0.03, of=max),
        one("2 segments, RMHL", 0.4, True, of=min),
        one("3 segments, SUPERTREX", 0.1),
        one("3 segments, costs, SUPERTREX", 0.25),
        one("10 segments, SUPERTREX", 0.25),
        one("10 tapering segments, SUPERTREX", 0.25),
        Check(
            "spiking SUPERTREX by RMHL of rate units, pen",
            middle(found["pen, SUPERTREX, spiking"], "deviation")
            / middle(found["pen, RMHL"], "deviation"),
            1,
            False,
            ASKED,
        ),
        Check("CPU seconds, pen, SUPERTREX, with both tests", seconds, 60, False, ASKED),
    ]


def _quick_checks(found: Outcomes) -> list[Check]:
    taught, explored, both = (middle(found[name], "deviation") for name in QUICK_CASES)
    return [
        Check("deviation, pen, FORCE", taught, 0.1, False, "ten times that of the full form"),
        Check("SUPERTREX by RMHL, 2 segments", both / explored, 0.5, False, AUTHORS),
    ]


def _save_figure(setting: Setting, found: Outcomes) -> None:
    from neurotrain.analysis.movements import paths_figure

    paths = {name: _median(outcomes)["path"] for name, outcomes in found.items()}
    save_figure(setting, "supertrex", paths_figure(paths, butterfly(size_of(setting).steps)))


def _median(outcomes: list[Outcome]) -> Outcome:
    """Return that of the seeds with the median deviation."""
    return sorted(outcomes, key=lambda one: one["deviation"])[len(outcomes) // 2]
