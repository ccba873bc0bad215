"""How networks change as they learn, by one rule and another."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.analysis.style import class_color, new_figure, paper_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Curves = Mapping[str, Sequence[Sequence[float]]]
# Rules after so many have dashed lines, since colors come again.
_COLORS = 7


@paper_style()
def courses_figure(samples: Sequence[int], panels: Mapping[str, Curves]) -> "Figure":
    """Return one panel for each measure: its median over networks, and all of them faintly.

    Parameters
    ----------
    samples : sequence of int
        After which it was measured.
    panels : mapping of str to mapping
        By the name of a measure, for each rule one curve of every network.
    """
    figure = new_figure(62 * len(panels), 62)
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for one, (title, rules) in zip(axes, panels.items(), strict=True):
        for k, (name, curves) in enumerate(rules.items()):
            values = np.array(curves, dtype=float)
            style = {"color": class_color(k), "linestyle": "-" if k < _COLORS else "--"}
            one.plot(samples, values.T, linewidth=0.4, alpha=0.25, **style)
            one.plot(samples, np.median(values, 0), linewidth=1.2, label=name, **style)
        one.set(title=title, xlabel="samples")
        _show_most(one, [curve for curves in rules.values() for curve in curves])
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return figure


def _show_most(axes: object, curves: Sequence[Sequence[float]]) -> None:
    """Leave curves that run away outside, since one of them would flatten all others."""
    values = np.array(curves, dtype=float)
    values = values[np.isfinite(values)]
    if values.size and values.max() > 10 * np.median(values):
        axes.set_ylim(0, 4 * np.median(values))
