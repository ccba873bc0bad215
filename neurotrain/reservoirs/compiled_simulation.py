"""A reservoir of rate units in time, compiled."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurotrain.rate_to_spike.kernel import SIDE, aligned
from neurotrain.rate_to_spike.recursive_least_squares import RecursiveLeastSquares
from neurotrain.reservoirs.kernel import run_trial
from neurotrain.reservoirs.learners import ALPHA, UPDATE_EVERY, Learner
from neurotrain.reservoirs.movements import Movement, phase
from neurotrain.reservoirs.reservoir import Reservoir
from neurotrain.seeding import generator

# Of all arrays, those that change.
_CHANGING = (
    *("x", "activity", "output", "low_passes", "mastery_weights", "exploration_weights"),
    *("tiles", "columns", "pending", "random"),
)


class CompiledSimulation:
    """Rate units, what reads them, and how far they are.

    Parameters
    ----------
    reservoir : Reservoir
    movement : Pen or Arm
    target : (time, 2) array
        Of a trial.
    seed : int
    """

    def __init__(
        self, reservoir: Reservoir, movement: Movement, target: np.ndarray, seed: int
    ) -> None:
        self.reservoir, self.movement = reservoir, movement
        squares = RecursiveLeastSquares(reservoir.units, ALPHA)
        rng = generator(seed, "reservoir-noise")
        angle = phase(len(target)) if reservoir.phase_input else np.zeros(0)
        outputs = movement.outputs
        self.arrays = {
            **reservoir.draw(outputs, seed),
            "inputs": np.stack([np.cos(angle), np.sin(angle)], -1),
            "targets": target,
            "lengths": np.array(movement.lengths, float),
            "origin": np.array(getattr(movement, "ORIGIN", (0.0, 0.0))),
            "costs": np.array(movement.costs, float),
            "output": np.zeros(outputs),
            "low_passes": np.zeros(1 + 2 * outputs),
            "mastery_weights": aligned((outputs, reservoir.padded)),
            "exploration_weights": aligned((outputs, reservoir.padded)),
            "tiles": squares.tiles,
            "columns": squares.columns,
            "pending": squares.pending,
            "random": rng.integers(1, 2**63, size=4, dtype=np.uint64),
        }

    def state_dict(self) -> dict[str, np.ndarray]:
        """Return all that changes."""
        return {name: self.arrays[name].copy() for name in _CHANGING}

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from where `state` was taken."""
        for name in _CHANGING:
            self.arrays[name][...] = state[name]

    def run(
        self, learner: Learner, learns: bool, feedback: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray, float]:
        """Go through a trial; return outputs (time, output), errors (time,), share of updates.

        Parameters
        ----------
        learner : Learner
        learns : bool
            Whether it learns and explores.
        feedback : (time, output) array, optional
            What is fed back in the place of the output.
        """
        steps = len(self.arrays["targets"])
        recorded = {
            "outputs": np.empty((steps, self.movement.outputs)),
            "errors": np.empty(steps),
            "gates": np.zeros(1),
        }
        given = {} if feedback is None else {"feedback": np.ascontiguousarray(feedback)}
        run_trial(self._numbers(learner, learns, bool(given)), {**self.arrays, **recorded, **given})
        gate = float(recorded["gates"][0]) * UPDATE_EVERY / steps
        return recorded["outputs"], recorded["errors"], gate

    def _numbers(self, learner: Learner, learns: bool, fed: bool) -> dict[str, Any]:
        reservoir = self.reservoir
        return {
            "n_units": reservoir.units,
            "n_outputs": self.movement.outputs,
            "n_inputs": 2 if reservoir.phase_input else 0,
            "n_steps": len(self.arrays["targets"]),
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
