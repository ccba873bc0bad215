"""LM-MA-ES: a transform of the noise made of a few vectors, for many parameters."""

import numpy as np

from neurotrain.errors import InvalidInput, require_whole
from neurotrain.optimizers.gaussian import AdaptedGaussian
from neurotrain.optimizers.noise import Chunks, row_chunks
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
    samples_from = ("mean", "size", "vectors", "updates")

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

    def _fill(self, rng: np.random.Generator, noise: np.ndarray, spread: np.ndarray) -> Chunks:
        """Fill `noise` with the offsets themselves."""
        used = min(int(self._updates), len(self._vectors))
        self._factors = Factors(self._vectors[:used], self._factor_rates[:used])
        self._spread = spread
        return self._factors.draw(rng, spread, noise)

    def _deviations(self) -> np.ndarray:
        # The transform is the identity but for what a few vectors add.
        return np.full(len(self._mean), np.prod(1 - self._factor_rates))

    def _learn(self, losses: np.ndarray) -> None:
        offset = weights_of(losses, self._weights) @ self._noise / self._spread
        self._mean = self._mean + self._size * offset
        step = self._factors.divide(offset)
        self._path = self._follow(self._path, self._path_rate, step)
        rates = self._vector_rates[:, None]
        self._vectors *= 1 - rates
        self._vectors += np.sqrt(self._effective * rates * (2 - rates)) * step
        ratio = float(self._path @ self._path) / len(self._path)
        self._size *= float(np.exp(self._path_rate / 2 * (ratio - 1)))
        self._updates += 1

    def _follow(self, path: np.ndarray, rate: np.ndarray | float, step: np.ndarray) -> np.ndarray:
        return (1 - rate) * path + np.sqrt(self._effective * rate * (2 - rate)) * step


class Factors:
    """The product of factors ``(1 - rate) identity + rate vector vector.T``, the first one first.

    In the basis of the vectors it is ``share * identity + V.T @ inner @ V`` for a row of noise
    that it is multiplied to from the right.

    Parameters
    ----------
    vectors : (vector, parameter) array
    rates : (vector,) array
        Between 0 and 1.
    """

    def __init__(self, vectors: np.ndarray, rates: np.ndarray) -> None:
        self._vectors, self._between = vectors, vectors @ vectors.T
        self._share, self._inner = 1.0, np.zeros((len(rates), len(rates)))
        for k, rate in enumerate(rates):
            along = self._inner @ self._between[:, k]
            along[k] += self._share
            self._share *= 1 - rate
            self._inner *= 1 - rate
            self._inner[:, k] += rate * along

    def multiply(self, noise: np.ndarray) -> np.ndarray:
        """Return the product for rows of noise, (row, parameter)."""
        return self._share * noise + noise @ self._vectors.T @ self._inner @ self._vectors

    def divide(self, offset: np.ndarray) -> np.ndarray:
        """Return the noise, (parameter,), whose product is `offset`."""
        small = self._share * np.eye(len(self._inner)) + self._inner @ self._between
        products = np.linalg.solve(small.T, self._vectors @ offset)
        return (offset - products @ self._inner @ self._vectors) / self._share

    def draw(self, rng: np.random.Generator, spread: np.ndarray, out: np.ndarray) -> Chunks:
        """Fill `out`, (row, parameter), as normal noise is after `multiply`; yield rows by and by.

        All is multiplied by `spread`, (parameter,).

        Not the noise's own product, but of the same distribution, at the cost of one product of
        matrices instead of two.
        """
        further = rng.standard_normal((len(out), len(self._inner))) @ self._root()
        # All at once: products of few rows are slow.
        np.matmul(further, self._vectors * spread, out=out)
        spread = self._share * spread
        for rows in row_chunks(*out.shape):
            noise = rng.standard_normal(out[rows].shape)
            noise *= spread
            out[rows] += noise
            yield rows, out[rows]

    def _root(self) -> np.ndarray:
        """Return A with ``V.T @ A.T @ A @ V``, what the covariance has beyond ``share**2``."""
        inner, between = self._inner, self._between
        beyond = self._share * (inner + inner.T) + inner.T @ between @ inner
        lengths, basis = np.linalg.eigh(between)
        # Vectors that follow from others span nothing of their own.
        known = lengths > 1e-12 * lengths.max(initial=0)
        root = np.sqrt(np.where(known, lengths, 1))
        orthonormal = (basis * root).T @ beyond @ (basis * root)
        orthonormal[~known], orthonormal[:, ~known] = 0, 0
        variances, axes = np.linalg.eigh(orthonormal)
        return (basis / root @ axes * np.sqrt(np.maximum(variances, 0))).T
