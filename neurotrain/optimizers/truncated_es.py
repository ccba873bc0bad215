"""Evolution strategies for losses that come in while an episode is still running."""

import numpy as np

from neurotrain.errors import require_whole
from neurotrain.optimizers.descent import make_descent
from neurotrain.optimizers.gradient_es import GradientES
from neurotrain.optimizers.noise import Noise
from neurotrain.optimizers.perturbations import Perturbations, require_pairs
from neurotrain.optimizers.shaping import shaping_function


class TruncatedES(GradientES):
    """A strategy that learns after every truncation of an episode.

    A generation is one truncation: whoever calls goes on with each candidate's own
    state, simulates it for the length of a truncation with the parameters that `ask`
    gives, and tells the losses of this truncation only. When `truncation` is 0, every
    candidate begins a new episode from its initial state.

    Parameters
    ----------
    start, scale : (parameter,) array
        The first guess, and the natural scale of each parameter.
    seed : int
        The run's seed.
    population_size : int
        Number of candidates, even.
    sigma : float
        Standard deviation of the noise, in units of `scale`.
    episode_length : int
        Truncations of an episode; with 1 it is a plain mirrored evolution strategy.
    learning_rate : float
        By what the gradient optimizer's direction is multiplied, in units of `scale`.
    schedule : {'constant', 'cosine', 'linear', 'step'}
        How the learning rate falls over the run.
    generations : int, optional
        Length of the run in truncations; needed by the falling schedules.
    weight_decay : float
        Share of the guess removed per generation and unit of learning rate.
    gradient_optimizer : {'adam', 'clipup', 'rmsprop', 'sgd'}
        What turns the gradient into a direction.
    momentum : float
        Of SGD and ClipUp: share of the velocity kept per generation.
    beta1, beta2 : float
        Decay of Adam's moments per generation; the second also of RMSprop's mean square.
    shaping : {'raw', 'z-score', 'centered-rank'}
        What of the losses weighs the noise; only raw losses give an unbiased gradient.

    Raises
    ------
    InvalidInput
        If an option lies outside its range.
    """

    # The class of the noise, and what messages call the method.
    _noise_class: type[Noise]
    _name: str

    def __init__(
        self,
        start: np.ndarray,
        scale: np.ndarray,
        *,
        seed: int,
        population_size: int = 200,
        sigma: float = 0.1,
        episode_length: int = 1,
        learning_rate: float = 0.4,
        schedule: str = "constant",
        generations: int | None = None,
        weight_decay: float = 0.0,
        gradient_optimizer: str = "adam",
        momentum: float = 0.9,
        beta1: float = 0.9,
        beta2: float = 0.999,
        shaping: str = "raw",
    ) -> None:
        super().__init__(start, scale, seed=seed, population_size=population_size, sigma=sigma)
        require_whole("episode_length", episode_length)
        size, count = self._start.size, require_pairs(self._name, population_size)
        self.episode_length, self.learning_rate = episode_length, learning_rate
        self._noise = self._noise_class(count, size)
        self._perturbations = Perturbations(self._noise, mirrored=True)
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
        self._shape = shaping_function(shaping)

    @property
    def truncation(self) -> int:
        """Which truncation of its episode the next or current generation is, from 0."""
        return self.generation % self.episode_length

    def _gradient(self, losses: np.ndarray) -> np.ndarray:
        total = self._perturbations.total(self._shape(losses))
        return total / (self.population_size * self.sigma)
