"""What an optimizer learns from in one generation."""

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np

from neurotrain.optimizers.gradient_limits import norm
from neurotrain.recording import Recording
from neurotrain.training.evaluation import FAILED, Scores, finite, score
from neurotrain.training.executors.workers import Workers
from neurotrain.training.generation import played_generation, simulate_usable, simulates_guess
from neurotrain.training.guide import guiding_gradients
from neurotrain.training.metrics_file import Metrics
from neurotrain.training.plan import Plan
from neurotrain.training.training_state import TrainingState
from neurotrain.trials import Trials

# The trials of a generation, drawn when they are first asked for: workers draw their own.
Draw = Callable[[], tuple[Trials, Mapping[str, np.ndarray]]]


class Learning:
    """How the state of a training changes by a generation.

    Parameters
    ----------
    plan : Plan
    state : TrainingState
    workers : Workers, optional
        Who simulates the candidates; by default threads of this process.
    """

    def __init__(self, plan: Plan, state: TrainingState, workers: Workers | None = None) -> None:
        self.plan, self.state, self.workers = plan, state, workers

    def learn(self, generation: int) -> Metrics:
        """Let the optimizer learn from one generation, and return its metrics."""
        plan, level = self.plan, self.state.curriculum.level
        draw = cache(lambda: plan.draw_training_trials(generation, level))
        guided = self._guide(draw)
        judged = self._judge_guess(draw)
        scores, told = self._learn_from(self.state.optimizer.ask(), draw)
        self.state.failed_candidates += int(np.isinf(scores.loss).sum())
        metrics = {
            **dict(scores.means(plan.settings.candidate_seconds is not None)),
            **told,
            **guided,
            **judged,
        }
        if plan.curriculum is not None:
            metrics["level"] = level + 1
            self.state.curriculum = self.state.curriculum.after(
                judged.get("guess_accuracy"), plan.curriculum, len(plan.levels)
            )
        return metrics

    def _learn_from(self, candidates: np.ndarray, draw: Draw) -> tuple[Scores, Metrics]:
        """Tell the optimizer losses, and the gradient at its guess if it takes any."""
        optimizer, plan = self.state.optimizer, self.plan
        if self.workers is not None:
            return self._learn_from_workers(candidates), {}
        trials, initial_state = draw()
        played = played_generation(plan, optimizer, candidates, trials, initial_state)
        self.state.trial_simulations += (len(candidates) + simulates_guess(plan)) * trials.n_trials
        scores = self._scores_of(played.recording, trials).of_all(played.usable)
        if played.gradient is None:
            optimizer.tell(scores.loss)
            return scores, {}
        before = optimizer.skipped
        optimizer.tell(scores.loss, played.gradient)
        gradient_norm = finite(norm(played.gradient[0]))
        return scores, {"gradient_norm": gradient_norm, "skipped": optimizer.skipped - before}

    def _learn_from_workers(self, candidates: np.ndarray) -> Scores:
        """Tell the optimizer the losses that the workers found."""
        state = self.state
        generation, level = state.optimizer.generation + 1, state.curriculum.level
        scores = self.workers.scores(state.optimizer, candidates, generation, level)
        state.trial_simulations += len(candidates) * self.plan.settings.trials
        state.optimizer.tell(scores.loss)
        return scores

    @property
    def beside(self) -> int:
        """How often a generation simulates the guess beside its candidates."""
        return self._is_easier + simulates_guess(self.plan)

    @property
    def _is_easier(self) -> bool:
        """Whether training is on an easier form of the task."""
        return self.state.curriculum.level < len(self.plan.levels) - 1

    def _judge_guess(self, draw: Draw) -> Metrics:
        """Return how the guess does on trials that it has not learned from, for the curriculum.

        Candidates are perturbed, which often costs them what has been learned.
        """
        if not self._is_easier:
            return {}
        trials, initial_state = draw()
        guess = self.state.optimizer.guess[np.newaxis]
        usable, recording = simulate_usable(self.plan, guess, trials, initial_state)
        scores = self._scores_of(recording, trials).of_all(usable)
        self.state.trial_simulations += trials.n_trials
        return {"guess_accuracy": finite(scores.accuracy[0])}

    def _guide(self, draw: Draw) -> Metrics:
        """Guide the optimizer by gradients on the trials, and return how many there were."""
        guide, optimizer = self.plan.guide, self.state.optimizer
        if guide is None:
            return {}
        gradients = guiding_gradients(guide, optimizer.guess, draw()[0])
        optimizer.guide(gradients)
        return {"guiding_gradients": len(gradients)}

    def _scores_of(self, recording: Recording | None, trials: Trials) -> Scores:
        """Return the scores of the candidates that were simulated."""
        if recording is None:
            return FAILED
        task = self.plan.levels[self.state.curriculum.level]
        return score(self.plan.circuit, task, self.plan.loss, recording, trials)
