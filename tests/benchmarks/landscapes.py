"""Losses whose lowest point is known: where to start, what counts as solved, and within what."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

# From the narrowest to the widest axis of the ellipsoid, in squares of lengths.
CONDITION = 1e6
# Standard deviation of the noise, as a share of the mean loss at the start.
NOISE = 0.01

Losses = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Landscape:
    """A loss without neurons.

    Parameters
    ----------
    name : str
    loss : callable
        From (candidate, parameter) to (candidate,); the lowest is 0.
    spread : float
        Standard deviation of the starting point around 0; at 0, every run starts there.
    sigma : float
        First standard deviation that every method is given.
    precise, coarse : float
        What share of the median loss at the start counts as solved: for methods that adapt
        their width, and for those whose width or learning rate is given.
    budgets : dict of int to int
        Most evaluations, for each number of parameters.
    noise : float
        Standard deviation of what is added to the loss, as a share of that of the start.
    """

    name: str
    loss: Losses
    spread: float
    sigma: float
    precise: float
    coarse: float
    budgets: dict[int, int]
    noise: float = 0.0

    def start(self, size: int, seed: int) -> np.ndarray:
        """Return where the run with this seed starts, (parameter,)."""
        return self.spread * np.random.default_rng([seed, size]).standard_normal(size)

    def level(self, size: int) -> float:
        """Return the median loss of a hundred starting points."""
        starts = [self.start(size, 1000 + seed) for seed in range(100)]
        return float(np.median(self.loss(np.array(starts))))


def sphere(points: np.ndarray) -> np.ndarray:
    """Return the squared distance."""
    return (points**2).sum(axis=-1)


def ellipsoid(points: np.ndarray) -> np.ndarray:
    """Return a distance that differs from axis to axis."""
    return (points**2 * np.geomspace(1, CONDITION, points.shape[-1])).sum(axis=-1)


def rosenbrock(points: np.ndarray) -> np.ndarray:
    """Return the height in a long bent valley."""
    here, after = points[..., :-1], points[..., 1:]
    return (100 * (after - here**2) ** 2 + (1 - here) ** 2).sum(axis=-1)


def rastrigin(points: np.ndarray) -> np.ndarray:
    """Return the height in a bowl with a minimum in each unit of each axis."""
    return (points**2 + 10 * (1 - np.cos(2 * np.pi * points))).sum(axis=-1)


def steps(points: np.ndarray) -> np.ndarray:
    """Return a distance that is flat within each unit of each axis."""
    return (np.floor(points + 0.5) ** 2).sum(axis=-1)


_USUAL = {10: 20_000, 100: 100_000, 1000: 200_000}
_LONG = {10: 50_000, 100: 300_000, 1000: 300_000}
_MANY_MINIMA = {10: 100_000, 100: 100_000, 1000: 200_000}
_FEW = {10: 5_000, 100: 20_000, 1000: 50_000}

LANDSCAPES = {
    each.name: each
    for each in (
        Landscape("sphere", sphere, 1.0, 0.5, 1e-6, 0.05, _USUAL),
        Landscape("ellipsoid", ellipsoid, 1.0, 0.5, 1e-6, 0.05, _LONG),
        Landscape("rosenbrock", rosenbrock, 0.0, 0.5, 1e-2, 0.9, _LONG),
        # Solved is a loss that only the innermost minima have, about 1 at 10 parameters.
        Landscape("rastrigin", rastrigin, 3.0, 2.0, 5e-3, 5e-3, _MANY_MINIMA),
        Landscape("noisy-sphere", sphere, 1.0, 0.5, 0.02, 0.05, _FEW, NOISE),
        Landscape("step", steps, 3.0, 1.0, 0.01, 0.05, _FEW),
    )
}
