"""Figures of what the neurons of a trained network do, trial by trial, in each class."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.analysis.condition_activity import in_fewer_bins
from neurotrain.analysis.condition_figures import PSTH_BINS, psth_figure
from neurotrain.analysis.principal_plane import pca_trajectories
from neurotrain.analysis.trial_activity import select_trials
from neurotrain.errors import InvalidInput
from neurotrain.trials import Trials

if TYPE_CHECKING:
    from matplotlib.figure import Figure

N_TRIALS, N_SAMPLES = 150, 250
# Bounds the memory; results do not depend on it.
CHUNK_TRIALS = 50


def activity_figures(
    result: Any,
    trials: Trials,
    state: Mapping[str, np.ndarray],
    condition: str | None,
    **how: Any,
) -> dict[str, "Figure"]:
    """Return ``psth`` and ``trajectories`` of the trained network, by class.

    Parameters
    ----------
    result : Result
    trials : Trials
        The first 150 are simulated.
    state : mapping of str to (trial, neuron) array
        In which they begin.
    condition : str or None
        What takes the place of the class in a task that has none.
    how
        Of the simulation.

    Returns
    -------
    mapping of str to Figure
        Without ``trajectories`` where activity has fewer than two dimensions, as in silence.
    """
    name, values = _grouping(trials, condition)
    chosen = np.flatnonzero(values == values)[:N_TRIALS]
    shown, values = select_trials(trials, state, chosen), values[chosen]
    counts, edges = _spikes(result, *shown, **how)
    about = {"condition": name, "decision_period": trials.periods["decision"]}
    figures = {"psth": psth_figure(counts, edges, values, **about)}
    try:
        about["smoothing_ms"] = (edges[-1] - edges[0]) / PSTH_BINS
        binned = in_fewer_bins(counts, edges, N_SAMPLES)
        figures["trajectories"] = pca_trajectories(*binned, values, **about).figure
    except InvalidInput:
        pass
    return figures


def _grouping(trials: Trials, condition: str | None) -> tuple[str, np.ndarray]:
    if trials.labels is not None:
        return "class", trials.labels
    if condition is not None:
        return condition, trials.conditions[condition]
    return "all", np.full(trials.n_trials, "trials")


def _spikes(
    result: Any, trials: Trials, state: Mapping[str, np.ndarray], **how: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Return spike counts (trial, bin, neuron) and the edges of the bins, in chunks of trials."""
    steps = round(trials.duration_ms / result.circuit.dt_ms)
    bin_ms = -(-steps // N_SAMPLES) * result.circuit.dt_ms
    starts = np.arange(0, trials.duration_ms - result.circuit.dt_ms / 2, bin_ms)
    parts = [slice(i, i + CHUNK_TRIALS) for i in range(0, trials.n_trials, CHUNK_TRIALS)]
    recordings = [
        result.circuit.simulate(
            result.weights[np.newaxis], *select_trials(trials, state, part), bins_ms=starts, **how
        )
        for part in parts
    ]
    counts = np.concatenate([recording.spike_count[0] for recording in recordings])
    return counts, recordings[0].bin_edges_ms
