"""Trials in which a reservoir learns a movement, and those that test it."""

from dataclasses import dataclass

import numpy as np

from neurotrain.errors import require_whole
from neurotrain.reservoirs.learners import Learner
from neurotrain.reservoirs.movements import Movement, butterfly
from neurotrain.reservoirs.reservoir import Reservoir
from neurotrain.reservoirs.spiking_reservoir import SpikingReservoir

# The published share by which squared errors are smoothed in every step.
DEVIATION_LOW_PASS = 0.0002


@dataclass(frozen=True, eq=False)
class Trial:
    """What a reservoir did in a trial.

    Parameters
    ----------
    outputs : (time, output) array
    position : (time, 2) array
    error : (time,) array
        Squared distance to the target, and the costs.
    gate : float
        Share of updates in which mastery learned.
    """

    outputs: np.ndarray
    position: np.ndarray
    error: np.ndarray
    gate: float


class ReservoirTraining:
    """A reservoir that learns a movement, trial after trial.

    Parameters
    ----------
    movement : Pen or Arm
    learner : Learner
    reservoir : Reservoir or SpikingReservoir, optional
    steps : int
        Of a trial, in which the target is gone through once.
    seed : int

    Attributes
    ----------
    learner : Learner
        May be changed between trials, such as to one that is `Learner.lesioned`.
    trials : list of Trial
        Those in which it learned.
    simulation : CompiledSimulation or SpikingSimulation
        The reservoir and what was learned, with ``state_dict`` and ``load_state_dict``.
    """

    def __init__(
        self,
        movement: Movement,
        learner: Learner,
        reservoir: Reservoir | SpikingReservoir | None = None,
        *,
        steps: int = 50_000,
        seed: int = 0,
    ) -> None:
        require_whole("steps", steps)
        require_whole("seed", seed, 0)
        self.movement, self.learner, self.seed = movement, learner, seed
        self.reservoir = reservoir or Reservoir()
        self.target = butterfly(steps)
        self.trials: list[Trial] = []
        self.simulation = self.reservoir.begin(movement, self.target, seed)

    def learn(self) -> Trial:
        """Learn for one trial, and return it."""
        trial = self._trial(self.learner, learns=True)
        self.trials.append(trial)
        return trial

    def test(
        self, trials: int = 5, *, closed_loop: bool = False, learner: Learner | None = None
    ) -> list[Trial]:
        """Return trials with everything that was learned, without noise and learning.

        What is fed back is the target, or, where that is no output, what the outputs were in the
        last trials that were learned; with `closed_loop`, the output itself. Where both pathways
        have learned, mastery alone gives the output. Nothing of this changes the training.

        Parameters
        ----------
        trials : int
        closed_loop : bool
        learner : Learner, optional
            With other pathways than those of the training; by default mastery, or exploration
            where there is no mastery.
        """
        require_whole("trials", trials)
        before = self.simulation.state_dict()
        learner = learner or self.learner.lesioned(exploration=not self.learner.mastery)
        fed = [None if closed_loop else self._fed(k, trials) for k in range(trials)]
        tested = [self._trial(learner, feedback=one) for one in fed]
        self.simulation.load_state_dict(before)
        return tested

    def _trial(
        self, learner: Learner, *, learns: bool = False, feedback: np.ndarray | None = None
    ) -> Trial:
        outputs, errors, gate = self.simulation.run(learner, learns, feedback)
        return Trial(outputs, self.movement.position(outputs), errors, gate)

    def _fed(self, k: int, trials: int) -> np.ndarray:
        if not self.movement.lengths:
            return self.target
        recorded = self.trials[-trials:]
        return recorded[k % len(recorded)].outputs


def deviation(trials: list[Trial]) -> float:
    """Return the mean over trials of the root of the smoothed error, the published measure."""
    from scipy.signal import lfilter

    error = np.concatenate([trial.error for trial in trials])
    keep = 1 - DEVIATION_LOW_PASS
    begun = error[: round(1 / DEVIATION_LOW_PASS)].mean()
    smoothed, _ = lfilter([DEVIATION_LOW_PASS], [1, -keep], error, zi=[keep * begun])
    return float(np.sqrt(smoothed).mean())
