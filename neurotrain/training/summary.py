"""What result.json says of a complete run."""

import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from neurotrain import __version__
from neurotrain.seeding import generator
from neurotrain.task import Task
from neurotrain.training.evaluation import Scores, finite
from neurotrain.training.plan import Plan
from neurotrain.training.training_state import TrainingState


def summarize(plan: Plan, state: TrainingState, scores: Scores) -> dict[str, Any]:
    """Return the summary of a training whose best validated and last guess have `scores`."""
    settings, best, levels = plan.settings, state.best, {}
    if plan.curriculum is not None:
        levels = {"level": state.curriculum.level + 1, "levels": len(plan.levels)}
    return {
        **{part: choice.name for part, choice in plan.choices.items()},
        "seed": settings.seed,
        "generations": state.optimizer.generation,
        "ended_by": state.ended,
        "measure": "accuracy" if plan.task.classes else "score",
        **({"classes": plan.task.classes} if plan.task.classes else {}),
        **levels,
        "parameters": int(plan.circuit.parameters.size),
        "validation_accuracy": best.accuracy,
        "validation_loss": finite(best.loss),
        "validated_generation": best.generation,
        "validations": best.validations,
        **summarize_test(scores),
        **summarize_ideal(plan.task, settings.test_trials, settings.seed),
        "test_trials": settings.test_trials,
        "test_seed": settings.seed,
        "guess_test_accuracy": float(scores.accuracy[1]),
        "guess_test_loss": finite(scores.loss[1]),
        "trial_simulations": state.trial_simulations,
        "failed_candidates": state.failed_candidates,
        **_skipped(state),
        "wall_seconds": state.wall_seconds,
        "versions": versions(plan),
    }


def _skipped(state: TrainingState) -> dict[str, float]:
    """Return the share of steps that were not taken, in a run that follows gradients."""
    if not hasattr(state.optimizer, "skipped"):
        return {}
    return {"skipped_share": state.optimizer.skipped / state.optimizer.generation}


def summarize_test(scores: Scores) -> dict[str, float | None]:
    """Return what a test of the first candidate found."""
    return {f"test_{name}": value for name, value in scores.of(0).items()}


def summarize_ideal(task: Task, n_trials: int, seed: int) -> dict[str, float]:
    """Return the ideal observer's score on the trials of a test; nothing if it is not known."""
    if not hasattr(task, "ideal_score"):
        return {}
    ideal = task.ideal_score(task.draw(n_trials, generator(seed, "test-trials")))
    return {} if ideal is None else {"test_ideal_score": ideal}


def versions(plan: Plan) -> dict[str, str]:
    """Return the versions that a run depends on."""
    found = {"neurotrain": __version__, "python": platform.python_version()}
    # The trials of NeuroGym's tasks are those of its version, gradients those of PyTorch's.
    depends = {"neurogym": sys.modules.get("neurogym"), "torch": plan.uses_torch}
    libraries = [name for name, does in depends.items() if does]
    for package in ("brian2", "numpy", *libraries):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "missing"
    return found
