"""The result of a run as a table for reading."""

from collections.abc import Mapping
from math import sqrt
from pathlib import Path
from typing import Any

from neurotrain.training.run_folder import command


def format_summary(summary: Mapping[str, Any], folder: Path) -> str:
    """Return what a training or an evaluation came to, and what to do next."""
    figures = folder / "figures"
    measure = summary.get("measure", "accuracy")

    def shown(value: float) -> str:
        return f"{value:.1%}" if measure == "accuracy" else f"{value:.3f}"

    level, ideal, skipped, page = {}, {}, {}, {}
    if (folder / "index.html").is_file():
        page = {"page": f"{folder / 'index.html'}"}
    if "level" in summary:
        level = {"curriculum": f"level {summary['level']} of {summary['levels']} at the end"}
    if "test_ideal_score" in summary:
        ideal = {"ideal observer": f"{shown(summary['test_ideal_score'])} of the same trials"}
    if "skipped_share" in summary:
        skipped = {"gradients": f"{summary['skipped_share']:.1%} not finite, no step taken"}
    rows = {
        "trained": f"{summary['model']} on {summary['task']}",
        "with": f"{summary['optimizer']}, {summary['loss']}, seed {summary['seed']}",
        "parameters": f"{summary['parameters']}",
        "generations": f"{summary['generations']}, {summary['wall_seconds']:.1f} s, "
        f"ended by {summary['ended_by']}",
        **level,
        "trial simulations": f"{summary['trial_simulations']}, "
        f"{summary['failed_candidates']} candidates failed",
        **skipped,
        f"validation {measure}": f"{shown(summary['validation_accuracy'])}, the best, "
        f"after generation {summary['validated_generation']}",
        f"test {measure}": f"{shown(summary['test_accuracy'])} of {summary['test_trials']} new "
        "trials",
        **ideal,
        **_hint(summary),
        "spikes per neuron": f"{summary['test_spikes_per_neuron']:.2f}",
        "silent, blocked": f"{summary['test_silent_share']:.1%}, "
        f"{summary['test_blocked_share']:.1%} of neurons",
        "run folder": f"{folder}",
        "figures": f"{figures}" if figures.is_dir() else f"none; {command('plot', folder)}",
        **page,
        "next": command("evaluate", folder) + " --trials 10000 --seed 1",
    }
    return "\n".join(f"{name:<21}{value}" for name, value in rows.items())


def _hint(summary: Mapping[str, Any]) -> dict[str, str]:
    """Return where to read on if choices are no better than guesses, by three standard errors."""
    if "classes" not in summary:
        return {}
    chance = 1 / summary["classes"]
    error = sqrt(chance * (1 - chance) / summary["test_trials"])
    if summary["test_accuracy"] > chance + 3 * error:
        return {}
    return {"": "no better than guesses; see 'My own network learns nothing' in docs/faq.md"}
