"""Reaches into several directions, as the activity of two muscles."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurotrain.errors import require_whole
from neurotrain.rate_to_spike.measures import nmse
from neurotrain.rate_to_spike.signals import Signals
from neurotrain.rate_to_spike.target_task import TargetTask

REACH_MS, HOLD_MS = 810.0, 350.0
FLOOR = -0.12
GAINS = (-2.0, 2.0)
CONSTANT = -0.5
MUSCLE_CHANNELS = (0, 1)

# For each muscle, in ms and degrees: two bursts (peak, width before, width after) and a hold
# (middle, slope), and of each the mean, the depth of the tuning and the preferred direction.
BURSTS = (
    (((490, 52, 43), (0.53, 0.59, -145)), ((578, 60, 57), (0.12, 0.29, 68))),
    (((498, 43, 44), (0.26, 0.56, 108)), ((600, 60, 46), (0.42, 0.31, -44))),
)
HOLDS = (((590, 13), (0.04, 0.12, 90)), ((630, 22), (0.24, 0.0, 0)))


@dataclass(frozen=True, kw_only=True)
class Reach(TargetTask):
    """A direction is shown; after a hold the activity of two muscles is to be produced.

    Inputs: 1 during the hold of 350 ms, whose end tells to go, and half the cosine and the sine
    of the direction, for the 810 ms of a reach. Outputs: the activity of the first muscle times
    -2, that of the second times 2, and a constant of -0.5. Between reaches inputs and muscles
    rest at 0, for an interval of which half is before a reach and half after it. The score is
    1 less the normalized error of the muscles.

    Parameters
    ----------
    directions : int
        Number of directions, evenly around the circle, drawn with equal chances.
    rest_ms, mean_wait_ms : float
        Between two reaches: the shortest time, and the mean of the exponentially distributed
        time that is added to it.

    Notes
    -----
    The condition of a trial is ``'direction'``, in degrees.

    The task of the code of DePasquale, Sussillo, Abbott & Churchland (2023),
    DOI 10.1016/j.neuron.2022.12.007. The activity of muscles is synthetic: its numbers were
    fitted to the electromyograms of a monkey that come with that code, of which they explain 96
    and 90 % of the variance.
    """

    name: ClassVar[str] = "reach"
    n_inputs: ClassVar[int] = 3
    n_outputs: ClassVar[int] = 3

    directions: int = 8
    rest_ms: float = 400.0
    mean_wait_ms: float = 2000.0

    def __post_init__(self) -> None:
        super().__post_init__()
        require_whole("directions", self.directions)

    def draw_trial(self, rng: np.random.Generator) -> Signals:
        """Return a reach into a direction that is drawn."""
        direction = (1 + rng.integers(self.directions)) * 360 / self.directions
        half_rest = self.to_steps((self.rest_ms + rng.exponential(self.mean_wait_ms)) / 2)
        reach = slice(half_rest, half_rest + self.to_steps(REACH_MS))
        inputs = np.zeros((reach.stop + half_rest, 3))
        outputs = np.zeros((reach.stop + half_rest, 3))
        angle = np.radians(direction)
        inputs[reach, 0] = self.times_ms(reach.stop - reach.start) < HOLD_MS
        inputs[reach, 1:] = 0.5 * np.cos(angle), 0.5 * np.sin(angle)
        outputs[reach, :2] = self.muscle_activity(angle) * GAINS
        outputs[:, 2] = CONSTANT
        conditions = {"direction": [direction]}
        return Signals(outputs, inputs, dt_ms=self.dt_ms, conditions=conditions)

    def muscle_activity(self, angle: float) -> np.ndarray:
        """Return the activity for a reach at an angle in radians, (time, muscle)."""
        times_ms = self.times_ms(self.to_steps(REACH_MS))
        each = [_activity(*m, angle, times_ms) for m in zip(BURSTS, HOLDS, strict=True)]
        return np.stack(each, axis=1)

    def score(self, outputs: np.ndarray, signals: Signals) -> np.ndarray:
        """Return 1 less the normalized error of the muscles, (trial,)."""
        return 1 - nmse(outputs, signals, MUSCLE_CHANNELS)


def _activity(bursts: tuple, hold: tuple, angle: float, times_ms: np.ndarray) -> np.ndarray:
    (middle, slope), tuning = hold
    total = _tuned(angle, tuning) / (1 + np.exp(-(times_ms - middle) / slope))
    for (peak, before, after), tuning in bursts:
        width = np.where(times_ms < peak, before, after)
        total = total + _tuned(angle, tuning) * np.exp(-0.5 * ((times_ms - peak) / width) ** 2)
    return np.maximum(total, FLOOR)


def _tuned(angle: float, tuning: tuple[float, float, float]) -> float:
    mean, depth, preferred = tuning
    return mean + depth * np.cos(angle - np.radians(preferred))
