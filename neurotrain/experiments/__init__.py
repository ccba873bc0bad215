"""Published results, each obtained anew by `neurotrain reproduce NAME`."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from time import perf_counter

from neurotrain.errors import unknown_name
from neurotrain.experiments.report import Check, Findings, Report, Setting

__all__ = [
    "Check",
    "Findings",
    "Report",
    "Setting",
    "experiment_names",
    "find_experiment",
    "reproduce",
]

_MODULES = {
    "bp-trainability": "neurotrain.experiments.bp_trainability",
    "delayed-recall": "neurotrain.experiments.delayed_recall",
    "discrete-loss": "neurotrain.experiments.discrete_loss",
    "fixed-points": "neurotrain.experiments.fixed_points",
    "gradient-horizon": "neurotrain.experiments.gradient_horizon",
    "integration": "neurotrain.experiments.integration",
    "integration-bp-vs-es": "neurotrain.experiments.integration_bp_vs_es",
    "integration-memory": "neurotrain.experiments.integration_memory",
    "losses": "neurotrain.experiments.losses",
    "meta-plasticity": "neurotrain.experiments.meta_plasticity",
    "motor-lesions": "neurotrain.experiments.motor_lesions",
    "neuron-turn-off": "neurotrain.experiments.neuron_turn_off",
    "oja": "neurotrain.experiments.oja",
    "optimizers": "neurotrain.experiments.optimizers",
    "overparameterised": "neurotrain.experiments.overparameterised",
    "pollu": "neurotrain.experiments.pollu",
    "predictive-coding": "neurotrain.experiments.predictive_coding",
    "random-feedback": "neurotrain.experiments.random_feedback",
    "rate-circuit-rules": "neurotrain.experiments.rate_circuit_rules",
    "rate-to-spike": "neurotrain.experiments.rate_to_spike",
    "rober": "neurotrain.experiments.rober",
    "spiral": "neurotrain.experiments.spiral",
    "supertrex": "neurotrain.experiments.supertrex",
    "working-memory": "neurotrain.experiments.working_memory",
}


def experiment_names() -> list[str]:
    """Return the names of all experiments, without importing any."""
    return sorted(_MODULES)


def find_experiment(name: str) -> Callable[[Setting], Findings]:
    """Return the function that runs the experiment called `name`; refuse an unknown name."""
    if name not in _MODULES:
        raise unknown_name("experiment", name, _MODULES)
    return import_module(_MODULES[name]).run


def reproduce(
    name: str,
    *,
    quick: bool = False,
    out: Path | None = None,
    threads: int | None = None,
    progress: bool = True,
) -> Report:
    """Run an experiment and compare what comes out with what is to be shown.

    Parameters
    ----------
    name : str
        One of `experiment_names`.
    quick : bool
        Whether to run a small form, in a minute or so, which checks that everything works.
    out : Path, optional
        Folder of the trainings, by default ``runs/reproduce-NAME``. Complete ones that are there
        already are taken as they are, interrupted ones go on.
    threads : int, optional
        Threads of the simulations; by default all cores.
    progress : bool
        Whether to show the progress of trainings.

    Raises
    ------
    InvalidInput
        If there is no such experiment, with the nearest name.
    """
    run = find_experiment(name)
    folder = out or Path("runs") / f"reproduce-{name}{'-quick' * quick}"
    started = perf_counter()
    findings = run(Setting(folder, quick, threads, progress))
    return Report(name, quick, perf_counter() - started, findings)
