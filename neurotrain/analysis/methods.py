"""Accuracies that several methods reached, side by side."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from neurotrain.analysis.style import FAINT, class_color, new_figure, paper_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@paper_style()
def methods_figure(
    rows: Sequence[Mapping[str, Any]], names: Sequence[str], *, chance: float
) -> "Figure":
    """Return the accuracy of each row, from above, with a color for each method.

    Parameters
    ----------
    rows : sequence of mapping
        With ``method``, the median ``test_accuracy``, the ``lowest`` and the ``highest``.
    names : sequence of str
        What else a row is called, at its left.
    chance : float
        Accuracy of guessing.
    """
    figure = new_figure(140, 16 + 7 * len(rows))
    axes = figure.subplots()
    methods = list(dict.fromkeys(row["method"] for row in rows))
    shown = set()
    for k, row in enumerate(rows):
        method, color = row["method"], class_color(methods.index(row["method"]))
        label = None if method in shown else method
        axes.plot([row["lowest"], row["highest"]], [k, k], color=color, alpha=0.5)
        axes.plot([row["test_accuracy"]], [k], "o", color=color, markersize=4, label=label)
        shown.add(method)
    axes.axvline(chance, color=FAINT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
    axes.set(xlabel="accuracy (share of trials; the line is chance)", xlim=(0, 1.02))
    axes.set(yticks=range(len(rows)), yticklabels=names, ylim=(len(rows) - 0.5, -0.5))
    figure.legend(loc="outside upper center", ncols=len(methods))
    return figure
