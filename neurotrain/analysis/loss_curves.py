"""How the loss of several methods falls with the time of training."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.analysis.style import FAINT, class_color, new_figure, paper_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Curve = tuple[Sequence[float], Sequence[float]]
_MOST_POINTS = 1000


@paper_style()
def loss_curves_figure(
    panels: Mapping[str, Mapping[str, Sequence[Curve]]], *, levels: Mapping[str, float]
) -> "Figure":
    """Return the lowest loss so far against seconds, with a panel for each problem.

    Parameters
    ----------
    panels : mapping of str to mapping of str to sequence of (seconds, losses)
        Of each panel's title, of each method, one for every training.
    levels : mapping of str to float
        Losses to compare with, drawn as lines, by what they are called.
    """
    figure = new_figure(20 + 60 * len(panels), 62)
    every = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    methods = list(dict.fromkeys(method for panel in panels.values() for method in panel))
    for axes, (title, panel) in zip(every, panels.items(), strict=True):
        for method, trainings in panel.items():
            for k, (seconds, losses) in enumerate(trainings):
                at, lowest = _thinned(np.asarray(seconds), np.minimum.accumulate(losses))
                label = None if k else method
                axes.plot(at, lowest, color=class_color(methods.index(method)), label=label)
        for name, level in levels.items():
            axes.axhline(level, color=FAINT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
            across = axes.get_yaxis_transform()
            text = {"color": FAINT, "fontsize": 6.5, "ha": "left", "va": "bottom"}
            axes.text(0, level, name, transform=across, **text)
        axes.set(title=title, xlabel="seconds of training", xscale="log", yscale="log")
    every[0].set_ylabel("lowest loss so far")
    found = dict(zip(*reversed(_legend(every)), strict=True))
    figure.legend(found.values(), found.keys(), loc="outside upper center", ncols=len(found))
    return figure


def _legend(every: Sequence) -> tuple[list, list]:
    handles, labels = [], []
    for axes in every:
        own = axes.get_legend_handles_labels()
        handles += own[0]
        labels += own[1]
    return handles, labels


def _thinned(seconds: np.ndarray, losses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return finite points, of many only some, equally far apart by ratio."""
    finite = np.isfinite(losses)
    seconds, losses = seconds[finite], losses[finite]
    if len(losses) <= _MOST_POINTS:
        return seconds, losses
    chosen = np.unique(np.geomspace(1, len(losses), _MOST_POINTS).astype(int)) - 1
    return seconds[chosen], losses[chosen]
