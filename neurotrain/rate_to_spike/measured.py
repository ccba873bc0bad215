"""What is told of a trained network: errors, dimensions and irregularity."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurotrain.errors import InvalidInput, require_whole
from neurotrain.rate_to_spike.measures import nmse, principal_angles, variance_curve
from neurotrain.rate_to_spike.result import RateToSpike
from neurotrain.rate_to_spike.training import Shown
from neurotrain.spike_statistics import cv, cv2, fano_factor, spike_counts

COMPONENTS = 10
WINDOW_MS = 100.0
# What filtered spikes were before the first step shows for so many time constants.
SETTLED = 5


@dataclass(frozen=True)
class Measured:
    """Numbers of a trained network with frozen weights; NaN where there is no such number.

    Parameters
    ----------
    nmse, factor_nmse, score : float
        Normalized errors of outputs and of factors, medians over trials; the task's score, the
        mean.
    components : int
        How many factors were learned.
    rate_variance, spiking_variance : float
        Share of power in the first ten components: of the rate network's currents, and of the
        filtered spikes.
    current_angle, spiking_angle : float
        Median principal angle, in degrees, between the first ten components of the rate network
        and those of the learned currents, or of the filtered spikes.
    rate_hz, cv, cv2 : float
        Means over neurons.
    fano_factor : float
        Of counts in 100 ms, the mean over neurons; where all trials are the same.
    """

    nmse: float
    factor_nmse: float
    score: float
    components: int
    rate_variance: float
    spiking_variance: float
    current_angle: float
    spiking_angle: float
    rate_hz: float
    cv: float
    cv2: float
    fano_factor: float


def measure(result: RateToSpike, trials: int = 20, seed: int = 0) -> Measured:
    """Run further trials with frozen weights and return what can be told of them.

    Parameters
    ----------
    result : RateToSpike
    trials : int
        At least 2.
    seed : int
        Of the trials.
    """
    require_whole("trials", trials, 2)
    shown, task = result.test(trials, seed), result.training.task
    spikes = shown.stretch.spikes
    n_neurons, dt_ms = spikes.shape[1], shown.signals.dt_ms
    steps, neurons = np.nonzero(spikes)
    train = (steps * dt_ms, neurons, n_neurons)
    decay = np.exp(-dt_ms / result.network.neuron.tau_slow_ms)
    settled = slice(int(SETTLED * result.network.neuron.tau_slow_ms / dt_ms), None)
    filtered = filtered_spikes(spikes, decay)[settled]
    wanted, given = (each[settled] for each in (shown.wanted_factors, shown.stretch.factors))
    return Measured(
        nmse=float(np.nanmedian(nmse(shown.stretch.outputs, shown.signals))),
        factor_nmse=float(np.nanmedian(shown.factor_nmse)),
        score=float(np.nanmean(task.score(shown.stretch.outputs, shown.signals))),
        components=result.factors.count,
        rate_variance=float(result.factors.shares[:COMPONENTS].sum()),
        spiking_variance=float(_or_nan(lambda: variance_curve(filtered)[:COMPONENTS][-1])),
        current_angle=float(_or_nan(lambda: np.median(principal_angles(wanted, given)))),
        spiking_angle=float(_or_nan(lambda: np.median(principal_angles(wanted, filtered)))),
        rate_hz=1000 * float(spikes.mean()) / dt_ms,
        cv=_mean(cv(*train)),
        cv2=_mean(cv2(*train)),
        fano_factor=_fano(shown, train),
    )


def filtered_spikes(spikes: np.ndarray, decay: float) -> np.ndarray:
    """Return spikes filtered by an exponential, (time, neuron), from zero on.

    Parameters
    ----------
    spikes : (time, neuron) bool array
    decay : float
        What is left of a trace after a step.
    """
    from scipy.signal import lfilter

    return lfilter([1.0], [1.0, -decay], spikes.astype(float), axis=0)


def _fano(shown: Shown, train: tuple[np.ndarray, np.ndarray, int]) -> float:
    """Return the mean Fano factor, NaN where trials differ."""
    signals = shown.signals
    same = len({part.tobytes() for part in signals.split(signals.outputs)}) == 1
    duration_ms = float(signals.steps[0]) * signals.dt_ms
    if not same or duration_ms < WINDOW_MS:
        return float("nan")
    starts_ms = np.array([each.start for each in signals.slices]) * signals.dt_ms
    windows = {"starts_ms": starts_ms, "duration_ms": duration_ms, "window_ms": WINDOW_MS}
    return _mean(fano_factor(spike_counts(*train, **windows)))


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def _or_nan(value: Any) -> float:
    """Return what a function does, NaN where there are not so many components."""
    try:
        return value()
    except InvalidInput:
        return float("nan")
