"""A supervised task of NeuroGym as a task, whatever its environment was made from."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurotrain.adapters.batch import as_trials
from neurotrain.adapters.environment import Environment
from neurotrain.adapters.layout import find_layout
from neurotrain.errors import require_whole
from neurotrain.scoring import score_choices, score_trajectories
from neurotrain.task import check_task
from neurotrain.trials import Trials

# Enough to see every choice and, but for one trial in hundreds, every duration.
N_PROBED = 500


@dataclass(frozen=True, kw_only=True)
class NeurogymTask:
    """A supervised task of NeuroGym, with its own timing, observations and ground truth.

    The observations are the inputs, one channel each, and a bin lasts as long as the
    environment's ``dt``. The right action in the decision period is the label: there is a
    class for each choice, in the order of the actions, and behind them one for fixation if
    that may be right. A trial ends with its decision period. Where no period has one right
    action, as in timing tasks, the outputs are the actions and the targets 1 for the right
    action in each bin and 0 for the others; a continuous ground truth is the target itself.

    Trials of different durations end together: shorter ones begin with more fixation, or,
    if they have no fixation period, with silence. All last as long as the longest of 500
    trials that are drawn at the beginning, and what is still longer is drawn again.

    Parameters
    ----------
    decision : str, optional
        The decision period; by default ``'decision'``, or the only period in which
        anything but fixation is ever right.
    trajectory : bool, optional
        Whether to take the right action in each bin as targets; by default only where
        there is no other way.

    Raises
    ------
    InvalidInput
        If the environment has no ground truth, there is no such period or nothing to choose,
        or its trials do not follow from its seed.

    Notes
    -----
    The conditions of a trial are the scalar numbers of the environment's own trial
    dictionary, and ``'delay_ms'`` for a delay that differs between trials, likewise for
    other periods.

    NeuroGym: Molano-Mazon et al. (2022), DOI 10.31234/osf.io/aqc9n.
    """

    decision: str | None = None
    trajectory: bool | None = None

    def _begin(self, env: Any) -> None:
        """Find out what trials of `env` have in common."""
        environment = Environment(env)
        probed = environment.draw(N_PROBED, np.random.default_rng(0))
        layout = find_layout(environment, probed, self.decision, self.trajectory)
        # A frozen dataclass lets nobody set what follows from its fields.
        varies = any(not trial.equals(probed[0]) for trial in probed)
        vars(self).update(_environment=environment, _layout=layout, _varies=varies)
        check_task(self)

    @property
    def channels(self) -> int:
        """Number of observations."""
        return self._layout.channels

    @property
    def classes(self) -> int:
        """Number of choices; 0 if there are targets."""
        return len(self._layout.actions)

    @property
    def outputs(self) -> int:
        """Number of outputs that have targets; 0 if there are choices."""
        return self._layout.outputs

    @property
    def actions(self) -> tuple[int, ...]:
        """The environment's action for each class."""
        return self._layout.actions

    @property
    def varies(self) -> bool:
        """Whether trials differ from one another."""
        return self._varies

    def draw(self, n_trials: int, rng: np.random.Generator) -> Trials:
        """Return `n_trials` trials drawn with `rng`; inputs are (trial, bin, channel).

        Raises
        ------
        InvalidInput
            If a trial is unlike those drawn at the beginning.
        """
        require_whole("n_trials", n_trials)
        drawn = self._environment.draw(n_trials, rng, self._layout.admits)
        return as_trials(drawn, self._layout, self._environment.bin_ms)

    def score(self, given: np.ndarray, trials: Trials) -> np.ndarray:
        """Return the share of correct choices, or how well outputs follow the targets.

        (..., trial) choices or (..., trial, bin, output) outputs give (...).

        Raises
        ------
        InvalidInput
            If there is not one choice for each trial, or one output for each target.
        """
        return (score_choices if self.classes else score_trajectories)(given, trials)
