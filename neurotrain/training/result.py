"""What a training gives back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.recording import Recording
from neurotrain.seeding import generator
from neurotrain.training.evaluation import evaluate, evaluate_on, require_finite
from neurotrain.training.metrics_file import Metrics
from neurotrain.training.plan import Plan
from neurotrain.training.readout_fit import fitted_readout
from neurotrain.training.rebuild import plan_of_run
from neurotrain.training.report import format_summary
from neurotrain.training.run_folder import RunFolder
from neurotrain.training.summary import summarize_ideal, summarize_test
from neurotrain.training.weights_file import TRAINED, read_weights
from neurotrain.trials import Trials

if TYPE_CHECKING:
    import neo


@dataclass(frozen=True, repr=False)
class Result:
    """A complete training; printed, or at the end of a cell, it shows what it came to.

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

    def __repr__(self) -> str:
        return format_summary(self.summary, self.folder)

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
        weights = read_weights(opened.path / TRAINED, plan.circuit.fingerprint)
        return cls(opened.path, plan, weights, opened.metrics.read(), summary)

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
        trials, state = self.draw(n_trials, seed)
        candidates = np.asarray(self.weights if weights is None else weights)[None]
        settings = self.plan.settings
        how = {"execution": settings.execution, "threads": settings.threads, **record}
        return self.circuit.simulate(candidates, trials, state, **how), trials

    def draw(self, n_trials: int, seed: int | None = None) -> tuple[Trials, dict[str, np.ndarray]]:
        """Return trials meant for figures, the same ones every time, and their initial states."""
        return self.plan.draw_figure_trials(n_trials, seed)

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
        ideal = summarize_ideal(self.task, n_trials, seed)
        tested = {**summarize_test(scores), **ideal}
        return {**kept, **tested, "test_trials": n_trials, "test_seed": seed}

    def accuracy_on(self, trials: Trials, seed: int | None = None) -> float:
        """Return the accuracy of the trained circuit on trials of one's own.

        Parameters
        ----------
        trials : Trials
            Any that fit the circuit, such as with other delays than the run's, or
            `Trials.starting_at` a later time.
        seed : int, optional
            From which initial states follow, by default the run's.
        """
        settings = self.plan.settings
        scores = evaluate_on(
            self.circuit,
            self.task,
            self.plan.loss,
            self.weights[None],
            trials,
            generator(settings.seed if seed is None else seed, "test-state"),
            execution=settings.execution,
            threads=settings.threads,
        )
        return float(scores.accuracy[0])

    def activity_on(
        self,
        trials: Trials,
        variable: str = "activity",
        *,
        sample_ms: float | None = None,
        seed: int | None = None,
    ) -> np.ndarray:
        """Return what the neurons of the trained circuit do, (trial, time, neuron), in SI units.

        Parameters
        ----------
        trials : Trials
            Any that fit the circuit.
        variable : str
            Of the neurons.
        sample_ms : float, optional
            Time between samples, of which the first is at the start; by default a step.
        seed : int, optional
            From which initial states follow, by default the run's.

        Raises
        ------
        TrainingFailed
            If the activity became infinite or NaN on a trial.
        """
        settings = self.plan.settings
        rng = generator(settings.seed if seed is None else seed, "figure-state")
        recording = self.circuit.simulate(
            self.weights[np.newaxis],
            trials,
            self.circuit.draw_initial_state(trials.n_trials, rng),
            states=(variable,),
            sample_ms=sample_ms,
            execution=settings.execution,
            threads=settings.threads,
        )
        require_finite(recording)
        return recording.state[variable][0]

    def fit_readout(
        self,
        n_trials: int = 10_000,
        *,
        weights: np.ndarray | None = None,
        penalty: float = 3e-3,
        seed: int | None = None,
    ) -> "Result":
        """Return this result with the best linear readout, to which training only comes close.

        Fitted to untrained neurons it tells how much of a result is due to the training of what
        comes before the readout. Nothing is written.

        Parameters
        ----------
        n_trials : int
            Trials to fit on, none of which is one of training, validation or test.
        weights : (parameter,) array, optional
            Others than the trained ones, such as `initial_weights`.
        penalty, seed
            As for `fitted_readout`, which also says what it raises; by default the run's seed.
        """
        seed = self.plan.settings.seed if seed is None else seed
        weights = self.weights if weights is None else weights
        fitted = replace(self, weights=fitted_readout(self.plan, weights, n_trials, penalty, seed))
        spent = self.summary["trial_simulations"] + n_trials
        return replace(fitted, summary={**fitted.evaluate(), "trial_simulations": spent})

    def plot(self) -> Path:
        """Write the figures and index.html into the run folder; return where the figures are."""
        from neurotrain.analysis.figures import save_figures

        save_figures(self, self.folder)
        return self.folder / "figures"

    def report(self, n_trials: int | None = None, condition: str | None = None) -> Path:
        """Write the report into the run folder, figures and tables, and return where they are.

        Parameters
        ----------
        n_trials : int, optional
            By default 500, or those of the run's test if they are fewer.
        condition : str, optional
            The condition of trials against which curves are drawn, beside others.
        """
        from neurotrain.analysis.report import save_report

        save_report(self, self.folder, n_trials=n_trials, condition=condition)
        return self.folder / "report"

    def apply(self) -> None:
        """Write the trained weights into the Brian2 objects of the circuit."""
        self.circuit.apply(self.weights)

    def to_neo(self, n_trials: int = 20, **how: Any) -> "neo.Block":
        """Return trials of the trained circuit as a Neo Block, with a Segment for each trial.

        Parameters
        ----------
        n_trials : int
            How many; the first ones of those meant for figures.
        how
            As for `neurotrain.export.run_block.block_of_run`: what to record and annotate.
        """
        from neurotrain.export.run_block import block_of_run

        return block_of_run(self, n_trials, **how)
