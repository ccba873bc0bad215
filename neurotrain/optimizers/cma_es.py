"""CMA-ES, by way of pycma, as a method whose every bit follows from the run's seed."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.optimizers.ask_tell import AskTell
from neurotrain.optimizers.checks import frozen, require_above_zero
from neurotrain.optimizers.pycma import SearchDistribution

# Learning a full covariance matrix takes about d**2 evaluations, so this many
# parameters need 10**5 of them; it also costs d**3 operations per update.
FULL_COVARIANCE_LIMIT = 300


class CMAES(AskTell):
    """Covariance matrix adaptation (Hansen 2016, arXiv:1604.00772), minimizing.

    Only the order of the losses counts; equal losses rank in a random order.
    Termination criteria are not consulted: whoever calls owns the loop. A distribution
    that collapsed to a point, or grew beyond 10**30 times the scale, stays as it is.

    The saved state is the history of losses, and loading it repeats all updates:
    that takes the time that the method itself took so far, without any
    simulation. On another processor or with another version of NumPy or pycma
    the repetition may end elsewhere; this is noticed and refused.

    Parameters
    ----------
    start, scale : (parameter,) array
        The first guess, and the natural scale of each parameter.
    seed : int
        The run's seed.
    population_size : int, optional
        Number of candidates, at least 4; by default ``4 + floor(3 ln d)`` for d
        parameters (Hansen 2016, equation 48).
    sigma : float
        First standard deviation of the candidates, in units of `scale`.
    diagonal : bool, optional
        Whether to learn only the diagonal of the covariance matrix (Ros & Hansen
        2008, doi:10.1007/978-3-540-87700-4_30); by default from
        `FULL_COVARIANCE_LIMIT` parameters on.

    Raises
    ------
    InvalidInput
        If an option lies outside its range.
    """

    def __init__(
        self,
        start: np.ndarray,
        scale: np.ndarray,
        *,
        seed: int,
        population_size: int | None = None,
        sigma: float = 0.5,
        diagonal: bool | None = None,
    ) -> None:
        if population_size is None:
            population_size = 4 + int(3 * np.log(max(np.size(start), 1)))
        super().__init__(start, scale, seed=seed, population_size=population_size)
        if population_size < 4:
            raise InvalidInput(
                f"population_size of cma-es must be at least 4, got {population_size}."
            )
        require_above_zero("sigma", sigma)
        self.sigma = sigma
        self.diagonal = (
            self._start.size >= FULL_COVARIANCE_LIMIT if diagonal is None else bool(diagonal)
        )
        self._losses: list[np.ndarray] = []
        self._distribution = self._new_distribution()

    def _new_distribution(self) -> SearchDistribution:
        return SearchDistribution(self._start.size, self.sigma, self.population_size, self.diagonal)

    @property
    def guess(self) -> np.ndarray:
        """The mean of the distribution, a read-only (parameter,) array."""
        return frozen(self._start + self._scale * self._distribution.mean)

    def _sample(self) -> np.ndarray:
        candidates = self._distribution.draw(self._rng(self.generation))
        candidates *= self._scale
        candidates += self._start
        return candidates

    def _update(self, losses: np.ndarray) -> None:
        self._distribution.learn(losses)
        self._losses.append(losses)

    def _own_state(self) -> dict[str, Any]:
        return {"losses": np.reshape(self._losses, (-1, self.population_size))}

    def _restore(self, state: Mapping[str, np.ndarray]) -> None:
        history = [np.array(losses, dtype=float) for losses in state["losses"]]
        distribution = self._new_distribution()
        for generation, losses in enumerate(history):
            distribution.draw(self._rng(generation))
            distribution.learn(losses)
        self._check_repetition(self._start + self._scale * distribution.mean, state["guess"])
        self._distribution, self._losses = distribution, history

    def _check_repetition(self, repeated: np.ndarray, saved: np.ndarray) -> None:
        # Rounding may differ between machines and does no harm; another path would.
        apart = np.abs(repeated - saved) / (self._scale * self.sigma + np.abs(saved))
        if not apart.max() < 1e-6:
            raise InvalidInput(
                "Repeating the generations of cma-es did not lead back to the saved guess: "
                "resume with the same start, scale and options, the same versions of NumPy "
                "and pycma, and on the same kind of processor."
            )
