"""What neurons do under each condition: firing rates in time, and spikes trial by trial."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.analysis.counts import checked_counts, checked_values
from neurotrain.analysis.performance import group_values
from neurotrain.analysis.style import SHADE, class_color, new_figure, paper_style
from neurotrain.analysis.tables import Table
from neurotrain.analysis.time_histograms import psth

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
    trials = _shown_trials(values)
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


def _shown_trials(values: np.ndarray) -> np.ndarray:
    """Return the first trials of each group, group by group."""
    shown, group = group_values(values, MAX_GROUPS)
    chosen = [np.flatnonzero(group == k)[:TRIALS_OF_GROUP] for k in range(len(shown))]
    return np.concatenate(chosen)


def _checked(
    spike_count: np.ndarray, bin_edges_ms: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    counts, _ = checked_counts(spike_count, bin_edges_ms)
    return counts, checked_values(values, len(counts))


@paper_style()
def rates_figure(
    rates: ConditionRates, *, condition: str, decision_period: tuple[float, float] | None = None
) -> "Figure":
    """Return the mean rate of all neurons in time, above the rate of each neuron.

    Parameters
    ----------
    rates : ConditionRates
    condition : str
        What the condition is called, with its unit.
    decision_period : (start, stop), optional
        In ms, to be shaded.
    """
    n_values, _, n_neurons = rates.rate_hz.shape
    edges = rates.bin_edges_ms
    figure = new_figure(96, 34 + 22 * n_values)
    heights = [1.4, *[1] * n_values]
    mean, *maps = figure.subplots(n_values + 1, 1, sharex=True, height_ratios=heights)
    if decision_period is not None:
        mean.axvspan(*decision_period, color=SHADE, linewidth=0, zorder=0)
    for k, value in enumerate(rates.value):
        rate = rates.rate_hz[k].mean(axis=1)
        how = {"color": class_color(k), "label": f"{condition} {_said(value)} ({rates.n[k]})"}
        mean.stairs(rate, edges, baseline=None, linewidth=1, **how)
    mean.set_ylabel("mean rate (Hz)")
    figure.legend(*mean.get_legend_handles_labels(), loc="outside upper center", ncols=3)
    top = rates.rate_hz.max() or 1.0
    for axes, value, rate in zip(maps, rates.value, rates.rate_hz, strict=True):
        how = {"cmap": "Greys", "vmin": 0, "vmax": top}
        mesh = axes.pcolormesh(edges, np.arange(n_neurons + 1) - 0.5, rate.T, **how)
        axes.set_ylabel(f"neuron\n({condition} {_said(value)})")
    maps[-1].set(xlabel="time (ms)", xlim=(edges[0], edges[-1]))
    figure.colorbar(mesh, ax=maps, label="rate (Hz)")
    return figure


@paper_style()
def rasters_figure(
    spike_count: np.ndarray,
    bin_edges_ms: np.ndarray,
    values: np.ndarray,
    *,
    condition: str,
    decision_period: tuple[float, float] | None = None,
) -> "Figure":
    """Return the spikes of a few neurons, a panel each, trial by trial under each condition.

    The neurons are those whose spike counts differ most between values of the condition; a few
    trials of each value are shown.

    Parameters
    ----------
    spike_count : (trial, bin, neuron) int array
    bin_edges_ms : (bin + 1,) array
    values : (trial,) array
        The condition: numbers or texts.
    condition : str
        What it is called, with its unit.
    decision_period : (start, stop), optional
        In ms, to be shaded.
    """
    rates = rates_by_condition(spike_count, bin_edges_ms, values)
    spikes = spikes_by_condition(spike_count, bin_edges_ms, values, condition)
    trials = _shown_trials(np.asarray(values))
    shown, group = group_values(np.asarray(values), MAX_GROUPS)
    row_of = np.full(len(group), -1)
    row_of[trials] = np.arange(len(trials))
    neurons = _telling_neurons(rates)
    figure = new_figure(110, 24 + 24 * len(neurons))
    panels = figure.subplots(len(neurons), 1, sharex=True, squeeze=False)[:, 0]
    for axes, neuron in zip(panels, neurons, strict=True):
        if decision_period is not None:
            axes.axvspan(*decision_period, color=SHADE, linewidth=0, zorder=0)
        for k, value in enumerate(shown):
            own = (spikes["neuron"] == neuron) & (group[spikes["trial"]] == k)
            how = {"linestyle": "none", "marker": "|", "markersize": 3, "markeredgewidth": 0.7}
            rows = row_of[spikes["trial"][own]]
            label = f"{condition} {_said(value)}"
            axes.plot(spikes["time_ms"][own], rows, color=class_color(k), label=label, **how)
        axes.set(ylabel=f"trial\n(neuron {neuron})", ylim=(len(trials) - 0.5, -0.5), yticks=[])
    panels[-1].set(xlabel="time (ms)", xlim=(bin_edges_ms[0], bin_edges_ms[-1]))
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return figure


def _telling_neurons(rates: ConditionRates) -> np.ndarray:
    """Return the neurons whose rate differs most between conditions, in order of their number.

    Of those that differ alike, the most active.
    """
    rate = rates.rate_hz.mean(axis=1)
    order = np.lexsort((-rate.mean(axis=0), -rate.std(axis=0)))
    return np.sort(order[:N_NEURONS])


def _said(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
