"""The report of a run: curves, matrices and activity as figures and as tables."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.analysis.chronometric import chronometric_curve, chronometric_figure, decision_times
from neurotrain.analysis.condition_activity import (
    in_fewer_bins,
    rates_by_condition,
    spikes_by_condition,
)
from neurotrain.analysis.condition_figures import rasters_figure, rates_figure
from neurotrain.analysis.confusion import confusion_figure, confusion_matrix
from neurotrain.analysis.figures import main_condition
from neurotrain.analysis.performance import performance_against, performance_figure
from neurotrain.analysis.style import write_pngs
from neurotrain.analysis.tables import Table, write_csvs
from neurotrain.analysis.trajectories import trajectories_figure, trajectories_table
from neurotrain.analysis.trial_activity import TrialActivity, record_trials, select_trials
from neurotrain.errors import require_whole, unknown_name
from neurotrain.trials import Trials

if TYPE_CHECKING:
    from matplotlib.figure import Figure

N_TRIALS = 500
# Bounds the memory; results do not depend on it.
CHUNK_TRIALS = 50
# What times of decisions and spikes are told to, and rates, which are many numbers.
N_SAMPLES, N_BINS = 500, 100


@dataclass(frozen=True)
class _Recorded:
    """What the trained network did on all trials of a report."""

    trials: Trials
    choices: np.ndarray
    spike_count: np.ndarray
    bin_edges_ms: np.ndarray
    decision: np.ndarray
    decision_ms: np.ndarray
    times_ms: np.ndarray


@dataclass(frozen=True)
class _Page:
    """A figure and the table of what it shows."""

    figure: "Figure"
    table: Table


def save_report(
    result: Any,
    folder: str | os.PathLike,
    *,
    n_trials: int | None = None,
    condition: str | None = None,
) -> list[Path]:
    """Write the report of a complete run into ``folder/report``.

    Each part is a figure, ``{name}.png``, and a table of the same numbers, ``{name}.csv``:
    ``performance-CONDITION`` for every condition that differs between trials; for the main one
    ``chronometric``; ``confusion``; and ``rates-NAME`` and ``rasters-NAME`` for the class and
    for the main condition. A task of trajectories has ``trajectories`` in place of the first
    three. Trials are new ones, the same every time.

    Parameters
    ----------
    result : Result
        A complete run.
    folder : path
        The run folder.
    n_trials : int, optional
        By default 500, or those of the run's test if they are fewer.
    condition : str, optional
        The main condition; by default as in the figures of a run.

    Returns
    -------
    list of Path
        Where the files are.

    Raises
    ------
    InvalidInput
        If the trials have no such condition, or there would be none.
    RunFolderError
        If the folder cannot be written to.
    """
    settings = result.plan.settings
    n_trials = min(N_TRIALS, settings.test_trials) if n_trials is None else n_trials
    require_whole("trials", n_trials)
    trials, state = result.draw(n_trials)
    if condition is None:
        condition = main_condition(trials)
    elif condition not in trials.conditions:
        raise unknown_name(f"condition of task '{result.task.name}'", condition, trials.conditions)
    recorded = _record(result, trials, state)
    if result.task.classes:
        pages = _pages_of_choices(recorded, condition, result.task.classes)
    else:
        pages = {"trajectories": _trajectories(recorded)}
    pages |= _pages_of_activity(recorded, condition)
    target = Path(folder) / "report"
    tables = write_csvs({name: page.table for name, page in pages.items()}, target)
    return tables + write_pngs({name: page.figure for name, page in pages.items()}, target)


def _record(result: Any, trials: Trials, state: Mapping[str, np.ndarray]) -> _Recorded:
    settings = result.plan.settings
    parts: list[TrialActivity] = [
        record_trials(
            result.circuit,
            result.weights,
            *select_trials(trials, state, slice(i, i + CHUNK_TRIALS)),
            execution=settings.execution,
            threads=settings.threads,
            max_samples=N_SAMPLES,
            with_voltage=False,
        )
        for i in range(0, trials.n_trials, CHUNK_TRIALS)
    ]
    return _Recorded(
        trials=trials,
        choices=np.concatenate([part.choices for part in parts]),
        spike_count=np.concatenate([part.spike_count for part in parts]),
        bin_edges_ms=parts[0].bin_edges_ms,
        decision=np.concatenate([part.decision for part in parts]),
        decision_ms=parts[0].decision_ms,
        times_ms=np.concatenate([_times(part, result.circuit.readout.kind) for part in parts]),
    )


def _times(activity: TrialActivity, kind: str) -> np.ndarray:
    """Return when decisions were made, (trial,); NaN where none was, or none is asked for."""
    start, stop = activity.trials.periods["decision"]
    if kind == "first-spike":
        times = start - activity.readout.max(axis=1)
    elif activity.readout.shape[1] < 2:
        return np.full(len(activity.choices), np.nan)
    else:
        until = activity.decision_ms <= stop + 1e-6
        times = decision_times(activity.decision[:, until], activity.decision_ms[until])
    # A tie at the end is no choice.
    return np.where(activity.choices < 0, np.nan, times)


def _pages_of_choices(recorded: _Recorded, condition: str | None, classes: int) -> dict[str, _Page]:
    trials = recorded.trials
    correct = recorded.choices == trials.labels
    matrix = confusion_matrix(recorded.choices, trials.labels, classes)
    pages = {"confusion": _Page(confusion_figure(matrix), matrix.table())}
    for name, values in trials.conditions.items():
        known = _known(values)
        if len(np.unique(values[known])) > 1:
            curve = performance_against(correct[known], values[known])
            figure = performance_figure(curve, condition=name, chance=1 / classes)
            pages[f"performance-{name}"] = _Page(figure, curve.table(name))
    name, values = _main_values(trials, condition)
    pages["chronometric"] = _chronometric(recorded, correct, name, values)
    return pages


def _chronometric(recorded: _Recorded, correct: np.ndarray, name: str, values: np.ndarray) -> _Page:
    known = _known(values)
    times, values = recorded.times_ms[known], values[known]
    period = recorded.trials.periods["decision"]
    how = {"condition": name, "decision_period": period}
    figure = chronometric_figure(times, correct[known], values, **how)
    return _Page(figure, chronometric_curve(times, values).table(name))


def _pages_of_activity(recorded: _Recorded, condition: str | None) -> dict[str, _Page]:
    trials = recorded.trials
    groups = {} if trials.labels is None else {"class": trials.labels}
    if condition is not None or not groups:
        name, values = _main_values(trials, condition)
        groups[name] = values
    how = {"decision_period": trials.periods["decision"]}
    pages = {}
    for name, values in groups.items():
        known = _known(values)
        activity = recorded.spike_count[known], recorded.bin_edges_ms, values[known]
        rates = rates_by_condition(*in_fewer_bins(*activity[:2], N_BINS), values[known])
        figure = rates_figure(rates, condition=name, **how)
        pages[f"rates-{name}"] = _Page(figure, rates.table(name))
        figure = rasters_figure(*activity, condition=name, **how)
        pages[f"rasters-{name}"] = _Page(figure, spikes_by_condition(*activity, name))
    return pages


def _known(values: np.ndarray) -> np.ndarray:
    """Return on which trials a condition is one: NaN says that it is not."""
    return values == values


def _main_values(trials: Trials, condition: str | None) -> tuple[str, np.ndarray]:
    """Return the main condition, or the class, or that there is none, of each trial."""
    if condition is not None:
        return condition, trials.conditions[condition]
    if trials.labels is not None:
        return "class", trials.labels
    return "all", np.full(trials.n_trials, "trials")


def _trajectories(recorded: _Recorded) -> _Page:
    shown = recorded.decision, recorded.decision_ms, recorded.trials
    return _Page(trajectories_figure(*shown), trajectories_table(*shown))
