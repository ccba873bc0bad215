"""Evolution strategies for losses that come in while an episode is still running."""

from typing import Any

import numpy as np

from neurotrain.errors import require_whole
from neurotrain.optimizers.noise import Noise
from neurotrain.optimizers.perturbations import Perturbations, require_pairs
from neurotrain.optimizers.shaped_es import ShapedES


class TruncatedES(ShapedES):
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
    learning_rate
        Of `ShapedES`.
    shaping : {'raw', 'z-score', 'centered-rank'}
        What of the losses weighs the noise; only raw losses give an unbiased gradient.
    options
        All others of `ShapedES`; `generations` are truncations.

    Raises
    ------
    InvalidInput
        If an option lies outside its range.
    """

    # The class of the noise, and what messages call the method.
    _noise_class: type[Noise]
    _name: str

    samples_from = ("guess",)

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
        shaping: str = "raw",
        **options: Any,
    ) -> None:
        super().__init__(
            start,
            scale,
            seed=seed,
            population_size=population_size,
            sigma=sigma,
            learning_rate=learning_rate,
            shaping=shaping,
            **options,
        )
        require_whole("episode_length", episode_length)
        size, count = self._start.size, require_pairs(self._name, population_size)
        self.episode_length = episode_length
        self._noise = self._noise_class(count, size)
        self._perturbations = Perturbations(self._noise, mirrored=True)

    @property
    def truncation(self) -> int:
        """Which truncation of its episode the next or current generation is, from 0."""
        return self.generation % self.episode_length

    def _gradient(self, losses: np.ndarray) -> np.ndarray:
        total = self._perturbations.total(self._shape(losses))
        return total / (self.population_size * self.sigma)
