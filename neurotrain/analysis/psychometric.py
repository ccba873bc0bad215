"""Psychometric curves: how accuracy grows with the strength of the stimulus."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.analysis.style import INK, draw_chance, on_axes
from neurotrain.errors import InvalidInput

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_Z_95 = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class PsychometricCurve:
    """Accuracy in bins of the stimulus, one row a bin.

    Parameters
    ----------
    center : (bin,) array
        Middle of the bin, in the unit of the stimulus.
    accuracy : (bin,) array
        Share of correct trials; NaN in a bin without trials.
    n : (bin,) int array
        Number of trials.
    lower, upper : (bin,) array
        Wilson's 95 % interval of the accuracy; NaN in a bin without trials.
    """

    center: np.ndarray
    accuracy: np.ndarray
    n: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


def psychometric_curve(
    correct: np.ndarray, stimulus: np.ndarray, bins: int | Sequence[float] | np.ndarray = 10
) -> PsychometricCurve:
    """Return the accuracy and its 95 % interval in bins of the stimulus.

    Parameters
    ----------
    correct : (trial,) bool array
        Which trials were correct.
    stimulus : (trial,) array
        Strength of the stimulus of each trial, such as the condition ``'margin'``.
    bins : int or (bin + 1,) array
        Number of equally wide bins, or their increasing edges. A bin has its left edge
        in it; the last one has both.

    Raises
    ------
    InvalidInput
        If there are no trials, shapes disagree, values are not finite or not true or
        false, or the edges leave a trial out.

    Notes
    -----
    The interval is that of Wilson (1927), DOI 10.1080/01621459.1927.10502953, which
    keeps its coverage with few trials and near 0 and 1.
    """
    correct, stimulus = np.asarray(correct), np.asarray(stimulus)
    check_trials(correct, stimulus)
    edges = _bin_edges(stimulus, bins)
    n, _ = np.histogram(stimulus, edges)
    n_correct, _ = np.histogram(stimulus[correct.astype(bool)], edges)
    accuracy = np.divide(n_correct, n, out=np.full(len(n), np.nan), where=n > 0)
    lower, upper = wilson_interval(accuracy, n)
    return PsychometricCurve((edges[:-1] + edges[1:]) / 2, accuracy, n, lower, upper)


@on_axes(80, 62)
def psychometric(
    correct: np.ndarray,
    stimulus: np.ndarray,
    *,
    condition: str = "stimulus",
    chance: float | None = None,
    axes: "Axes | None" = None,
) -> "Axes":
    """Draw accuracy against the strength of the stimulus, with Wilson's 95 % intervals.

    Parameters
    ----------
    correct : (trial,) bool array
        Which trials were correct.
    stimulus : (trial,) array
        A numeric condition of the trials. Bins hold about equally many trials, and are
        drawn at the mean of the stimulus in them.
    condition : str
        What the stimulus is called, with its unit.
    chance : float, optional
        Accuracy of guessing.
    axes : Axes, optional
        By default those of a new figure.

    Raises
    ------
    InvalidInput
        As for `psychometric_curve`.
    """
    correct, stimulus = np.asarray(correct), np.asarray(stimulus, dtype=float)
    check_trials(correct, stimulus)
    edges = equal_bins(stimulus)
    curve = psychometric_curve(correct, stimulus, edges)
    mean = np.histogram(stimulus, edges, weights=stimulus)[0] / curve.n
    draw_accuracy(axes, mean, curve.accuracy, curve.lower, curve.upper)
    label_accuracy(axes, condition, chance, len(correct), correct.mean())
    return axes


def draw_accuracy(
    axes: "Axes",
    at: np.ndarray,
    accuracy: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    linewidth: float = 0.8,
) -> None:
    """Draw accuracies with their intervals, joined by a line."""
    axes.errorbar(
        at,
        accuracy,
        np.array([accuracy - lower, upper - accuracy]).clip(0),
        color=INK,
        marker="o",
        markersize=3,
        linewidth=linewidth,
        elinewidth=0.8,
        label="with 95% interval",
    )


def label_accuracy(
    axes: "Axes", condition: str, chance: float | None, n_trials: int, accuracy: float
) -> None:
    """Say what is drawn by `draw_accuracy`, and of how many trials."""
    if chance is not None:
        draw_chance(axes, chance)
    axes.set(xlabel=condition, ylabel="accuracy (share of trials)", ylim=(0, 1.02))
    axes.set_title(f"{n_trials} trials, {accuracy:.1%} correct")
    axes.legend(loc="lower right")


def wilson_interval(share: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return Wilson's 95 % interval of a share of n trials; NaN where the share is."""
    # Written so that n = 0 needs no division by zero: there the share is NaN already.
    scale = n + _Z_95**2
    middle = (share * n + _Z_95**2 / 2) / scale
    half_width = _Z_95 * np.sqrt(share * (1 - share) * n + _Z_95**2 / 4) / scale
    return np.clip(middle - half_width, 0, 1), np.clip(middle + half_width, 0, 1)


def check_trials(correct: np.ndarray, stimulus: np.ndarray) -> None:
    """Raise `InvalidInput` unless there are outcomes, (trial,), and finite numbers, (trial,)."""
    if correct.ndim != 1 or correct.shape != stimulus.shape or correct.size == 0:
        raise InvalidInput(
            f"A psychometric curve needs one 'correct' and one 'stimulus' for each trial, "
            f"got shapes {correct.shape} and {stimulus.shape}."
        )
    if not np.isin(correct, (0, 1)).all():
        raise InvalidInput("'correct' must be true or false for each trial.")
    if not np.isfinite(stimulus).all():
        raise InvalidInput("'stimulus' must be a finite number for each trial.")


def _bin_edges(stimulus: np.ndarray, bins: int | Sequence[float] | np.ndarray) -> np.ndarray:
    edges = np.asarray(bins)
    if edges.ndim == 0:
        if isinstance(bins, bool) or not np.issubdtype(edges.dtype, np.integer) or bins < 1:
            raise InvalidInput(f"'bins' must be a whole number of at least 1, got {bins!r}.")
        return np.histogram_bin_edges(stimulus, bins)
    if edges.ndim != 1 or len(edges) < 2 or not (np.diff(edges) > 0).all():
        raise InvalidInput("The edges in 'bins' must be two or more increasing numbers.")
    if stimulus.min() < edges[0] or stimulus.max() > edges[-1]:
        raise InvalidInput(
            f"The edges in 'bins' go from {edges[0]:g} to {edges[-1]:g}, but the stimulus from "
            f"{stimulus.min():g} to {stimulus.max():g}; widen the edges."
        )
    return edges


def equal_bins(stimulus: np.ndarray, n_bins: int = 10) -> np.ndarray:
    """Return edges, halfway between values, of bins with about equally many trials."""
    values, n = np.unique(stimulus, return_counts=True)
    between = (values[:-1] + values[1:]) / 2
    share = n.cumsum()[:-1] / n.sum()
    inner = np.searchsorted(share, np.arange(1, n_bins) / n_bins)
    inner = np.unique(inner[inner < len(between)])
    outer = (values[0], values[-1]) if len(values) > 1 else (values[0] - 0.5, values[0] + 0.5)
    return np.concatenate([outer[:1], between[inner], outer[1:]])
