"""Some parameters by an evolution strategy, the others by their gradient."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.optimizers.ask_tell import AskTell
from neurotrain.optimizers.base import Optimizer
from neurotrain.optimizers.checks import frozen
from neurotrain.optimizers.gradient_descent import GradientDescent, gradient_at_guess


class Hybrid(AskTell):
    """An evolution strategy for some parameters, and gradient descent for the others.

    Candidates differ in what is evolved, and share what follows the gradient, which is that at
    the guess of both.

    Parameters
    ----------
    evolved : Optimizer
        Of the parameters that are not `by_gradient`, before its first generation.
    descended : GradientDescent
        Of those that are.
    by_gradient : (parameter,) bool array
    scale : (parameter,) array
        The natural scale of each parameter.
    seed : int
        The run's seed.

    Raises
    ------
    InvalidInput
        If the optimizers have other numbers of parameters.
    """

    def __init__(
        self,
        evolved: Optimizer,
        descended: GradientDescent,
        by_gradient: np.ndarray,
        scale: np.ndarray,
        *,
        seed: int,
    ) -> None:
        self._by_gradient = np.array(by_gradient, dtype=bool)
        self._evolved, self._descended = evolved, descended
        sizes = evolved.guess.size, descended.guess.size
        expected = int((~self._by_gradient).sum()), int(self._by_gradient.sum())
        if sizes != expected:
            raise InvalidInput(
                f"The two optimizers of a hybrid must have {expected} parameters, got {sizes}."
            )
        start = self._merged(evolved.guess[np.newaxis])[0]
        super().__init__(start, scale, seed=seed, population_size=evolved.population_size)
        self._gradient: np.ndarray | None = None

    @property
    def guess(self) -> np.ndarray:
        """What both believe, a read-only (parameter,) array."""
        return frozen(self._merged(self._evolved.guess[np.newaxis])[0])

    @property
    def differentiation(self) -> dict[str, Any]:
        """How gradients are to be taken."""
        return self._descended.differentiation

    @property
    def skipped(self) -> int:
        """Number of generations without a step along the gradient."""
        return self._descended.skipped

    @property
    def needs_guide(self) -> bool:
        """Whether the evolution strategy does, which takes none here."""
        return getattr(self._evolved, "needs_guide", False)

    def tell(self, losses: np.ndarray, gradients: np.ndarray | None = None) -> None:
        """Learn from the losses of the candidates, and follow the gradient at the guess.

        Parameters
        ----------
        losses : (candidate,) array
            Values that are not finite mark failed candidates.
        gradients : (1, parameter) array
            Of the loss at the guess; only entries of parameters by gradient count. A failure
            if one of these is not finite.

        Raises
        ------
        InvalidInput
            If `ask` was not called before, or an array has another shape.
        """
        self._gradient = gradient_at_guess(gradients, self._start.size)
        super().tell(losses)

    def _sample(self) -> np.ndarray:
        return self._merged(self._evolved.ask())

    def _update(self, losses: np.ndarray) -> None:
        self._evolved.tell(losses)
        self._descended.ask()
        self._descended.tell(np.zeros(1), self._gradient[np.newaxis, self._by_gradient])

    def _merged(self, evolved: np.ndarray) -> np.ndarray:
        """Return vectors (candidate, parameter) of the evolved part of each."""
        vectors = np.empty((len(evolved), self._by_gradient.size))
        vectors[:, ~self._by_gradient] = evolved
        vectors[:, self._by_gradient] = self._descended.guess
        return vectors

    def _own_state(self) -> dict[str, Any]:
        parts = {"evolved": self._evolved, "descended": self._descended}
        return {
            f"{part}.{name}": value
            for part, optimizer in parts.items()
            for name, value in optimizer.state_dict().items()
        }

    def _restore(self, state: Mapping[str, np.ndarray]) -> None:
        for part, optimizer in (("evolved.", self._evolved), ("descended.", self._descended)):
            own = {k.removeprefix(part): v for k, v in state.items() if k.startswith(part)}
            optimizer.load_state_dict(own)
