"""Augmented random search: differences of losses along the best directions."""

import numpy as np

from neurotrain.errors import InvalidInput, require_whole
from neurotrain.optimizers.descent import Descent
from neurotrain.optimizers.gradient_es import GradientES
from neurotrain.optimizers.noise import Shapes, make_noise
from neurotrain.optimizers.perturbations import Perturbations, require_pairs
from neurotrain.optimizers.schedules import schedule_factor
from neurotrain.optimizers.sgd import SGD
from neurotrain.optimizers.shaping import failures_last, raw_losses


class ARS(GradientES):
    """Augmented random search V1-t of Mania et al. 2018 (arXiv:1803.07055), minimizing.

    Algorithm 1 without the normalization of states, which belongs to reinforcement
    learning. The step is the mean of ``(loss of + - loss of -) * direction`` over the
    best directions, divided by the standard deviation of their losses: it does not
    depend on the unit of the loss, but on more than its order.

    Parameters
    ----------
    start, scale : (parameter,) array
        The first guess, and the natural scale of each parameter.
    seed : int
        The run's seed.
    population_size : int
        Number of candidates, even: two for each direction.
    sigma : float
        Standard deviation of the noise, in units of `scale`.
    learning_rate : float
        Step size, in units of `scale`.
    top_directions : int, optional
        How many directions count: those in which the better of the two losses is
        lowest; by default all.
    schedule : {'constant', 'cosine', 'linear', 'step'}
        How the learning rate falls over the run.
    generations : int, optional
        Length of the run; needed by the falling schedules.
    rank : int, optional
        Rank of the noise in each matrix; by default it is full.
    shapes : sequence of tuple of int or PartOfMatrix, optional
        Shape of each block of parameters; needed by `rank`, and known in a training.

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
        population_size: int = 16,
        sigma: float = 0.03,
        learning_rate: float = 0.02,
        top_directions: int | None = None,
        schedule: str = "constant",
        generations: int | None = None,
        rank: int | None = None,
        shapes: Shapes | None = None,
    ) -> None:
        super().__init__(start, scale, seed=seed, population_size=population_size, sigma=sigma)
        size, count = self._start.size, require_pairs("ars", population_size)
        top_directions = count if top_directions is None else top_directions
        require_whole("top_directions", top_directions)
        if top_directions > count:
            raise InvalidInput(
                f"top_directions must be at most {count}, half the population_size, "
                f"got {top_directions}."
            )
        self.learning_rate, self.top_directions = learning_rate, top_directions
        self._perturbations = Perturbations(make_noise(count, size, rank, shapes), mirrored=True)
        self._descent = Descent(
            self._start,
            self._scale,
            SGD(size, momentum=0.0),
            learning_rate=learning_rate,
            schedule=schedule_factor(schedule, generations),
        )

    def _sample(self) -> np.ndarray:
        chunks = self._perturbations.noise.draw(self._rng(self.generation))
        return self._perturbations.candidates(chunks, self.guess, self.sigma * self._scale)

    def _gradient(self, losses: np.ndarray) -> np.ndarray:
        better = failures_last(losses).reshape(-1, 2).min(axis=1)
        best = np.argsort(better, kind="stable")[: self.top_directions]
        filled = raw_losses(losses).reshape(-1, 2)
        # Squares of losses as large as floats can be would overflow.
        filled /= np.abs(filled).max() or 1.0
        if np.ptp(filled[best]) == 0:
            return np.zeros(self._start.size)
        weights = np.zeros_like(filled)
        weights[best] = filled[best] / filled[best].std()
        return self._perturbations.total(weights.ravel()) / self.top_directions
