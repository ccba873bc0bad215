"""The gradient that an evolution strategy estimates at a point, and how sure it is."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from neurotrain.errors import InvalidInput, require_whole
from neurotrain.gradients.landscape import LossAt

PAIRS_AT_ONCE = 64


@dataclass(frozen=True)
class SmoothedGradient:
    """An estimate of the gradient of the loss averaged over normal noise.

    Parameters
    ----------
    gradient : (parameter,) array
        NaN if too few pairs of candidates had finite losses.
    halves : (2, parameter) array
        Estimates from every other pair each, which are independent of one another.
    sigma : float or (parameter,) array
        Standard deviation of the noise.
    loss : float
        Mean of the finite losses: an estimate of the smoothed loss.
    pairs : int
        Pairs of candidates that went into it.
    non_finite_share : float
        Share of the candidates without a finite loss. Their pairs are left out.
    """

    gradient: np.ndarray
    halves: np.ndarray
    sigma: np.ndarray
    loss: float
    pairs: int
    non_finite_share: float

    @property
    def norm(self) -> float:
        """Norm of the smoothed gradient, without that of the noise; NaN if that drowns it.

        The squared norm of `gradient` is too large by the variance of the estimate, which for few
        pairs and many parameters is most of it; the product of independent halves is not.
        """
        squared = float(self.halves[0] @ self.halves[1])
        return squared**0.5 if squared > 0 else np.nan


def smoothed_gradient(
    loss_at: LossAt,
    center: np.ndarray,
    sigma: float | np.ndarray,
    pairs: int,
    rng: np.random.Generator,
) -> SmoothedGradient:
    """Estimate the gradient at `center` of the mean of ``loss(center + sigma*noise)``.

    From antithetic pairs, ``(loss(center + sigma*noise) - loss(center - sigma*noise)) / 2 *
    noise/sigma`` is averaged: Salimans et al. (2017), arXiv:1703.03864, equation 1, with mirrored
    noise. The estimate is unbiased; of a linear loss with gradient g its variance along a unit
    vector u is ``(|g|^2 + (g u)^2)/pairs``.

    Parameters
    ----------
    loss_at : callable
        Takes candidates (candidate, parameter) and returns losses (candidate,), as
        `SimulatedLoss` does. It must be the same function for all of them: a loss that draws other
        trials each time has another gradient each time.
    center : (parameter,) array
    sigma : float or (parameter,) array
        Standard deviation of the noise.
    pairs : int
        At least 2.
    rng : numpy.random.Generator

    Raises
    ------
    InvalidInput
        If sigma is not positive, or there are fewer than two pairs.
    """
    require_whole("pairs", pairs, 2)
    center = np.asarray(center, dtype=float)
    sigma = np.asarray(sigma, dtype=float)
    if not ((sigma > 0).all() and np.isfinite(sigma).all()) or sigma.shape not in (
        (),
        center.shape,
    ):
        raise InvalidInput(
            "sigma must be a positive number, or one for each parameter, got "
            f"{sigma if sigma.ndim == 0 else f'an array of shape {sigma.shape}'}."
        )
    sums, used, losses = np.zeros((2, center.size)), np.zeros(2), []
    done = 0
    for noise in _noise(pairs, center.size, rng):
        plus, minus = (loss_at(center + sign * sigma * noise) for sign in (1, -1))
        finite = np.isfinite(plus) & np.isfinite(minus)
        weights = np.where(finite, np.where(finite, plus, 0) - np.where(finite, minus, 0), 0) / 2
        half = (done + np.arange(len(noise))) % 2
        for k in (0, 1):
            sums[k] += weights[half == k] @ noise[half == k]
            used[k] += finite[half == k].sum()
        losses += [plus, minus]
        done += len(noise)
    return _estimate(sums / sigma, used, sigma, np.concatenate(losses))


def _noise(pairs: int, size: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    for start in range(0, pairs, PAIRS_AT_ONCE):
        yield rng.standard_normal((min(PAIRS_AT_ONCE, pairs - start), size))


def _estimate(
    sums: np.ndarray, used: np.ndarray, sigma: np.ndarray, losses: np.ndarray
) -> SmoothedGradient:
    finite = np.isfinite(losses)
    gradient, halves = np.full(sums.shape[1], np.nan), np.full(sums.shape, np.nan)
    if used.all():
        gradient, halves = sums.sum(axis=0) / used.sum(), sums / used[:, np.newaxis]
    loss = float(losses[finite].mean()) if finite.any() else np.nan
    failed = float(1 - finite.mean())
    return SmoothedGradient(gradient, halves, sigma, loss, int(used.sum()), failed)
