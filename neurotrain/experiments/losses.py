"""The smooth loss and each discrete one, side by side on two tasks, at equal trial-simulations.

The smooth loss is the cross-entropy of a trained linear readout of a graded variable; the discrete
ones see spikes only, but for zero-one, which sees the choices of that same readout.
"""

from typing import Any

from neurotrain import catalog
from neurotrain.experiments.report import Check, Findings, Setting
from neurotrain.experiments.trainings import medians, trained
from neurotrain.training.command_line import DEFAULT_MODEL
from neurotrain.training.result import Result

TASKS = {"stimulus-integration": 1 / 3, "working-memory": 1 / 2}
SMOOTH = "cross-entropy"
DISCRETE = (
    "spike-count-cross-entropy",
    "spike-count-margin",
    "first-spike-latency",
    "first-spike-order",
    "zero-one",
)
SEEDS = (0, 1, 2)


def run(setting: Setting) -> Findings:
    """Train on two tasks with the smooth loss and with each discrete one."""
    tasks, losses, seeds = [*TASKS], DISCRETE, SEEDS
    if setting.quick:
        tasks, losses, seeds = tasks[:1], losses[:1], seeds[:1]
    rows = [
        {
            "task": task,
            "loss": loss,
            **medians([_train(setting, task, loss, seed) for seed in seeds]),
        }
        for task in tasks
        for loss in (SMOOTH, *losses)
    ]
    return Findings(tuple(_check(task, rows, setting.quick) for task in tasks), tuple(rows))


def _train(setting: Setting, task: str, loss: str, seed: int) -> Result:
    neurons, simulations, trials = (16, 4_000, 8) if setting.quick else (64, 400_000, 32)
    usual = getattr(catalog.find("tasks", task), "usual_training", {})
    return trained(
        setting,
        f"{task}-{loss}-neurons{neurons}-simulations{simulations}-seed{seed}",
        circuit=usual.get("circuit", DEFAULT_MODEL),
        model_options={**usual.get("model_options", {}), "neurons": neurons},
        task=task,
        loss=loss,
        trial_simulations=simulations,
        trials=trials,
        seed=seed,
    )


def _check(task: str, rows: list[dict[str, Any]], quick: bool) -> Check:
    """Tell whether training with spikes alone comes to anything: of all losses, the best."""
    best = max(
        row["test_accuracy"] for row in rows if row["task"] == task and row["loss"] != SMOOTH
    )
    # So few simulations leave many trials without a choice, which are wrong.
    bound = 0.1 if quick else TASKS[task]
    return Check(f"{task}, the best discrete loss", best, bound, True, "chance")
