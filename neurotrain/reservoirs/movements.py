"""What is to be moved, and where to: a pen, or an arm, along a butterfly."""

from dataclasses import dataclass
from math import pi

import numpy as np

from neurotrain.errors import InvalidInput, require_number


def butterfly(steps: int) -> np.ndarray:
    """Return points of a closed curve, (time, 2), which is gone through once.

    Its radius is 9 - sin a + 2 sin 3a + 2 sin 5a - sin 7a + 3 cos 2a - 2 cos 4a, by 14.4734
    (Pyle & Rosenbaum 2019, arXiv:1803.03304).

    Examples
    --------
    >>> butterfly(50_000).shape
    (50000, 2)
    """
    a = phase(steps)
    radius = 9 - np.sin(a) + 2 * np.sin(3 * a) + 2 * np.sin(5 * a) - np.sin(7 * a)
    radius += 3 * np.cos(2 * a) - 2 * np.cos(4 * a)
    return (radius / 14.4734)[:, None] * np.stack([np.cos(a), np.sin(a)], -1)


def phase(steps: int) -> np.ndarray:
    """Return the phase of every step, from 0 up to a whole turn, (time,)."""
    return 2 * pi * np.arange(steps) / steps


@dataclass(frozen=True)
class Pen:
    """A pen, whose position is what the network gives."""

    @property
    def outputs(self) -> int:
        """How many numbers move it."""
        return 2

    @property
    def costs(self) -> tuple[float, ...]:
        """Of moving it, none."""
        return (0.0, 0.0)

    @property
    def lengths(self) -> tuple[float, ...]:
        """Of segments, of which there are none."""
        return ()

    def position(self, outputs: np.ndarray) -> np.ndarray:
        """Return where outputs (..., 2) take it."""
        return outputs


@dataclass(frozen=True)
class Arm:
    """An arm in the plane, whose joints are turned by what the network gives, in units of pi.

    Parameters
    ----------
    lengths : tuple of float
        Of its segments, from the shoulder at (0, -2) to the hand.
    costs : tuple of float, optional
        Of turning each joint: the error is larger by this times how far its angle is from what it
        was of late. By default 0.

    Examples
    --------
    >>> import numpy as np
    >>> Arm(lengths=(1.8, 1.8)).position(np.array([0.0, 0.5])).round(3)  # the second points right
    array([ 1.8, -0.2])
    """

    lengths: tuple[float, ...] = (1.8, 1.8)
    costs: tuple[float, ...] = ()

    ORIGIN = (0.0, -2.0)

    def __post_init__(self) -> None:
        if not self.lengths:
            raise InvalidInput("An arm needs the length of at least one segment.")
        for length in self.lengths:
            require_number("The length of a segment", length, above=0)
        costs = self.costs or (0.0,) * len(self.lengths)
        if len(costs) != len(self.lengths):
            raise InvalidInput(
                f"An arm of {len(self.lengths)} segments needs as many costs, got {len(costs)}."
            )
        for cost in costs:
            require_number("The cost of a joint", cost, least=0)
        object.__setattr__(self, "costs", tuple(costs))

    @property
    def outputs(self) -> int:
        """How many joints it has."""
        return len(self.lengths)

    def position(self, outputs: np.ndarray) -> np.ndarray:
        """Return where the hand is with outputs (..., joint), (..., 2)."""
        angles = pi * np.cumsum(outputs, -1)
        x, y = self.ORIGIN
        lengths = np.array(self.lengths)
        return np.stack([x + np.sin(angles) @ lengths, y + np.cos(angles) @ lengths], -1)


Movement = Pen | Arm
