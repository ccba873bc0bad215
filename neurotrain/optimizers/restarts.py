"""Restarts of a strategy that converged or stagnates, with other numbers of candidates."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from neurotrain.optimizers.replay import Strategy
from neurotrain.optimizers.shaping import failures_last

RESTARTS = ("none", "ipop", "bipop")
# Change of the lowest loss within which it counts as standing still, as in pycma.
STILL = 1e-12


class Exhaustible(Strategy, Protocol):
    """A strategy that tells when its distribution has nothing left to learn."""

    @property
    def is_exhausted(self) -> bool: ...


class Stagnation:
    """Whether the losses of a run no longer fall.

    Either the lowest loss stood still for ``10 + ceil(30 d / candidates)`` generations
    (Auger & Hansen 2005, section 2, doi:10.1109/CEC.2005.1554902), or both the lowest
    and the median loss are no better at the end than at the beginning of the last fifth
    of the run, compared by the medians of 30 % of it (Hansen 2009, section 2,
    doi:10.1145/1570256.1570333).

    Parameters
    ----------
    size, population_size : int
        Number of parameters and of candidates.
    """

    def __init__(self, size: int, population_size: int) -> None:
        self._window = 10 + int(np.ceil(30 * size / population_size))
        self._least = 120 + 30 * size // population_size
        self._history: list[tuple[float, float]] = []

    def note(self, losses: np.ndarray) -> None:
        """Take note of one generation's (candidate,) losses, at least one of them finite."""
        losses = failures_last(losses)
        self._history.append((losses.min(), np.median(losses[np.isfinite(losses)])))

    @property
    def stands_still(self) -> bool:
        """Whether it is time to restart."""
        if len(self._history) < self._window:
            return False
        if np.ptp([lowest for lowest, _ in self._history[-self._window :]]) < STILL:
            return True
        length = min(max(self._least, len(self._history) // 5), 20_000)
        if len(self._history) < length:
            return False
        recent = np.array(self._history[-length:])
        part = max(1, int(0.3 * length))
        before, after = np.median(recent[:part], axis=0), np.median(recent[-part:], axis=0)
        return bool((after >= before).all())


class Restarted:
    """A strategy that begins anew, again and again.

    With ``'ipop'`` every run has twice as many candidates as the one before (Auger &
    Hansen 2005). With ``'bipop'`` such runs take turns with small and narrow ones so
    that both kinds get as many evaluations; a small run ends at half of those of the
    last large one (Hansen 2009). Every run begins at a new point, drawn from the first
    distribution.

    Parameters
    ----------
    make : callable
        ``make(center, sigma, population_size)`` returns a strategy whose first mean is
        `center`, (parameter,).
    size, population_size : int
        Number of parameters, and of candidates of the first run.
    sigma : float
        First standard deviation of the first run and of the large ones.
    kind : {'ipop', 'bipop'}
    """

    def __init__(
        self,
        make: Callable[[np.ndarray, float, int], Exhaustible],
        size: int,
        population_size: int,
        sigma: float,
        kind: str,
    ) -> None:
        self._make, self._size, self._sigma, self._kind = make, size, sigma, kind
        self._first = self._largest = population_size
        self._spent = {"large": 0, "small": 0}
        self._last_large = self._evaluations = 0
        self._best = (np.inf, np.zeros(size))
        # Like every run but the large ones, the first is accounted for as a small one.
        self._begin(np.zeros(size), sigma, population_size, "small")

    def _begin(self, center: np.ndarray, sigma: float, population_size: int, regime: str) -> None:
        self.population_size, self._regime = population_size, regime
        self._run = self._make(center, sigma, population_size)
        self._stagnation = Stagnation(self._size, population_size)
        self._lowest, self._evaluations = np.inf, 0

    @property
    def mean(self) -> np.ndarray:
        """The mean of the run in which the median loss of a generation was lowest."""
        return self._run.mean if self._lowest <= self._best[0] else self._best[1]

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Return new offsets, (candidate, parameter)."""
        self._rng = rng
        return self._run.draw(rng)

    def learn(self, losses: np.ndarray) -> None:
        """Learn from the (candidate,) losses, and begin the next run if this one is over."""
        self._run.learn(losses)
        self._evaluations += len(losses)
        if np.isfinite(losses).any():
            self._lowest = min(self._lowest, float(np.median(losses[np.isfinite(losses)])))
            self._stagnation.note(losses)
            if self._is_over:
                self._restart()

    @property
    def _is_over(self) -> bool:
        # The first run is small too, and no large one was there to measure it by.
        spent = self._last_large and self._evaluations >= self._last_large / 2
        is_spent = self._regime == "small" and bool(spent)
        return is_spent or self._run.is_exhausted or self._stagnation.stands_still

    def _restart(self) -> None:
        if self._lowest <= self._best[0]:
            self._best = (self._lowest, self._run.mean.copy())
        self._spent[self._regime] += self._evaluations
        if self._regime == "large":
            self._last_large = self._evaluations
        center = self._sigma * self._rng.standard_normal(self._size)
        if self._kind == "bipop" and self._spent["small"] < self._spent["large"]:
            width, exponent = self._rng.random(2) ** (1, 2)
            share = 0.5 * self._largest / self._first
            few = int(self._first * share**exponent)
            self._begin(center, self._sigma * 10 ** (-2 * width), few, "small")
        else:
            self._largest *= 2
            self._begin(center, self._sigma, self._largest, "large")
