"""Twenty species of air pollution, learned by a vector field: evolution beside backpropagation.

Both train the field of Kim et al. 2021 (doi:10.1063/5.0060697) with the same loss, from the same
parameters, for the same seconds, each with the best of as many settings; the published gradient
descent is repeated as it was. The figure `pollu.png` is written beside the trainings.
"""

from statistics import median

from neurotrain.experiments.ode_arms import (
    Arm,
    Plan,
    compared,
    end_loss,
    median_best,
    row,
    save_curves,
    stiff_fit,
    trained,
)
from neurotrain.experiments.report import Check, Findings, Setting
from neurotrain.experiments.trainings import BACKPROPAGATION, EVOLUTION
from neurotrain.neural_ode import Fit, Training, VectorField, pollu

LEVELS = (0.1, 0.02, 0.004)
# Of the last 1000 epochs of the published training.
PUBLISHED_LOSS = 0.00386
# There gradients are rescaled to the norm 100: which norm it is does not matter to Adam.
PUBLISHED = Arm(
    BACKPROPAGATION, "adamw", {"learning_rate": 0.005, "weight_decay": 1e-6, "normalize": 1.0}
)
FULL = Plan(120.0, 30.0, (0, 1, 2), 4, 25_000)
QUICK = Plan(0.5, 0.2, (0,), 2, 100)


def run(setting: Setting) -> Findings:
    """Train POLLU's vector field by evolution and by gradients."""
    plan = QUICK if setting.quick else FULL
    fit = _fit()
    found = compared(setting, "published", fit, plan)
    repeated = [
        trained(setting, "as-published", fit, PUBLISHED, seed, generations=plan.published_steps)
        for seed in plan.seeds
    ]
    rows = [row("published", arm, trainings, LEVELS) for arm, trainings in found.items()]
    rows.append(row("as published", PUBLISHED, repeated, LEVELS))
    save_curves(setting, "pollu", {"POLLU": found}, {"published": PUBLISHED_LOSS})
    return Findings(_checks(found, repeated, setting.quick), tuple(rows))


def _fit() -> Fit:
    problem = pollu()
    field = VectorField(
        20, 10, 3, activation="gelu", output_scale=problem.scale / problem.times[-1]
    )
    return stiff_fit(problem, field)


def _checks(
    found: dict[Arm, tuple[Training, ...]], repeated: list[Training], quick: bool
) -> tuple[Check, ...]:
    best = {arm.method: median_best(trainings) for arm, trainings in found.items()}
    if quick:
        return tuple(
            Check(f"{method}, lowest loss", best[method], 0.7, False, "at the start 0.66")
            for method in (EVOLUTION, BACKPROPAGATION)
        )
    return (
        Check(
            "backpropagation as published, loss",
            median(map(end_loss, repeated)),
            2 * PUBLISHED_LOSS,
            False,
            f"twice the {PUBLISHED_LOSS} of the published training",
        ),
        Check(
            "evolution strategy, lowest loss",
            best[EVOLUTION],
            PUBLISHED_LOSS,
            False,
            "the published backpropagation",
        ),
    )
