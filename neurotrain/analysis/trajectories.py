"""Outputs beside their targets."""

from typing import TYPE_CHECKING

import numpy as np

from neurotrain.analysis.style import FAINT, class_color, new_figure, paper_style
from neurotrain.analysis.tables import Table
from neurotrain.errors import InvalidInput
from neurotrain.trials import Trials

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_TRIALS = 4
TRIALS_OF_TABLE = 20


def trajectories_table(output: np.ndarray, output_ms: np.ndarray, trials: Trials) -> Table:
    """Return outputs and targets of the first 20 trials as columns.

    Parameters
    ----------
    output : (trial, bin, output) array
    output_ms : (bin,) array
        The middle of each bin.
    trials : Trials
        With targets.

    Returns
    -------
    mapping of str to (row,) array
        A row for each trial, bin and output: also the target, and 1 where the bin counts.
    """
    _check(output, trials)
    shown = output[:TRIALS_OF_TABLE]
    trial, k, which = (index.ravel() for index in np.indices(shown.shape))
    return {
        "trial": trial,
        "time_ms": np.asarray(output_ms)[k],
        "output": which,
        "value": shown.ravel(),
        "target": trials.targets[trial, k, which],
        "counts": trials.counted[trial, k].astype(int),
    }


@paper_style()
def trajectories_figure(output: np.ndarray, output_ms: np.ndarray, trials: Trials) -> "Figure":
    """Return each output of the first trials, a column each, with its target where it counts.

    Parameters are those of `trajectories_table`.
    """
    _check(output, trials)
    n_trials, n_outputs = min(len(output), MAX_TRIALS), output.shape[2]
    figure = new_figure(24 + 46 * n_trials, 20 + 26 * n_outputs)
    how = {"sharex": True, "sharey": "row", "squeeze": False}
    panels = figure.subplots(n_outputs, n_trials, **how)
    for (which, trial), axes in np.ndenumerate(panels):
        target = np.where(trials.counted[trial], trials.targets[trial, :, which], np.nan)
        axes.plot(output_ms, target, color=FAINT, linestyle=(0, (3, 2)), label="target")
        axes.plot(output_ms, output[trial, :, which], color=class_color(which), label="output")
    for trial, axes in enumerate(panels[0]):
        axes.set_title(f"trial {trial}")
    for which, axes in enumerate(panels[:, 0]):
        axes.set_ylabel(f"output {which}")
    for axes in panels[-1]:
        axes.set(xlabel="time (ms)", xlim=(0, trials.duration_ms))
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure


def _check(output: np.ndarray, trials: Trials) -> None:
    if trials.targets is None or output.shape != trials.targets.shape:
        expected = None if trials.targets is None else trials.targets.shape
        raise InvalidInput(
            f"Outputs must be (trial, bin, output) as the targets, {expected}, got {output.shape}."
        )
