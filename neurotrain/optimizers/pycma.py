"""pycma's strategy, made a function of our noise and the order of the losses alone."""

import warnings

import cma
import numpy as np
from threadpoolctl import ThreadpoolController

from neurotrain.optimizers.shaping import ordinal_ranks

# Standard deviations of candidates beyond which nothing is learnt anymore: pycma's
# own arithmetic overflows not far from there.
NARROWEST, WIDEST = 1e-30, 1e30
# Relative to the mean: below, steps of the mean vanish in rounding.
UNRESOLVED = 1e-13

# BLAS rounds differently on another number of threads, and matrices as small as these
# are slower on many.
on_one_thread = ThreadpoolController().wrap(limits=1, user_api="blas")


class SearchDistribution:
    """The distribution of candidates' offsets from the start, in units of scale.

    Parameters
    ----------
    size : int
        Number of parameters.
    sigma : float
        First standard deviation.
    population_size : int
        Number of candidates.
    diagonal : bool
        Whether only the diagonal of the covariance matrix is learnt.
    """

    def __init__(self, size: int, sigma: float, population_size: int, diagonal: bool) -> None:
        options = {
            "popsize": population_size,
            "CMA_diagonal": diagonal,
            "CMA_mirrors": 0,  # so that all candidates of a small population are independent
            "randn": lambda *shape: self._rng.standard_normal(shape),
            "seed": np.nan,  # says that pycma shall seed nothing; 0 would mean the clock
            "verbose": -10,
        }
        with warnings.catch_warnings():  # pycma adds to the filters of the whole process
            self._strategy = cma.CMAEvolutionStrategy(np.zeros(size), sigma, options)

    @property
    def mean(self) -> np.ndarray:
        """The mean, (parameter,)."""
        return self._strategy.mean

    @on_one_thread
    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Return new offsets, (candidate, parameter)."""
        self._rng = rng
        self._directions = [step.copy() for step in self._strategy.pop_injection_directions]
        self._offsets = self._strategy.ask()
        return np.array(self._offsets)

    @on_one_thread
    def learn(self, losses: np.ndarray) -> None:
        """Update the distribution with the (candidate,) losses of the offsets drawn last."""
        if np.isfinite(losses).any() and self._alive():
            # Ranks instead of losses, as pycma takes NaN for the median. Ties are broken
            # at random, as step-size adaptation compares the first two candidates.
            ranks = ordinal_ranks(losses, self._rng.random(len(losses)))
            self._strategy.tell(self._offsets, ranks.tolist())
        else:
            self._take_back()

    def _take_back(self) -> None:
        """Undo what asking changed, as telling would have used it up."""
        strategy = self._strategy
        strategy.pop_injection_directions = self._directions
        for archive in (strategy.sent_solutions, strategy._injected_solutions_archive):
            archive.clear()

    def _alive(self) -> bool:
        stds = self._strategy.stds
        resolved = stds.max() > UNRESOLVED * np.abs(self._strategy.mean).max()
        return bool(stds.min() > NARROWEST and stds.max() < WIDEST and resolved)
