"""The distribution of sep-CMA-ES: a standard deviation for each parameter, in linear time."""

from dataclasses import dataclass
from math import exp, lgamma, sqrt

import numpy as np

from neurotrain.optimizers.gaussian import can_learn
from neurotrain.optimizers.noise import Noise
from neurotrain.optimizers.recombination import effective_number
from neurotrain.optimizers.shaping import ordinal_ranks

# Standard deviations, relative to the first one, at which a run has nothing left to learn: it
# converged, diverged (Auger & Hansen 2005, section 2, and pycma), or has become too narrow
# along one axis for the widest one.
CONVERGED, DIVERGED, NARROW = 1e-12, 1e3, 1e-7
# From as many parameters on, two candidates tell whether a longer step would have been better:
# the path is too slow there. As in pycma.
TWO_POINT_FROM = 300


@dataclass(frozen=True)
class Rates:
    """Weights of ranks and learning rates for d parameters and a number of candidates.

    Those of Hansen 2016 (arXiv:1604.00772, table 1) with what pycma 4 has for a diagonal
    covariance matrix, whose d numbers are learnt faster than d**2 (Ros & Hansen 2008).

    Parameters
    ----------
    weights : (candidate,) array
        For the lowest loss first; those above 0 have the sum 1, the others push away.
    effective : float
        How many equally weighted candidates teach as much as those of weight above 0.
    path, damping : float
        Of the path that controls the size.
    shape_path, of_path, of_noise : float
        Of the path of the shape; of the shape by that path, and by candidates.
    """

    weights: np.ndarray
    effective: float
    path: float
    damping: float
    shape_path: float
    of_path: float
    of_noise: float


def separable_rates(d: int, number: int) -> Rates:
    """Return the rates for d parameters and a number of candidates, at least 4."""
    raw = np.log((number + 1) / 2) - np.log(np.arange(1, number + 1))
    positive, negative = np.maximum(raw, 0), np.maximum(-raw, 0)
    positive, negative = positive / positive.sum(), negative / negative.sum()
    effective, pushing = effective_number(positive), effective_number(negative)
    of_path = 1 / (d + 2 * np.sqrt(d) + effective / d)
    of_noise = (0.25 + effective + 1 / effective - 2) / (d + 4 * np.sqrt(d) + effective / 2)
    of_noise = min(1 - of_path, of_noise)
    # Hansen 2016, equations 50 and 51: nothing is forgotten, and no more pushed than pulled.
    most = min(1 + of_path / of_noise, 1 + 2 * pushing / (effective + 2))
    path = min(0.5, (effective + 2) / (d + effective + 3))
    # Many candidates for few parameters need more damping than Hansen 2016 gives; so does pycma.
    inner = max(1.0, 3 * (1 - 0.5 ** (d / 9)))
    damping = 1 + 2 * max(0.0, inner * np.sqrt((effective - 1) / (d + 1)) - 1) + path
    share = effective / d
    shape_path = (1 + 1 / d + share) / (np.sqrt(d) + 1 / d + 2 * share)
    weights = positive - most * negative
    return Rates(weights, effective, path, damping, shape_path, of_path, of_noise)


class PairedNoise(Noise):
    """Standard normal directions, of which the first two can be made a chosen one and its mirror.

    Parameters
    ----------
    count, size : int
        Number of directions and of parameters.
    """

    def pair(self, direction: np.ndarray) -> np.ndarray:
        """Return the first two directions, now along `direction` with both signs, (2, parameter).

        They are as long as the first one that was drawn.
        """
        length = norm(self._held[0]) / norm(direction)
        self._held[0] = length * direction
        self._held[1] = -self._held[0]
        return self._held[:2]


class SeparableDistribution:
    """The distribution of candidates' offsets from the start, in units of scale.

    Separable CMA-ES (Ros & Hansen 2008, doi:10.1007/978-3-540-87700-4_30) as pycma has it:
    an exponential update of the diagonal, in which the worse half of the candidates counts
    too (Akimoto & Hansen 2020, doi:10.1162/evco_a_00260); a size that follows the length of
    a path, and with many parameters the ranks of two candidates along the last step (Hansen,
    Atamna & Auger 2014, doi:10.1007/978-3-319-10762-2_75).

    Parameters
    ----------
    center : (parameter,) array
        The first mean.
    sigma : float
        First standard deviation.
    population_size : int
        Number of candidates, at least 4.
    """

    def __init__(self, center: np.ndarray, sigma: float, population_size: int) -> None:
        d = len(center)
        self.population_size, self.mean = population_size, np.array(center, dtype=float)
        self._first = self._size = sigma
        self._deviation = np.ones(d)
        self._size_path, self._shape_path = np.zeros(d), np.zeros(d)
        self._updates = 0
        self._last_step, self._trend = np.zeros(d), 0.0
        self._two_point = d >= TWO_POINT_FROM
        self._rates = separable_rates(d, population_size)
        # Of the length of d standard normal numbers.
        self._expected = sqrt(2) * exp(lgamma((d + 1) / 2) - lgamma(d / 2))
        self._noise = PairedNoise(population_size, d)

    @property
    def deviations(self) -> np.ndarray:
        """The standard deviations, (parameter,)."""
        return self._size * self._deviation

    @property
    def is_exhausted(self) -> bool:
        """Whether the distribution has nothing left to learn."""
        deviations, mean = self.deviations, self.mean
        return bool(
            deviations.max() < CONVERGED * self._first
            or deviations.max() > DIVERGED * self._first
            or deviations.min() < NARROW * deviations.max()
            or (mean == mean + 0.2 * deviations).any()
            or not can_learn(deviations, mean)
        )

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Return new offsets, (candidate, parameter)."""
        self._rng = rng
        offsets, deviations = np.empty((self.population_size, len(self.mean))), self.deviations
        for rows, directions in self._noise.draw(rng):
            np.multiply(directions, deviations, out=offsets[rows])
            offsets[rows] += self.mean
        if self._two_point and self._updates:
            pair = self._noise.pair(self._last_step / self._deviation)
            offsets[:2] = self.mean + deviations * pair
        return offsets

    def learn(self, losses: np.ndarray) -> None:
        """Update the distribution with the (candidate,) losses of the offsets drawn last."""
        if not np.isfinite(losses).any() or not can_learn(self.deviations, self.mean):
            return
        self._updates += 1
        rates, ranks = self._rates, ordinal_ranks(losses, self._rng.random(len(losses)))
        weights = rates.weights[ranks]
        step = self._noise.total(np.maximum(weights, 0))
        self._last_step = self.deviations * step
        self.mean = self.mean + self._last_step
        self._size_path = self._follow(self._size_path, rates.path, step)
        length = norm(self._size_path)
        self._reshape(weights, step, steady=self._is_steady(length))
        if self._two_point:
            self._size *= exp(self._growth_by_two_points(ranks))
        else:
            growth = rates.path / rates.damping * (length / self._expected - 1)
            self._size *= exp(min(growth, 1.0))

    def _growth_by_two_points(self, ranks: np.ndarray) -> float:
        """Return by how much the logarithm of the size grows, and remember the trend."""
        apart = (ranks[1] - ranks[0]) / (len(ranks) - 1)
        self._trend = 0.7 * self._trend + 0.3 * np.sign(apart) * np.sqrt(abs(apart))
        d = len(self.mean)
        damping = 0.7 + 2 * np.log(d) + 2 * np.log(max(1, len(ranks) - d))
        return float(self._trend / damping)

    def _follow(self, path: np.ndarray, rate: float, step: np.ndarray) -> np.ndarray:
        return (1 - rate) * path + np.sqrt(rate * (2 - rate) * self._rates.effective) * step

    def _is_steady(self, length: float) -> bool:
        """Whether the path is no longer than it may be while the size can follow it."""
        d = len(self.mean)
        begun = 1 - (1 - self._rates.path) ** (2 * self._updates)
        return length**2 / begun / d < 2 + 4 / (d + 1)

    def _reshape(self, weights: np.ndarray, step: np.ndarray, steady: bool) -> None:
        rates, of_path = self._rates, self._rates.of_path
        if steady:
            self._shape_path = self._follow(self._shape_path, rates.shape_path, step)
        else:
            self._shape_path = (1 - rates.shape_path) * self._shape_path
            of_path *= 1 - rates.shape_path * (2 - rates.shape_path)
        of_noise = self._noise.total(weights, power=2) - weights.sum()
        change = of_path * (self._shape_path**2 - 1) + rates.of_noise * of_noise
        # With this base a doubled square of the path doubles a variance whose rate is 1.
        self._deviation = self._deviation * 2 ** (change / 2)


def norm(vector: np.ndarray) -> float:
    """Return the length of a vector; unlike NumPy's, by the same sum on any number of threads."""
    return sqrt(np.square(vector).sum())
