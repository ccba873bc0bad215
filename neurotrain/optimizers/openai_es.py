"""OpenAI-ES: a gradient from mirrored noise and ranks, followed with Adam."""

import numpy as np

from neurotrain.optimizers.descent import make_descent
from neurotrain.optimizers.gradient_es import GradientES
from neurotrain.optimizers.noise import Shapes, make_noise
from neurotrain.optimizers.perturbations import Perturbations, require_pairs
from neurotrain.optimizers.schedules import falling_sigma
from neurotrain.optimizers.shaping import shaping_function


class OpenAIES(GradientES):
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
        Number of candidates, even if `mirrored`.
    sigma : float
        Standard deviation of the noise, in units of `scale`.
    learning_rate : float
        By what the gradient optimizer's direction is multiplied, in units of `scale`;
        with Adam the largest steady step of a parameter per generation, with ClipUp
        half the largest step of all parameters together.
    schedule : {'constant', 'cosine', 'linear', 'step'}
        How the learning rate falls over the run.
    generations : int, optional
        Length of the run; needed by the falling schedules.
    weight_decay : float
        Share of the guess removed per generation and unit of learning rate,
        decoupled from the gradient (Loshchilov & Hutter 2019, arXiv:1711.05101).
    gradient_optimizer : {'adam', 'clipup', 'rmsprop', 'sgd'}
        What turns the gradient into a direction.
    momentum : float
        Of SGD and ClipUp: share of the velocity kept per generation.
    beta1, beta2 : float
        Decay of Adam's moments per generation; the second also of RMSprop's mean square.
    shaping : {'centered-rank', 'z-score', 'raw'}
        What of the losses weighs the noise.
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
        learning_rate: float = 0.4,
        schedule: str = "constant",
        generations: int | None = None,
        weight_decay: float = 0.0,
        gradient_optimizer: str = "adam",
        momentum: float = 0.9,
        beta1: float = 0.9,
        beta2: float = 0.999,
        shaping: str = "centered-rank",
        mirrored: bool = True,
        sigma_schedule: str = "constant",
        final_sigma: float | None = None,
        rank: int | None = None,
        shapes: Shapes | None = None,
    ) -> None:
        super().__init__(start, scale, seed=seed, population_size=population_size, sigma=sigma)
        count = require_pairs("openai-es", population_size) if mirrored else population_size
        self._perturbations = Perturbations(
            make_noise(count, self._start.size, rank, shapes), mirrored
        )
        self._descent = make_descent(
            self._start,
            self._scale,
            gradient_optimizer=gradient_optimizer,
            momentum=momentum,
            beta1=beta1,
            beta2=beta2,
            learning_rate=learning_rate,
            schedule=schedule,
            generations=generations,
            weight_decay=weight_decay,
        )
        self.learning_rate = learning_rate
        self._shape = shaping_function(shaping)
        self._sigma_of = falling_sigma(sigma_schedule, generations, sigma, final_sigma)

    def _sample(self) -> np.ndarray:
        chunks = self._perturbations.noise.draw(self._rng(self.generation))
        spread = self._sigma_of(self.generation) * self._scale
        return self._perturbations.candidates(chunks, self.guess, spread)

    def _gradient(self, losses: np.ndarray) -> np.ndarray:
        total = self._perturbations.total(self._shape(losses))
        return total / (self.population_size * self._sigma_of(self.generation))
