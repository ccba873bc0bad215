"""Discrete losses: evolution strategies train with them, backpropagation needs a surrogate.

Morris-Lecar neurons integrate evidence. The zero-one loss counts wrong choices of a graded readout,
the others are functions of spike counts. All are constant but for jumps: their exact gradient is
zero almost everywhere, and backpropagation with it leaves the network as it is, or is refused.
With a surrogate derivative of the spike it learns from spike counts: this is the reference, with
every surrogate there is, of which the one with the highest validation accuracy counts. The smooth
cross-entropy of the graded readout is trained with both methods too, so that losses and methods are
not confounded. The figure `discrete-loss.png` is written beside the trainings.
"""

from typing import Any

from neurotrain.errors import InvalidInput
from neurotrain.executions.torch.execution import require_torch
from neurotrain.executions.torch.options import SURROGATES
from neurotrain.experiments.report import Check, Findings, Setting
from neurotrain.experiments.trainings import (
    BACKPROPAGATION,
    BY_GRADIENT,
    EVOLUTION,
    gradient_medians,
    highest_validated,
    medians,
    trained,
)
from neurotrain.gradients.losses import require_differentiable_loss
from neurotrain.losses import make_loss
from neurotrain.training.result import Result

TASK, CHANCE = "stimulus-integration", 1 / 3
SMOOTH, ZERO_ONE = "cross-entropy", "zero-one"
OF_COUNTS = ("spike-count-cross-entropy", "spike-count-margin")
SEEDS = (0, 1, 2)
NEURONS = 64
# Gradient steps cost a few times as much as generations.
GENERATIONS, STEPS = 200, 600


def run(setting: Setting) -> Findings:
    """Train on discrete losses by evolution, and by backpropagation with surrogate gradients."""
    require_torch()
    losses = OF_COUNTS[:1] if setting.quick else OF_COUNTS
    surrogates = ("fast-sigmoid",) if setting.quick else tuple(s for s in SURROGATES if s != "none")
    rows = [_row(setting, EVOLUTION, loss, "") for loss in (SMOOTH, ZERO_ONE, *losses)]
    rows.append(_row(setting, BACKPROPAGATION, SMOOTH, ""))
    for loss in losses:
        rows.append(_row(setting, BACKPROPAGATION, loss, "none"))
        rows.append(_row(setting, BACKPROPAGATION, loss, _best(setting, loss, surrogates)))
    _save_figure(setting, rows)
    return Findings(_checks(rows, setting.quick), tuple(rows))


def _best(setting: Setting, loss: str, surrogates: tuple[str, ...]) -> str:
    return highest_validated(
        {one: _results(setting, BACKPROPAGATION, loss, one) for one in surrogates}
    )


def _row(setting: Setting, method: str, loss: str, surrogate: str) -> dict[str, Any]:
    results = _results(setting, method, loss, surrogate)
    norms = [each["gradient_norm"] or 0.0 for r in results for each in r.metrics if _follows(each)]
    return {
        "method": method,
        "loss": loss,
        "surrogate": surrogate or "-",
        **medians(results),
        **gradient_medians(results),
        "longest_gradient": max(norms, default=0.0),
    }


def _follows(metrics: dict[str, Any]) -> bool:
    return "gradient_norm" in metrics


def _results(setting: Setting, method: str, loss: str, surrogate: str) -> list[Result]:
    neurons, trials, seeds = (8, 8, SEEDS[:1]) if setting.quick else (NEURONS, 32, SEEDS)
    generations, steps = (8, 8) if setting.quick else (GENERATIONS, STEPS)
    small = {"validation_trials": 50, "test_trials": 200} if setting.quick else {}
    how = {"optimizer": "openai-es", "generations": generations}
    if method == BACKPROPAGATION:
        options = {**BY_GRADIENT, **({"surrogate": surrogate} if surrogate else {})}
        # The same number of validations, for as many simulations as that is.
        every = 20 * steps // generations
        how = {"optimizer": "adam", "generations": steps, "optimizer_options": options}
        how["validation_every"] = every
    name = f"{how['optimizer']}-{loss}{surrogate and '-' + surrogate}-neurons{neurons}"
    return [
        trained(
            setting,
            f"{name}-generations{how['generations']}-seed{seed}",
            circuit="morris-lecar",
            model_options={"neurons": neurons},
            task=TASK,
            loss=loss,
            trials=trials,
            seed=seed,
            **how,
            **small,
        )
        for seed in seeds
    ]


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


def _save_figure(setting: Setting, rows: list[dict[str, Any]]) -> None:
    from neurotrain.analysis.methods import methods_figure
    from neurotrain.analysis.style import write_pngs

    names = [_name(row) for row in rows]
    write_pngs({"discrete-loss": methods_figure(rows, names, chance=CHANCE)}, setting.folder)


def _name(row: dict[str, Any]) -> str:
    described = {"-": "", "none": ", exact gradient"}
    return row["loss"] + described.get(row["surrogate"], f", {row['surrogate']}")
