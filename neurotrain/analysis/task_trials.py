"""Figures of what tasks show, and of what they expect."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.analysis.style import CLASS_COLORS, FAINT, INK, SHADE, new_figure, paper_style
from neurotrain.task import Task
from neurotrain.trials import Trials

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# With more channels single traces cannot be told apart.
MAX_TRACES = 8


@paper_style()
def task_trials(task: Task, n_trials: int = 3, *, seed: int = 0) -> "Figure":
    """Return a figure of some trials of a task, below one another.

    It shows the input channels, as traces or, if there are more than eight, as shades of
    gray; the decision period in gray, or begun by a blue line; and the correct class, or the
    targets in color, pale where they do not count.

    Parameters
    ----------
    task : Task
    n_trials : int
        How many trials.
    seed : int
        Of the trials.
    """
    trials = task.draw(n_trials, np.random.default_rng(seed))
    figure = new_figure(120, 12 + 30 * n_trials)
    for trial, axes in enumerate(figure.subplots(n_trials, sharex=True, squeeze=False)[:, 0]):
        _draw_trial(axes, trials, trial)
        axes.set_title(_answer(trials, trial), loc="left", pad=8 if trial == 0 else None)
    _draw_period_names(figure.axes[0], trials)
    axes.set_xlabel("time (ms)")
    figure.suptitle(task.name)
    return figure


@paper_style()
def task_overview(tasks: Sequence[Task], *, seed: int = 0) -> "Figure":
    """Return a figure with a trial of each task, as in `task_trials`."""
    n_rows = -(-len(tasks) // 2)
    figure = new_figure(180, 8 + 26 * n_rows)
    grid = figure.subplots(n_rows, 2, squeeze=False)
    for axes in grid.flat[len(tasks) :]:
        axes.set_visible(False)
    for axes, task in zip(grid.flat, tasks, strict=False):
        trials = task.draw(1, np.random.default_rng(seed))
        _draw_trial(axes, trials, 0)
        axes.set_title(f"{task.name}: {_answer(trials, 0, max_conditions=1)}", loc="left")
    for axes in grid[-1]:
        axes.set_xlabel("time (ms)")
    return figure


def _draw_trial(axes: "Axes", trials: Trials, trial: int) -> None:
    edges_ms = np.arange(trials.inputs.shape[1] + 1) * trials.bin_ms
    inputs = trials.inputs[trial]
    n_channels = inputs.shape[1]
    start, stop = trials.periods["decision"]
    if n_channels > MAX_TRACES:
        axes.pcolormesh(edges_ms, np.arange(n_channels + 1), inputs.T, cmap="gray_r", zorder=1)
        axes.set(ylabel="channel", yticks=[0, n_channels])
        axes.axvline(start, color=CLASS_COLORS[0])
    else:
        axes.axvspan(start, stop, color=SHADE, linewidth=0, zorder=0)
        offsets = -1.4 * np.arange(n_channels)
        for values, offset in zip(_scaled(trials.inputs, trial), offsets, strict=True):
            axes.stairs(values + offset, edges_ms, baseline=None, color=INK)
        axes.set(ylabel="channel", yticks=offsets, yticklabels=range(n_channels))
        if trials.targets is not None:
            _draw_targets(axes, trials, trial, edges_ms, offsets[-1] - 1.6)
        axes.margins(y=0.1)
    axes.set_xlim(edges_ms[0], edges_ms[-1])


def _scaled(values: np.ndarray, trial: int) -> np.ndarray:
    """Return the traces of a trial, (trace, bin), of a height of 1 and around their zero."""
    return values[trial].T / max(np.ptp(values), 1e-9)


def _draw_targets(
    axes: "Axes", trials: Trials, trial: int, edges_ms: np.ndarray, top: float
) -> None:
    """Draw targets below the inputs, faint where they do not count."""
    counted = trials.counted[trial]
    for output, target in enumerate(_scaled(trials.targets, trial)):
        color = CLASS_COLORS[output % len(CLASS_COLORS)]
        values = top - 1.4 * output + target
        axes.stairs(values, edges_ms, baseline=None, color=color, alpha=0.3)
        axes.stairs(np.where(counted, values, np.nan), edges_ms, baseline=None, color=color)


def _draw_period_names(axes: "Axes", trials: Trials) -> None:
    """Write the names above the axes, but for periods too short for their name."""
    across = axes.get_xaxis_transform()
    text = {"ha": "center", "va": "bottom", "fontsize": 6, "color": FAINT}
    for name, (start, stop) in trials.periods.items():
        if stop - start > 0.012 * len(name) * trials.duration_ms:
            axes.text((start + stop) / 2, 1.0, name, transform=across, **text)


def _answer(trials: Trials, trial: int, max_conditions: int = 3) -> str:
    if trials.labels is None:
        return "targets in color"
    conditions = list(trials.conditions.items())[:max_conditions]
    told = ", ".join(f"{name} {values[trial]:.4g}" for name, values in conditions)
    return f"class {trials.labels[trial]}{f' ({told})' if told else ''}"
