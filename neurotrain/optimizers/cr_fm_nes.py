"""CR-FM-NES: a natural gradient for a scale of each parameter and one common direction."""

import numpy as np
from scipy.optimize import brentq

from neurotrain.errors import InvalidInput
from neurotrain.optimizers.gaussian import AdaptedGaussian
from neurotrain.optimizers.noise import Chunks, row_chunks
from neurotrain.optimizers.recombination import effective_number, log_weights, weights_of
from neurotrain.seeding import generator


class CRFMNES(AdaptedGaussian):
    """Cost-reduced fast-moving natural evolution strategy (Nomura & Ono 2022), minimizing.

    Source: arXiv:2201.11422. The covariance matrix is ``sigma**2 * D (identity + v v.T) D``
    with a diagonal D and a vector v, so that time and memory are linear in the number of
    parameters. While the guess moves steadily, candidates far from it count more.
    Candidates ``2k`` and ``2k + 1`` are mirrored. A failed candidate counts as the worst
    one; the paper's rules for candidates that break constraints are not used.

    Parameters
    ----------
    start, scale : (parameter,) array
        The first guess, and the natural scale of each parameter; at least two parameters.
    seed : int
        The run's seed.
    population_size : int, optional
        Number of candidates, even and at least 4; by default the even number at or above
        ``4 + floor(3 ln d)`` for d parameters.
    sigma : float
        First standard deviation of the candidates, in units of `scale`.

    Raises
    ------
    InvalidInput
        If an option lies outside its range.
    """

    learnt = ("_deviation", "_direction", "_size_path", "_shape_path")
    samples_from = ("mean", "size", "deviation", "direction")

    def __init__(
        self,
        start: np.ndarray,
        scale: np.ndarray,
        *,
        seed: int,
        population_size: int | None = None,
        sigma: float = 0.5,
    ) -> None:
        super().__init__(start, scale, seed=seed, population_size=population_size, sigma=sigma)
        if population_size is None:
            self.population_size += self.population_size % 2
        size, number = self._start.size, self.population_size
        if number % 2:
            raise InvalidInput(
                f"population_size must be even, got {number}: "
                "cr-fm-nes evaluates every noise with both signs."
            )
        if size < 2:
            raise InvalidInput("cr-fm-nes needs at least 2 parameters; for one, choose cma-es.")
        self._weights = log_weights(number)
        self._set_rates(size, number)
        self._deviation = np.ones(size)
        # A stream of its own beside that of the first generation's noise.
        rng = generator(self.seed, "optimizer", 0, 1)
        self._direction = rng.standard_normal(size) / np.sqrt(size)
        self._size_path, self._shape_path = np.zeros(size), np.zeros(size)

    def _set_rates(self, d: int, number: int) -> None:
        """Set the rates and constants that the paper gives for d parameters."""
        effective = self._effective = effective_number(self._weights)
        self._size_path_rate = (effective + 2) / (d + effective + 5)
        self._shape_path_rate = (4 + effective / d) / (d + 4 + 2 * effective / d)
        self._path_share = 2 / ((d + 1.3) ** 2 + effective) * max(d - 5, 0) / 6
        self._shape_rate = np.tanh((min(0.02 * number, 3 * np.log(d)) + 5) / (0.23 * d + 25))
        self._stagnating_rate = np.tanh((0.024 * number + 0.7 * d + 20) / (d + 12))
        self._converging_rate = 2 * np.tanh((0.025 * number + 0.75 * d + 10) / (d + 4))
        self._expected = np.sqrt(d) * (1 - 1 / (4 * d) + 1 / (21 * d**2))
        self._distance_weight = distance_weight(d) * min(1, np.sqrt(number / d))

    def _rows(self) -> int:
        return self.population_size // 2

    def _fill(self, rng: np.random.Generator, noise: np.ndarray, spread: np.ndarray) -> Chunks:
        """Fill `noise` with what has the covariance matrix ``identity + v v.T``."""
        spread = spread * self._deviation
        # Of the noise before it gets its covariance.
        self._squares = np.empty(len(noise))
        norm2 = self._direction @ self._direction
        longer = (np.sqrt(1 + norm2) - 1) / norm2
        for rows in row_chunks(*noise.shape):
            part = noise[rows]
            rng.standard_normal(out=part)
            np.einsum("kd,kd->k", part, part, out=self._squares[rows])
            part += (part @ (longer * self._direction))[:, None] * self._direction
            yield rows, part * spread

    def _deviations(self) -> np.ndarray:
        return self._deviation * np.sqrt(1 + self._direction**2)

    def _learn(self, losses: np.ndarray) -> None:
        noise, squares, share = self._noise, self._squares, 1 / self.population_size
        positive = weights_of(losses, self._weights)
        step = (positive[0::2] - positive[1::2]) @ noise
        progress = self._progress(step)
        if progress >= 1:
            distance = np.repeat(np.sqrt(squares), 2)
            positive = positive * np.exp(self._distance_weight * (distance - distance.max()))
            positive /= positive.sum()
            step = (positive[0::2] - positive[1::2]) @ noise
        weights = positive - share
        pairs = weights[0::2] + weights[1::2]
        of_size = pairs @ squares / noise.shape[1]
        self._move(step * self._deviation)
        before = self._root_of_determinant()
        self._reshape(pairs, progress >= 1)
        after = self._root_of_determinant()
        self._deviation = self._deviation / after
        rate = self._size_rate(progress, of_size)
        self._size *= float(before * np.exp(rate / 2 * of_size))

    def _progress(self, step: np.ndarray) -> float:
        """Follow the step, and return the length of its path relative to that of noise."""
        norm2 = self._direction @ self._direction
        along = (step @ self._direction) * ((1 / np.sqrt(1 + norm2) - 1) / norm2)
        white = step + along * self._direction
        rate = self._size_path_rate
        push = np.sqrt(rate * (2 - rate) * self._effective)
        self._size_path = (1 - rate) * self._size_path + push * white
        return float(np.linalg.norm(self._size_path) / self._expected)

    def _size_rate(self, progress: float, of_size: float) -> float:
        if progress >= 1:
            # A distribution that moves steadily never shrinks.
            return 1.0 if of_size >= 0 else 0.0
        return self._stagnating_rate if progress >= 0.1 else self._converging_rate

    def _move(self, step: np.ndarray) -> None:
        self._mean = self._mean + self._size * step
        rate = self._shape_path_rate
        push = np.sqrt(rate * (2 - rate) * self._effective)
        self._shape_path = (1 - rate) * self._shape_path + push * step

    def _reshape(self, pairs: np.ndarray, moves: bool) -> None:
        """Follow the natural gradient of D and v; mirrored candidates have the same one."""
        change, turn = natural_gradient(self._noise, self._shape_rate * pairs, self._direction)
        if moves:
            path, rate = self._shape_path / self._deviation, np.array([self._path_share])
            further = natural_gradient(path[None], rate, self._direction)
            change, turn = change + further[0], turn + further[1]
        self._direction = self._direction + turn
        self._deviation = self._deviation * (1 + change)

    def _root_of_determinant(self) -> float:
        """Return the d-th root of the determinant of the matrix that makes offsets of noise."""
        of_direction = np.log1p(self._direction @ self._direction) / (2 * self._direction.size)
        return float(np.exp(np.log(self._deviation).mean() + of_direction))


def natural_gradient(
    offsets: np.ndarray, weights: np.ndarray, v: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the weighted natural gradient of the log density, relative for D, and for v.

    For a Gaussian of the covariance matrix ``D (identity + v v.T) D``: Akimoto, Auger &
    Hansen 2014 (doi:10.1145/2576768.2598258), with their damping of the
    Fisher matrix where it is nearly singular. Time is linear in the number of offsets
    and parameters.

    Parameters
    ----------
    offsets : (offset, parameter) array
        Divided by D.
    weights : (offset,) array
    v : (parameter,) array
    """
    norm2 = float(v @ v)
    gamma, unit = 1 + norm2, v / np.sqrt(norm2)
    unit2 = unit**2
    along, total = offsets @ unit, weights.sum()
    sums = (weights * along) @ offsets
    turn = sums - unit * ((weights @ along**2 + gamma * total) / 2)
    change = weights @ offsets**2 - norm2 / gamma * unit * sums - total
    spread = (2 * gamma - np.sqrt(gamma)) / unit2.max()
    damping = min(1.0, np.sqrt(norm2**2 + spread) / (2 + norm2))
    change -= damping / gamma * ((2 + norm2) * turn * unit - norm2 * (unit @ turn) * unit2)
    b = 2 * damping**2 - (1 - damping**2) * norm2**2 / gamma
    inverse = 1 / (2 - (b + 2 * damping**2) * unit2)
    scaled = inverse * unit2
    change = change * inverse - b * (scaled @ change) / (1 + b * (unit2 @ scaled)) * scaled
    turn -= damping * ((2 + norm2) * change * unit - (unit2 @ change) * unit)
    return change, turn / np.sqrt(norm2)


def distance_weight(d: int) -> float:
    """Return how strongly distance counts among d parameters."""
    return brentq(lambda a: (1 + a**2) * np.exp(a**2 / 2) / 0.24 - 10 - d, 0, 20)
