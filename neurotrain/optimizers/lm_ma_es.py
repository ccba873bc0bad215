"""LM-MA-ES: a transform of the noise made of a few vectors, for many parameters."""

import numpy as np

from neurotrain.errors import InvalidInput, require_whole
from neurotrain.optimizers.gaussian import AdaptedGaussian
from neurotrain.optimizers.recombination import (
    default_population_size,
    effective_number,
    weights_of,
)


class LMMAES(AdaptedGaussian):
    """Limited-memory matrix adaptation (Loshchilov, Glasmachers & Beyer 2019), minimizing.

    Algorithm 1 of doi:10.1109/TEVC.2018.2855049. Noise is multiplied by one factor
    ``(1 - c) identity + c m m.T`` for each of a few vectors m, which follow the steps of
    the guess with memories of different length. It is meant for many parameters: with so few
    that its rates lie above 1, those of CMA-ES take their place.

    Parameters
    ----------
    start, scale : (parameter,) array
        The first guess, and the natural scale of each parameter; at least two parameters.
    seed : int
        The run's seed.
    population_size : int, optional
        Number of candidates, at least 4; by default ``4 + floor(3 ln d)`` for d parameters.
    sigma : float
        First standard deviation of the candidates, in units of `scale`.
    vectors : int, optional
        Number of vectors; by default ``4 + floor(3 ln d)``.

    Raises
    ------
    InvalidInput
        If an option lies outside its range.
    """

    learnt = ("_path", "_vectors", "_updates")

    def __init__(
        self,
        start: np.ndarray,
        scale: np.ndarray,
        *,
        seed: int,
        population_size: int | None = None,
        sigma: float = 0.5,
        vectors: int | None = None,
    ) -> None:
        super().__init__(start, scale, seed=seed, population_size=population_size, sigma=sigma)
        size, number = self._start.size, self.population_size
        if size < 2:
            raise InvalidInput("lm-ma-es needs at least 2 parameters; for one, choose cma-es.")
        if vectors is None:
            vectors = default_population_size(size)
        require_whole("vectors", vectors)
        parents = number // 2
        weights = np.log(parents + 0.5) - np.log(np.arange(1, number + 1))
        weights[parents:] = 0
        self._weights = weights / weights.sum()
        self._effective = effective_number(self._weights)
        self._path_rate, longest = self._rates(size, number)
        order = np.arange(vectors)
        self._factor_rates = 1 / (1.5**order * size)
        self._vector_rates = longest / 4.0**order
        self._path, self._vectors = np.zeros(size), np.zeros((vectors, size))
        self._updates = 0.0

    def _rates(self, size: int, number: int) -> tuple[float, float]:
        """Return the rates of the path that controls the size, and of the quickest vector."""
        path, vector, effective = 2 * number / size, number / size, self._effective
        # Hansen 2016, equations 55 and 56.
        if path > 1:
            path = (effective + 2) / (size + effective + 5)
        if vector > 1:
            vector = (4 + effective / size) / (size + 4 + 2 * effective / size)
        return path, vector

    def _draw(self, rng: np.random.Generator) -> np.ndarray:
        return rng.standard_normal((self.population_size, self._start.size))

    def _transform(self, noise: np.ndarray) -> np.ndarray:
        used = min(int(self._updates), len(self._vectors))
        return multiply_factors(noise, self._vectors[:used], self._factor_rates[:used])

    def _offsets(self) -> np.ndarray:
        return self._transform(self._noise)

    def _deviations(self) -> np.ndarray:
        # The transform is the identity but for what a few vectors add.
        return np.full(len(self._mean), np.prod(1 - self._factor_rates))

    def _learn(self, losses: np.ndarray) -> None:
        step = weights_of(losses, self._weights) @ self._noise
        self._mean = self._mean + self._size * self._transform(step[None])[0]
        self._path = self._follow(self._path, self._path_rate, step)
        rates = self._vector_rates[:, None]
        self._vectors = self._follow(self._vectors, rates, step)
        ratio = float(self._path @ self._path) / len(self._path)
        self._size *= float(np.exp(self._path_rate / 2 * (ratio - 1)))
        self._updates += 1

    def _follow(self, path: np.ndarray, rate: np.ndarray | float, step: np.ndarray) -> np.ndarray:
        return (1 - rate) * path + np.sqrt(self._effective * rate * (2 - rate)) * step


def multiply_factors(noise: np.ndarray, vectors: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """Return noise times one factor after the other, (candidate, parameter).

    A factor is ``(1 - rate) identity + rate vector vector.T``. They are multiplied in the
    basis of the vectors, so that parameters are gone through twice instead of once for
    each vector.

    Parameters
    ----------
    noise : (candidate, parameter) array
    vectors : (vector, parameter) array
    rates : (vector,) array
    """
    products, between = noise @ vectors.T, vectors @ vectors.T
    share, added = 1.0, np.zeros(products.shape)
    for k, rate in enumerate(rates):
        along = share * products[:, k] + added @ between[:, k]
        share *= 1 - rate
        added *= 1 - rate
        added[:, k] += rate * along
    return share * noise + added @ vectors
