"""OpenAI-ES: a gradient from mirrored noise and ranks, followed with Adam."""

from typing import Any

import numpy as np

from neurotrain.optimizers.noise import Shapes, make_noise
from neurotrain.optimizers.perturbations import Perturbations, require_pairs
from neurotrain.optimizers.schedules import falling_sigma
from neurotrain.optimizers.shaped_es import ShapedES


class OpenAIES(ShapedES):
    """Evolution strategy of Salimans et al. 2017 (arXiv:1703.03864), minimizing.

    Candidates ``2k`` and ``2k + 1`` are the guess plus and minus
    ``sigma * scale * noise``. Their centered ranks weigh the noise into an
    estimate of the gradient, which Adam turns into a step.

    Parameters
    ----------
    start, scale, seed, sigma
        Those of `ShapedES`.
    population_size : int
        Number of candidates, even if `mirrored`.
    learning_rate, generations
        Those of `ShapedES`.
    mirrored : bool
        Whether each noise is evaluated with both signs.
    sigma_schedule : {'constant', 'cosine', 'linear', 'step'}
        How sigma falls over the run.
    final_sigma : float, optional
        Where it falls to; by default a tenth of `sigma`.
    rank : int, optional
        Rank of the noise in each matrix (Sarkar et al. 2025, arXiv:2511.16652); by
        default it is full.
    shapes : sequence of tuple of int or PartOfMatrix, optional
        Shape of each block of parameters; needed by `rank`, and known in a training.
    options
        All others of `ShapedES`.

    Raises
    ------
    InvalidInput
        If an option lies outside its range.
    """

    samples_from = ("guess",)

    def __init__(
        self,
        start: np.ndarray,
        scale: np.ndarray,
        *,
        seed: int,
        population_size: int = 64,
        sigma: float = 0.4,
        learning_rate: float = 0.4,
        generations: int | None = None,
        mirrored: bool = True,
        sigma_schedule: str = "constant",
        final_sigma: float | None = None,
        rank: int | None = None,
        shapes: Shapes | None = None,
        **options: Any,
    ) -> None:
        super().__init__(
            start,
            scale,
            seed=seed,
            population_size=population_size,
            sigma=sigma,
            learning_rate=learning_rate,
            generations=generations,
            **options,
        )
        count = require_pairs("openai-es", population_size) if mirrored else population_size
        self._perturbations = Perturbations(
            make_noise(count, self._start.size, rank, shapes), mirrored
        )
        self._sigma_of = falling_sigma(sigma_schedule, generations, sigma, final_sigma)

    def _sample(self) -> np.ndarray:
        chunks = self._perturbations.noise.draw(self._rng(self.generation))
        spread = self._sigma_of(self.generation) * self._scale
        return self._perturbations.candidates(chunks, self.guess, spread)

    def _gradient(self, losses: np.ndarray) -> np.ndarray:
        total = self._perturbations.total(self._shape(losses))
        return total / (self.population_size * self._sigma_of(self.generation))
