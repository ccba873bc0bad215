"""Losses of neural ODEs as they are trained, against what it costs."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.analysis.style import class_color, new_figure, paper_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Curve = Mapping[str, Sequence[float]]
Curves = Mapping[str, Sequence[Curve]]

LABELS = {"generation": "generation, or step", "seconds": "seconds of training"}
# Losses fluctuate; curves are means over this share of the points that are shown.
_SHARE = 0.025


@paper_style()
def ode_curves_figure(panels: Mapping[str, Curves], costs: Sequence[str]) -> "Figure":
    """Return one panel of losses for each comparison, both axes logarithmic.

    Parameters
    ----------
    panels : mapping of str to mapping
        By its title what a panel shows: of each method one curve for every training, with
        ``loss``, ``generation`` and ``seconds`` as long as one another.
    costs : sequence of {'generation', 'seconds'}
        The horizontal axis of each panel.
    """
    figure = new_figure(70 * len(panels), 68)
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    color = 0
    for one, (title, methods), cost in zip(axes, panels.items(), costs, strict=True):
        for name, trainings in methods.items():
            _draw(one, name, trainings, cost, class_color(color))
            color += 1
        one.set(title=title, xlabel=LABELS[cost], xscale="log", yscale="log")
        one.legend(loc="lower left")
    axes[0].set_ylabel("loss (mean absolute error)")
    return figure


def _draw(axes: "Axes", name: str, trainings: Sequence[Curve], cost: str, color: str) -> None:
    for k, one in enumerate(trainings):
        loss = _running_mean(np.array(one["loss"], dtype=float))
        label = name if k == 0 else None
        axes.plot(one[cost], loss, color=color, linewidth=0.8, alpha=0.8, label=label)


def _running_mean(values: np.ndarray) -> np.ndarray:
    """Return the means over the points up to each; what is not finite is left out."""
    width = max(1, round(_SHARE * len(values)))
    known = np.isfinite(values)
    sums = np.cumsum(np.where(known, values, 0.0))
    counts = np.cumsum(known)
    before = np.maximum(np.arange(len(values)) - width, -1)
    sums, counts = (x - np.where(before >= 0, x[before], 0) for x in (sums, counts))
    return np.divide(sums, counts, out=np.full(len(values), np.nan), where=counts > 0)
