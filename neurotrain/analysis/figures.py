"""The figures of a run: how it learned, what the trained network does, and how well."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.analysis.activity_figures import activity_figures
from neurotrain.analysis.learning_curve import learning_curve
from neurotrain.analysis.page import page_of_run, require_told
from neurotrain.analysis.performance import delay_curve
from neurotrain.analysis.psychometric import psychometric
from neurotrain.analysis.rasters import before_after, trial_rasters
from neurotrain.analysis.rate_distribution import has_rates, rate_distribution
from neurotrain.analysis.style import as_png, as_svg
from neurotrain.analysis.trial_activity import record_trials, select_trials
from neurotrain.analysis.weight_matrices import weights_figure
from neurotrain.atomic import write_all
from neurotrain.trials import Trials

if TYPE_CHECKING:
    from matplotlib.figure import Figure

N_TRIALS = 1000
CHUNK_TRIALS = 250
MAX_COLUMNS = 4
# For pages and slides that take no SVG.
PNGS = ("learning-curve", "rasters", "before-after", "psychometric")

State = Mapping[str, np.ndarray]


def save_figures(result: Any, folder: str | os.PathLike) -> list[Path]:
    """Write the figures of a complete run into ``folder/figures``, and ``folder/index.html``.

    Each is an SVG file, the first four also PNG: ``learning-curve``; ``rasters``, the trained
    network on one trial of each class, up to four, which is typical in its condition and chosen
    without regard to the outcome; ``before-after``, untrained and trained on the first of these;
    if trials differ in a numeric condition, ``psychometric``; if they differ in a delay,
    ``delay-curve``; ``psth``, spikes and rates of the neurons that differ most between classes;
    ``trajectories``, in principal components; ``rates``, over generations, unless the run is of
    an earlier version; and ``weights``. Trials are new ones, the same every time. A task of
    trajectories has rasters of its first trials, with outputs and targets, and no curves of
    accuracy.

    Parameters
    ----------
    result : Result
        A complete run.
    folder : path
        The run folder.

    Returns
    -------
    list of Path
        Where the figures and the page are.

    Raises
    ------
    RunFolderError
        If the folder cannot be written to, or the result lacks what is told of it.
    """
    require_told(result)
    figures = run_figures(result)
    images = {name: as_svg(figure) for name, figure in figures.items()}
    pictures = {f"{name}.svg": image for name, image in images.items()}
    pictures |= {f"{name}.png": as_png(figures[name]) for name in PNGS if name in figures}
    page = page_of_run(result, images).encode()
    written = write_all(Path(folder) / "figures", pictures, "Figures")
    return written + write_all(Path(folder), {"index.html": page}, "The page")


def run_figures(result: Any) -> dict[str, "Figure"]:
    """Return all figures of a complete run by their names."""
    settings, task = result.plan.settings, result.task
    how = {"execution": settings.execution, "threads": settings.threads}
    # A run that could only afford a small test gets no more trials for its figures.
    n_trials = min(N_TRIALS, settings.test_trials)
    trials, state = result.draw(n_trials)
    condition = main_condition(trials)
    figures = {
        "learning-curve": _learning_curve(result),
        **_rasters(result, trials, state, condition, how),
    }
    if task.classes:
        figures |= _accuracies(result, trials, state, condition, how)
    figures |= activity_figures(result, trials, state, condition, **how)
    if has_rates(result.metrics):
        figures["rates"] = rate_distribution(result.metrics).figure
    weights = weights_figure(result)
    return figures if weights is None else {**figures, "weights": weights}


def _learning_curve(result: Any) -> "Figure":
    classes, summary = result.task.classes, result.summary
    return learning_curve(
        result.metrics,
        chance=1 / classes if classes else None,
        test=(summary["validated_generation"], summary["test_accuracy"]),
        is_accuracy=bool(classes),
    )


def _rasters(
    result: Any, trials: Trials, state: State, condition: str | None, how: Mapping[str, Any]
) -> dict[str, "Figure"]:
    shown = select_trials(trials, state, typical_trials(trials, condition)[:MAX_COLUMNS])
    trained = record_trials(result.circuit, result.weights, *shown, **how)
    untrained = record_trials(
        result.circuit, result.initial_weights, *select_trials(*shown, slice(1)), **how
    )
    return {
        "rasters": trial_rasters(trained, condition=condition),
        "before-after": before_after(untrained, trained, condition=condition),
    }


def _accuracies(
    result: Any, trials: Trials, state: State, condition: str | None, how: Mapping[str, Any]
) -> dict[str, "Figure"]:
    """Return accuracy against the main condition, and against the delay if that is another."""
    delay, chance, figures = delay_condition(trials), 1 / result.task.classes, {}
    if condition is None:
        return figures
    correct = _choices(result.circuit, result.weights, trials, state, how) == trials.labels
    values = trials.conditions[condition]
    axes = psychometric(correct, values, condition=condition, chance=chance)
    figures["psychometric"] = axes.figure
    if delay not in (None, condition):
        name = f"{delay.removesuffix('_ms')} (ms)"
        axes = delay_curve(correct, trials.conditions[delay], condition=name, chance=chance)
        figures["delay-curve"] = axes.figure
    return figures


def delay_condition(trials: Trials) -> str | None:
    """Return the first condition in ms that is called a delay and differs between trials."""
    named = [n for n in trials.conditions if "delay" in n and n.endswith("_ms")]
    differ = [n for n in named if len(np.unique(trials.conditions[n])) > 1]
    return next(iter(differ), None)


def main_condition(trials: Trials) -> str | None:
    """Return the condition against which accuracy is shown.

    ``'margin'`` if trials have it, otherwise the first numeric one that differs between
    trials; None if there is none.
    """
    numeric = [
        name
        for name, values in trials.conditions.items()
        if np.issubdtype(values.dtype, np.number) and len(np.unique(values)) > 1
    ]
    return "margin" if "margin" in numeric else next(iter(numeric), None)


def typical_trials(trials: Trials, condition: str | None) -> list[int]:
    """Return a trial of each class: the first of those nearest to the median condition.

    Without classes the first trials.
    """
    if trials.labels is None:
        return list(range(min(trials.n_trials, MAX_COLUMNS)))
    stimulus = np.zeros(trials.n_trials) if condition is None else trials.conditions[condition]
    chosen = []
    for label in np.unique(trials.labels):
        of_class = np.flatnonzero(trials.labels == label)
        distance = np.abs(stimulus[of_class] - np.median(stimulus))
        chosen.append(int(of_class[distance.argmin()]))
    return chosen


def _choices(circuit: Any, weights: np.ndarray, trials: Trials, state: Any, how: Any) -> np.ndarray:
    """Return the chosen classes, (trial,), simulated in chunks that bound the memory."""
    parts = [slice(i, i + CHUNK_TRIALS) for i in range(0, trials.n_trials, CHUNK_TRIALS)]
    return np.concatenate(
        [
            circuit.simulate(
                weights[np.newaxis], *select_trials(trials, state, part), **how
            ).decisions[0]
            for part in parts
        ]
    )
