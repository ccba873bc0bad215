"""PGPE: a Gaussian whose center follows ClipUp and whose widths adapt parameter by parameter."""

from collections.abc import Mapping
from math import sqrt
from typing import Any

import numpy as np

from neurotrain.errors import require_number
from neurotrain.optimizers.checks import frozen
from neurotrain.optimizers.noise import Shapes, make_noise
from neurotrain.optimizers.perturbations import NARROWEST, WIDEST, Perturbations, require_pairs
from neurotrain.optimizers.shaped_es import ShapedES

# Of Adam and SGD; that of ClipUp depends on sigma.
LEARNING_RATE = 0.15


class PGPE(ShapedES):
    """Policy gradients with parameter-based exploration, minimizing.

    Sehnke et al. 2010 (doi:10.1016/j.neunet.2009.12.004) with symmetric sampling, and
    ClipUp and the limit on changes of sigma of Toklu et al. 2020 (arXiv:2008.02387).

    Parameters
    ----------
    start, scale : (parameter,) array
        The first guess, and the natural scale of each parameter.
    seed : int
        The run's seed.
    population_size : int
        Number of candidates, even.
    sigma : float
        First standard deviation of every parameter, in units of `scale`.
    learning_rate : float, optional
        By what the gradient optimizer's direction is multiplied, in units of `scale`.
        By default `LEARNING_RATE`, and with ClipUp ``sigma * sqrt(d) / 10`` for d
        parameters: candidates lie 5 largest steps from the guess (15 in Toklu et al.
        2020, section 3, for runs of many more generations).
    sigma_learning_rate : float
        How fast standard deviations adapt; 0 keeps them.
    max_sigma_change : float
        Largest relative change of a standard deviation per generation, in [0, 1).
    gradient_optimizer
        Of `ShapedES`.
    rank : int, optional
        Rank of the noise in each matrix; by default it is full.
    shapes : sequence of tuple of int or PartOfMatrix, optional
        Shape of each block of parameters; needed by `rank`, and known in a training.
    options
        All others of `ShapedES`.

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
        population_size: int = 64,
        sigma: float = 0.5,
        learning_rate: float | None = None,
        sigma_learning_rate: float = 0.1,
        max_sigma_change: float = 0.2,
        gradient_optimizer: str = "clipup",
        rank: int | None = None,
        shapes: Shapes | None = None,
        **options: Any,
    ) -> None:
        if learning_rate is None:
            require_number("sigma", sigma, above=0)
            is_clipup = gradient_optimizer == "clipup"
            learning_rate = sigma * sqrt(np.size(start)) / 10 if is_clipup else LEARNING_RATE
        super().__init__(
            start,
            scale,
            seed=seed,
            population_size=population_size,
            sigma=sigma,
            learning_rate=learning_rate,
            gradient_optimizer=gradient_optimizer,
            **options,
        )
        require_number("sigma_learning_rate", sigma_learning_rate, least=0)
        require_number("max_sigma_change", max_sigma_change, least=0, below=1)
        size, count = self._start.size, require_pairs("pgpe", population_size)
        self.sigma_learning_rate = sigma_learning_rate
        self.max_sigma_change = max_sigma_change
        self._perturbations = Perturbations(make_noise(count, size, rank, shapes), mirrored=True)
        self._sigmas = frozen(np.full(size, float(sigma)))

    @property
    def sigmas(self) -> np.ndarray:
        """The standard deviations in units of scale, a read-only (parameter,) array."""
        return self._sigmas

    def _sample(self) -> np.ndarray:
        chunks = self._perturbations.noise.draw(self._rng(self.generation))
        return self._perturbations.candidates(chunks, self.guess, self._sigmas * self._scale)

    def _gradient(self, losses: np.ndarray) -> np.ndarray:
        # The mean over pairs of (f+ - f-) / 2 is the total over that number of candidates.
        total = self._perturbations.total(self._shape(losses))
        return self._sigmas * total / self.population_size

    def _update(self, losses: np.ndarray) -> None:
        super()._update(losses)
        if np.isfinite(losses).any():
            self._adapt(self._shape(losses))

    def _adapt(self, weights: np.ndarray) -> None:
        """Change the standard deviations, with the mean of the weights as baseline."""
        total = self._perturbations.total_of_squares(weights - weights.mean())
        gradient = self._sigmas * total / self.population_size
        limit = self.max_sigma_change * self._sigmas
        change = np.clip(self.sigma_learning_rate * gradient, -limit, limit)
        self._sigmas = frozen(np.clip(self._sigmas - change, NARROWEST, WIDEST))

    def _own_state(self) -> dict[str, Any]:
        return {**super()._own_state(), "sigmas": self._sigmas}

    def _restore(self, state: Mapping[str, np.ndarray]) -> None:
        sigmas = frozen(np.array(state["sigmas"], dtype=float))
        super()._restore(state)
        self._sigmas = sigmas
