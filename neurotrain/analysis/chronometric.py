"""Chronometric curves: how long decisions take."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.analysis.performance import group_values, place_values
from neurotrain.analysis.style import CLASS_COLORS, SHADE, WRONG, new_figure, paper_style
from neurotrain.analysis.tables import Table
from neurotrain.errors import InvalidInput

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CORRECT = CLASS_COLORS[0]


@dataclass(frozen=True)
class ChronometricCurve:
    """Decision times at each value of a condition, one row a value.

    Parameters
    ----------
    value : (value,) array
        As for `Performance`.
    median, lower, upper : (value,) array
        Median and quartiles of the times, in ms; NaN where no trial was decided.
    n : (value,) int array
        Number of trials that were decided.
    """

    value: np.ndarray
    median: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    n: np.ndarray

    def table(self, condition: str) -> Table:
        """Return the columns to export."""
        times = {f"{name}_ms": getattr(self, name) for name in ("median", "lower", "upper")}
        return {condition: self.value, **times, "n": self.n}


def decision_times(
    decision: np.ndarray, decision_ms: np.ndarray, *, lead: float = 0.0
) -> np.ndarray:
    """Return since when the class that is chosen in the end has led without a break, (trial,).

    Parameters
    ----------
    decision : (trial, sample, class) array
        The decision variable as it forms, up to when the choice is read.
    decision_ms : (sample,) array
        Times of the samples.
    lead : float
        By how much it must lead each other class.

    Returns
    -------
    (trial,) array
        In ms; NaN for a trial without a choice, or that failed.

    Raises
    ------
    InvalidInput
        If shapes disagree or there is only one class.
    """
    decision, decision_ms = np.asarray(decision, dtype=float), np.asarray(decision_ms)
    if decision.ndim != 3 or decision.shape[1:2] != decision_ms.shape or decision.shape[2] < 2:
        raise InvalidInput(
            f"Decision times need a decision variable (trial, sample, class) of 2 or more classes "
            f"and the times of the samples, got shapes {decision.shape} and {decision_ms.shape}."
        )
    chosen = np.where(np.isnan(decision[:, -1]), -np.inf, decision[:, -1]).argmax(axis=-1)
    is_chosen = np.arange(decision.shape[2]) == chosen[:, np.newaxis]
    others = np.where(is_chosen[:, np.newaxis], -np.inf, decision).max(axis=-1)
    own = np.take_along_axis(decision, chosen[:, np.newaxis, np.newaxis], axis=-1)[..., 0]
    leads = own - others > lead
    # How many samples at the end are led without a break.
    run = np.cumprod(leads[:, ::-1], axis=1).sum(axis=1)
    first = np.clip(decision.shape[1] - run, 0, decision.shape[1] - 1)
    return np.where(run > 0, decision_ms[first], np.nan)


def chronometric_curve(times_ms: np.ndarray, values: np.ndarray) -> ChronometricCurve:
    """Return medians and quartiles of decision times at each value of a condition.

    Parameters
    ----------
    times_ms : (trial,) array
        Decision times; NaN where nothing was decided.
    values : (trial,) array
        The condition: numbers or texts.

    Raises
    ------
    InvalidInput
        If there are no trials or shapes disagree.
    """
    times_ms, values = np.asarray(times_ms, dtype=float), np.asarray(values)
    if times_ms.ndim != 1 or times_ms.shape != values.shape or not len(values):
        raise InvalidInput(
            f"A chronometric curve needs a time and a value for each trial, got shapes "
            f"{times_ms.shape} and {values.shape}."
        )
    shown, group = group_values(values)
    rows = [times_ms[(group == k) & ~np.isnan(times_ms)] for k in range(len(shown))]
    quartiles = [np.percentile(r, [50, 25, 75]) if len(r) else [np.nan] * 3 for r in rows]
    median, lower, upper = np.array(quartiles).T
    return ChronometricCurve(shown, median, lower, upper, np.array([len(r) for r in rows]))


@paper_style()
def chronometric_figure(
    times_ms: np.ndarray,
    correct: np.ndarray,
    values: np.ndarray,
    *,
    condition: str,
    decision_period: tuple[float, float] | None = None,
) -> "Figure":
    """Return decision times against the condition, of correct and of wrong trials.

    Parameters
    ----------
    times_ms : (trial,) array
        Decision times; NaN where nothing was decided.
    correct : (trial,) bool array
        Which trials were correct.
    values : (trial,) array
        The condition: numbers or texts.
    condition : str
        What it is called, with its unit.
    decision_period : (start, stop), optional
        In ms, to be shaded.
    """
    figure = new_figure(80, 62)
    axes = figure.subplots()
    for outcome, chosen, color in (("correct", True, _CORRECT), ("wrong", False, WRONG)):
        included = np.asarray(correct, dtype=bool) == chosen
        if not included.any():
            continue
        curve = chronometric_curve(np.where(included, times_ms, np.nan), values)
        at, linewidth = place_values(axes, curve.value)
        spread = np.array([curve.median - curve.lower, curve.upper - curve.median])
        how = {"color": color, "marker": "o", "markersize": 3, "linewidth": linewidth}
        axes.errorbar(at, curve.median, spread, elinewidth=0.8, label=outcome, **how)
    if decision_period is not None:
        shown = axes.get_ylim()
        axes.axhspan(*decision_period, color=SHADE, linewidth=0, zorder=0)
        axes.set_ylim(shown)
    axes.set(xlabel=condition, ylabel="decision time (ms)")
    axes.set_title("median and quartiles")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure
