"""What a training gives back, and how it is written and read again."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from neurotrain import __version__
from neurotrain.errors import RunFolderError
from neurotrain.recording import Recording
from neurotrain.seeding import generator
from neurotrain.training.evaluation import Scores, evaluate, finite
from neurotrain.training.plan import Plan
from neurotrain.training.rebuild import rebuild_plan
from neurotrain.training.run_folder import Metrics, RunFolder
from neurotrain.training.training_state import TrainingState
from neurotrain.trials import Trials


@dataclass(frozen=True)
class Result:
    """A complete training.

    Parameters
    ----------
    folder : Path
        The run folder.
    plan : Plan
        The parts of the run.
    weights : (parameter,) array
        The trained weights: the guess with the best validation accuracy.
    metrics : list of dict
        One for each generation, as in metrics.jsonl.
    summary : mapping
        What result.json holds.
    """

    folder: Path
    plan: Plan
    weights: np.ndarray
    metrics: list[Metrics]
    summary: Mapping[str, Any]

    @classmethod
    def load(
        cls,
        folder: str | PathLike,
        *,
        circuit: Any = None,
        task: Any = None,
        loss: Any = None,
    ) -> "Result":
        """Read the result of a complete run.

        Parameters
        ----------
        folder : path
            The run folder.
        circuit, task, loss
            The same objects again, where the run was given objects made in Python.

        Raises
        ------
        RunFolderError
            If the run is not complete, a file is damaged, or the circuit another one.
        """
        opened = RunFolder(folder)
        summary = opened.read_result()
        plan = plan_of_run(opened, circuit=circuit, task=task, loss=loss)
        weights = opened.read_weights(plan.circuit.fingerprint)
        return cls(opened.path, plan, weights, opened.read_metrics(), summary)

    @property
    def circuit(self) -> Any:
        """The circuit that was trained."""
        return self.plan.circuit

    @property
    def task(self) -> Any:
        """The task it was trained on."""
        return self.plan.task

    @cached_property
    def parameters(self) -> dict[str, np.ndarray]:
        """The trained weights by the names of their blocks."""
        return self.circuit.parameters.split(self.weights)

    @property
    def initial_weights(self) -> np.ndarray:
        """The weights before training, (parameter,)."""
        return self.plan.start

    @property
    def validation_accuracy(self) -> float:
        """Share of correct validation trials, the highest of all validations."""
        return self.summary["validation_accuracy"]

    @property
    def test_accuracy(self) -> float:
        """Share of correct choices of `weights` on trials that played no part in training."""
        return self.summary["test_accuracy"]

    def simulate(
        self, n_trials: int, *, weights: np.ndarray | None = None, seed: int | None = None, **record
    ) -> tuple[Recording, Trials]:
        """Simulate the trained circuit on trials meant for figures.

        Parameters
        ----------
        n_trials : int
            How many; the same ones every time.
        weights : (parameter,) array, optional
            Others than the trained ones, such as `initial_weights`.
        seed : int, optional
            Another one than the run's, for other trials.
        record
            What to record, as for the circuit's ``simulate``.
        """
        settings = self.plan.settings
        seed = settings.seed if seed is None else seed
        trials = self.task.draw(n_trials, generator(seed, "figure-trials"))
        state = self.circuit.draw_initial_state(n_trials, generator(seed, "figure-state"))
        candidates = np.asarray(self.weights if weights is None else weights)[None]
        how = {"execution": settings.execution, "threads": settings.threads, **record}
        return self.circuit.simulate(candidates, trials, state, **how), trials

    def evaluate(self, n_trials: int | None = None, seed: int | None = None) -> dict[str, Any]:
        """Return the summary with the test repeated.

        Parameters
        ----------
        n_trials, seed : int, optional
            By default those of the run, which give its own test again, bit for bit.
        """
        settings = self.plan.settings
        n_trials = settings.test_trials if n_trials is None else n_trials
        seed = settings.seed if seed is None else seed
        # The same checks as for a run.
        replace(settings, test_trials=n_trials, seed=seed)
        scores = evaluate(
            self.circuit,
            self.task,
            self.plan.loss,
            self.weights[None],
            n_trials=n_trials,
            seed=seed,
            purpose="test",
            execution=settings.execution,
            threads=settings.threads,
        )
        kept = {k: v for k, v in self.summary.items() if not k.startswith("guess_")}
        return {**kept, **_test(scores, 0), "test_trials": n_trials, "test_seed": seed}

    def plot(self) -> Path:
        """Write the figures into the run folder, and return where they are."""
        from neurotrain.analysis.figures import save_figures

        save_figures(self, self.folder)
        return self.folder / "figures"

    def apply(self) -> None:
        """Write the trained weights into the Brian2 objects of the circuit."""
        self.circuit.apply(self.weights)


def write_result(folder: RunFolder, plan: Plan, state: TrainingState, scores: Scores) -> Result:
    """Write weights and result of a training whose best and last guess have `scores`."""
    settings, best = plan.settings, state.best
    validations = -(-settings.generations // settings.validation_every)
    simulations = (
        settings.generations * state.optimizer.population_size * settings.trials
        + validations * settings.validation_trials
    )
    summary = {
        **{part: choice.name for part, choice in plan.choices.items()},
        "seed": settings.seed,
        "generations": settings.generations,
        "parameters": int(plan.circuit.parameters.size),
        "validation_accuracy": best.accuracy,
        "validation_loss": finite(best.loss),
        "validated_generation": best.generation,
        **_test(scores, 0),
        "test_trials": settings.test_trials,
        "test_seed": settings.seed,
        "guess_test_accuracy": float(scores.accuracy[1]),
        "guess_test_loss": finite(scores.loss[1]),
        "trial_simulations": simulations,
        "wall_seconds": state.wall_seconds,
        "versions": versions(),
    }
    blocks = plan.circuit.parameters.split(best.weights)
    folder.write_weights(best.weights, blocks, plan.circuit.fingerprint)
    folder.write_result(summary)
    return Result(folder.path, plan, best.weights, folder.read_metrics(), summary)


def _test(scores: Scores, candidate: int) -> dict[str, float | None]:
    return {f"test_{name}": value for name, value in scores.of(candidate).items()}


def plan_of_run(folder: RunFolder, **given: Any) -> Plan:
    """Return the plan of the run in `folder`.

    Parameters
    ----------
    given
        ``circuit``, ``task`` and ``loss`` that were made in Python; ``threads``.

    Raises
    ------
    RunFolderError
        If the configuration is damaged, a part is missing, or another one than in
        the run.
    """
    try:
        return rebuild_plan(folder.config, **given)
    except RunFolderError as error:
        raise RunFolderError(f"Run folder '{folder.path}': {error}") from error


def versions() -> dict[str, str]:
    """Return the versions that a run depends on."""
    found = {"neurotrain": __version__, "python": platform.python_version()}
    for package in ("brian2", "numpy"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "missing"
    return found
