"""A neuron that is to stop firing: its loss, the loss's slope, and two ways down."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.analysis.style import FAINT, INK, class_color, new_figure, paper_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@paper_style()
def turn_off_figure(
    landscape: Mapping[str, Any],
    descents: Mapping[str, Mapping[str, Any]],
    zoom: tuple[float, float],
) -> "Figure":
    """Return the loss against the strength of the input, its slope, and the loss of descents.

    Parameters
    ----------
    landscape : mapping
        With ``strengths`` and ``losses`` (point,), and ``smoothed``, by the standard deviation of
        the noise.
    descents : mapping of str to mapping
        By what they are called, ``losses`` (iteration, seed) of what has reached ``strengths``
        (iteration, seed).
    zoom : (start, stop)
        Strengths that are shown larger.
    """
    figure = new_figure(180, 60)
    loss, slope, descent = figure.subplots(1, 3)
    _draw_losses(loss, landscape)
    _draw_zoom(loss, landscape, zoom)
    _draw_slopes(slope, landscape)
    _draw_descents(descent, descents)
    return figure


def _draw_losses(axes: "Axes", landscape: Mapping[str, Any]) -> None:
    strengths = landscape["strengths"]
    axes.plot(strengths, landscape["losses"], color=INK, linewidth=0.5, label="loss")
    for k, (sigma, losses) in enumerate(landscape["smoothed"].items()):
        label = f"smoothed, s.d. {sigma:g}"
        axes.plot(strengths, losses, color=class_color(k), linewidth=1, label=label)
    axes.set(xlabel="strength of the input", ylabel="loss (mean output)", ylim=(0, None))
    axes.legend(loc="lower left")


def _draw_zoom(axes: "Axes", landscape: Mapping[str, Any], zoom: tuple[float, float]) -> None:
    strengths, losses = (np.asarray(landscape[name]) for name in ("strengths", "losses"))
    shown = (strengths >= zoom[0]) & (strengths <= zoom[1])
    inset = axes.inset_axes((0.22, 0.37, 0.35, 0.28))
    inset.plot(
        strengths[shown], losses[shown], color=INK, linewidth=0.6, marker=".", markersize=1.5
    )
    inset.tick_params(labelsize=5)
    axes.indicate_inset_zoom(inset, edgecolor=FAINT, linewidth=0.5)


def _draw_slopes(axes: "Axes", landscape: Mapping[str, Any]) -> None:
    strengths = np.asarray(landscape["strengths"])
    middle = (strengths[1:] + strengths[:-1]) / 2
    steps = np.diff(strengths)
    axes.plot(middle, np.diff(landscape["losses"]) / steps, color=INK, linewidth=0.4)
    for k, losses in enumerate(landscape["smoothed"].values()):
        axes.plot(middle, np.diff(losses) / steps, color=class_color(k), linewidth=1)
    axes.set_yscale("symlog", linthresh=1)
    axes.set(xlabel="strength of the input", ylabel="difference quotient of the loss")


def _draw_descents(axes: "Axes", descents: Mapping[str, Mapping[str, Any]]) -> None:
    for k, (label, descent) in enumerate(descents.items()):
        losses = np.asarray(descent["losses"])
        color = class_color(2 + k)
        iterations = np.arange(len(losses))
        low, high = losses.min(axis=1), losses.max(axis=1)
        axes.fill_between(iterations, low, high, color=color, alpha=0.15, linewidth=0)
        axes.plot(iterations, np.median(losses, axis=1), color=color, label=label)
    top = 1.4 * max(np.max(descent["losses"]) for descent in descents.values())
    axes.set(xlabel="iteration", ylabel="loss (median and range)", ylim=(-0.01, top))
    axes.legend(loc="upper right", fontsize=5)
