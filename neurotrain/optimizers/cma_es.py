"""CMA-ES, by way of pycma, as a method whose every bit follows from the run's seed."""

import warnings
from collections.abc import Mapping
from typing import Any

import cma
import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.optimizers.ask_tell import AskTell
from neurotrain.optimizers.checks import frozen, require_above_zero
from neurotrain.optimizers.shaping import ordinal_ranks

# Learning a full covariance matrix takes about d**2 evaluations, so this many
# parameters need 10**5 of them; it also costs d**3 operations per update.
FULL_COVARIANCE_LIMIT = 300

# Standard deviations of candidates, in units of scale, beyond which nothing is
# learnt anymore: pycma's own arithmetic overflows not far from there.
NARROWEST, WIDEST = 1e-30, 1e30


class CMAES(AskTell):
    """Covariance matrix adaptation (Hansen 2016, arXiv:1604.00772), minimizing.

    Only the order of the losses counts; equal losses rank in the order of their
    candidates. Termination criteria are not consulted: whoever calls owns the loop.
    A distribution that collapsed below `NARROWEST` or grew beyond `WIDEST` stays as
    it is.

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
        self._offsets: list[np.ndarray] = []
        self._strategy = self._new_strategy()

    def _new_strategy(self) -> cma.CMAEvolutionStrategy:
        options = {
            "popsize": self.population_size,
            "CMA_diagonal": self.diagonal,
            "randn": self._randn,
            "seed": np.nan,  # anything else seeds NumPy's global generator, 0 from the clock
            "verbose": -10,
            "verb_log": 0,
        }
        with warnings.catch_warnings():  # pycma adds to the filters of the whole process
            return cma.CMAEvolutionStrategy(np.zeros(self._start.size), self.sigma, options)

    def _randn(self, *shape: int) -> np.ndarray:
        return self._normal(shape)

    @property
    def guess(self) -> np.ndarray:
        """The mean of the distribution, a read-only (parameter,) array."""
        return frozen(self._start + self._scale * self._strategy.mean)

    def _draw(self, strategy: cma.CMAEvolutionStrategy, generation: int) -> list[np.ndarray]:
        self._normal = self._rng(generation).standard_normal
        return strategy.ask()

    def _sample(self) -> np.ndarray:
        self._offsets = self._draw(self._strategy, self.generation)
        candidates = np.array(self._offsets)
        candidates *= self._scale
        candidates += self._start
        return candidates

    def tell(self, losses: np.ndarray) -> None:
        """Learn from the (candidate,) losses; those not finite mark failed candidates."""
        super().tell(losses)
        self._losses.append(np.array(losses, dtype=float))

    def _update(self, losses: np.ndarray) -> None:
        _learn(self._strategy, self._offsets, losses)

    def _own_state(self) -> dict[str, Any]:
        return {"losses": np.reshape(self._losses, (-1, self.population_size))}

    def _restore(self, state: Mapping[str, np.ndarray]) -> None:
        history = [np.array(losses, dtype=float) for losses in state["losses"]]
        strategy = self._new_strategy()
        for generation, losses in enumerate(history):
            offsets = self._draw(strategy, generation)
            if np.isfinite(losses).any():
                _learn(strategy, offsets, losses)
        self._check_repetition(self._start + self._scale * strategy.mean, state["guess"])
        self._strategy, self._losses = strategy, history

    def _check_repetition(self, repeated: np.ndarray, saved: np.ndarray) -> None:
        # Rounding may differ between machines and does no harm; another path would.
        apart = np.abs(repeated - saved) / (self._scale * self.sigma + np.abs(saved))
        if not apart.max() < 1e-6:
            raise InvalidInput(
                "Repeating the generations of cma-es did not lead back to the saved guess: "
                "resume with the same start, scale and options, the same versions of NumPy "
                "and pycma, and on the same kind of processor."
            )


def _learn(
    strategy: cma.CMAEvolutionStrategy, offsets: list[np.ndarray], losses: np.ndarray
) -> None:
    """Update the distribution, unless it already collapsed or grew beyond all numbers."""
    stds = strategy.stds
    if stds.min() > NARROWEST and stds.max() < WIDEST:
        # Ranks instead of losses: pycma replaces NaN by the median and warns.
        strategy.tell(offsets, ordinal_ranks(losses).tolist())
