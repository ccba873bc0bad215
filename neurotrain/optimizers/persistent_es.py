"""Persistent ES: noise that is new in every truncation, and remembered to the end of an episode."""

import numpy as np

from neurotrain.optimizers.noise import Chunks, Noise
from neurotrain.optimizers.truncated_es import TruncatedES


class AccumulatedNoise(Noise):
    """Sums of standard normal directions, (direction, parameter).

    `draw` gives the new directions, and `held` the sums of all since `reset`.
    """

    def __init__(self, count: int, size: int) -> None:
        super().__init__(count, size)
        self.reset()

    def reset(self) -> None:
        """Forget all directions."""
        self._held[:] = 0

    def draw(self, rng: np.random.Generator) -> Chunks:
        """Draw new directions and add them up; to be consumed to its end."""
        for rows in self._rows():
            directions = rng.standard_normal((rows.stop - rows.start, self.size))
            self._held[rows] += directions
            yield rows, directions


class PersistentES(TruncatedES):
    """Persistent evolution strategy of Vicol et al. 2021 (arXiv:2112.13835), minimizing.

    Each truncation has noise of its own, and its loss weighs the sum of all noise that
    the candidate had since its episode began: summed over an episode, estimates are
    unbiased for its whole loss, where those of truncated evolution strategies see only
    the effect that parameters have within the truncation.
    """

    _noise_class, _name = AccumulatedNoise, "persistent-es"
    _noise: AccumulatedNoise
    # The last generation whose noise was added up.
    _through: int | None = None

    def _sample(self) -> np.ndarray:
        if self.truncation == 0 or self._through != self.generation - 1:
            self._repeat()
        # Unknown as long as drawing may be interrupted.
        self._through = None
        chunks = self._noise.draw(self._rng(self.generation))
        candidates = self._perturbations.candidates(chunks, self.guess, self.sigma * self._scale)
        self._through = self.generation
        return candidates

    def _repeat(self) -> None:
        """Add up the noise of the episode so far, anew."""
        self._noise.reset()
        for generation in range(self.generation - self.truncation, self.generation):
            for _ in self._noise.draw(self._rng(generation)):
                pass
