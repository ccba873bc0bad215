"""Performance against any condition of the trials, such as the delay."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.analysis.psychometric import (
    check_trials,
    draw_accuracy,
    equal_bins,
    label_accuracy,
    wilson_interval,
)
from neurotrain.analysis.style import new_figure, on_axes, paper_style
from neurotrain.analysis.tables import Table
from neurotrain.errors import InvalidInput

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# With more numbers than these, neighbors are put together.
MAX_VALUES = 12
MAX_TICKS = 6


@dataclass(frozen=True)
class Performance:
    """Accuracy at each value of a condition, one row a value.

    Parameters
    ----------
    value : (value,) array
        The values, sorted; numbers of which there are many are put into bins with about equally
        many trials, and are their means there.
    accuracy : (value,) array
        Share of correct trials.
    n : (value,) int array
        Number of trials.
    lower, upper : (value,) array
        Wilson's 95 % interval of the accuracy.
    """

    value: np.ndarray
    accuracy: np.ndarray
    n: np.ndarray
    lower: np.ndarray
    upper: np.ndarray

    def table(self, condition: str) -> Table:
        """Return the columns to export."""
        columns = ("accuracy", "n", "lower", "upper")
        return {condition: self.value, **{name: getattr(self, name) for name in columns}}


def performance_against(correct: np.ndarray, values: np.ndarray) -> Performance:
    """Return the accuracy at each value of a condition.

    Parameters
    ----------
    correct : (trial,) bool array
        Which trials were correct.
    values : (trial,) array
        The condition: numbers or texts.

    Raises
    ------
    InvalidInput
        If there are no trials, shapes disagree, or values are not finite, or not true or false.
    """
    correct, values = np.asarray(correct), np.asarray(values)
    if np.issubdtype(values.dtype, np.number):
        check_trials(correct, values)
    elif correct.shape != values.shape or correct.ndim != 1 or not len(correct):
        raise InvalidInput(
            f"Performance needs one 'correct' and one value for each trial, got shapes "
            f"{correct.shape} and {values.shape}."
        )
    shown, group = group_values(values)
    n = np.bincount(group)
    accuracy = np.bincount(group, weights=correct) / n
    return Performance(shown, accuracy, n, *wilson_interval(accuracy, n))


def group_values(values: np.ndarray, most: int = MAX_VALUES) -> tuple[np.ndarray, np.ndarray]:
    """Return what values there are, (group,), and the group of each trial, (trial,).

    If there are more than `most` numbers, they are put into that many bins or fewer, with about
    equally many trials; the values are then the means of the bins.
    """
    shown, group = np.unique(values, return_inverse=True)
    if len(shown) <= most or not np.issubdtype(values.dtype, np.number):
        return shown, group
    edges = equal_bins(values, most)
    group = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
    return np.bincount(group, weights=values) / np.bincount(group), group


def value_text(value: object) -> str:
    """Return a value of a condition as it is written in a figure."""
    if not isinstance(value, float):
        return str(value)
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


@paper_style()
def performance_figure(
    performance: Performance, *, condition: str, chance: float | None = None
) -> "Figure":
    """Return accuracy against the condition, with 95 % intervals.

    Parameters
    ----------
    condition : str
        What it is called, with its unit.
    chance : float, optional
        Accuracy of guessing.
    """
    figure = new_figure(80, 62)
    _draw(figure.subplots(), performance, condition, chance)
    return figure


@on_axes(80, 62)
def delay_curve(
    correct: np.ndarray,
    values: np.ndarray,
    *,
    condition: str = "delay (ms)",
    chance: float | None = None,
    axes: "Axes | None" = None,
) -> "Axes":
    """Draw accuracy against the delay, or any other condition, with Wilson's 95 % intervals.

    Parameters
    ----------
    correct, values
        As for `performance_against`, which also says what is raised.
    condition : str
        What it is called, with its unit.
    chance : float, optional
        Accuracy of guessing.
    axes : Axes, optional
        By default those of a new figure.
    """
    _draw(axes, performance_against(correct, values), condition, chance)
    return axes


def _draw(axes: "Axes", performance: Performance, condition: str, chance: float | None) -> None:
    at, linewidth = place_values(axes, performance.value)
    accuracy, n = performance.accuracy, performance.n
    draw_accuracy(axes, at, accuracy, performance.lower, performance.upper, linewidth)
    label_accuracy(axes, condition, chance, n.sum(), np.average(accuracy, weights=n))


def place_values(axes: "Axes", values: np.ndarray) -> tuple[np.ndarray, float]:
    """Mark the values of a condition on the x axis, few numbers and all texts.

    Returns
    -------
    (value,) array, float
        Where they are, and how wide a line between them is: texts have none.
    """
    if not np.issubdtype(values.dtype, np.number):
        places = np.arange(len(values))
        axes.set_xticks(places, [str(value) for value in values])
        axes.set_xlim(-0.5, len(values) - 0.5)
        return places, 0.0
    if len(values) <= MAX_TICKS:
        axes.set_xticks(values, [value_text(value) for value in values])
    return values, 0.8
