"""What statistics of spikes begin with: counts in bins, checked."""

import numpy as np

from neurotrain.errors import InvalidInput, require_number
from neurotrain.recording import merged_bins


def checked_counts(
    spike_count: np.ndarray, bin_edges_ms: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return spike counts (trial, bin, neuron) and bin edges (bin + 1,) as arrays.

    Raises
    ------
    InvalidInput
        If shapes disagree, there is nothing to count, counts are not finite or below zero, or
        bins do not follow one another.
    """
    counts, edges = np.asarray(spike_count), np.asarray(bin_edges_ms, dtype=float)
    if edges.ndim != 1 or len(edges) < 2 or not (np.diff(edges) > 0).all():
        raise InvalidInput("bin_edges_ms must be (bin + 1,) increasing times in ms.")
    if counts.ndim == 4:
        raise InvalidInput(
            f"Spike counts must be (trial, bin, neuron), got shape {counts.shape}; take one "
            "candidate of a recording, such as recording.spike_count[0]."
        )
    if counts.ndim != 3 or counts.shape[1] != len(edges) - 1 or not counts.size:
        raise InvalidInput(
            f"Spike counts must be (trial, bin, neuron) with {len(edges) - 1} bins, and at least "
            f"one trial and neuron, got shape {counts.shape}."
        )
    if not np.isfinite(counts).all() or counts.min() < 0:
        raise InvalidInput("Spike counts must be finite and not below zero.")
    return counts, edges


def checked_values(values: np.ndarray, n_trials: int, least: int = 1) -> np.ndarray:
    """Return what is known of each trial, (trial,): numbers or texts.

    Raises
    ------
    InvalidInput
        If there is not one value for each trial, fewer than `least` different ones, or a number
        that is not finite.
    """
    values = np.asarray(values)
    if values.shape != (n_trials,):
        raise InvalidInput(
            f"There must be one value for each of the {n_trials} trials, got shape {values.shape}."
        )
    if np.issubdtype(values.dtype, np.inexact) and not np.isfinite(values).all():
        raise InvalidInput("A value is not finite; leave out the trials where there is none.")
    if len(np.unique(values)) < least:
        raise InvalidInput(f"Trials must have at least {least} different values.")
    return values


def equal_bin_ms(bin_edges_ms: np.ndarray) -> float:
    """Return the duration of bins, all of which must last as long.

    Raises
    ------
    InvalidInput
        If they do not.
    """
    widths = np.diff(bin_edges_ms)
    if not np.allclose(widths, widths[0], rtol=1e-6):
        raise InvalidInput(
            f"Bins must be equal in duration, but last {widths.min():g} to {widths.max():g} ms; "
            "take others with rebin."
        )
    return float(widths[0])


def rebin(
    spike_count: np.ndarray, bin_edges_ms: np.ndarray, window_ms: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return spike counts in longer windows, (trial, window, neuron), and their edges.

    Spikes at the end that fill no whole window are left out.

    Parameters
    ----------
    spike_count : (trial, bin, neuron) array
    bin_edges_ms : (bin + 1,) array
    window_ms : float
        Each window must begin and end with a bin.

    Raises
    ------
    InvalidInput
        If there is no whole window, or one begins within a bin.

    Examples
    --------
    >>> import numpy as np
    >>> counts, edges = rebin(np.array([[[1], [2], [0], [4]]]), np.arange(0, 50, 10), 20)
    >>> counts[0, :, 0], edges
    (array([3, 4]), array([ 0., 20., 40.]))
    """
    counts, edges = checked_counts(spike_count, bin_edges_ms)
    require_number("window_ms", window_ms, above=0)
    n_windows = int((edges[-1] - edges[0]) / window_ms + 1e-6)
    if not n_windows:
        raise InvalidInput(
            f"No window of {window_ms:g} ms fits into the {edges[-1] - edges[0]:g} ms that were "
            "counted."
        )
    wanted = edges[0] + np.arange(n_windows + 1) * window_ms
    first = abs(edges[:, np.newaxis] - wanted).argmin(axis=0)
    if not np.allclose(edges[first], wanted, rtol=0, atol=1e-6 * window_ms):
        raise InvalidInput(
            f"A window of {window_ms:g} ms must begin and end with a bin; the first bins last "
            f"{edges[1] - edges[0]:g} ms."
        )
    return merged_bins(counts[np.newaxis], first)[0], edges[first]
