"""A figure of the way of a population's activity through its first two principal components."""

from typing import TYPE_CHECKING

import numpy as np

from neurotrain.analysis.condition_activity import rates_by_condition
from neurotrain.analysis.counts import equal_bin_ms
from neurotrain.analysis.performance import value_text
from neurotrain.analysis.principal_components import population_trajectories
from neurotrain.analysis.style import class_color, on_axes
from neurotrain.rate_smoothing import smooth

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@on_axes(85, 70)
def pca_trajectories(
    spike_count: np.ndarray,
    bin_edges_ms: np.ndarray,
    values: np.ndarray,
    *,
    condition: str = "condition",
    decision_period: tuple[float, float] | None = None,
    smoothing_ms: float = 0.0,
    axes: "Axes | None" = None,
) -> "Axes":
    """Draw the mean activity under each condition in the plane of its principal components.

    The components are those of the neurons' rates in all bins and conditions. A circle is the
    first bin, a square the last, and the line is thick in the decision period.

    Parameters
    ----------
    spike_count : (trial, bin, neuron) int array
    bin_edges_ms : (bin + 1,) array
    values : (trial,) array
        The condition: numbers or texts.
    condition : str
        What it is called, with its unit.
    decision_period : (start, stop), optional
        In ms.
    smoothing_ms : float
        Standard deviation of the Gaussian with which rates are smoothed in time; 0 smooths
        nothing.
    axes : Axes, optional
        By default those of a new figure.

    Raises
    ------
    InvalidInput
        If there are no trials, shapes disagree, the smoothing is negative or bins to be smoothed
        are not equally long, or the activity has fewer than two components.
    """
    rates = rates_by_condition(spike_count, bin_edges_ms, values)
    rate_hz = rates.rate_hz
    if smoothing_ms:
        rate_hz = smooth(rate_hz, smoothing_ms, equal_bin_ms(rates.bin_edges_ms))
    found = population_trajectories(rate_hz, n_components=2)
    path, share = found.trajectory, found.explained_variance_ratio
    for k, value in enumerate(rates.value):
        x, y = path[k].T
        color, label = class_color(k), f"{condition} {value_text(value)}"
        axes.plot(x, y, color=color, linewidth=0.8, label=label)
        decides = _within(rates.bin_edges_ms, decision_period)
        axes.plot(x[decides], y[decides], color=color, linewidth=2)
        axes.plot(x[:1], y[:1], "o", color=color, markersize=4, markerfacecolor="white", zorder=3)
        axes.plot(x[-1:], y[-1:], "s", color=color, markersize=4, zorder=3)
    axes.set_xlabel(f"component 1 (Hz, {share[0]:.0%} of the variance)")
    axes.set_ylabel(f"component 2 (Hz, {share[1]:.0%})")
    axes.set_aspect("equal", adjustable="datalim")
    axes.legend()
    return axes


def _within(edges_ms: np.ndarray, period: tuple[float, float] | None) -> np.ndarray:
    """Return the bins whose middle lies within the period."""
    middle = (edges_ms[:-1] + edges_ms[1:]) / 2
    start, stop = (np.inf, np.inf) if period is None else period
    return np.flatnonzero((start <= middle) & (middle <= stop))
