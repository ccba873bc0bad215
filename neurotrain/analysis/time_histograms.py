"""Peristimulus time histograms: firing rates in time under each condition."""

from dataclasses import dataclass

import numpy as np

from neurotrain.analysis.counts import checked_counts, checked_values, equal_bin_ms
from neurotrain.rate_smoothing import smooth


@dataclass(frozen=True)
class Psth:
    """Firing rates in time at each value of a condition.

    Parameters
    ----------
    value : (value,) array
        The values, sorted.
    n : (value,) int array
        Number of trials.
    rate_hz : (value, bin, neuron) array
        Mean over trials.
    standard_error_hz : (value, bin, neuron) array
        Of that mean; NaN where there is a single trial.
    bin_edges_ms : (bin + 1,) array
    """

    value: np.ndarray
    n: np.ndarray
    rate_hz: np.ndarray
    standard_error_hz: np.ndarray
    bin_edges_ms: np.ndarray


def psth(
    spike_count: np.ndarray,
    bin_edges_ms: np.ndarray,
    values: np.ndarray | None = None,
    *,
    smoothing_ms: float = 0.0,
    kernel: str = "gaussian",
) -> Psth:
    """Return the peristimulus time histogram of each neuron at each value of a condition.

    Parameters
    ----------
    spike_count : (trial, bin, neuron) array
        Of one candidate, such as ``recording.spike_count[0]``.
    bin_edges_ms : (bin + 1,) array
    values : (trial,) array, optional
        The condition, numbers or texts, such as ``trials.labels``; by default all trials are of
        one condition, 0.
    smoothing_ms : float
        Each trial is smoothed by a Gaussian of this standard deviation, or a boxcar of this
        width; 0 smooths nothing.
    kernel : str
        ``'gaussian'`` or ``'boxcar'``.

    Raises
    ------
    InvalidInput
        If shapes disagree, counts or values are not finite, or bins of different durations are to
        be smoothed.
    """
    counts, edges = checked_counts(spike_count, bin_edges_ms)
    values = np.zeros(len(counts), int) if values is None else checked_values(values, len(counts))
    rates = counts / (np.diff(edges)[:, np.newaxis] * 1e-3)
    if smoothing_ms:
        rates = smooth(rates, smoothing_ms, equal_bin_ms(edges), kernel=kernel)
    shown, group = np.unique(values, return_inverse=True)
    of_groups = [rates[group == k] for k in range(len(shown))]
    return Psth(
        shown,
        np.bincount(group),
        np.stack([each.mean(axis=0) for each in of_groups]),
        np.stack([standard_error(each) for each in of_groups]),
        edges,
    )


def standard_error(values: np.ndarray) -> np.ndarray:
    """Return the standard error of the mean over the first axis; NaN for a single value."""
    if len(values) < 2:
        return np.full(values.shape[1:], np.nan)
    return values.std(axis=0, ddof=1) / np.sqrt(len(values))
