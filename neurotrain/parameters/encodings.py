"""Low-dimensional encodings: many weights from few searched coordinates."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from neurotrain.errors import InvalidInput, require_whole
from neurotrain.seeding import structure_generator


@dataclass(frozen=True)
class RandomSubspace:
    """Search a random subspace through the initial values.

    Li, Farkhoor, Liu and Yosinski (2018), arXiv:1804.08838, equation 2: ``x = x_0 + P z`` with a
    fixed random P whose columns are of equal length. Both x_0 and P follow from `seed` and are
    kept nowhere; they are part of the circuit, the same for every seed of a run.

    Parameters
    ----------
    dimensions : int
        Number of searched coordinates z.
    seed : int
        From which x_0 and P follow.
    """

    dimensions: int
    seed: int = 0

    def __post_init__(self) -> None:
        require_whole("dimensions of a RandomSubspace", self.dimensions)
        require_whole("seed of a RandomSubspace", self.seed, 0)


@dataclass(frozen=True)
class LowRank:
    """Search the factors of a matrix of weights, ``W = U V^T / sqrt(rank)``.

    The entries of U (postsynaptic, rank) and V (presynaptic, rank) are searched; where they are
    of variance 1, those of W have the mean and variance of the initial distribution.

    Parameters
    ----------
    rank : int
        Number of columns of U and V.
    """

    rank: int

    def __post_init__(self) -> None:
        require_whole("rank of a LowRank", self.rank)


Encoding = RandomSubspace | LowRank


class Expansion(Protocol):
    """From the searched coordinates (..., size) to one coordinate for each entry."""

    size: int

    def expand(self, coordinates: np.ndarray) -> np.ndarray:
        """Return (..., entry)."""
        ...

    def pull_back(self, coordinates: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Return the derivatives (..., size) by coordinates from those by entries (..., entry)."""
        ...

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Return where a search begins, (size,)."""
        ...

    def described(self) -> tuple[str, np.ndarray]:
        """Return what distinguishes it from others, for fingerprints."""
        ...


@dataclass(frozen=True, eq=False)
class SubspaceExpansion:
    """``origin + scale * P z``: where z has variance 1, so has the change in units of `scale`."""

    encoding: RandomSubspace
    name: str
    origin: np.ndarray
    scale: float

    def __post_init__(self) -> None:
        if self.encoding.dimensions > self.origin.size:
            raise InvalidInput(
                f"A RandomSubspace of {self.encoding.dimensions} dimensions is larger than "
                f"'{self.name}' with {self.origin.size} free values; take fewer dimensions."
            )

    @property
    def size(self) -> int:
        """Number of searched coordinates."""
        return self.encoding.dimensions

    @cached_property
    def _projection(self) -> np.ndarray:
        """P, (entry, coordinate), with columns of length sqrt(entries/coordinates)."""
        rng = structure_generator(self.encoding.seed, self.name, "projection")
        projection = rng.standard_normal((self.origin.size, self.size))
        length = np.sqrt((projection**2).sum(axis=0))
        return projection * np.sqrt(self.origin.size / self.size) / length

    def expand(self, coordinates: np.ndarray) -> np.ndarray:
        """Return (..., entry)."""
        # Unlike a product by BLAS, the same to the last bit for any number of candidates.
        step = np.einsum("...k,ek->...e", coordinates, self._projection)
        return self.origin + self.scale * step

    def pull_back(self, coordinates: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Return the derivatives (..., size) by coordinates from those by entries (..., entry)."""
        return self.scale * np.einsum("...e,ek->...k", gradient, self._projection)

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Return zeros: a search begins at the initial values."""
        return np.zeros(self.size)

    def described(self) -> tuple[str, np.ndarray]:
        """Return encoding, scale and origin."""
        return f"{self.encoding!r} {self.scale!r}", self.origin


@dataclass(frozen=True, eq=False)
class FactorExpansion:
    """``center + scale * sum_r U[post, r] V[pre, r] / sqrt(rank)`` for entries from pre to post."""

    encoding: LowRank
    post: np.ndarray
    pre: np.ndarray
    n_post: int
    n_pre: int
    center: float
    scale: float

    @property
    def size(self) -> int:
        """Number of entries of U and V."""
        return self.encoding.rank * (self.n_post + self.n_pre)

    def expand(self, coordinates: np.ndarray) -> np.ndarray:
        """Return (..., entry)."""
        rank = self.encoding.rank
        left, right = self._factors(coordinates)
        # One rank at a time: all together would take rank times the memory of the weights.
        total = np.zeros((*coordinates.shape[:-1], self.post.size))
        for k in range(rank):
            total += left[..., self.post, k] * right[..., self.pre, k]
        return self.center + self.scale / np.sqrt(rank) * total

    def _factors(self, coordinates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return U, (..., postsynaptic, rank), and V, (..., presynaptic, rank)."""
        rank, split = self.encoding.rank, self.encoding.rank * self.n_post
        left = coordinates[..., :split].reshape(*coordinates.shape[:-1], self.n_post, rank)
        right = coordinates[..., split:].reshape(*coordinates.shape[:-1], self.n_pre, rank)
        return left, right

    def pull_back(self, coordinates: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Return the derivatives (..., size) by coordinates from those by entries (..., entry)."""
        result = np.empty_like(coordinates)
        left, right = self._factors(coordinates)
        by_left, by_right = self._factors(result)
        weighted = self.scale / np.sqrt(self.encoding.rank) * gradient
        for k in range(self.encoding.rank):
            by_left[..., k] = summed(weighted * right[..., self.pre, k], self.post, self.n_post)
            by_right[..., k] = summed(weighted * left[..., self.post, k], self.pre, self.n_pre)
        return result

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Return normal factors of variance 1."""
        return rng.standard_normal(self.size)

    def described(self) -> tuple[str, np.ndarray]:
        """Return encoding, center and scale."""
        return f"{self.encoding!r} {self.center!r} {self.scale!r}", np.empty(0)


def summed(values: np.ndarray, group: np.ndarray, n_groups: int) -> np.ndarray:
    """Return the sum of values (..., entry) in each group, (..., group)."""
    total = np.zeros((*values.shape[:-1], n_groups))
    np.add.at(total, (..., group), values)
    return total
