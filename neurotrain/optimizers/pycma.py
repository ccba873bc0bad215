"""pycma's strategies, made a function of our noise and the order of the losses alone."""

import warnings
from typing import Any

import cma
import numpy as np
from cma.restricted_gaussian_sampler import GaussVkDSampler

from neurotrain.optimizers.blas import on_one_thread
from neurotrain.optimizers.gaussian import can_learn
from neurotrain.optimizers.shaping import ordinal_ranks

# Criteria on losses, which are left to us: pycma is told ranks.
_WITHOUT_LOSSES = {"tolfun": -1, "tolfunhist": -1, "tolstagnation": 0, "tolflatfitness": np.inf}


class SearchDistribution:
    """The distribution of candidates' offsets from the start, in units of scale.

    Parameters
    ----------
    center : (parameter,) array
        The first mean.
    sigma : float
        First standard deviation.
    population_size : int
        Number of candidates.
    covariance : {'full', 'vkd'}
        What of the covariance matrix is learnt; ``'vkd'``: a diagonal and a few
        directions, as many as help.
    """

    def __init__(
        self, center: np.ndarray, sigma: float, population_size: int, covariance: str
    ) -> None:
        self.population_size = population_size
        options = {
            "popsize": population_size,
            "CMA_mirrors": 0,  # so that all candidates of a small population are independent
            "randn": self._normal,
            "seed": np.nan,  # says that pycma shall seed nothing; 0 would mean the clock
            "verbose": -10,
            **_WITHOUT_LOSSES,
        }
        if covariance == "vkd":
            options = self._restricted(options)
        with warnings.catch_warnings():  # pycma adds to the filters of the whole process
            self._strategy = cma.CMAEvolutionStrategy(center, sigma, options)

    def _normal(self, *shape: int) -> np.ndarray:
        return self._rng.standard_normal(shape)

    def _restricted(self, options: dict[str, Any]) -> dict[str, Any]:
        options = GaussVkDSampler.extend_cma_options(options)
        # Otherwise it uses the global generator.
        return options | {"CMA_sampler_options": {"randn": self._normal}}

    @property
    def mean(self) -> np.ndarray:
        """The mean, (parameter,)."""
        return self._strategy.mean

    @property
    def is_exhausted(self) -> bool:
        """Whether pycma's own criteria, those without losses, call for a restart."""
        return bool(self._strategy.countiter and self._strategy.stop()) or not self._can_learn()

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
        if np.isfinite(losses).any() and self._can_learn():
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

    def _can_learn(self) -> bool:
        return can_learn(self._strategy.stds, self._strategy.mean)
