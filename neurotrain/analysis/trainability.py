"""Maps of what can be trained, over the horizon and the recurrent gain."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.analysis.style import INK, new_figure, on_axes, paper_style
from neurotrain.errors import InvalidInput, unknown_name

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
    horizons, gains = _sides(rows)
    figure = new_figure(40 + 26 * len(horizons), 28 + 11 * len(gains))
    panels = figure.subplots(1, 2, sharey=True)
    for axes, method in zip(panels, _PANELS, strict=True):
        trainability_map(rows, method, chance=chance, axes=axes)
    panels[1].set_ylabel("")
    figure.colorbar(panels[1].images[0], ax=panels, label="accuracy (from chance)", shrink=0.9)
    return figure


@on_axes(92, 62)
def trainability_map(
    rows: Sequence[Mapping[str, Any]],
    method: str,
    *,
    chance: float,
    axes: "Axes | None" = None,
) -> "Axes":
    """Draw the accuracies of one method as a map over the horizon and the recurrent gain.

    Cells in which the other method is worse by more than 0.05 have a frame. The colors, from
    chance to 1, are those of ``axes.images[0]``, for a color bar.

    Parameters
    ----------
    rows, chance
        As for `trainability_figure`.
    method : str
        ``'backpropagation'`` or ``'evolution'``.
    axes : Axes, optional
        By default those of a new figure.

    Raises
    ------
    InvalidInput
        For another method, or without rows.
    """
    if method not in _PANELS:
        raise unknown_name("method of a trainability map", method, _PANELS)
    if not rows:
        raise InvalidInput("A trainability map needs at least one horizon and gain.")
    horizons, gains = _sides(rows)
    (other,) = set(_PANELS) - {method}
    own, others = (_as_map(rows, name, horizons, gains) for name in (method, other))
    axes.imshow(own, origin="lower", aspect="auto", vmin=chance, vmax=1.0)
    _write(axes, own, chance, own > others + 0.05)
    axes.set(title=_PANELS[method], xlabel="horizon (ms)", ylabel="recurrent gain (published: 1)")
    axes.set(xticks=range(len(horizons)), xticklabels=[f"{h:g}" for h in horizons])
    axes.set(yticks=range(len(gains)), yticklabels=[f"{g:g}" for g in gains])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return axes


def _sides(rows: Sequence[Mapping[str, Any]]) -> tuple[list[float], list[float]]:
    """Return all horizons and all gains, sorted."""
    horizons, gains = ({row[name] for row in rows} for name in ("horizon_ms", "gain"))
    return sorted(horizons), sorted(gains)


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
