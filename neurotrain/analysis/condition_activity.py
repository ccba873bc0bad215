"""What neurons do under each condition: firing rates in time, and spikes trial by trial."""

from dataclasses import dataclass

import numpy as np

from neurotrain.analysis.counts import checked_counts, checked_values
from neurotrain.analysis.performance import group_values
from neurotrain.analysis.tables import Table
from neurotrain.analysis.time_histograms import psth

# More groups, neurons or trials than these cannot be told apart in a figure.
MAX_GROUPS = 6
N_NEURONS = 4
TRIALS_OF_GROUP = 12


@dataclass(frozen=True)
class ConditionRates:
    """Firing rates under each condition.

    Parameters
    ----------
    value : (value,) array
        The values of the condition, as for `Performance`, but at most 6.
    n : (value,) int array
        Number of trials.
    rate_hz : (value, bin, neuron) array
        Mean over the trials of each value, in spikes per second.
    bin_edges_ms : (bin + 1,) array
    """

    value: np.ndarray
    n: np.ndarray
    rate_hz: np.ndarray
    bin_edges_ms: np.ndarray

    def table(self, condition: str) -> Table:
        """Return the columns to export, a row for each value, bin and neuron."""
        value, k, neuron = (index.ravel() for index in np.indices(self.rate_hz.shape))
        edges = self.bin_edges_ms
        return {
            condition: self.value[value],
            "start_ms": edges[:-1][k],
            "stop_ms": edges[1:][k],
            "neuron": neuron,
            "rate_hz": self.rate_hz.ravel(),
        }


def rates_by_condition(
    spike_count: np.ndarray, bin_edges_ms: np.ndarray, values: np.ndarray
) -> ConditionRates:
    """Return the firing rates of all neurons in each bin, at each value of a condition.

    Parameters
    ----------
    spike_count : (trial, bin, neuron) int array
    bin_edges_ms : (bin + 1,) array
    values : (trial,) array
        The condition: numbers or texts.

    Raises
    ------
    InvalidInput
        If there are no trials or shapes disagree.
    """
    spike_count, values = _checked(spike_count, bin_edges_ms, values)
    shown, group = group_values(values, MAX_GROUPS)
    rates = psth(spike_count, bin_edges_ms, group)
    return ConditionRates(shown, rates.n, rates.rate_hz, rates.bin_edges_ms)


def in_fewer_bins(
    spike_count: np.ndarray, bin_edges_ms: np.ndarray, n_bins: int
) -> tuple[np.ndarray, np.ndarray]:
    """Put neighboring bins together until there are `n_bins` or fewer, about equally long.

    Parameters
    ----------
    spike_count : (trial, bin, neuron) int array
    bin_edges_ms : (bin + 1,) array
        A readout may have asked for finer bins in some period.
    n_bins : int

    Returns
    -------
    (trial, larger bin, neuron) int array, (larger bin + 1,) array
    """
    even = np.linspace(bin_edges_ms[0], bin_edges_ms[-1], n_bins + 1)
    first = np.unique(np.searchsorted(bin_edges_ms, even[:-1] - 1e-6))
    # Where bins are longer than `n_bins` would be, the last ones begin with the end.
    first = first[first < len(bin_edges_ms) - 1]
    binned = np.add.reduceat(spike_count, first, axis=1)
    return binned, bin_edges_ms[np.append(first, len(bin_edges_ms) - 1)]


def spikes_by_condition(
    spike_count: np.ndarray, bin_edges_ms: np.ndarray, values: np.ndarray, condition: str
) -> Table:
    """Return every spike of a few trials of each value of a condition, as columns.

    Parameters
    ----------
    spike_count : (trial, bin, neuron) int array
    bin_edges_ms : (bin + 1,) array
    values : (trial,) array
        The condition: numbers or texts.
    condition : str
        What the column of its values is called.

    Returns
    -------
    mapping of str to (spike,) array
        The value of the condition, the trial, the neuron, and the time in ms: the middle of the
        bin, in which there may be several spikes. Sorted by value, trial and time.
    """
    spike_count, values = _checked(spike_count, bin_edges_ms, values)
    trials = shown_trials(values)
    rows, bins, neurons = np.nonzero(spike_count[trials])
    times = len(rows) and spike_count[trials][rows, bins, neurons]
    index = np.repeat(np.arange(len(rows)), times)
    middle = (np.asarray(bin_edges_ms)[:-1] + np.asarray(bin_edges_ms)[1:]) / 2
    return {
        condition: values[trials][rows[index]],
        "trial": trials[rows[index]],
        "neuron": neurons[index],
        "time_ms": middle[bins[index]],
    }


def shown_trials(values: np.ndarray) -> np.ndarray:
    """Return the first trials of each group, group by group."""
    shown, group = group_values(np.asarray(values), MAX_GROUPS)
    chosen = [np.flatnonzero(group == k)[:TRIALS_OF_GROUP] for k in range(len(shown))]
    return np.concatenate(chosen)


def _checked(
    spike_count: np.ndarray, bin_edges_ms: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    counts, _ = checked_counts(spike_count, bin_edges_ms)
    return counts, checked_values(values, len(counts))


def telling_neurons(rates: ConditionRates, n_neurons: int = N_NEURONS) -> np.ndarray:
    """Return the neurons whose rate differs most between conditions, in order of their number.

    Of those that differ alike, the most active.
    """
    rate = rates.rate_hz.mean(axis=1)
    order = np.lexsort((-rate.mean(axis=0), -rate.std(axis=0)))
    return np.sort(order[:n_neurons])
