"""What reads a reservoir and learns, step by step in NumPy: for units that something else steps."""

from collections.abc import Mapping

import numpy as np

from neurotrain.rate_to_spike.recursive_least_squares import RecursiveLeastSquares
from neurotrain.reservoirs.learners import ALPHA, UPDATE_EVERY, Learner
from neurotrain.reservoirs.movements import Movement


class Readout:
    """Both pathways of a `Learner`, with the same equations as the compiled ones.

    But for the gate: mastery learns or it does not.

    Parameters
    ----------
    movement : Pen or Arm
    units : int
    rng : Generator
        Of exploration, and of what corrupts the reward.
    """

    def __init__(self, movement: Movement, units: int, rng: np.random.Generator) -> None:
        self.movement, self.rng = movement, rng
        self._squares = RecursiveLeastSquares(units, ALPHA)
        self._costs = np.array(movement.costs)
        outputs = movement.outputs
        self._state = {
            "mastery_weights": np.zeros((outputs, units)),
            "exploration_weights": np.zeros((outputs, units)),
            "output": np.zeros(outputs),
            "smoothed": np.zeros(outputs),
            "mean_output": np.zeros(outputs),
            "mean_error": np.zeros(1),
        }

    @property
    def output(self) -> np.ndarray:
        """What it gave last, (output,)."""
        return self._state["output"]

    def state_dict(self) -> dict[str, np.ndarray]:
        """Return all that changes, but for the random numbers."""
        self._squares.flush()
        return {name: array.copy() for name, array in self._changing().items()}

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from where `state` was taken."""
        self._squares.flush()
        for name, array in self._changing().items():
            array[...] = state[name]

    def _changing(self) -> dict[str, np.ndarray]:
        return {**self._state, "tiles": self._squares.tiles}

    def step(
        self, activity: np.ndarray, target: np.ndarray, learner: Learner, learns: bool, time: int
    ) -> tuple[float, bool]:
        """Read the activity (unit,) of a step, and return the error, and whether mastery learned.

        Parameters
        ----------
        activity : (unit,) array
        target : (2,) array
        learner : Learner
        learns : bool
        time : int
            Which step of the trial.
        """
        state = self._state
        explored = self._explored(activity, learner, learns)
        state["output"][:] = explored
        if learner.mastery:
            state["output"] += state["mastery_weights"] @ activity
        missing = self.movement.position(state["output"]) - target
        error = missing @ missing + self._costs @ abs(state["output"] - state["mean_output"])
        state["mean_output"] += learner.output_low_pass * (state["output"] - state["mean_output"])
        if not learns:
            return float(error), False
        told = self._told(error, learner, explored)
        if learner.exploration and not (learner.only_improvements and told > 0):
            size = learner.exploration_rate * np.sign(told) * abs(told) ** learner.reward_power
            state["exploration_weights"] -= np.outer(
                size * (explored - state["smoothed"]), activity
            )
        masters = time % UPDATE_EVERY == 0 and self._may_master(learner)
        if masters:
            taught = state["smoothed"] if learner.smooth_teacher else explored
            wanted = target - state["output"] if learner.teacher else taught
            gain = self._squares.update(activity)
            state["mastery_weights"] += learner.mastery_rate * np.outer(wanted, gain)
        return float(error), masters

    def _explored(self, activity: np.ndarray, learner: Learner, learns: bool) -> np.ndarray:
        if not learner.exploration:
            return np.zeros(self.movement.outputs)
        explored = self._state["exploration_weights"] @ activity
        if learns:
            mean = float(self._state["mean_error"][0])
            size = learner.amplitude * (10 * mean) ** learner.amplitude_power
            explored = explored + size * self.rng.uniform(-1, 1, len(explored))
        return explored

    def _told(self, error: float, learner: Learner, explored: np.ndarray) -> float:
        """Return by how much the error is above what it was of late."""
        state = self._state
        if learner.reward_noise > 0:
            error = abs(error + learner.reward_noise * self.rng.uniform(-1, 1))
        state["mean_error"] += learner.reward_low_pass * (error - state["mean_error"])
        state["smoothed"] += learner.output_low_pass * (explored - state["smoothed"])
        return error - float(state["mean_error"][0])

    def _may_master(self, learner: Learner) -> bool:
        return learner.mastery and (
            learner.teacher or float(self._state["mean_error"][0]) < learner.threshold
        )
