"""SNES: the natural gradient of a Gaussian with a standard deviation for each parameter."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurotrain.errors import require_number, require_whole
from neurotrain.optimizers.ask_tell import AskTell
from neurotrain.optimizers.checks import frozen
from neurotrain.optimizers.noise import Shapes, make_noise
from neurotrain.optimizers.perturbations import NARROWEST, WIDEST, Perturbations
from neurotrain.optimizers.recombination import default_population_size, utilities


class SNES(AskTell):
    """Separable natural evolution strategy, Schaul et al. 2011, minimizing.

    Algorithm 2 of doi:10.1145/2001576.2001692, with the defaults of Wierstra et al. 2014
    (JMLR 15:949-980), table 1. Only the order of the losses counts.

    Parameters
    ----------
    start, scale : (parameter,) array
        The first guess, and the natural scale of each parameter.
    seed : int
        The run's seed.
    population_size : int, optional
        Number of candidates, at least 2; by default ``4 + floor(3 ln d)`` for d
        parameters. With thousands of parameters 50 or more learn faster.
    sigma : float
        First standard deviation of every parameter, in units of `scale`.
    learning_rate : float
        Of the center, in units of the standard deviations.
    sigma_learning_rate : float, optional
        Of the logarithms of the standard deviations; by default
        ``(3 + ln d) / (5 sqrt(d))``.
    rank : int, optional
        Rank of the noise in each matrix; by default it is full.
    shapes : sequence of tuple of int or PartOfMatrix, optional
        Shape of each block of parameters; needed by `rank`, and known in a training.

    Raises
    ------
    InvalidInput
        If an option lies outside its range.
    """

    samples_from = ("guess", "sigmas")

    def __init__(
        self,
        start: np.ndarray,
        scale: np.ndarray,
        *,
        seed: int,
        population_size: int | None = None,
        sigma: float = 0.5,
        learning_rate: float = 1.0,
        sigma_learning_rate: float | None = None,
        rank: int | None = None,
        shapes: Shapes | None = None,
    ) -> None:
        if population_size is None:
            population_size = default_population_size(np.size(start))
        super().__init__(start, scale, seed=seed, population_size=population_size)
        size = self._start.size
        if sigma_learning_rate is None:
            sigma_learning_rate = float((3 + np.log(size)) / (5 * np.sqrt(size)))
        require_whole("population_size of snes", population_size, 2)
        require_number("sigma", sigma, above=0)
        require_number("learning_rate", learning_rate, above=0)
        require_number("sigma_learning_rate", sigma_learning_rate, above=0)
        self.sigma, self.learning_rate = sigma, learning_rate
        self.sigma_learning_rate = sigma_learning_rate
        self._perturbations = Perturbations(
            make_noise(population_size, size, rank, shapes), mirrored=False
        )
        self._guess, self._sigmas = self._start, frozen(np.full(size, float(sigma)))

    @property
    def guess(self) -> np.ndarray:
        """The center of the candidates, a read-only (parameter,) array."""
        return self._guess

    @property
    def sigmas(self) -> np.ndarray:
        """The standard deviations in units of scale, a read-only (parameter,) array."""
        return self._sigmas

    def _sample(self) -> np.ndarray:
        chunks = self._perturbations.noise.draw(self._rng(self.generation))
        return self._perturbations.candidates(chunks, self._guess, self._sigmas * self._scale)

    def _update(self, losses: np.ndarray) -> None:
        if not np.isfinite(losses).any():
            return
        weights = utilities(losses)
        of_center = self._perturbations.total(weights)
        of_sigmas = self._perturbations.total_of_squares(weights)
        step = self.learning_rate * self._sigmas * of_center
        self._guess = frozen(self._guess + self._scale * step)
        sigmas = self._sigmas * np.exp(0.5 * self.sigma_learning_rate * of_sigmas)
        self._sigmas = frozen(np.clip(sigmas, NARROWEST, WIDEST))

    def _own_state(self) -> dict[str, Any]:
        return {"sigmas": self._sigmas}

    def _restore(self, state: Mapping[str, np.ndarray]) -> None:
        guess = frozen(np.array(state["guess"], dtype=float))
        self._sigmas = frozen(np.array(state["sigmas"], dtype=float))
        self._guess = guess
