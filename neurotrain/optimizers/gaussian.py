"""What methods share that adapt a Gaussian: its place, its size, and when it is past learning."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from neurotrain.errors import InvalidInput, require_number
from neurotrain.optimizers.ask_tell import AskTell
from neurotrain.optimizers.blas import on_one_thread
from neurotrain.optimizers.checks import frozen
from neurotrain.optimizers.noise import Chunks
from neurotrain.optimizers.recombination import default_population_size

# Standard deviations of candidates beyond which nothing is learnt anymore: arithmetic
# overflows not far from there.
NARROWEST, WIDEST = 1e-30, 1e30
# Relative to the mean: below, steps of the mean vanish in rounding.
UNRESOLVED = 1e-13


def can_learn(deviations: np.ndarray, mean: np.ndarray) -> bool:
    """Whether candidates still differ, and their arithmetic is sound.

    Parameters
    ----------
    deviations : (parameter,) array
        Standard deviations of the candidates.
    mean : (parameter,) array
    """
    resolved = deviations.max() > UNRESOLVED * np.abs(mean).max()
    return bool(deviations.min() > NARROWEST and deviations.max() < WIDEST and resolved)


class AdaptedGaussian(AskTell):
    """A Gaussian around `guess` whose size and shape are learnt.

    All that is learnt is kept in units of `scale`, as an offset from `start`. Like a
    generation of failures, one of a distribution that collapsed to a point or grew
    beyond 10**30 times the scale teaches nothing.

    Parameters
    ----------
    population_size : int or None
        At least 4; None stands for ``4 + floor(3 ln d)``.
    sigma : float
        First standard deviation, in units of `scale`.
    """

    # Attributes of the subclass, arrays and numbers, that are its state.
    learnt: ClassVar[tuple[str, ...]]

    def __init__(
        self,
        start: np.ndarray,
        scale: np.ndarray,
        *,
        seed: int,
        population_size: int | None,
        sigma: float,
    ) -> None:
        if population_size is None:
            population_size = default_population_size(np.size(start))
        super().__init__(start, scale, seed=seed, population_size=population_size)
        if population_size < 4:
            raise InvalidInput(f"population_size must be at least 4, got {population_size}.")
        require_number("sigma", sigma, above=0)
        self.sigma = float(sigma)
        self._mean, self._size = np.zeros(self._start.size), self.sigma
        # Redrawing it would cost as much as all else that is done with it.
        self._noise = np.empty((0, self._start.size))

    @property
    def guess(self) -> np.ndarray:
        """The mean of the distribution, a read-only (parameter,) array."""
        return frozen(self._start + self._scale * self._mean)

    @abstractmethod
    def _fill(self, rng: np.random.Generator, noise: np.ndarray, spread: np.ndarray) -> Chunks:
        """Fill `noise`, one row for each candidate or mirrored pair, and yield offsets by and by.

        Offsets, in units of the parameters, are used at once, while they are in the cache.

        Parameters
        ----------
        rng : Generator
        noise : (row, parameter) array
            Held until the losses are told, of whatever form the subclass learns from.
        spread : (parameter,) array
            By what offsets are multiplied: size and scale.
        """

    @abstractmethod
    def _deviations(self) -> np.ndarray:
        """Return the standard deviations of offsets in units of size and scale, (parameter,)."""

    @abstractmethod
    def _learn(self, losses: np.ndarray) -> None:
        """Learn from the losses of the candidates that were made of the noise."""

    @on_one_thread
    def _sample(self) -> np.ndarray:
        if not self._noise.size:
            self._noise = np.empty((self._rows(), self._start.size))
        candidates = np.empty((self.population_size, self._start.size))
        guess, spread = self.guess, self._size * self._scale
        for rows, offsets in self._fill(self._rng(self.generation), self._noise, spread):
            if self._rows() == self.population_size:
                np.add(guess, offsets, out=candidates[rows])
            else:
                pairs = candidates[2 * rows.start : 2 * rows.stop]
                np.add(guess, offsets, out=pairs[0::2])
                np.subtract(guess, offsets, out=pairs[1::2])
        return candidates

    def _rows(self) -> int:
        """Return the number of rows of noise: by default one for each candidate."""
        return self.population_size

    @on_one_thread
    def _update(self, losses: np.ndarray) -> None:
        if np.isfinite(losses).any() and can_learn(self._size * self._deviations(), self._mean):
            self._learn(losses)

    def _own_state(self) -> dict[str, Any]:
        return {name.strip("_"): getattr(self, name) for name in ("_mean", "_size", *self.learnt)}

    def _restore(self, state: Mapping[str, np.ndarray]) -> None:
        for name in ("_mean", "_size", *self.learnt):
            value = np.array(state[name.strip("_")], dtype=float)
            setattr(self, name, value if value.ndim else float(value))
