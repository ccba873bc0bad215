"""xNES: the natural gradient of a Gaussian with a full covariance matrix."""

import numpy as np
from scipy.linalg import expm

from neurotrain.errors import InvalidInput
from neurotrain.optimizers.gaussian import AdaptedGaussian
from neurotrain.optimizers.noise import Chunks
from neurotrain.optimizers.recombination import utilities

# An update takes about 20 d**3 operations, and the number of updates that learning the
# matrix takes grows with d**1.5.
LARGEST = 300


class XNES(AdaptedGaussian):
    """Exponential natural evolution strategy (Glasmachers et al. 2010), minimizing.

    Source: doi:10.1145/1830483.1830557. Candidates are ``guess + sigma * scale *
    (B @ noise)``, where B has the determinant 1 and is multiplied by the exponential of
    a matrix. Rotating the parameters rotates the run.

    Parameters
    ----------
    start, scale : (parameter,) array
        The first guess, and the natural scale of each parameter.
    seed : int
        The run's seed.
    population_size : int, optional
        Number of candidates, at least 4; by default ``4 + floor(3 ln d)`` for d parameters.
    sigma : float
        First standard deviation of the candidates, in units of `scale`.

    Raises
    ------
    InvalidInput
        If an option lies outside its range, or there are more than `LARGEST` parameters.
    """

    learnt = ("_shape",)
    samples_from = ("mean", "size", "shape")

    def __init__(
        self,
        start: np.ndarray,
        scale: np.ndarray,
        *,
        seed: int,
        population_size: int | None = None,
        sigma: float = 0.5,
    ) -> None:
        super().__init__(start, scale, seed=seed, population_size=population_size, sigma=sigma)
        size = self._start.size
        if size > LARGEST:
            raise InvalidInput(
                f"xnes learns a matrix of all pairs of parameters, for {LARGEST} parameters at "
                f"most, got {size}: choose snes, sep-cma-es, cr-fm-nes or lm-ma-es."
            )
        self._rate = 0.6 * (3 + np.log(size)) / size**1.5
        self._shape = np.eye(size)

    def _fill(self, rng: np.random.Generator, noise: np.ndarray, spread: np.ndarray) -> Chunks:
        rng.standard_normal(out=noise)
        yield slice(0, len(noise)), noise @ self._shape.T * spread

    def _deviations(self) -> np.ndarray:
        return np.sqrt((self._shape**2).sum(axis=1))

    def _learn(self, losses: np.ndarray) -> None:
        weights = utilities(losses)
        # Utilities sum to 0, therefore the identity drops out of noise @ noise.T - identity.
        gradient = (self._noise.T * weights) @ self._noise
        of_size = gradient.trace() / len(gradient)
        gradient.flat[:: len(gradient) + 1] -= of_size
        self._mean = self._mean + self._size * self._shape @ (weights @ self._noise)
        self._size *= float(np.exp(self._rate / 2 * of_size))
        self._shape = self._shape @ expm(self._rate / 2 * gradient)
