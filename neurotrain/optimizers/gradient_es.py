"""What evolution strategies that follow an estimated gradient have in common."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np

from neurotrain.errors import require_number
from neurotrain.optimizers.ask_tell import AskTell
from neurotrain.optimizers.descent import Descent


class GradientES(AskTell):
    """An evolution strategy whose guess moves by `Descent`.

    A subclass sets `_descent`, samples around the guess, and estimates a gradient.

    Parameters
    ----------
    start, scale, seed, population_size
        Those of `AskTell`.
    sigma : float
        Standard deviation of the noise, in units of `scale`.
    """

    _descent: Descent

    def __init__(
        self,
        start: np.ndarray,
        scale: np.ndarray,
        *,
        seed: int,
        population_size: int,
        sigma: float,
    ) -> None:
        super().__init__(start, scale, seed=seed, population_size=population_size)
        require_number("sigma", sigma, above=0)
        self.sigma = sigma

    @property
    def guess(self) -> np.ndarray:
        """The center of the candidates, a read-only (parameter,) array."""
        return self._descent.guess

    @abstractmethod
    def _gradient(self, losses: np.ndarray) -> np.ndarray:
        """Estimate the gradient, (parameter,), in units of scale, from (candidate,) losses.

        At least one of the losses is finite.
        """

    def _update(self, losses: np.ndarray) -> None:
        if np.isfinite(losses).any():
            self._descent.follow(self._gradient(losses), self.generation)

    def _own_state(self) -> dict[str, Any]:
        return self._descent.state()

    def _restore(self, state: Mapping[str, np.ndarray]) -> None:
        self._descent.restore(state, state["guess"])
