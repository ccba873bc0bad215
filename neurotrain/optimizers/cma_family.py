"""What CMA-ES and its relatives have in common."""

import numpy as np

from neurotrain.errors import InvalidInput, require_name
from neurotrain.optimizers.recombination import default_population_size
from neurotrain.optimizers.replay import Replayed, Strategy
from neurotrain.optimizers.restarts import RESTARTS, Exhaustible, Restarted
from neurotrain.optimizers.separable import SeparableDistribution


class CMAFamily(Replayed):
    """Covariance matrix adaptation as a function of the run's seed, by pycma but for diagonals.

    Only the order of the losses counts; equal losses rank in a random order. Without
    restarts, termination criteria are not consulted: whoever calls owns the loop. A
    distribution that collapsed to a point, or grew beyond 10**30 times the scale, then
    stays as it is.

    Parameters
    ----------
    population_size : int or None
        At least 4; None stands for ``4 + floor(3 ln d)``.
    restarts : {'none', 'ipop', 'bipop'}
        See `Restarted`; `population_size` changes with every restart.
    """

    libraries = "NumPy and pycma"
    # What of the covariance matrix is learnt: "diagonal", "full" or "vkd".
    covariance: str = "full"

    def __init__(
        self,
        start: np.ndarray,
        scale: np.ndarray,
        *,
        seed: int,
        population_size: int | None = None,
        sigma: float = 0.5,
        restarts: str = "none",
    ) -> None:
        if population_size is None:
            population_size = default_population_size(np.size(start))
        super().__init__(start, scale, seed=seed, population_size=population_size, sigma=sigma)
        if population_size < 4:
            raise InvalidInput(f"population_size must be at least 4, got {population_size}.")
        require_name("kind of restarts", restarts, RESTARTS)
        self.restarts = restarts
        self._begin()

    def _run(self, center: np.ndarray, sigma: float, population_size: int) -> Exhaustible:
        if self.covariance == "diagonal":
            return SeparableDistribution(center, sigma, population_size)
        # pycma takes its time to import.
        from neurotrain.optimizers.pycma import SearchDistribution

        return SearchDistribution(center, sigma, population_size, self.covariance)

    def _new_strategy(self) -> Strategy:
        size, number = self._start.size, self._first_population_size
        if self.restarts == "none":
            return self._run(np.zeros(size), self.sigma, number)
        return Restarted(self._run, size, number, self.sigma, self.restarts)
