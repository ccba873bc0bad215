"""The loop over generations, from the first one or from a checkpoint."""

from dataclasses import replace
from time import perf_counter

import numpy as np

from neurotrain.errors import RunFolderError, TrainingFailed
from neurotrain.recording import Recording
from neurotrain.training.budget import lost_patience, reached_limit
from neurotrain.training.by_gradient import has_descended
from neurotrain.training.checkpoint import set_newer_aside
from neurotrain.training.checkpoint_writer import CheckpointWriter
from neurotrain.training.evaluation import (
    finite,
    rate_quantiles_hz,
    record_drawn,
    score,
)
from neurotrain.training.executors.workers import Workers, WorkersFailed
from neurotrain.training.learning import Learning
from neurotrain.training.metrics_file import Metrics
from neurotrain.training.plan import Plan
from neurotrain.training.progress import Progress
from neurotrain.training.result import Result
from neurotrain.training.run_folder import METRICS, RESULT, RunFolder, command
from neurotrain.training.summary import summarize
from neurotrain.training.training_state import TrainingState, Validated
from neurotrain.training.weights_file import TRAINED, write_weights
from neurotrain.trials import Trials

# After as many generations in a row without one usable candidate, none will come.
PATIENCE = 10


class Training:
    """One training in its folder, before its first generation.

    Parameters
    ----------
    plan : Plan
        What is trained on what.
    folder : RunFolder
        Where everything is kept.
    shows_progress : bool
        Whether to show the progress.
    workers : Workers, optional
        Who simulates the candidates; by default threads of this process.
    """

    def __init__(
        self,
        plan: Plan,
        folder: RunFolder,
        shows_progress: bool,
        workers: Workers | None = None,
    ) -> None:
        self.plan, self.folder, self.shows_progress = plan, folder, shows_progress
        self.state, self.workers = TrainingState(plan.make_optimizer()), workers
        self.learning = Learning(plan, self.state, workers)
        self.checkpoints = CheckpointWriter(
            folder, plan.circuit.fingerprint, plan.settings.checkpoint_every
        )
        self.metrics: list[Metrics] = []

    def restore(self, checkpoint: dict[str, np.ndarray] | None) -> None:
        """Go back to where `checkpoint` was written; None if there never was one.

        Raises
        ------
        RunFolderError
            If it does not belong to this run, or metrics are missing; the folder is
            left as it is.
        """
        if checkpoint is not None:
            if str(checkpoint["fingerprint"]) != self.plan.circuit.fingerprint:
                raise RunFolderError(f"Checkpoints in '{self.folder.path}' are of another circuit.")
            self._restore_state(checkpoint)
            self.metrics = self.folder.metrics.cut(self.state.optimizer.generation)
            set_newer_aside(self.folder.path, self.state.optimizer.generation)
        elif self.folder.metrics.read():
            raise RunFolderError(f"'{self.folder.path}' has lost its checkpoints; put them back.")

    def _restore_state(self, arrays: dict[str, np.ndarray]) -> None:
        try:
            self.state.restore(arrays)
        except RunFolderError as error:
            raise RunFolderError(f"Run folder '{self.folder.path}': {error}") from error

    def run(self) -> Result:
        """Train to the end, test, and write the result.

        Raises
        ------
        TrainingFailed
            If no candidate could be used for many generations.
        WorkersFailed
            If they cannot go on, after a checkpoint was written.
        KeyboardInterrupt
            On Ctrl-C, after a checkpoint was written; the message says how to go on.
        """
        done = self.state.optimizer.generation
        progress = Progress(done, self.plan, self.shows_progress)
        snapshot = self._snapshot()
        try:
            if done == 0:
                self.checkpoints.write(snapshot)
            while self.state.ended is None:
                generation = self.state.optimizer.generation + 1
                self._advance(generation)
                progress.update(self.metrics[-1], self.state.wall_seconds)
                snapshot = self._snapshot()
                self.checkpoints.offer(snapshot)
            self.checkpoints.wait()
            return self._finish()
        except KeyboardInterrupt as interrupt:
            self.checkpoints.write(snapshot)
            raise KeyboardInterrupt(
                f"Stopped after generation {snapshot['generation']}; "
                f"go on with: {command('resume', self.folder.path)}"
            ) from interrupt
        except WorkersFailed as failure:
            self.checkpoints.write(snapshot)
            raise WorkersFailed(
                f"{failure} The run is as it was after generation {snapshot['generation']}; go on "
                f"with it, also with other workers: {command('resume', self.folder.path)}"
            ) from failure
        finally:
            self.checkpoints.close()
            progress.close(self.workers and f"{self.workers.traffic}.")

    def _snapshot(self) -> dict[str, np.ndarray]:
        """Return the state between two generations, whole whenever Ctrl-C comes."""
        return {**self.state.to_arrays(), "generation": np.array(self.state.optimizer.generation)}

    def _advance(self, generation: int) -> None:
        """Train one generation and write its metrics."""
        started = perf_counter()
        metrics = {"generation": generation, **self.learning.learn(generation)}
        settings, state = self.plan.settings, self.state
        validates = generation % settings.validation_every == 0
        wall_seconds = state.wall_seconds + perf_counter() - started
        state.ended = reached_limit(
            settings, state, wall_seconds, validates=validates, beside=self.learning.beside
        )
        if validates or state.ended:
            metrics |= self._validate(generation)
            if lost_patience(settings, state):
                state.ended = state.ended or "patience"
        metrics["trial_simulations"] = state.trial_simulations
        with self.folder.writing(METRICS):
            self.folder.metrics.append(metrics)
        self.metrics.append(metrics)
        self.state.wall_seconds += perf_counter() - started
        recent = self.metrics[-PATIENCE:]
        failed = len(recent) == PATIENCE and all(each["failed_share"] == 1 for each in recent)
        # One that has taken steps along gradients goes on without: where it comes to is a result.
        if failed and not has_descended(state.optimizer):
            raise TrainingFailed(
                f"In {PATIENCE} generations every candidate failed: its state became infinite or "
                f"NaN, all neurons were in depolarization block, or it took longer than "
                f"candidate_seconds; take a smaller sigma, smaller initial weights, a shorter time "
                f"step or a longer limit."
            )

    def _validate(self, generation: int) -> Metrics:
        """Validate the guess beside the best so far, on the same fresh trials; keep the better.

        What was best by luck on earlier trials has to prove itself again each time.
        """
        guess, best = self.state.optimizer.guess, self.state.best
        contenders = np.stack([guess] if best is None else [guess, best.weights])
        recording, trials = self._record(contenders, "validation", (generation,))
        scores = score(self.plan.circuit, self.plan.task, self.plan.loss, recording, trials)
        self.state.trial_simulations += len(contenders) * self.plan.settings.validation_trials
        accuracy, loss = scores.accuracy.tolist(), scores.loss.tolist()
        validated = Validated(np.array(guess), generation, accuracy[0], loss[0])
        if best is None or validated.is_better_than(
            replace(best, accuracy=accuracy[1], loss=loss[1])
        ):
            self.state.best = validated
        else:
            self.state.best = best.validated_again(accuracy[1], loss[1])
        return {
            "validation_loss": finite(loss[0]),
            "validation_accuracy": accuracy[0],
            "rate_quantiles_hz": rate_quantiles_hz(recording, 0),
        }

    def _record(
        self, candidates: np.ndarray, purpose: str, index: tuple[int, ...] = ()
    ) -> tuple[Recording, Trials]:
        settings = self.plan.settings
        return record_drawn(
            self.plan.circuit,
            self.plan.task,
            candidates,
            n_trials=getattr(settings, f"{purpose}_trials"),
            seed=settings.seed,
            purpose=purpose,
            index=index,
            execution=settings.execution,
            threads=settings.threads,
            trial_seconds=settings.trial_seconds,
        )

    def _finish(self) -> Result:
        """Test the best validated guess, and the last one beside it, and write the result."""
        started = perf_counter()
        best, guess = self.state.best, self.state.optimizer.guess
        recording, trials = self._record(np.stack([best.weights, guess]), "test")
        scores = score(self.plan.circuit, self.plan.task, self.plan.loss, recording, trials)
        self.state.wall_seconds += perf_counter() - started
        summary = summarize(self.plan, self.state, scores)
        circuit, path = self.plan.circuit, self.folder.path
        blocks = circuit.parameters.split(best.weights)
        with self.folder.writing(TRAINED):
            write_weights(path / TRAINED, best.weights, blocks, circuit.fingerprint)
        # Last, since it marks the run as complete.
        with self.folder.writing(RESULT):
            self.folder.write_result(summary)
        return Result(path, self.plan, best.weights, self.metrics, summary)
