"""Figures of what neurons do under each condition: rasters, PSTHs, and rates of all neurons."""

from typing import TYPE_CHECKING

import numpy as np

from neurotrain.analysis.condition_activity import (
    MAX_GROUPS,
    ConditionRates,
    in_fewer_bins,
    rates_by_condition,
    shown_trials,
    spikes_by_condition,
    telling_neurons,
)
from neurotrain.analysis.performance import group_values, value_text
from neurotrain.analysis.style import (
    class_color,
    new_figure,
    on_axes,
    paper_style,
    shade_period,
)
from neurotrain.errors import InvalidInput

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PSTH_BINS, PSTH_NEURONS = 40, 3


@on_axes(85, 55)
def raster(
    spike_count: np.ndarray,
    bin_edges_ms: np.ndarray,
    values: np.ndarray,
    *,
    neuron: int,
    condition: str = "condition",
    decision_period: tuple[float, float] | None = None,
    axes: "Axes | None" = None,
) -> "Axes":
    """Draw the spikes of one neuron, a row a trial, the trials of each condition together.

    Up to 12 trials of each of up to 6 values are shown.

    Parameters
    ----------
    spike_count : (trial, bin, neuron) int array
    bin_edges_ms : (bin + 1,) array
        A spike is drawn in the middle of its bin.
    values : (trial,) array
        The condition: numbers or texts.
    neuron : int
        Whose spikes.
    condition : str
        What the condition is called, with its unit.
    decision_period : (start, stop), optional
        In ms, to be shaded.
    axes : Axes, optional
        By default those of a new figure.

    Raises
    ------
    InvalidInput
        If there are no trials, shapes disagree, or there is no such neuron.
    """
    counts = _of_neuron(spike_count, neuron)
    spikes = spikes_by_condition(counts, bin_edges_ms, values, condition)
    trials, (shown, group) = shown_trials(values), group_values(np.asarray(values), MAX_GROUPS)
    row_of = dict(zip(trials.tolist(), range(len(trials)), strict=True))
    shade_period(axes, decision_period)
    for k, value in enumerate(shown):
        own = group[spikes["trial"]] == k
        rows = [row_of[trial] for trial in spikes["trial"][own].tolist()]
        how = {"linestyle": "none", "marker": "|", "markersize": 3, "markeredgewidth": 0.7}
        label = f"{condition} {value_text(value)}"
        axes.plot(spikes["time_ms"][own], rows, color=class_color(k), label=label, **how)
    axes.set(xlabel="time (ms)", xlim=(bin_edges_ms[0], bin_edges_ms[-1]))
    axes.set(ylabel=f"trial\n(neuron {neuron})", ylim=(len(trials) - 0.5, -0.5), yticks=[])
    return axes


@on_axes(85, 55)
def psth(
    spike_count: np.ndarray,
    bin_edges_ms: np.ndarray,
    values: np.ndarray,
    *,
    neuron: int | None = None,
    condition: str = "condition",
    decision_period: tuple[float, float] | None = None,
    axes: "Axes | None" = None,
) -> "Axes":
    """Draw the firing rate in each bin, a line a condition: the peristimulus time histogram.

    Parameters
    ----------
    neuron : int, optional
        Whose rate; by default the mean of all neurons.
    spike_count, bin_edges_ms, values, condition, decision_period, axes
        As for `raster`, which also says what is raised. Bins are drawn as they are;
        all trials count.
    """
    counts = spike_count if neuron is None else _of_neuron(spike_count, neuron)
    _draw_rates(axes, rates_by_condition(counts, bin_edges_ms, values), condition)
    shade_period(axes, decision_period)
    axes.set(xlabel="time (ms)", xlim=(bin_edges_ms[0], bin_edges_ms[-1]))
    axes.set_ylabel("mean rate (Hz)" if neuron is None else f"rate of\nneuron {neuron} (Hz)")
    axes.set_ylim(bottom=0)
    return axes


def _of_neuron(spike_count: np.ndarray, neuron: int) -> np.ndarray:
    """Return the spikes of one neuron, (trial, bin, 1)."""
    spike_count = np.asarray(spike_count)
    n_neurons = spike_count.shape[-1] if spike_count.ndim == 3 else 0
    if not 0 <= neuron < n_neurons:
        raise InvalidInput(
            f"There is no neuron {neuron} in spike counts (trial, bin, neuron) of shape "
            f"{spike_count.shape}."
        )
    return spike_count[..., neuron : neuron + 1]


def _draw_rates(axes: "Axes", rates: ConditionRates, condition: str) -> None:
    for k, value in enumerate(rates.value):
        how = {"color": class_color(k), "label": f"{condition} {value_text(value)} ({rates.n[k]})"}
        mean = rates.rate_hz[k].mean(axis=1)
        axes.stairs(mean, rates.bin_edges_ms, baseline=None, linewidth=1, **how)


@paper_style()
def psth_figure(
    spike_count: np.ndarray,
    bin_edges_ms: np.ndarray,
    values: np.ndarray,
    *,
    condition: str,
    decision_period: tuple[float, float] | None = None,
) -> "Figure":
    """Return a raster above its PSTH, for each of the neurons that differ most.

    Parameters
    ----------
    spike_count, bin_edges_ms, values, condition, decision_period
        As for `raster`; rates are drawn in 40 bins or fewer.
    """
    binned = in_fewer_bins(np.asarray(spike_count), np.asarray(bin_edges_ms), PSTH_BINS)
    neurons = telling_neurons(rates_by_condition(*binned, values), PSTH_NEURONS)
    figure = new_figure(14 + 42 * len(neurons), 78)
    how = {"sharex": True, "squeeze": False, "height_ratios": (1.2, 1)}
    panels = figure.subplots(2, len(neurons), **how)
    about = {"condition": condition, "decision_period": decision_period}
    for (above, below), neuron in zip(panels.T, neurons.tolist(), strict=True):
        raster(spike_count, bin_edges_ms, values, neuron=neuron, axes=above, **about)
        psth(*binned, values, neuron=neuron, axes=below, **about)
        above.set(title=f"neuron {neuron}", xlabel="", ylabel="trial")
        below.set_ylabel("rate (Hz)")
    top = max(below.get_ylim()[1] for below in panels[1])
    for axes in panels.flat:
        axes.label_outer()
    for below in panels[1]:
        below.set_ylim(0, top)
    handles, labels = panels[1, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=min(len(labels), 3))
    return figure


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
    shade_period(mean, decision_period)
    _draw_rates(mean, rates, condition)
    mean.set_ylabel("mean rate (Hz)")
    figure.legend(*mean.get_legend_handles_labels(), loc="outside upper center", ncols=3)
    top = rates.rate_hz.max() or 1.0
    for axes, value, rate in zip(maps, rates.value, rates.rate_hz, strict=True):
        how = {"cmap": "Greys", "vmin": 0, "vmax": top}
        mesh = axes.pcolormesh(edges, np.arange(n_neurons + 1) - 0.5, rate.T, **how)
        axes.set_ylabel(f"neuron\n({condition} {value_text(value)})")
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
    neurons = telling_neurons(rates_by_condition(spike_count, bin_edges_ms, values))
    figure = new_figure(110, 24 + 24 * len(neurons))
    panels = figure.subplots(len(neurons), 1, sharex=True, squeeze=False)[:, 0]
    about = {"condition": condition, "decision_period": decision_period}
    for axes, neuron in zip(panels, neurons.tolist(), strict=True):
        raster(spike_count, bin_edges_ms, values, neuron=neuron, axes=axes, **about)
        axes.label_outer()
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return figure
