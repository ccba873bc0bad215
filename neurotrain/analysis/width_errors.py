"""Losses of trained networks against how many parameters they have."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from neurotrain.analysis.style import class_color, new_figure, paper_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@paper_style()
def width_errors_figure(rows: Sequence[Mapping[str, Any]]) -> "Figure":
    """Return losses against the number of parameters, both logarithmic, a panel for each problem.

    Parameters
    ----------
    rows : sequence of mapping
        With ``problem``, ``method``, ``parameters``, the median ``loss``, the ``lowest`` and the
        ``highest``; those with a loss that is no number are left out.
    """
    problems = list(dict.fromkeys(row["problem"] for row in rows))
    methods = list(dict.fromkeys(row["method"] for row in rows))
    figure = new_figure(20 + 60 * len(problems), 62)
    panels = figure.subplots(1, len(problems), squeeze=False)[0]
    for axes, problem in zip(panels, problems, strict=True):
        for k, method in enumerate(methods):
            own = [r for r in rows if (r["problem"], r["method"]) == (problem, method)]
            own = [row for row in own if isinstance(row["loss"], float)]
            at, losses = [r["parameters"] for r in own], [r["loss"] for r in own]
            ends = [r["lowest"] for r in own], [_number(r["highest"], r["loss"]) for r in own]
            axes.plot(at, losses, "o-", markersize=3, color=class_color(k), label=method)
            axes.vlines(at, *ends, color=class_color(k), alpha=0.5)
        axes.set(title=problem, xlabel="parameters", xscale="log", yscale="log")
    panels[0].set_ylabel("loss")
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=len(methods)
    )
    return figure


def _number(value: float | str, otherwise: float) -> float:
    return value if isinstance(value, float) else otherwise
