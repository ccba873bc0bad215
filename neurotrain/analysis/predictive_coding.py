"""Figures of updates by predictive coding, beside those of backpropagation."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.analysis.style import INK, class_color, new_figure, paper_style
from neurotrain.errors import InvalidInput

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Steps over which losses are averaged.
SMOOTHED = 10
# What diverges leaves the panel, in units of the exact update.
LARGEST = 2.5


@paper_style()
def updates_figure(
    sweeps: np.ndarray,
    errors: Mapping[str, np.ndarray],
    expected: np.ndarray,
    largest: Mapping[float, np.ndarray],
    losses: Mapping[str, np.ndarray],
) -> "Figure":
    """Return relative errors of updates against sweeps, and losses against steps.

    Parameters
    ----------
    sweeps : (sweep,) array
    errors : mapping of 'fixed' and 'strict' to (sweep, layer) array
        Relative errors of each layer's update.
    expected : (sweep, layer) array
        Those that are known of fixed predictions; dotted.
    largest : mapping of float to (sweep,) array
        The largest error of strict inference, by step size.
    losses : mapping of str to (step,) array
        Of trainings, by their names.

    Raises
    ------
    InvalidInput
        If shapes do not go together.
    """
    shapes = {each.shape for each in (*errors.values(), expected)}
    if len(shapes) > 1 or len(sweeps) != len(expected):
        raise InvalidInput(f"All errors must be of the same sweeps and layers, got {shapes}.")
    figure = new_figure(160, 110)
    (fixed, strict), (steps, training) = figure.subplots(2, 2)
    _draw_layers(fixed, sweeps, errors["fixed"], "fixed predictions")
    fixed.plot(sweeps, expected, color=INK, linestyle=":", zorder=3)
    _draw_layers(strict, sweeps, errors["strict"], "strict")
    strict.legend(loc="best")
    for k, (eta, each) in enumerate(largest.items()):
        steps.plot(sweeps, each, color=class_color(k), marker="o", ms=2.5, label=f"step {eta:g}")
    steps.set(title="strict, all step sizes", ylabel="largest relative error", ylim=(0, LARGEST))
    steps.legend(loc="best")
    for axes in (fixed, strict, steps):
        axes.set(xscale="log", xlabel="sweeps")
    for k, (name, each) in enumerate(losses.items()):
        smooth = np.convolve(each, np.ones(SMOOTHED) / SMOOTHED, "valid")
        style = {"color": class_color(k), "linestyle": "-" if k == 0 else (k, (3, 2))}
        training.plot(np.arange(len(smooth)) + SMOOTHED, smooth, label=name, **style)
    training.set(yscale="log", title="trainings", xlabel="step", ylabel="loss")
    training.legend(loc="best")
    return figure


def _draw_layers(axes: "Axes", sweeps: np.ndarray, errors: np.ndarray, title: str) -> None:
    for layer, each in enumerate(errors.T):
        style = {"color": class_color(layer), "marker": "o", "ms": 2.5}
        axes.plot(sweeps, each, label=f"layer {layer + 1}", **style)
    axes.set(title=f"{title}, step 0.1", ylabel="relative error of the update", ylim=(-0.03, 1.05))
