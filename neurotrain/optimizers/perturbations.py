"""Candidates made of noise, and noise weighed by what their losses were."""

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.optimizers.noise import Chunks, Noise

# Standard deviations in units of scale beyond which nothing is learnt anymore, and not far
# from which arithmetic overflows.
NARROWEST, WIDEST = 1e-30, 1e30


class Perturbations:
    """What distinguishes the candidates of a generation from its center.

    Mirrored, candidates ``2k`` and ``2k + 1`` have direction k with both signs;
    otherwise candidate k has direction k.

    Parameters
    ----------
    noise : Noise
        The directions.
    mirrored : bool
        Whether each direction is evaluated with both signs.
    """

    def __init__(self, noise: Noise, mirrored: bool) -> None:
        self.noise, self.mirrored = noise, mirrored
        self.population_size = noise.count * (2 if mirrored else 1)

    def candidates(self, chunks: Chunks, center: np.ndarray, spread: np.ndarray) -> np.ndarray:
        """Return ``center + spread * direction``, a new (candidate, parameter) array.

        Parameters
        ----------
        chunks : iterator
            The directions, such as ``noise.draw(rng)``.
        center, spread : (parameter,) array
            The middle of the candidates, and by how much each parameter varies.
        """
        candidates = np.empty((self.population_size, self.noise.size))
        for rows, directions in chunks:
            offset = directions * spread
            if self.mirrored:
                pairs = slice(2 * rows.start, 2 * rows.stop)
                np.add(center, offset, out=candidates[pairs][0::2])
                np.subtract(center, offset, out=candidates[pairs][1::2])
            else:
                np.add(center, offset, out=candidates[rows])
        return candidates

    def total(self, weights: np.ndarray) -> np.ndarray:
        """Return the sum over all candidates of ``weight * direction``, (parameter,).

        With losses as (candidate,) weights, and divided by the number of candidates and
        their standard deviation, it estimates the gradient of the loss smoothed by that
        noise (Salimans et al. 2017, arXiv:1703.03864, section 2).
        """
        # A mirrored candidate's direction is the negative of its partner's.
        return self.noise.total(weights[0::2] - weights[1::2] if self.mirrored else weights)

    def total_of_squares(self, weights: np.ndarray) -> np.ndarray:
        """Return the sum over all candidates of ``weight * (direction**2 - 1)``."""
        weights = weights[0::2] + weights[1::2] if self.mirrored else weights
        return self.noise.total(weights, power=2) - weights.sum()


def require_pairs(name: str, population_size: int) -> int:
    """Return the number of mirrored pairs; refuse an odd `population_size`."""
    if population_size % 2:
        raise InvalidInput(
            f"population_size must be even, got {population_size}: "
            f"{name} evaluates every noise with both signs."
        )
    return population_size // 2
