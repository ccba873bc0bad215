"""The learning curve of a run, finished or not."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.analysis.style import (
    INK,
    TRAINING,
    VALIDATION,
    draw_chance,
    new_figure,
    paper_style,
)
from neurotrain.errors import InvalidInput

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SHARES = {
    "silent_share": ("silent", "#0072B2"),
    "blocked_share": ("blocked", "#E69F00"),
    "failed_share": ("failed candidates", "#CC79A7"),
}


@paper_style()
def learning_curve(
    metrics: Sequence[Mapping[str, Any]],
    *,
    chance: float | None = None,
    test: tuple[int, float] | None = None,
    is_accuracy: bool = True,
) -> "Figure":
    """Return loss, accuracy and activity against the generation.

    Parameters
    ----------
    metrics : sequence of mappings
        One for each generation so far, as in metrics.jsonl. A value that is missing,
        None or NaN is left out.
    chance : float, optional
        Accuracy of guessing.
    test : (generation, accuracy), optional
        Which generation the result is from, and its accuracy on the test.
    is_accuracy : bool
        Whether what the metrics call accuracy is a share of trials; otherwise it is a score of
        trajectories, at best 1.

    Raises
    ------
    InvalidInput
        If there is no generation yet.
    """
    if not metrics:
        raise InvalidInput("There is no learning curve before the first generation is complete.")
    figure = new_figure(140, 88)
    (loss, accuracy), (spikes, shares) = figure.subplots(2, 2, sharex=True, height_ratios=(1.7, 1))
    _draw_loss(loss, metrics)
    _draw_accuracy(accuracy, metrics, chance)
    if test is not None:
        _draw_test(accuracy, *test, format(test[1], ".1%" if is_accuracy else ".3f"))
    if is_accuracy:
        accuracy.set(ylabel="accuracy (share of trials)", ylim=(0, 1.02))
    else:
        accuracy.set(ylabel="score (at best 1)")
    _draw_spikes(spikes, metrics)
    _draw_shares(shares, metrics)
    for axes in (spikes, shares):
        axes.set(xlabel="generation", xlim=(0, 1.02 * metrics[-1]["generation"]))
        axes.xaxis.get_major_locator().set_params(integer=True)
    figure.legend(*accuracy.get_legend_handles_labels(), loc="outside upper center", ncols=3)
    figure.align_ylabels()
    return figure


def _series(metrics: Sequence[Mapping[str, Any]], name: str) -> np.ndarray:
    """Return one metric of all generations, NaN where there is none."""
    values = np.array([each.get(name) for each in metrics], dtype=float)
    return np.where(np.isfinite(values), values, np.nan)


def _draw(
    axes: "Axes", metrics: Sequence[Mapping[str, Any]], name: str, label: str, **how: Any
) -> None:
    """Draw one metric, across the generations that lack it."""
    values = _series(metrics, name)
    known = np.isfinite(values)
    axes.plot(_series(metrics, "generation")[known], values[known], label=label, **how)


def _line(metrics: Sequence[Mapping[str, Any]], color: str, linewidth: float = 0.7) -> dict:
    # A line needs two points: a short run is shown by markers too.
    marker = "." if len(metrics) <= 10 else None
    return {"color": color, "linewidth": linewidth, "marker": marker, "markersize": 3}


_VALIDATION_LINE = {"color": VALIDATION, "marker": "o", "markersize": 2.2}
_TRAINING_LABEL = "training (candidates, mean and s.d.)"


def _draw_loss(axes: "Axes", metrics: Sequence[Mapping[str, Any]]) -> None:
    mean, std = _series(metrics, "loss"), _series(metrics, "loss_std")
    generation = _series(metrics, "generation")
    axes.fill_between(generation, mean - std, mean + std, color=TRAINING, alpha=0.2, linewidth=0)
    _draw(axes, metrics, "loss", _TRAINING_LABEL, **_line(metrics, TRAINING))
    _draw(axes, metrics, "validation_loss", "validation (guess)", **_VALIDATION_LINE)
    axes.set_ylabel("loss")


def _draw_accuracy(
    axes: "Axes", metrics: Sequence[Mapping[str, Any]], chance: float | None
) -> None:
    _draw(axes, metrics, "accuracy", _TRAINING_LABEL, **_line(metrics, TRAINING))
    _draw(axes, metrics, "validation_accuracy", "validation (guess)", **_VALIDATION_LINE)
    if chance is not None:
        draw_chance(axes, chance)


def _draw_test(axes: "Axes", generation: int, accuracy: float, told: str) -> None:
    axes.plot(
        [generation],
        [accuracy],
        linestyle="none",
        marker="D",
        markersize=4.5,
        markerfacecolor="white",
        markeredgecolor=INK,
        label=f"test of the result: {told}",
        zorder=5,
    )


def _draw_spikes(axes: "Axes", metrics: Sequence[Mapping[str, Any]]) -> None:
    _draw(axes, metrics, "spikes_per_neuron", "spikes", **_line(metrics, INK, 0.9))
    most = np.nanmax(_series(metrics, "spikes_per_neuron"), initial=0)
    axes.set(ylabel="spikes per\nneuron and trial", ylim=(0, 1.2 * most or 1))


def _draw_shares(axes: "Axes", metrics: Sequence[Mapping[str, Any]]) -> None:
    for name, (label, color) in _SHARES.items():
        _draw(axes, metrics, name, label, **_line(metrics, color, 0.9))
    axes.set(ylabel="share of neurons", ylim=(-0.03, 1.02))
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, columnspacing=1)
