"""Recordings that never were, for looking at what a loss depends on."""

from dataclasses import replace

import numpy as np

from neurotrain.recording import Recording
from neurotrain.trials import Trials

N_CANDIDATES, N_TRIALS, N_BINS, N_NEURONS, N_CLASSES = 4, 6, 8, 12, 3
BIN_MS = 5.0
DECISION_BIN = 5
# Readouts of spikes: these are functions of the spike counts.
OF_SPIKES = ("spike-count", "first-spike", "spike-train")
OF_TRAJECTORIES = ("trajectory", "spike-train")


def example(kind: str | None, seed: int = 0) -> tuple[Recording, Trials]:
    """Return a recording with a readout of a kind, and trials with labels and targets.

    Parameters
    ----------
    kind : str or None
        Kind of the readout; None is a graded one.
    seed : int
        From which everything follows.
    """
    rng = np.random.default_rng(seed)
    shape = (N_CANDIDATES, N_TRIALS)
    spike_count = rng.poisson(0.4, size=(*shape, N_BINS, N_NEURONS))
    recording = Recording(
        spike_count=spike_count,
        bin_edges_ms=np.arange(N_BINS + 1) * BIN_MS,
        readout=_readout(kind, spike_count, rng),
        failed=np.zeros(shape, dtype=bool),
        output=_output(kind, spike_count, rng),
    )
    trials = Trials(
        inputs=rng.normal(size=(N_TRIALS, N_BINS, 1)),
        bin_ms=BIN_MS,
        labels=rng.permutation(N_TRIALS) % N_CLASSES,
        periods={"decision": (DECISION_BIN * BIN_MS, N_BINS * BIN_MS)},
        targets=rng.poisson(0.4, size=(N_TRIALS, N_BINS, N_CLASSES)).astype(float),
    )
    return with_other_states(recording, rng), trials


def with_other_states(recording: Recording, rng: np.random.Generator) -> Recording:
    """Return the recording with other values of everything but spikes and what is read."""
    shape = recording.failed.shape
    return replace(
        recording,
        average={"v": rng.normal(size=(*shape, N_NEURONS))},
        state={"v": rng.normal(size=(*shape, N_BINS, N_NEURONS))},
        sample_ms=np.arange(N_BINS) * BIN_MS,
        blocked=rng.random((*shape, N_NEURONS)) < 0.3,
    )


def with_other_readout(kind: str | None, recording: Recording, seed: int) -> Recording:
    """Return the recording with another readout of graded activity; one of spikes is kept."""
    if kind in OF_SPIKES:
        return recording
    rng = np.random.default_rng(seed)
    readout, output = (make(kind, recording.spike_count, rng) for make in (_readout, _output))
    return replace(recording, readout=readout, output=output)


def _readout(kind: str | None, spike_count: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    shape = spike_count.shape[:2]
    if kind in OF_TRAJECTORIES:
        return np.empty((*shape, 0))
    if kind not in OF_SPIKES:
        return rng.normal(size=(*shape, N_CLASSES))
    pooled = spike_count.reshape(*shape, N_BINS, N_CLASSES, -1).sum(axis=-1)[:, :, DECISION_BIN:]
    if kind == "spike-count":
        return pooled.sum(axis=2).astype(float)
    first = np.where((pooled > 0).any(axis=2), (pooled > 0).argmax(axis=2), pooled.shape[2])
    return -first * BIN_MS


def _output(kind: str | None, spike_count: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if kind == "trajectory":
        return rng.normal(size=(*spike_count.shape[:3], N_CLASSES))
    return spike_count[..., :N_CLASSES].astype(float) if kind == "spike-train" else None
