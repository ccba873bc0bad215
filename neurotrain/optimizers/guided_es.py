"""Guided ES: noise that is stronger along gradients which may be wrong."""

from collections.abc import Mapping
from math import sqrt
from typing import Any

import numpy as np

from neurotrain.errors import InvalidInput, require_number
from neurotrain.optimizers.checks import frozen
from neurotrain.optimizers.noise import Chunks, Noise
from neurotrain.optimizers.perturbations import Perturbations, require_pairs
from neurotrain.optimizers.shaped_es import ShapedES

# What a gradient must have of its length outside the span of those before it.
INDEPENDENT = 1e-10


class GuidedES(ShapedES):
    """Guided evolution strategy of Maheswaranathan et al. 2019 (arXiv:1806.10230), minimizing.

    Candidates ``2k`` and ``2k + 1`` are the guess plus and minus ``sigma * scale``
    times noise of covariance ``alpha/d I + (1 - alpha)/k U U^T`` (equation 4), for d
    parameters and an orthonormal basis U of the k gradients given to `guide`, such as
    truncated or clipped backpropagated ones. Without these the covariance is ``I/d``.
    Either way noise has a mean square length of 1: `sigma` is the length of a
    perturbation, and not of each of its entries as elsewhere.

    Parameters
    ----------
    start, scale : (parameter,) array
        The first guess, and the natural scale of each parameter.
    seed : int
        The run's seed.
    population_size : int
        Number of candidates, even.
    sigma : float
        Root mean square length of the noise, in units of `scale`.
    alpha : float
        Share of the variance that is not along the gradients, in [0, 1].
    beta : float
        By what the estimate of the gradient is multiplied; without effect under Adam
        and ClipUp.
    learning_rate, shaping
        Of `ShapedES`.
    options
        All others of `ShapedES`.

    Raises
    ------
    InvalidInput
        If an option lies outside its range.
    """

    samples_from = ("guess", "basis")

    def __init__(
        self,
        start: np.ndarray,
        scale: np.ndarray,
        *,
        seed: int,
        population_size: int = 64,
        sigma: float = 0.1,
        alpha: float = 0.5,
        beta: float = 2.0,
        learning_rate: float = 0.1,
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
        require_number("beta", beta, least=0)
        size, count = self._start.size, require_pairs("guided-es", population_size)
        self.alpha, self.beta = alpha, beta
        self._noise = GuidedNoise(count, size, alpha)
        self._perturbations = Perturbations(self._noise, mirrored=True)

    @property
    def needs_guide(self) -> bool:
        """Whether gradients change anything: with an `alpha` of 1 they do not."""
        return self.alpha < 1

    def guide(self, gradients: np.ndarray) -> None:
        """Favor the directions of these gradients, until others are given.

        Parameters
        ----------
        gradients : (k, parameter) array
            Gradients of a loss with respect to the parameters, of any length and sign.
            Those that are 0, or follow from the ones before, are left out; with none
            left the noise is again the same in all directions.

        Raises
        ------
        InvalidInput
            If candidates are out whose losses were not told, or the gradients have
            another shape, or hold NaN or infinity.
        """
        if self._candidates is not None:
            raise InvalidInput("guide must come before ask: tell the losses of this generation.")
        gradients = np.array(gradients, dtype=float)
        if gradients.ndim != 2 or gradients.shape[1] != self._start.size:
            raise InvalidInput(
                f"guide expected gradients of shape (k, {self._start.size}), got {gradients.shape}."
            )
        if not np.isfinite(gradients).all():
            raise InvalidInput("Gradients hold NaN or infinity: clip them before guide.")
        self._noise.basis = orthonormal_basis(gradients * self._scale)

    def _sample(self) -> np.ndarray:
        chunks = self._noise.draw(self._rng(self.generation))
        return self._perturbations.candidates(chunks, self.guess, self.sigma * self._scale)

    def _gradient(self, losses: np.ndarray) -> np.ndarray:
        total = self._perturbations.total(self._shape(losses))
        return self.beta / (self.population_size * self.sigma) * total

    def _own_state(self) -> dict[str, Any]:
        return {**super()._own_state(), "basis": self._noise.basis}

    def _restore(self, state: Mapping[str, np.ndarray]) -> None:
        basis = np.array(state["basis"], dtype=float)
        super()._restore(state)
        self._noise.basis = basis


class GuidedNoise(Noise):
    """Normal directions of mean square length 1 that favor a subspace, (direction, parameter).

    Parameters
    ----------
    count, size : int
        Number of directions and of parameters.
    alpha : float
        Share of the variance that is the same in all directions, in [0, 1].

    Attributes
    ----------
    basis : (k, parameter) array
        The subspace, by orthonormal rows; of the whole space if k is 0.
    """

    def __init__(self, count: int, size: int, alpha: float) -> None:
        require_number("alpha", alpha, least=0, most=1)
        super().__init__(count, size)
        self.alpha, self.basis = alpha, np.empty((0, size))

    def draw(self, rng: np.random.Generator) -> Chunks:
        """Draw all directions anew; to be consumed to its end."""
        k = len(self.basis)
        alpha = self.alpha if k else 1.0
        for rows, directions in super().draw(rng):
            directions *= sqrt(alpha / self.size)
            if k:
                within = rng.standard_normal((len(directions), k)) * sqrt((1 - alpha) / k)
                directions += np.einsum("rk,kd->rd", within, self.basis)
            yield rows, directions


def orthonormal_basis(vectors: np.ndarray) -> np.ndarray:
    """Return orthonormal rows that span those of `vectors`, (k or fewer, parameter).

    Gram and Schmidt's method, with every projection done twice against rounding. Rows
    of any length may be given, and only finite ones.
    """
    basis = np.empty((0, vectors.shape[1]))
    for vector in vectors:
        vector = _unit(vector / (np.abs(vector).max() or 1.0))
        left = vector
        for _ in range(2):
            left = left - np.einsum("k,kd->d", np.einsum("kd,d->k", basis, left), basis)
        if np.sqrt(np.square(left).sum()) > INDEPENDENT:
            basis = np.vstack([basis, _unit(left)])
    return frozen(basis)


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / (np.sqrt(np.square(vector).sum()) or 1.0)
