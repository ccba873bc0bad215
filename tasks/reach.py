"""Reach: produce the activity of two muscles for a reach into one of several directions."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import neurotrain as nt
from neurotrain.errors import require_whole

HOLD_MS, MOVEMENT_MS = 350.0, 460.0
FLOOR = -0.12

# For each muscle, in ms and degrees: two bursts (peak, width before, width after) and a hold
# (middle, slope), and of each the mean, the depth of the tuning and the preferred direction.
MUSCLES = (
    {
        "bursts": (
            ((490, 52, 43), (0.53, 0.59, -145)),
            ((578, 60, 57), (0.12, 0.29, 68)),
        ),
        "hold": ((590, 13), (0.04, 0.12, 90)),
    },
    {
        "bursts": (
            ((498, 43, 44), (0.26, 0.56, 108)),
            ((600, 60, 46), (0.42, 0.31, -44)),
        ),
        "hold": ((630, 22), (0.24, 0.0, 0)),
    },
)


@dataclass(frozen=True, kw_only=True)
class Reach(nt.TrajectoryTask):
    """The direction of a reach is shown; after a hold the muscles are to be driven for it.

    Three signals: hold, 1 for the first 350 ms, whose fall tells to go, and half the cosine
    and the sine of the direction, for the whole trial of 810 ms. Two outputs: the activity
    of two muscles, each a sum of an agonist burst, an antagonist burst and a hold at the
    target, all tuned to the direction by cosines. An output that is always 0 scores 0.

    Parameters
    ----------
    directions : int
        Number of directions, evenly around the circle, drawn with equal chances.

    Notes
    -----
    The condition of a trial is ``'direction'``, in degrees.

    The muscle activity is synthetic: its numbers were fitted to electromyograms of a monkey
    that are published with the code of DePasquale, Sussillo, Abbott & Churchland (2023),
    DOI 10.1016/j.neuron.2022.12.007, and explain 96 and 90 % of the variance of the two
    muscles. Inputs and durations are those of that code.
    """

    name: ClassVar[str] = "reach"
    signals: ClassVar[int] = 3
    outputs: ClassVar[int] = 2
    signed: ClassVar[bool] = True

    directions: int = 8

    def __post_init__(self) -> None:
        require_whole("directions", self.directions)
        super().__post_init__()

    @property
    def varies(self) -> bool:
        """Whether there is more than one direction."""
        return self.directions > 1

    @property
    def timeline(self) -> nt.Timeline:
        """Hold, and the movement, which is the decision period."""
        return nt.Timeline(self.bin_ms, hold=HOLD_MS, decision=MOVEMENT_MS)

    def muscle_activity(self, angle: np.ndarray) -> np.ndarray:
        """Return the activity for reaches at angles in radians, (angle, bin, muscle)."""
        time_ms = self.timeline.times_ms
        return np.stack([_activity(muscle, angle, time_ms) for muscle in MUSCLES], axis=-1)

    def draw(self, n_trials: int, rng: np.random.Generator) -> nt.Trials:
        """Return `n_trials` trials drawn with `rng`; inputs are (trial, bin, channel)."""
        signals = self.begin(n_trials)
        direction = rng.integers(self.directions, size=n_trials) * (360 / self.directions)
        angle = np.radians(direction)
        signals[:, self.timeline.bins("hold"), 0] = 1
        signals[:, :, 1] = 0.5 * np.cos(angle)[:, np.newaxis]
        signals[:, :, 2] = 0.5 * np.sin(angle)[:, np.newaxis]
        return self.make_trials(signals, self.muscle_activity(angle), rng, direction=direction)

    def _ideal(self, trials: nt.Trials) -> float | None:
        return None if self.sigma else 1.0


def _activity(muscle: dict, angle: np.ndarray, time_ms: np.ndarray) -> np.ndarray:
    """Return the activity of a muscle, (angle, bin)."""
    middle, slope = muscle["hold"][0]
    total = _tuned(angle, muscle["hold"][1]) / (1 + np.exp(-(time_ms - middle) / slope))
    for (peak, before, after), tuning in muscle["bursts"]:
        width = np.where(time_ms < peak, before, after)
        total = total + _tuned(angle, tuning) * np.exp(-0.5 * ((time_ms - peak) / width) ** 2)
    return np.maximum(total, FLOOR)


def _tuned(angle: np.ndarray, tuning: tuple[float, float, float]) -> np.ndarray:
    mean, depth, preferred = tuning
    return (mean + depth * np.cos(angle - np.radians(preferred)))[:, np.newaxis]
