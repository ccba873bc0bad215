"""The figures of a run: how it learned, what the trained network does, and how well."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.analysis.learning_curve import learning_curve
from neurotrain.analysis.psychometric import equal_bins, psychometric_curve
from neurotrain.analysis.rasters import before_after, trial_rasters
from neurotrain.analysis.style import INK, draw_chance, new_figure, paper_style, write_pngs
from neurotrain.analysis.trial_activity import record_trials, select_trials
from neurotrain.seeding import generator
from neurotrain.trials import Trials

if TYPE_CHECKING:
    from matplotlib.figure import Figure

N_TRIALS = 1000
CHUNK_TRIALS = 250
MAX_COLUMNS = 4


def save_figures(result: Any, folder: str | os.PathLike) -> list[Path]:
    """Write the figures of a complete run as PNG files into ``folder/figures``.

    ``learning-curve.png``; ``rasters.png``, the trained network on one trial of each class, up
    to four, which is typical in its condition and chosen without regard to the outcome;
    ``before-after.png``, untrained and trained on the first of these; and, if trials differ in
    a numeric condition, ``psychometric.png``. Trials are new ones, the same every time. A task
    of trajectories has rasters of its first trials, with outputs and targets, and no psychometric
    curve.

    Parameters
    ----------
    result : Result
        A complete run.
    folder : path
        The run folder.

    Returns
    -------
    list of Path
        Where the figures are.

    Raises
    ------
    RunFolderError
        If the folder cannot be written to.
    """
    settings = result.plan.settings
    circuit, task, summary = result.circuit, result.task, result.summary
    how = {"execution": settings.execution, "threads": settings.threads}
    # A run that could only afford a small test gets no more trials for its figures.
    n_trials = min(N_TRIALS, settings.test_trials)
    trials = task.draw(n_trials, generator(settings.seed, "figure-trials"))
    state = circuit.draw_initial_state(n_trials, generator(settings.seed, "figure-state"))
    condition = main_condition(trials)

    shown = select_trials(trials, state, typical_trials(trials, condition)[:MAX_COLUMNS])
    trained = record_trials(circuit, result.weights, *shown, **how)
    untrained = record_trials(
        circuit, result.initial_weights, *select_trials(*shown, slice(1)), **how
    )
    chance = 1 / task.classes if task.classes else None
    test = (summary["validated_generation"], summary["test_accuracy"])
    figures = {
        "learning-curve": learning_curve(
            result.metrics, chance=chance, test=test, is_accuracy=bool(task.classes)
        ),
        "rasters": trial_rasters(trained, condition=condition),
        "before-after": before_after(untrained, trained, condition=condition),
    }
    if condition is not None and task.classes:
        correct = _choices(circuit, result.weights, trials, state, how) == trials.labels
        figures["psychometric"] = psychometric_figure(
            correct, trials.conditions[condition], label=condition, chance=chance
        )
    return write_pngs(figures, Path(folder) / "figures")


@paper_style()
def psychometric_figure(
    correct: np.ndarray,
    stimulus: np.ndarray,
    *,
    label: str = "stimulus",
    chance: float | None = None,
) -> "Figure":
    """Return accuracy against the strength of the stimulus, with 95 % intervals.

    Parameters
    ----------
    correct : (trial,) bool array
        Which trials were correct.
    stimulus : (trial,) array
        A numeric condition of the trials. Bins hold about equally many trials, and are
        drawn at the mean of the stimulus in them.
    label : str
        What the stimulus is called, with its unit.
    chance : float, optional
        Accuracy of guessing.

    Raises
    ------
    InvalidInput
        As for `psychometric_curve`.
    """
    correct, stimulus = np.asarray(correct), np.asarray(stimulus, dtype=float)
    edges = equal_bins(stimulus)
    curve = psychometric_curve(correct, stimulus, edges)
    mean = np.histogram(stimulus, edges, weights=stimulus)[0] / curve.n
    figure = new_figure(80, 62)
    axes = figure.subplots()
    spread = np.array([curve.accuracy - curve.lower, curve.upper - curve.accuracy]).clip(0)
    axes.errorbar(
        mean,
        curve.accuracy,
        spread,
        color=INK,
        marker="o",
        markersize=3,
        linewidth=0.8,
        elinewidth=0.8,
        label="with 95% interval",
    )
    if chance is not None:
        draw_chance(axes, chance)
    axes.set(xlabel=label, ylabel="accuracy (share of trials)", ylim=(0, 1.02))
    axes.set_title(f"{len(correct)} trials, {correct.mean():.1%} correct")
    axes.legend(loc="lower right")
    return figure


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
