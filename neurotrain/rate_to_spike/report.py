"""Figures of a trained network, on the disk."""

import os
from pathlib import Path

import numpy as np

from neurotrain.rate_to_spike.measured import filtered_spikes
from neurotrain.rate_to_spike.measures import variance_curve
from neurotrain.rate_to_spike.result import RateToSpike

MAX_STEPS = 5000


def save_figures(
    result: RateToSpike, folder: str | os.PathLike, *, trials: int = 4, seed: int = 0
) -> list[Path]:
    """Write figures of further trials with frozen weights as PNG files.

    ``activity.png``: outputs, factors and spikes, of at most 5,000 steps; ``variance.png``: the
    share of power in the leading components of both networks.

    Parameters
    ----------
    result : RateToSpike
    folder : path
    trials : int
    seed : int
        Of the trials.

    Raises
    ------
    RunFolderError
        If the folder cannot be written to.
    """
    from neurotrain.analysis.rate_to_spike import activity_figure, variance_figure
    from neurotrain.analysis.style import write_pngs

    shown = result.test(trials, seed)
    dt_ms, spikes = shown.signals.dt_ms, shown.stretch.spikes
    decay = np.exp(-dt_ms / result.network.neuron.tau_slow_ms)
    parts = (shown.signals.outputs, shown.stretch.outputs, shown.wanted_factors)
    parts = (np.arange(len(spikes)) * dt_ms, *parts, shown.stretch.factors, spikes)
    figures = {
        "activity": activity_figure(*(part[:MAX_STEPS] for part in parts)),
        "variance": variance_figure(
            {
                "currents of the rate network": np.cumsum(result.factors.shares),
                "filtered spikes": variance_curve(filtered_spikes(spikes, decay)),
            }
        ),
    }
    return write_pngs(figures, Path(folder))
