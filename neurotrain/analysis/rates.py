"""How often neurons fire, and how irregularly."""

import numpy as np

from neurotrain.analysis.counts import checked_counts
from neurotrain.errors import InvalidInput
from neurotrain.spike_statistics import cv, cv2


def firing_rates(spike_count: np.ndarray, bin_edges_ms: np.ndarray) -> np.ndarray:
    """Return the mean firing rate of each neuron on each trial in Hz, (trial, neuron).

    Parameters
    ----------
    spike_count : (trial, bin, neuron) array
        Of one candidate, such as ``recording.spike_count[0]``.
    bin_edges_ms : (bin + 1,) array
        When bins begin and end, such as ``recording.bin_edges_ms``.

    Raises
    ------
    InvalidInput
        If shapes disagree, there are no trials, or counts are not counts.

    Examples
    --------
    >>> import numpy as np
    >>> counts = np.array([[[1, 0], [2, 1]]])  # one trial, two bins, two neurons
    >>> firing_rates(counts, np.array([0.0, 50.0, 100.0]))
    array([[30., 10.]])
    """
    counts, edges = checked_counts(spike_count, bin_edges_ms)
    return counts.sum(axis=1) / ((edges[-1] - edges[0]) * 1e-3)


def population_rates(spike_count: np.ndarray, bin_edges_ms: np.ndarray) -> np.ndarray:
    """Return the firing rate in Hz, the mean over neurons, in each bin, (trial, bin).

    Parameters and errors are those of `firing_rates`.
    """
    counts, edges = checked_counts(spike_count, bin_edges_ms)
    return counts.mean(axis=2) / (np.diff(edges) * 1e-3)


def interval_cv(spike_count: np.ndarray, bin_edges_ms: np.ndarray) -> np.ndarray:
    """Return the coefficient of variation of interspike intervals, (trial, neuron).

    Of the intervals within each trial, by `neurotrain.spike_statistics.cv`; NaN where there are
    fewer than two.

    Parameters
    ----------
    spike_count : (trial, bin, neuron) array
        Counted in every step, so that times of spikes are known.
    bin_edges_ms : (bin + 1,) array

    Raises
    ------
    InvalidInput
        As for `firing_rates`, or if a bin holds several spikes of a neuron.
    """
    trains = _trains(spike_count, bin_edges_ms)
    return cv(*trains).reshape(_trials_and_neurons(spike_count))


def interval_cv2(spike_count: np.ndarray, bin_edges_ms: np.ndarray) -> np.ndarray:
    """Return the local variation of interspike intervals, (trial, neuron).

    By `neurotrain.spike_statistics.cv2`. Parameters and errors are those of `interval_cv`.
    """
    trains = _trains(spike_count, bin_edges_ms)
    return cv2(*trains).reshape(_trials_and_neurons(spike_count))


def _trains(
    spike_count: np.ndarray, bin_edges_ms: np.ndarray
) -> tuple[np.ndarray, np.ndarray, int]:
    """Return times in ms, the train of each spike, and how many trains: one a trial and neuron."""
    counts, edges = checked_counts(spike_count, bin_edges_ms)
    if counts.max() > 1:
        raise InvalidInput(
            "Spike times are not known: count spikes in every step, with "
            "simulate(..., bins_ms=numpy.arange(0, duration_ms, dt_ms))."
        )
    n_trials, _, n_neurons = counts.shape
    trial, k, neuron = np.nonzero(counts)
    return edges[k], trial * n_neurons + neuron, n_trials * n_neurons


def _trials_and_neurons(spike_count: np.ndarray) -> tuple[int, int]:
    shape = np.shape(spike_count)
    return shape[0], shape[2]
