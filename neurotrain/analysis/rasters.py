"""Rasters of single trials, with voltages and the decision below them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.analysis.style import (
    FAINT,
    INK,
    WRONG,
    class_color,
    new_figure,
    paper_style,
    shade_period,
)
from neurotrain.analysis.trial_activity import TrialActivity
from neurotrain.analysis.voltages import draw_scale, draw_voltages, name_neurons
from neurotrain.errors import InvalidInput

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

N_TRACES = 5

# One column of a figure: whose activity, which of its trials, and what to call it.
Column = tuple[TrialActivity, int, str]


@paper_style()
def trial_rasters(activity: TrialActivity, *, condition: str | None = None) -> "Figure":
    """Return rasters, voltages of the most active neurons, and decisions, a column a trial.

    Parameters
    ----------
    activity : TrialActivity
        A few trials, as `record_trials` gives them.
    condition : str, optional
        A condition of the trials to tell in the titles.

    Raises
    ------
    InvalidInput
        If there is no trial.
    """
    columns = [(activity, i, "") for i in range(activity.trials.n_trials)]
    if not columns:
        raise InvalidInput("A raster needs at least one trial.")
    return _figure(columns, condition)


@paper_style()
def before_after(
    before: TrialActivity, after: TrialActivity, *, condition: str | None = None
) -> "Figure":
    """Return the first trial of each, side by side.

    Parameters
    ----------
    before, after : TrialActivity
        The untrained and the trained network on the same trials.
    condition : str, optional
        A condition of the trials to tell in the titles.
    """
    return _figure([(before, 0, "before training"), (after, 0, "after training")], condition)


def _figure(columns: Sequence[Column], condition: str | None) -> "Figure":
    with_voltage = columns[0][0].voltage is not None
    n_periods = len(columns[0][0].trials.periods)
    heights = [4 * n_periods, 40, *([40] if with_voltage else []), 26]
    figure = new_figure(28 + 52 * len(columns), sum(heights) + 24)
    grid = figure.subplots(
        len(heights), len(columns), sharex=True, sharey="row", squeeze=False, height_ratios=heights
    )
    shown = [activity for activity, _, _ in columns]
    neurons = _most_active(shown)
    for axes, (activity, trial, name) in zip(grid.T, columns, strict=True):
        _draw_title(axes[0], activity, trial, name, condition)
        _draw_periods(axes[0], activity)
        _draw_raster(axes[1], activity, trial)
        if with_voltage:
            draw_voltages(axes[2], activity.voltage[trial][:, neurons], activity.voltage_ms)
        _draw_decision(axes[-1], activity, trial)
        for each in axes:
            shade_period(each, activity.trials.periods["decision"])
        axes[-1].set(xlabel="time (ms)", xlim=(0, activity.trials.duration_ms))
    grid[1, 0].set_ylabel("neuron")
    read = "decision variable" if columns[0][0].trials.targets is None else "output"
    grid[-1, 0].set_ylabel(f"{read}\n({columns[0][0].decision_unit})")
    if with_voltage:
        _label_voltages(grid[2, 0], grid[2, -1], shown, neurons)
    handles, labels = grid[-1, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(len(labels), 8))
    return figure


def _most_active(shown: Sequence[TrialActivity]) -> np.ndarray:
    """Return the neurons with most spikes on all trials shown, in order of their number."""
    n_spikes = sum(activity.spike_count.sum(axis=(0, 1)) for activity in shown)
    return np.sort(np.argsort(-n_spikes, kind="stable")[:N_TRACES])


def _draw_title(
    axes: "Axes", activity: TrialActivity, trial: int, name: str, condition: str | None
) -> None:
    about, outcome, right = _told(activity, trial)
    if condition is not None:
        about += f", {condition} {activity.trials.conditions[condition][trial]:g}"
    if activity.failed[trial]:
        outcome = "simulation failed"
    lines = [line for line in (name, about, outcome) if line]
    axes.set_title("\n".join(lines), color=INK if right else WRONG)


def _told(activity: TrialActivity, trial: int) -> tuple[str, str, bool]:
    """Return what the trial was, what came of it, and whether that is right."""
    if activity.trials.labels is None:
        return f"trial {trial}", "", not activity.failed[trial]
    label, choice = activity.trials.labels[trial], activity.choices[trial]
    right = bool(label == choice)
    outcome = f"chose {choice}, {'correct' if right else 'wrong'}" if choice >= 0 else "no choice"
    return f"class {label}", outcome, right


def _draw_periods(axes: "Axes", activity: TrialActivity) -> None:
    periods = activity.trials.periods
    for row, (start, stop) in enumerate(periods.values()):
        axes.broken_barh([(start, stop - start)], (row - 0.25, 0.5), color=FAINT, linewidth=0)
    axes.set(yticks=range(len(periods)), yticklabels=periods, ylim=(len(periods) - 0.4, -0.6))
    axes.tick_params(length=0, labelbottom=False)
    axes.spines[:].set_visible(False)


def _draw_raster(axes: "Axes", activity: TrialActivity, trial: int) -> None:
    bins, neurons = np.nonzero(activity.spike_count[trial])
    edges = activity.bin_edges_ms
    times = (edges[bins] + edges[bins + 1]) / 2
    n_neurons = activity.spike_count.shape[-1]
    axes.plot(
        times,
        neurons,
        linestyle="none",
        marker="|",
        markersize=max(1.2, min(4, 100 / n_neurons)),
        markeredgewidth=0.7,
        color=INK,
    )
    axes.set_ylim(-1, n_neurons)
    axes.yaxis.get_major_locator().set_params(integer=True)


def _label_voltages(
    first: "Axes", last: "Axes", shown: Sequence[TrialActivity], neurons: np.ndarray
) -> None:
    """Write the neurons' numbers to the left of the figure, and a scale to the right."""
    volts = np.concatenate([activity.voltage[..., neurons] for activity in shown])
    name_neurons(first, volts, neurons)
    if np.isfinite(volts).any():
        draw_scale(last)


def _draw_decision(axes: "Axes", activity: TrialActivity, trial: int) -> None:
    targets = activity.trials.targets
    what = "class" if targets is None else "output"
    for label, values in enumerate(activity.decision[trial].T):
        axes.plot(activity.decision_ms, values, color=class_color(label), label=f"{what} {label}")
    if targets is None:
        return
    shown = np.where(activity.trials.counted[trial, :, np.newaxis], targets[trial], np.nan)
    for label, values in enumerate(shown.T):
        how = {"color": class_color(label), "linestyle": (0, (3, 2)), "linewidth": 0.8}
        axes.plot(activity.decision_ms, values, label=f"target {label}", **how)
