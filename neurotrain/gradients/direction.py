"""How well two gradients agree in direction, and how well they could, given their noise."""

from dataclasses import dataclass

import numpy as np

from neurotrain.gradients.smoothing import SmoothedGradient


@dataclass(frozen=True)
class GradientCosine:
    """Cosine between an exact gradient and one that was estimated from noise.

    Parameters
    ----------
    measured : float
        The cosine of the two. Noise alone makes it small where there are few pairs.
    attainable : float
        What it would be, about, if the smoothed gradient were the exact one.
    corrected : float
        The measured cosine with the noise taken out of the norm: an estimate of the cosine to the
        smoothed gradient itself, which may exceed 1 by chance. NaN if the estimate is all noise.
    """

    measured: float
    attainable: float
    corrected: float


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    """Return the cosine between two vectors (parameter,); NaN if one is zero or not finite."""
    lengths = [np.abs(vector).max() for vector in (a, b)]
    if not all(0 < length < np.inf for length in lengths):
        return np.nan
    # Divided first: the square of an exploding gradient overflows.
    a, b = a / lengths[0], b / lengths[1]
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def gradient_cosine(gradient: np.ndarray, smoothed: SmoothedGradient) -> GradientCosine:
    """Compare a backpropagated gradient (parameter,) with one smoothed by an evolution strategy.

    Both in units of the noise: where its standard deviation differs between parameters, so does
    the error of the estimate, and only in these units all of them count alike.
    The cosine of an estimate from n pairs to the gradient of a linear loss of d parameters is about
    ``1/sqrt(1 + (d + 1)/n)``.
    """
    estimate, halves = smoothed.gradient * smoothed.sigma, smoothed.halves * smoothed.sigma
    measured = cosine(gradient * smoothed.sigma, estimate)
    attainable = (1 + (gradient.size + 1) / max(smoothed.pairs, 1)) ** -0.5
    # Halves are independent, so that noise does not lengthen their product.
    squared = float(halves[0] @ halves[1])
    ratio = float(np.linalg.norm(estimate)) / squared**0.5 if squared > 0 else np.nan
    return GradientCosine(measured, attainable, measured * ratio)
