"""Smoothing of what is known in bins of time, such as firing rates."""

import numpy as np

from neurotrain.errors import InvalidInput, require_number, unknown_name

# A Gaussian is as good as zero beyond so many standard deviations.
GAUSSIAN_REACH = 4.0


def smooth(
    values: np.ndarray, width_ms: float, bin_ms: float, *, kernel: str = "gaussian"
) -> np.ndarray:
    """Return values smoothed in time, of the same shape.

    Near the ends the part of the kernel that lies within the trial is scaled to an area of 1, so
    that a constant stays that constant: a trial does not begin and end in silence.

    Parameters
    ----------
    values : (..., time, neuron) array
        In bins of equal duration.
    width_ms : float
        The standard deviation of a Gaussian, the whole width of a boxcar; 0 smooths nothing.
    bin_ms : float
        Duration of a bin.
    kernel : str
        ``'gaussian'`` or ``'boxcar'``.

    Raises
    ------
    InvalidInput
        If there is no such kernel, or a duration cannot be used.
    """
    from scipy.ndimage import convolve1d

    require_number("width_ms", width_ms, least=0)
    require_number("bin_ms", bin_ms, above=0)
    if kernel not in _KERNELS:
        raise unknown_name("kernel", kernel, _KERNELS)
    values = np.asarray(values, dtype=float)
    if values.ndim < 2:
        raise InvalidInput(
            f"What is smoothed must be (..., time, neuron), got shape {values.shape}."
        )
    if not width_ms:
        return values.copy()
    weights = _KERNELS[kernel](width_ms / bin_ms)
    within = convolve1d(np.ones(values.shape[-2]), weights, mode="constant")
    return convolve1d(values, weights, axis=-2, mode="constant") / within[:, np.newaxis]


def _gaussian(sigma: float) -> np.ndarray:
    """Return a Gaussian in bins, of a standard deviation in bins."""
    # Narrower ones lie within a bin all the same, and their exponents overflow.
    sigma = max(sigma, 0.01)
    offsets = _offsets(GAUSSIAN_REACH * sigma)
    return np.exp(-0.5 * (offsets / sigma) ** 2)


def _boxcar(width: float) -> np.ndarray:
    """Return how much of each bin lies in a box around the middle of a bin, of a width in bins."""
    return np.clip(width / 2 + 0.5 - abs(_offsets(width / 2 + 0.5)), 0, 1)


def _offsets(reach: float) -> np.ndarray:
    return np.arange(-int(np.ceil(reach)), int(np.ceil(reach)) + 1)


_KERNELS = {"gaussian": _gaussian, "boxcar": _boxcar}
