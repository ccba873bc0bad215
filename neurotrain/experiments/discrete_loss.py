"""Discrete losses: evolution strategies train with them, backpropagation needs a surrogate.

Morris-Lecar neurons integrate evidence. The zero-one loss counts wrong choices of a graded readout,
the others are functions of spike counts. All are constant but for jumps: their exact gradient is
zero almost everywhere, and backpropagation with it leaves the network as it is, or is refused.
With a surrogate derivative of the spike it learns from spike counts: this is the reference, with
the best of all surrogates that there are. Everything else has the best of as many learning rates,
and all trainings have the same seconds. The smooth cross-entropy of the graded readout is trained
with both methods too, so that losses and methods are not confounded. The figure
`discrete-loss.png` is written beside the trainings.
"""

from dataclasses import replace
from typing import Any

from neurotrain.errors import InvalidInput
from neurotrain.executions.torch.options import SURROGATES
from neurotrain.experiments.equal_seconds import METHODS, Budget, Method, Tuned, train_tuned
from neurotrain.experiments.report import Check, Findings, Setting, save_figure
from neurotrain.experiments.trainings import (
    BACKPROPAGATION,
    EVOLUTION,
    gradient_medians,
    medians,
)
from neurotrain.gradients.losses import require_differentiable_loss
from neurotrain.losses import make_loss
from neurotrain.required_torch import require_torch
from neurotrain.training.result import Result

TASK, CHANCE = "stimulus-integration", 1 / 3
SMOOTH, ZERO_ONE = "cross-entropy", "zero-one"
OF_COUNTS = ("spike-count-cross-entropy", "spike-count-margin")
SEEDS = (0, 1, 2)
NEURONS = 64
SECONDS = 60.0


def run(setting: Setting) -> Findings:
    """Train on discrete losses by evolution, and by backpropagation with surrogate gradients."""
    from neurotrain.analysis.methods import methods_figure

    require_torch()
    losses = OF_COUNTS[:1] if setting.quick else OF_COUNTS
    rows = [_row(setting, EVOLUTION, loss) for loss in (SMOOTH, ZERO_ONE, *losses)]
    rows.append(_row(setting, BACKPROPAGATION, SMOOTH))
    for loss in losses:
        rows.append(_row(setting, BACKPROPAGATION, loss, ("none",)))
        rows.append(_row(setting, BACKPROPAGATION, loss, _surrogates()))
    figure = methods_figure(rows, [*map(_name, rows)], chance=CHANCE)
    save_figure(setting, "discrete-loss", figure)
    return Findings(_checks(rows, setting.quick), tuple(rows))


def _surrogates() -> tuple[str, ...]:
    return tuple(surrogate for surrogate in SURROGATES if surrogate != "none")


def _row(
    setting: Setting, method: str, loss: str, surrogates: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return what comes of a loss, with the best learning rate, or with the best surrogate."""
    how = METHODS[method]
    if surrogates:
        how = replace(how, tried=tuple({"surrogate": one} for one in surrogates))
    tuned = _train(setting, how, loss)
    return {
        "method": method,
        "loss": loss,
        "learning_rate": tuned.chosen.get("learning_rate", "-"),
        "surrogate": tuned.chosen.get("surrogate", "-"),
        **medians(tuned.results),
        **gradient_medians(tuned.results),
        "longest_gradient": max(map(_longest_gradient, tuned.results)),
    }


def _longest_gradient(result: Result | None) -> float:
    metrics = [] if result is None else result.metrics
    return max((each.get("gradient_norm") or 0.0 for each in metrics), default=0.0)


def _train(setting: Setting, method: Method, loss: str) -> Tuned:
    neurons, budget, seeds, small = NEURONS, Budget(seconds=SECONDS), SEEDS, {}
    if setting.quick:
        neurons, budget, seeds = 8, Budget(generations=8), SEEDS[:1]
        small = {"trials": 8, "validation_trials": 50, "test_trials": 200}
    return train_tuned(
        setting,
        f"{loss}-neurons{neurons}",
        method.in_form(setting.quick),
        budget,
        seeds,
        circuit="morris-lecar",
        model_options={"neurons": neurons},
        task=TASK,
        loss=loss,
        **small,
    )


def _checks(rows: list[dict[str, Any]], quick: bool) -> tuple[Check, ...]:
    evolved = {row["loss"]: row["test_accuracy"] for row in rows if row["method"] == EVOLUTION}
    exact = [row for row in rows if row["surrogate"] == "none"]
    surrogate = [row for row in rows if row["surrogate"] not in ("-", "none")]
    # So few trials of so few neurons leave many without a choice, which are wrong.
    zero_one, of_counts = (0.1, 0.1) if quick else (0.6, 0.6)
    lowest = min(value for loss, value in evolved.items() if loss in OF_COUNTS)
    longest = max(row["longest_gradient"] for row in exact)
    reached = min(row["longest_gradient"] for row in surrogate)
    chance = "chance is 1/3"
    return (
        Check("evolution strategy, zero-one", evolved[ZERO_ONE], zero_one, True, chance),
        Check("evolution strategy, spike counts, the lowest", lowest, of_counts, True, chance),
        Check("longest exact gradient of spike counts", longest, 0.0, False, "jumps only"),
        Check("longest surrogate gradient, the shortest", reached, 1e-9, True, "not zero"),
        Check("backpropagation refuses zero-one", float(_is_refused()), 1.0, True, "jumps only"),
    )


def _is_refused() -> bool:
    try:
        require_differentiable_loss(make_loss(ZERO_ONE))
    except InvalidInput:
        return True
    return False


def _name(row: dict[str, Any]) -> str:
    described = {"-": "", "none": ", exact gradient"}
    return row["loss"] + described.get(row["surrogate"], f", {row['surrogate']}")
