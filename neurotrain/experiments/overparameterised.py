"""Whether evolution gains where a vector field has far more parameters than it needs.

ROBER with the published depth, and the spiral, are learned with networks from narrow to wide, by
evolution and by backpropagation, at equal seconds; of as many settings of each method the better
one counts, chosen anew for every width. The figure `overparameterised.png` is written beside the
trainings.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from statistics import median
from typing import Any

from neurotrain.experiments.ode_arms import (
    DESCENDING,
    EVOLVING,
    NEVER,
    Arm,
    Plan,
    compared,
    finite,
    stiff_fit,
)
from neurotrain.experiments.ode_trainings import (
    Outcome,
    generations_within,
    ode_medians,
    trained_from_seeds,
)
from neurotrain.experiments.report import Check, Findings, Setting, save_figure
from neurotrain.experiments.spiral import GRADIENTS, STRATEGIES, Method
from neurotrain.experiments.trainings import BACKPROPAGATION, EVOLUTION
from neurotrain.neural_ode import Training, VectorField, rober

CLAIM = "arXiv:2311.10869 says that it gains"
ROBER_WIDTHS, SPIRAL_WIDTHS = (5, 16, 64, 256), (16, 50, 200, 1000, 4000)
# Of these a generation costs as much as it has parameters, and no more.
ROBER_ARMS = (
    EVOLVING[1:],
    (
        *DESCENDING[:2],
        Arm(
            BACKPROPAGATION,
            "adamw",
            {"learning_rate": 0.001, "schedule": "cosine", "weight_decay": 1e-6},
        ),
    ),
)
FULL = Plan(60.0, 15.0, (0, 1, 2), 3, 0)
QUICK = Plan(0.3, 0.1, (0,), 2, 0)
SPIRAL_SECONDS = 20.0


def run(setting: Setting) -> Findings:
    """Train vector fields from narrow to wide by evolution and by backpropagation."""
    from neurotrain.analysis.width_errors import width_errors_figure

    rober_widths, spiral_widths = (
        ((5, 8), (16, 32)) if setting.quick else (ROBER_WIDTHS, SPIRAL_WIDTHS)
    )
    rows = [row for width in rober_widths for row in _rober_rows(setting, width)]
    rows += [row for width in spiral_widths for row in _spiral_rows(setting, width)]
    save_figure(setting, "overparameterised", width_errors_figure(rows))
    return Findings(_checks(rows, setting.quick), tuple(rows))


def _rober_rows(setting: Setting, width: int) -> list[dict[str, Any]]:
    problem = rober()
    field = VectorField(
        *(3, width, 6),
        activation="gelu",
        input_scale=1 / problem.scale,
        output_scale=problem.scale / problem.times[-1],
    )
    plan = QUICK if setting.quick else FULL
    found = compared(setting, f"rober-width{width}", stiff_fit(problem, field), plan, ROBER_ARMS)
    return [
        {**_row("ROBER", width, field, arm.method, arm.name), **_medians(trainings)}
        for arm, trainings in found.items()
    ]


def _row(
    problem: str, width: int, field: VectorField, method: str, optimizer: str
) -> dict[str, Any]:
    return {
        "problem": problem,
        "width": width,
        "parameters": field.size,
        "method": method,
        "optimizer": optimizer,
    }


def _medians(trainings: Sequence[Training]) -> dict[str, Any]:
    losses = [one.best_loss for one in trainings]
    return {
        "loss": finite(median(losses)),
        "lowest": finite(min(losses)),
        "highest": finite(max(losses)),
        "generations": median(one.history.generations for one in trainings),
        "seconds": median(one.history.total_seconds for one in trainings),
    }


def _spiral_rows(setting: Setting, width: int) -> list[dict[str, Any]]:
    rows = []
    for name, methods in ((EVOLUTION, STRATEGIES), (BACKPROPAGATION, GRADIENTS)):
        tried = [ode_medians(_spiral_trainings(setting, one, width)) for one in methods]
        best, outcome = min(zip(methods, tried, strict=True), key=lambda each: each[1]["loss"])
        told = ("loss", "lowest", "highest", "generations", "seconds")
        row = _row("spiral", width, best.fit(width).field, name, best.name)
        rows.append({**row, **{key: outcome[key] for key in told}})
    return rows


def _spiral_trainings(setting: Setting, method: Method, width: int) -> list[Outcome]:
    name, train = f"spiral-width{width}-{method.plain_name}", partial(method.run, width)
    if setting.quick:
        return trained_from_seeds(setting, name, train, 15, (0,))
    generations = generations_within(setting, name, train, SPIRAL_SECONDS)
    return trained_from_seeds(setting, name, train, generations, (0, 1, 2))


def _checks(rows: list[dict[str, Any]], quick: bool) -> tuple[Check, ...]:
    """Return how the losses of the widest networks are beside those of the narrowest."""
    checks = []
    for problem in dict.fromkeys(row["problem"] for row in rows):
        gains = {
            method: _gain([r for r in rows if (r["problem"], r["method"]) == (problem, method)])
            for method in (EVOLUTION, BACKPROPAGATION)
        }
        own = f"{problem}: {EVOLUTION}, loss of the widest beside the narrowest"
        beside = f"{problem}: that beside the same of {BACKPROPAGATION}"
        bound = 10.0 if quick else 1.0
        checks += [
            Check(own, gains[EVOLUTION], bound, False, CLAIM),
            Check(beside, gains[EVOLUTION] / gains[BACKPROPAGATION], bound, False, CLAIM),
        ]
    return tuple(checks)


def _gain(rows: Sequence[Mapping[str, Any]]) -> float:
    """Return the loss of the last of the rows beside that of the first; NaN if one has none."""
    losses = [row["loss"] for row in rows]
    return losses[-1] / losses[0] if NEVER not in losses else float("nan")
