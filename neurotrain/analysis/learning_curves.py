"""Learning curves of several runs, with their spread."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.analysis.style import class_color, draw_chance, on_axes
from neurotrain.errors import InvalidInput, unknown_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Metrics = Sequence[Mapping[str, Any]]

_COSTS = {"generation": "generation", "trial_simulations": "simulations of a trial"}


@on_axes(85, 62)
def learning_curves(
    runs: Mapping[str, Sequence[Metrics]],
    *,
    against: str = "generation",
    measure: str = "validation_accuracy",
    chance: float | None = None,
    axes: "Axes | None" = None,
) -> "Axes":
    """Draw the median of several runs of each kind, and a band from quartile to quartile.

    Runs of a kind are compared where all of them have been: between two of its values each run
    is interpolated linearly, and the curve ends where the first of them ends.

    Parameters
    ----------
    runs : mapping of str to sequence of metrics
        The metrics of each run (``result.metrics``), by what the runs of a kind are called.
    against : str
        ``'generation'`` or ``'trial_simulations'``.
    measure : str
        Which of the metrics. Generations in which it is missing, None or NaN are left out.
    chance : float, optional
        Accuracy of guessing.
    axes : Axes, optional
        By default those of a new figure.

    Raises
    ------
    InvalidInput
        If `against` is something else, a run lacks the measure, or the runs of a kind have no
        part in common.
    """
    if against not in _COSTS:
        raise unknown_name("axis of learning curves", against, _COSTS)
    for k, (name, metrics) in enumerate(runs.items()):
        at, values = _aligned(name, metrics, against, measure)
        lower, median, upper = np.quantile(values, (0.25, 0.5, 0.75), axis=0)
        color, marker = class_color(k), "." if len(at) <= 10 else None
        label = f"{name} ({len(metrics)} {'run' if len(metrics) == 1 else 'runs'})"
        axes.fill_between(at, lower, upper, color=color, alpha=0.2, linewidth=0)
        axes.plot(at, median, color=color, marker=marker, label=label)
    if chance is not None:
        draw_chance(axes, chance)
    if measure.endswith("accuracy"):
        axes.set_ylim(0, 1.02)
    axes.set(xlabel=_COSTS[against], ylabel=measure.replace("_", " "))
    if any(len(metrics) > 1 for metrics in runs.values()):
        axes.set_title("median and quartiles")
    axes.legend(loc="lower right" if measure.endswith("accuracy") else "upper right")
    return axes


def _aligned(
    name: str, metrics: Sequence[Metrics], against: str, measure: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return where all runs have been, (point,), and their values there, (run, point)."""
    curves = [_known(each, against, measure) for each in metrics]
    if not curves or not all(len(at) for at, _ in curves):
        raise InvalidInput(f"The runs '{name}' need one or more, each with '{measure}' somewhere.")
    first, last = max(at[0] for at, _ in curves), min(at[-1] for at, _ in curves)
    points = np.unique(np.concatenate([at for at, _ in curves]))
    points = points[(points >= first) & (points <= last)]
    if not len(points):
        raise InvalidInput(f"The runs '{name}' have no {against.replace('_', '-')} in common.")
    return points, np.stack([np.interp(points, at, values) for at, values in curves])


def _known(metrics: Metrics, against: str, measure: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the generations, or what else counts, that have the measure, and its values."""
    columns = [[each.get(one) for each in metrics] for one in (against, measure)]
    at, values = np.array(columns, dtype=float)
    finite = np.isfinite(values)
    return at[finite], values[finite]
