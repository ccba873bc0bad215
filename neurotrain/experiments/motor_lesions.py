"""What becomes of a movement when one pathway of SUPERTREX is removed, or its reward corrupted.

An arm of two segments learns to draw a butterfly; then mastery or exploration is taken away, or
exploration was missing, or the reward wrong, from the beginning. Everything is compared with the
last trial in which the intact network learned. `motor-lesions.png` shows the paths of tests.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from neurotrain.experiments.measurements import measured, plain_name
from neurotrain.experiments.report import Check, Findings, Setting, save_figure
from neurotrain.experiments.reservoir_lessons import (
    Outcome,
    deviations,
    middle,
    path,
    root_error,
    size_of,
    trained,
)
from neurotrain.reservoirs import Arm, Learner, butterfly, deviation, supertrex

ASKED = "asked of this library"
SEEDS, QUICK_SEEDS = (0, 1, 2, 3, 4), (0,)
ARM = Arm()
# Uniform up to this, beside errors of a few hundredths while it learns.
CORRUPTION = 1.0
FROZEN, WITHOUT_MASTERY = "both pathways, frozen", "mastery removed after learning"
AFTER, BEFORE = "exploration removed after learning", "exploration removed before learning"
CORRUPTED = "reward corrupted while learning"
NAMES = (AFTER, FROZEN, WITHOUT_MASTERY, BEFORE, CORRUPTED)

Outcomes = Mapping[str, list[Outcome]]


def run(setting: Setting) -> Findings:
    """Learn with and without lesions, and test."""
    seeds = QUICK_SEEDS if setting.quick else SEEDS
    found = {name: [_tested(setting, name, seed) for seed in seeds] for name in NAMES}
    _save_figure(setting, found)
    # In the quick form it learns less, so that there is less to lose.
    checks = _checks(found, *((3, 3) if setting.quick else (10, 1.5)))
    return Findings(tuple(checks), tuple(_row(name, found[name]) for name in NAMES))


def _tested(setting: Setting, name: str, seed: int) -> Outcome:
    def learn() -> dict[str, Any]:
        size, learner = size_of(setting), supertrex(ARM)
        training = trained(size, ARM, _while_learning(learner, name), seed)
        tested = training.test(size.test_trials, learner=_in_test(learner, name))
        return {
            "deviation": deviation(tested),
            "training": [root_error([trial]) for trial in training.trials],
            "path": path(tested),
        }

    return measured(setting, f"{plain_name(name)}-seed{seed}", learn)


def _while_learning(learner: Learner, name: str) -> Learner:
    if name == BEFORE:
        return learner.lesioned(exploration=False)
    return replace(learner, reward_noise=CORRUPTION) if name == CORRUPTED else learner


def _in_test(learner: Learner, name: str) -> Learner:
    """Return which pathways give the output: mastery, unless something else is tested."""
    explores = name in (FROZEN, WITHOUT_MASTERY)
    return learner.lesioned(mastery=name != WITHOUT_MASTERY, exploration=explores)


def _row(name: str, outcomes: list[Outcome]) -> dict[str, Any]:
    return {"lesion": name, **deviations(outcomes)}


def _checks(found: Outcomes, worse: float, unchanged: float) -> list[Check]:
    medians = {name: middle(outcomes, "deviation") for name, outcomes in found.items()}
    intact = deviations(found[AFTER])["last_training"]
    times = {name: value / intact for name, value in medians.items()}
    return [
        Check("mastery removed, by intact", times[WITHOUT_MASTERY], worse, True, ASKED),
        Check("exploration removed after, by intact", times[AFTER], unchanged, False, "unchanged"),
        Check("exploration removed before, by intact", times[BEFORE], worse, True, "no learning"),
        Check("reward corrupted, by intact", times[CORRUPTED], 2, True, "learning impaired"),
    ]


def _save_figure(setting: Setting, found: Outcomes) -> None:
    from neurotrain.analysis.movements import paths_figure

    paths = {name: outcomes[0]["path"] for name, outcomes in found.items()}
    save_figure(setting, "motor-lesions", paths_figure(paths, butterfly(size_of(setting).steps)))
