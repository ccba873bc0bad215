"""Noise-reuse ES: the same noise from the beginning to the end of an episode."""

import numpy as np

from neurotrain.optimizers.noise import Noise
from neurotrain.optimizers.truncated_es import TruncatedES


class NoiseReuseES(TruncatedES):
    """Noise-reuse evolution strategy of Li et al. 2023 (arXiv:2304.12180), minimizing.

    Each candidate keeps its noise over all truncations of an episode, and each
    truncation's loss weighs that noise: summed over an episode, estimates are unbiased
    for its whole loss. Where losses are linear in the parameters they vary no more than
    those of `persistent-es` do, and much less where the memory of the system is short.
    All candidates begin their episodes together.
    """

    _noise_class, _name = Noise, "noise-reuse-es"
    # The first generation of the episode whose noise is held.
    _drawn: int | None = None

    def _sample(self) -> np.ndarray:
        first = self.generation - self.truncation
        reused = self._drawn == first
        # Unknown as long as drawing may be interrupted.
        self._drawn = None
        chunks = self._noise.held() if reused else self._noise.draw(self._rng(first))
        candidates = self._perturbations.candidates(chunks, self.guess, self.sigma * self._scale)
        self._drawn = first
        return candidates
