"""The figures of a run that goes on: how it learned so far, and what its network does."""

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.errors import NeurotrainError
from neurotrain.training.checkpoint import Arrays
from neurotrain.training.plan import Plan
from neurotrain.training.rebuild import plan_of_run
from neurotrain.training.training_state import TrainingState
from neurotrain.training.watched_run import Glance, WatchedRun

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CURVE, RASTERS = "learning-curve", "rasters"


class WatchFigures:
    """Draws what has changed in a run since the last time; simulates on one thread.

    `rasters_after` is the generation after which the network was as the rasters show it, None if
    there are none; `problem` says why there are none, or no newer ones.

    Parameters
    ----------
    run : WatchedRun
    """

    def __init__(self, run: WatchedRun) -> None:
        self.rasters_after: int | None = None
        self.problem: str | None = None
        self._run, self._tried = run, None

    def draw(self, glance: Glance) -> dict[str, "Figure"]:
        """Return the new figures by their names."""
        figures = {}
        if glance.metrics:
            figures[CURVE] = self._learning_curve(glance)
        if glance.checkpoint is None:
            self.problem = glance.problem
        elif glance.checkpoint_generation != self._tried:
            self._tried = glance.checkpoint_generation
            try:
                figures[RASTERS] = self._simulate(glance.checkpoint)
                self.rasters_after, self.problem = self._tried, None
            except NeurotrainError as error:
                self.problem = str(error)
            # Curves go on also where a user's own model or task fails in whatever way.
            except Exception as error:
                self.problem = f"{type(error).__name__}: {error}"
        return figures

    def _learning_curve(self, glance: Glance) -> "Figure":
        from neurotrain.analysis.learning_curve import learning_curve

        test, classes = None, self._run.task.classes if self._run.task is not None else 0
        if glance.summary is not None:
            test = (glance.summary["validated_generation"], glance.summary["test_accuracy"])
        return learning_curve(
            glance.metrics,
            chance=1 / classes if classes else None,
            test=test,
            is_accuracy=self._run.measure == "accuracy",
        )

    def _simulate(self, checkpoint: Arrays) -> "Figure":
        from neurotrain.analysis.rasters import trial_rasters
        from neurotrain.analysis.trial_activity import record_trials

        trials, state, condition = self._trials
        settings = self._plan.settings
        how = {"execution": settings.execution, "threads": settings.threads}
        guess = _guess(self._plan, checkpoint)
        activity = record_trials(self._plan.circuit, guess, trials, state, **how)
        return trial_rasters(activity, condition=condition)

    @cached_property
    def _plan(self) -> Plan:
        return plan_of_run(self._run.folder, threads=1)

    @cached_property
    def _trials(self) -> tuple[Any, dict[str, np.ndarray], str | None]:
        """The trials of the figures of the complete run, their initial states and condition."""
        from neurotrain.analysis.figures import MAX_COLUMNS, N_TRIALS, main_condition
        from neurotrain.analysis.figures import typical_trials as typical
        from neurotrain.analysis.trial_activity import select_trials

        n_trials = min(N_TRIALS, self._plan.settings.test_trials)
        trials, state = self._plan.draw_figure_trials(n_trials)
        condition = main_condition(trials)
        chosen = typical(trials, condition)[:MAX_COLUMNS]
        return *select_trials(trials, state, chosen), condition


def _guess(plan: Plan, checkpoint: Arrays) -> np.ndarray:
    """Return what the optimizer believed in when the checkpoint was written, (parameter,)."""
    state = TrainingState(plan.make_optimizer())
    state.restore(checkpoint)
    return np.array(state.optimizer.guess)
