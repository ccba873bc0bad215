"""What evolution strategies have in common that follow shaped losses by a method of choice."""

import numpy as np

from neurotrain.optimizers.descent import make_descent
from neurotrain.optimizers.gradient_es import GradientES
from neurotrain.optimizers.shaping import shaping_function


class ShapedES(GradientES):
    """An evolution strategy in which shaped losses weigh the noise.

    Parameters
    ----------
    start, scale : (parameter,) array
        The first guess, and the natural scale of each parameter, such as the
        standard deviation of initial weights.
    seed : int
        The run's seed.
    population_size : int
        Number of candidates.
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
        population_size: int,
        sigma: float,
        learning_rate: float,
        schedule: str = "constant",
        generations: int | None = None,
        weight_decay: float = 0.0,
        gradient_optimizer: str = "adam",
        momentum: float = 0.9,
        beta1: float = 0.9,
        beta2: float = 0.999,
        shaping: str = "centered-rank",
    ) -> None:
        super().__init__(start, scale, seed=seed, population_size=population_size, sigma=sigma)
        self.learning_rate = learning_rate
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
