"""Methods of other libraries: their state is the history of losses, from which it is repeated."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

import numpy as np

from neurotrain.errors import InvalidInput, require_number
from neurotrain.optimizers.ask_tell import AskTell
from neurotrain.optimizers.checks import frozen


class Strategy(Protocol):
    """What proposes offsets from the start, in units of scale, and learns from their losses.

    Attributes
    ----------
    population_size : int
        Number of candidates of the next generation.
    mean : (parameter,) array
        The offset that the method believes to be good.
    """

    population_size: int

    @property
    def mean(self) -> np.ndarray: ...

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Return new offsets, (candidate, parameter); all randomness comes from `rng`."""
        ...

    def learn(self, losses: np.ndarray) -> None:
        """Learn from the (candidate,) losses of the offsets drawn last, some not finite."""
        ...


class Replayed(AskTell):
    """An optimizer whose strategy cannot be saved, only led to the same state again.

    Loading a state repeats all updates: that takes the time that the method itself
    took so far, without any simulation. On another processor or with another version of
    a library the repetition may end elsewhere; this is noticed and refused.

    Parameters
    ----------
    sigma : float
        First standard deviation of the candidates, in units of `scale`.
    """

    # What else, besides the options, decides where a repetition ends.
    libraries: ClassVar[str]

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
        self._first_population_size = self.population_size
        self._losses: list[np.ndarray] = []

    @abstractmethod
    def _new_strategy(self) -> Strategy:
        """Return the strategy before its first generation."""

    @property
    def guess(self) -> np.ndarray:
        """What the method believes, a read-only (parameter,) array."""
        return frozen(self._start + self._scale * self._strategy.mean)

    def _begin(self) -> None:
        """Make the strategy, once all options are set."""
        self._strategy = self._new_strategy()

    def _sample(self) -> np.ndarray:
        candidates = self._strategy.draw(self._rng(self.generation))
        candidates *= self._scale
        candidates += self._start
        return candidates

    def _update(self, losses: np.ndarray) -> None:
        self._strategy.learn(losses)
        self._losses.append(losses)
        self.population_size = self._strategy.population_size

    def _own_state(self) -> dict[str, Any]:
        # A column, whose last axis stays as it is while the number of candidates changes.
        losses = np.concatenate([np.empty(0), *self._losses])[:, None]
        return {"population_size": self._first_population_size, "losses": losses}

    def _restore(self, state: Mapping[str, np.ndarray]) -> None:
        left = np.array(state["losses"], dtype=float)[:, 0]
        strategy, history = self._new_strategy(), []
        for generation in range(int(state["generation"])):
            losses, left = np.split(left, [strategy.population_size])
            strategy.draw(self._rng(generation))
            strategy.learn(losses)
            history.append(losses)
        self._check_repetition(self._start + self._scale * strategy.mean, state["guess"])
        self._strategy, self._losses = strategy, history
        self.population_size = strategy.population_size

    def _check_repetition(self, repeated: np.ndarray, saved: np.ndarray) -> None:
        # Rounding may differ between machines and does no harm; another path would.
        apart = np.abs(repeated - saved) / (self._scale * self.sigma + np.abs(saved))
        if not apart.max() < 1e-6:
            raise InvalidInput(
                "Repeating the generations did not lead back to the saved guess: resume with the "
                f"same start, scale and options, the same versions of {self.libraries}, and on "
                "the same kind of processor."
            )
