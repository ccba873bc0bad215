"""Norms of gradients against the duration of trials and against the gain of recurrent weights."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from neurotrain.analysis.style import INK, class_color, new_figure, paper_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_REFERENCE = {"color": INK, "linestyle": "none", "marker": "x", "markersize": 4}


@paper_style()
def gradient_growth_figure(rows: Sequence[Mapping[str, Any]]) -> "Figure":
    """Return the norm of the gradient against the duration, and against the gain.

    Parameters
    ----------
    rows : sequence of mapping
        With ``duration_ms``, ``gain``, the median norm ``recurrent_weight`` by the recurrent
        weights, the ``lowest`` and the ``highest``, and a ``reference``.
    """
    figure = new_figure(150, 64)
    horizon, gain = figure.subplots(1, 2)
    unscaled = sorted((row for row in rows if row["gain"] == 1), key=lambda r: r["duration_ms"])
    _draw(horizon, unscaled, "duration_ms", 0, "median and range over seeds")
    horizon.plot([], [], label="reference", **_REFERENCE)
    horizon.set(xscale="log", xlabel="duration of a trial (ms)")
    for k, duration_ms in enumerate(
        sorted({row["duration_ms"] for row in rows if row["gain"] != 1})
    ):
        chosen = [row for row in rows if row["duration_ms"] == duration_ms]
        chosen.sort(key=lambda row: row["gain"])
        _draw(gain, chosen, "gain", k + 1, f"{duration_ms:g} ms")
    gain.set_xscale("symlog", linthresh=1)
    gain.set(xlabel="gain of the recurrent weights", xticks=[0, 1, 3, 10, 30])
    gain.set_xticklabels(["0", "1", "3", "10", "30"])
    for axes in (horizon, gain):
        axes.set(yscale="log", ylabel="norm of the gradient by recurrent weights")
        axes.legend(loc="upper left")
    return figure


def _draw(axes: "Axes", rows: Sequence[Mapping[str, Any]], by: str, color: int, label: str) -> None:
    at, middle, low, high, reference = (
        [row[name] for row in rows]
        for name in (by, "recurrent_weight", "lowest", "highest", "reference")
    )
    axes.fill_between(at, low, high, color=class_color(color), alpha=0.2, linewidth=0)
    line = {"color": class_color(color), "marker": "o", "markersize": 3}
    axes.plot(at, middle, label=label, **line)
    axes.plot(at, reference, **_REFERENCE)
