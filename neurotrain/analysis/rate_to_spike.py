"""Figures of spiking networks that were trained on a rate network."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.analysis.style import FAINT, INK, class_color, new_figure, paper_style
from neurotrain.errors import InvalidInput

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_NEURONS, MAX_FACTORS = 50, 4


@paper_style()
def activity_figure(
    times_ms: np.ndarray,
    targets: np.ndarray,
    outputs: np.ndarray,
    wanted_factors: np.ndarray,
    factors: np.ndarray,
    spikes: np.ndarray,
) -> "Figure":
    """Return outputs and leading factors, each with what was wanted, and a raster below.

    Parameters
    ----------
    times_ms : (time,) array
    targets, outputs : (time, output) array
        What was to be produced, and what was.
    wanted_factors, factors : (time, factor) array
        Of the rate network, and of the spiking network.
    spikes : (time, neuron) bool array
        Of these up to 50 neurons are shown, evenly spaced.

    Raises
    ------
    InvalidInput
        If times differ.
    """
    lengths = {len(x) for x in (times_ms, targets, outputs, wanted_factors, factors, spikes)}
    if len(lengths) > 1 or 0 in lengths:
        raise InvalidInput(f"All parts must be of the same times, got {sorted(lengths)} steps.")
    n_outputs, n_factors = targets.shape[1], min(factors.shape[1], MAX_FACTORS)
    heights = [18] * (n_outputs + n_factors) + [34]
    figure = new_figure(140, sum(heights) + 18)
    grid = figure.subplots(len(heights), sharex=True, height_ratios=heights, squeeze=False)[:, 0]
    for k, axes in enumerate(grid[:n_outputs]):
        _draw_pair(axes, times_ms, targets[:, k], outputs[:, k], class_color(k))
        axes.set_ylabel(f"output {k}")
    for k, axes in enumerate(grid[n_outputs:-1]):
        _draw_pair(axes, times_ms, wanted_factors[:, k], factors[:, k], INK)
        axes.set_ylabel(f"factor {k}")
    _draw_spikes(grid[-1], times_ms, spikes)
    grid[-1].set(xlabel="time (ms)", xlim=(times_ms[0], times_ms[-1]))
    figure.legend(*grid[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure


@paper_style()
def variance_figure(curves: Mapping[str, np.ndarray], components: int = 20) -> "Figure":
    """Return the share of power in the leading components of each network.

    Parameters
    ----------
    curves : mapping of str to (component,) array
        By what they are of, from `variance_curve`.
    components : int
        How many are shown.
    """
    figure = new_figure(80, 62)
    axes = figure.subplots()
    for k, (name, curve) in enumerate(curves.items()):
        shown = np.asarray(curve)[:components]
        how = {"marker": "o", "markersize": 2.5, "color": class_color(k), "label": name}
        axes.plot(np.arange(1, len(shown) + 1), shown, **how)
    axes.set(xlabel="principal components", ylabel="share of variance", ylim=(0, 1.02))
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(loc="lower right")
    return figure


@paper_style()
def errors_figure(panels: Mapping[str, Mapping[float, Sequence[float]]]) -> "Figure":
    """Return normalized errors against what networks differ in, a panel each.

    Parameters
    ----------
    panels : mapping of str to mapping
        By the label of the horizontal axis, such as ``'components'``: by its value the errors of
        networks with different seeds. Lines are medians.
    """
    if not panels or not all(panels.values()):
        raise InvalidInput("Every panel needs at least one value with its errors.")
    figure = new_figure(14 + 62 * len(panels), 62)
    grid = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (label, errors) in zip(grid, panels.items(), strict=True):
        values = sorted(errors)
        for value in values:
            each = errors[value]
            axes.plot([value] * len(each), each, "o", color=FAINT, markersize=2.5)
        axes.plot(values, [np.median(errors[value]) for value in values], color=INK)
        axes.set(xlabel=label, xscale="log", yscale="log")
        axes.set_xticks(values, [f"{value:g}" for value in values])
        axes.minorticks_off()
    grid[0].set_ylabel("normalized error of the test")
    return figure


def _draw_pair(
    axes: "Axes", times_ms: np.ndarray, wanted: np.ndarray, given: np.ndarray, color: str
) -> None:
    axes.plot(times_ms, wanted, color=FAINT, linestyle=(0, (3, 2)), label="wanted")
    axes.plot(times_ms, given, color=color, linewidth=0.8, label="spiking network")


def _draw_spikes(axes: "Axes", times_ms: np.ndarray, spikes: np.ndarray) -> None:
    n_neurons = spikes.shape[1]
    shown = np.unique(np.linspace(0, n_neurons - 1, min(n_neurons, MAX_NEURONS)).astype(int))
    steps, rows = np.nonzero(spikes[:, shown])
    how = {"marker": "|", "linestyle": "none", "color": INK, "markersize": 2.5}
    axes.plot(np.asarray(times_ms)[steps], rows, markeredgewidth=0.6, **how)
    axes.set(ylabel=f"neuron ({len(shown)} of {n_neurons})", ylim=(-1, len(shown)))
