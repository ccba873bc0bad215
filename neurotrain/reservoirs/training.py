"""Trials in which a reservoir learns a movement, and those that test it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurotrain.errors import require_whole
from neurotrain.rate_to_spike.kernel import SIDE, aligned
from neurotrain.rate_to_spike.recursive_least_squares import RecursiveLeastSquares
from neurotrain.reservoirs.kernel import run_trial
from neurotrain.reservoirs.learners import Learner
from neurotrain.reservoirs.movements import Movement, butterfly, phase
from neurotrain.reservoirs.reservoir import Reservoir
from neurotrain.seeding import generator

# The published ones, in steps: least squares, and the share by which squared errors are smoothed.
UPDATE_EVERY, DEVIATION_LOW_PASS = 10, 0.0002
# With which mastery begins: P is the identity by this.
ALPHA = 10.0


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
    reservoir : Reservoir, optional
    steps : int
        Of a trial, in which the target is gone through once.
    seed : int

    Attributes
    ----------
    learner : Learner
        May be changed between trials, such as to one that is `Learner.lesioned`.
    trials : list of Trial
        Those in which it learned.
    """

    def __init__(
        self,
        movement: Movement,
        learner: Learner,
        reservoir: Reservoir | None = None,
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
        self._arrays = self._drawn()

    def learn(self) -> Trial:
        """Learn for one trial, and return it."""
        trial = self._run(self._arrays, learns=True)
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
        arrays = {name: array.copy() for name, array in self._arrays.items()}
        arrays |= {
            name: _same(self._arrays[name]) for name in ("x", "activity", "tiles", "columns")
        }
        learner = learner or self.learner.lesioned(exploration=not self.learner.mastery)
        return [
            self._run(
                arrays, learner=learner, feedback=None if closed_loop else self._fed(k, trials)
            )
            for k in range(trials)
        ]

    def _fed(self, k: int, trials: int) -> np.ndarray:
        if self.movement.outputs == 2 and not self.movement.lengths:
            return self.target
        recorded = self.trials[-trials:]
        return recorded[k % len(recorded)].outputs

    def _drawn(self) -> dict[str, np.ndarray]:
        reservoir, outputs, steps = self.reservoir, self.movement.outputs, len(self.target)
        squares = RecursiveLeastSquares(reservoir.units, ALPHA)
        rng = generator(self.seed, "reservoir-noise")
        angle = phase(steps) if reservoir.phase_input else np.zeros(0)
        return {
            **reservoir.draw(outputs, self.seed),
            "inputs": np.stack([np.cos(angle), np.sin(angle)], -1),
            "targets": self.target,
            "lengths": np.array(self.movement.lengths, float),
            "origin": np.array(getattr(self.movement, "ORIGIN", (0.0, 0.0))),
            "costs": np.array(self.movement.costs, float),
            "output": np.zeros(outputs),
            "low_passes": np.zeros(1 + outputs),
            "mastery_weights": aligned((outputs, reservoir.padded)),
            "exploration_weights": aligned((outputs, reservoir.padded)),
            "tiles": squares.tiles,
            "columns": squares.columns,
            "pending": squares.pending,
            "random": rng.integers(1, 2**63, size=4, dtype=np.uint64),
        }

    def _run(
        self,
        arrays: dict[str, np.ndarray],
        *,
        learns: bool = False,
        learner: Learner | None = None,
        feedback: np.ndarray | None = None,
    ) -> Trial:
        learner, steps = learner or self.learner, len(self.target)
        recorded = {
            "outputs": np.empty((steps, self.movement.outputs)),
            "errors": np.empty(steps),
            "gates": np.zeros(1),
        }
        given = {} if feedback is None else {"feedback": np.ascontiguousarray(feedback)}
        run_trial(self._numbers(learner, learns, bool(given)), {**arrays, **recorded, **given})
        outputs = recorded["outputs"]
        gate = float(recorded["gates"][0]) * UPDATE_EVERY / steps
        return Trial(outputs, self.movement.position(outputs), recorded["errors"], gate)

    def _numbers(self, learner: Learner, learns: bool, fed: bool) -> dict[str, Any]:
        reservoir = self.reservoir
        return {
            "n_units": reservoir.units,
            "n_outputs": self.movement.outputs,
            "n_inputs": 2 if reservoir.phase_input else 0,
            "n_steps": len(self.target),
            "n_segments": len(self.movement.lengths),
            "tiles_to_a_side": reservoir.padded // SIDE,
            "update_every": UPDATE_EVERY,
            "mastery": learner.mastery,
            "exploration": learner.exploration,
            "explores": learns and learner.exploration,
            "teacher_learns": learns and learner.teacher,
            "mastery_learns": learns and learner.mastery and not learner.teacher,
            "exploration_learns": learns and learner.exploration,
            "only_improvements": learner.only_improvements,
            "smooth_teacher": learner.smooth_teacher,
            "feedback_given": fed,
            "step": reservoir.dt / reservoir.tau,
            "noise": reservoir.noise,
            "reward_low_pass": learner.reward_low_pass,
            "output_low_pass": learner.output_low_pass,
            "amplitude": learner.amplitude,
            "amplitude_power": learner.amplitude_power,
            "exploration_rate": learner.exploration_rate,
            "reward_power": learner.reward_power,
            "threshold": learner.threshold,
            "mastery_rate": learner.mastery_rate,
            "reward_noise": learner.reward_noise,
        }


def deviation(trials: list[Trial]) -> float:
    """Return the mean over trials of the root of the smoothed error, the published measure."""
    from scipy.signal import lfilter

    error = np.concatenate([trial.error for trial in trials])
    keep = 1 - DEVIATION_LOW_PASS
    begun = error[: round(1 / DEVIATION_LOW_PASS)].mean()
    smoothed, _ = lfilter([DEVIATION_LOW_PASS], [1, -keep], error, zi=[keep * begun])
    return float(np.sqrt(smoothed).mean())


def _same(array: np.ndarray) -> np.ndarray:
    copied = aligned(array.shape)
    copied[...] = array
    return copied
