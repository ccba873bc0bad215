"""Maps of what can be trained, over the horizon and the recurrent gain."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.analysis.style import INK, new_figure, paper_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_PANELS = {"backpropagation": "best backpropagation", "evolution": "evolution strategy"}


@paper_style()
def trainability_figure(rows: Sequence[Mapping[str, Any]], *, chance: float) -> "Figure":
    """Return the accuracies of backpropagation and of evolution as maps, side by side.

    Cells in which a method is better by more than 0.05 have a frame in its map.

    Parameters
    ----------
    rows : sequence of mapping
        One for each pair of ``horizon_ms`` and ``gain``, with the accuracies
        ``backpropagation`` and ``evolution``.
    chance : float
        Accuracy of guessing, where colors begin.
    """
    horizons = sorted({row["horizon_ms"] for row in rows})
    gains = sorted({row["gain"] for row in rows})
    figure = new_figure(40 + 26 * len(horizons), 28 + 11 * len(gains))
    panels = figure.subplots(1, 2, sharey=True)
    maps = {name: _as_map(rows, name, horizons, gains) for name in _PANELS}
    for axes, (name, title), other in zip(panels, _PANELS.items(), [*_PANELS][::-1], strict=True):
        image = axes.imshow(maps[name], origin="lower", aspect="auto", vmin=chance, vmax=1.0)
        _write(axes, maps[name], chance, maps[name] > maps[other] + 0.05)
        axes.set_title(title)
        axes.set(xticks=range(len(horizons)), xticklabels=[f"{h:g}" for h in horizons])
        axes.set(xlabel="horizon (ms)", yticks=range(len(gains)))
        axes.tick_params(length=0)
        for spine in axes.spines.values():
            spine.set_visible(False)
    panels[0].set(ylabel="recurrent gain (published: 1)", yticklabels=[f"{g:g}" for g in gains])
    figure.colorbar(image, ax=panels, label="accuracy (from chance)", shrink=0.9)
    return figure


def _as_map(
    rows: Sequence[Mapping[str, Any]], name: str, horizons: list[float], gains: list[float]
) -> np.ndarray:
    """Return a column of the table as (gain, horizon), NaN where there is no row."""
    values = np.full((len(gains), len(horizons)), np.nan)
    for row in rows:
        values[gains.index(row["gain"]), horizons.index(row["horizon_ms"])] = row[name]
    return values


def _write(axes: "Axes", values: np.ndarray, chance: float, is_better: np.ndarray) -> None:
    """Write each value into its cell, legible on its color, and frame where it is better."""
    from matplotlib.patches import Rectangle

    middle = (chance + 1) / 2
    for (gain, horizon), value in np.ndenumerate(values):
        if np.isfinite(value):
            color = INK if value > middle else "white"
            axes.text(horizon, gain, f"{value:.2f}", color=color, ha="center", va="center")
        if is_better[gain, horizon]:
            corner = (horizon - 0.46, gain - 0.46)
            frame = Rectangle(corner, 0.92, 0.92, fill=False, edgecolor="#D55E00", linewidth=1.6)
            axes.add_patch(frame)
