"""Random search: the control for every method that learns."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurotrain.errors import require_number
from neurotrain.optimizers.ask_tell import AskTell


class RandomSearch(AskTell):
    """Random search: candidates around the start, of which the best is the guess.

    Nothing is learnt from losses: what a method finds beyond this, it owes to learning.

    Parameters
    ----------
    start, scale : (parameter,) array
        The middle of the candidates, and the natural scale of each parameter.
    seed : int
        The run's seed.
    population_size : int
        Number of candidates.
    sigma : float
        Standard deviation of the candidates, in units of `scale`.

    Raises
    ------
    InvalidInput
        If an option lies outside its range.
    """

    samples_from = ()

    def __init__(
        self,
        start: np.ndarray,
        scale: np.ndarray,
        *,
        seed: int,
        population_size: int = 64,
        sigma: float = 1.0,
    ) -> None:
        super().__init__(start, scale, seed=seed, population_size=population_size)
        require_number("sigma", sigma, above=0)
        self.sigma = sigma

    @property
    def guess(self) -> np.ndarray:
        """The best candidate so far, or else the start; a read-only (parameter,) array."""
        return self.best[0]

    def _sample(self) -> np.ndarray:
        spread, rng = self.sigma * self._scale, self._rng(self.generation)
        candidates = np.empty((self.population_size, self._start.size))
        for candidate in candidates:
            rng.standard_normal(out=candidate)
            candidate *= spread
            candidate += self._start
        return candidates

    def _update(self, losses: np.ndarray) -> None:
        """Learn nothing: the best candidate is kept for every method."""

    def _own_state(self) -> dict[str, Any]:
        return {}

    def _restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Restore nothing besides what every method keeps."""
