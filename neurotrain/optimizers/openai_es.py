"""OpenAI-ES: a gradient from mirrored noise and ranks, followed with Adam."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.optimizers.adam import Adam
from neurotrain.optimizers.ask_tell import AskTell
from neurotrain.optimizers.checks import frozen, require_above_zero, require_between
from neurotrain.optimizers.schedules import schedule_factor
from neurotrain.optimizers.shaping import centered_ranks


class OpenAIES(AskTell):
    """Evolution strategy of Salimans et al. 2017 (arXiv:1703.03864), minimizing.

    Candidates ``2k`` and ``2k + 1`` are the guess plus and minus
    ``sigma * scale * noise``. Their centered ranks weigh the noise into an
    estimate of the gradient, which Adam turns into a step.

    Parameters
    ----------
    start, scale : (parameter,) array
        The first guess, and the natural scale of each parameter, such as the
        standard deviation of initial weights.
    seed : int
        The run's seed.
    population_size : int
        Number of candidates, even.
    sigma : float
        Standard deviation of the noise, in units of `scale`.
    learning_rate : float
        The largest steady step of a parameter per generation, in units of `scale`.
    schedule : {'constant', 'cosine', 'linear'}
        How the learning rate falls over the run.
    generations : int, optional
        Length of the run; needed by the falling schedules.
    weight_decay : float
        Share of the guess removed per generation and unit of learning rate,
        decoupled from Adam (Loshchilov & Hutter 2019, arXiv:1711.05101).
    beta1, beta2 : float
        Decay of Adam's moments per generation.

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
        population_size: int = 64,
        sigma: float = 0.4,
        learning_rate: float = 0.12,
        schedule: str = "constant",
        generations: int | None = None,
        weight_decay: float = 0.0,
        beta1: float = 0.9,
        beta2: float = 0.999,
    ) -> None:
        super().__init__(start, scale, seed=seed, population_size=population_size)
        if population_size % 2:
            raise InvalidInput(
                f"population_size must be even, got {population_size}: "
                "openai-es evaluates every noise with both signs."
            )
        require_above_zero("sigma", sigma)
        require_above_zero("learning_rate", learning_rate)
        require_between("weight_decay", weight_decay, 0)
        self.sigma, self.learning_rate, self.weight_decay = sigma, learning_rate, weight_decay
        self._schedule = schedule_factor(schedule, generations)
        self._adam = Adam(self._start.size, beta1, beta2)
        self._guess = self._start

    @property
    def guess(self) -> np.ndarray:
        """The center of the candidates, a read-only (parameter,) array."""
        return self._guess

    def _noise(self) -> np.ndarray:
        shape = (self.population_size // 2, self._start.size)
        return self._rng(self.generation).standard_normal(shape)

    def _sample(self) -> np.ndarray:
        offset = self._noise()
        offset *= self.sigma * self._scale
        candidates = np.empty((self.population_size, self._start.size))
        np.add(self._guess, offset, out=candidates[0::2])
        np.subtract(self._guess, offset, out=candidates[1::2])
        return candidates

    def _update(self, losses: np.ndarray) -> None:
        if not np.isfinite(losses).any():
            return
        # Drawing the noise again costs less than holding it while candidates are simulated.
        gradient = mirrored_gradient(centered_ranks(losses), self._noise(), self.sigma)
        step = self._scale * self._adam.direction(gradient) + self.weight_decay * self._guess
        rate = self.learning_rate * self._schedule(self.generation)
        self._guess = frozen(self._guess - rate * step)

    def _own_state(self) -> dict[str, Any]:
        return {
            "adam_first": self._adam.first,
            "adam_second": self._adam.second,
            "adam_updates": self._adam.updates,
        }

    def _restore(self, state: Mapping[str, np.ndarray]) -> None:
        self._guess = frozen(np.array(state["guess"], dtype=float))
        self._adam.first = np.array(state["adam_first"], dtype=float)
        self._adam.second = np.array(state["adam_second"], dtype=float)
        self._adam.updates = int(state["adam_updates"])


def mirrored_gradient(losses: np.ndarray, noise: np.ndarray, sigma: float) -> np.ndarray:
    """Estimate the gradient of the loss smoothed by Gaussian noise, (parameter,).

    The mean over all candidates of ``loss * noise / sigma``: Salimans et al. 2017,
    equation in section 2, with mirrored sampling.

    Parameters
    ----------
    losses : (candidate,) array
        Losses, or what shaping made of them: a pair after the other.
    noise : (candidate / 2, parameter) array
        The noise of the first candidate of each pair.
    sigma : float
        Standard deviation by which `noise` was multiplied.
    """
    # Unlike a product by BLAS, the same to the last bit on any number of threads.
    total = np.einsum("k,kd->d", losses[0::2] - losses[1::2], noise)
    return total / (len(losses) * sigma)
