"""Trials of a trained network as Neo objects, for Elephant and every tool that reads Neo."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.neo_objects import analog_signal, spike_trains
from neurotrain.rate_to_spike.training import Shown

if TYPE_CHECKING:
    import neo


def neo_block(shown: Shown, score: np.ndarray, annotations: Mapping[str, Any]) -> "neo.Block":
    """Return one Block with one Segment per trial, whose times begin with the trial.

    Parameters
    ----------
    shown : Shown
        With spikes.
    score : (trial,) array
        Of the task.
    annotations : mapping
        Of the Block; plain numbers and strings.
    """
    import neo

    signals, nmse = shown.signals, shown.nmse
    block = neo.Block(name="neurotrain", **annotations)
    for trial, steps in enumerate(signals.slices):
        segment = neo.Segment(name=f"trial {trial}", index=trial)
        conditions = {name: values[trial].item() for name, values in signals.conditions.items()}
        segment.annotate(nmse=float(nmse[trial]), score=float(score[trial]), **conditions)
        _fill(segment, shown, steps)
        block.segments.append(segment)
    return block


def _fill(segment: "neo.Segment", shown: Shown, steps: slice) -> None:
    signals, stretch = shown.signals, shown.stretch
    spiked, dt_ms = stretch.spikes[steps], signals.dt_ms
    # A spike lies at the start of its step, where Brian2 puts it.
    spiking, neurons = np.nonzero(spiked)
    n_steps, n_neurons = spiked.shape
    trains = spike_trains(spiking * dt_ms, neurons, n_neurons, n_steps * dt_ms)
    segment.spiketrains.extend(trains)
    series = {
        "output": stretch.outputs,
        "target": signals.outputs,
        "factors": stretch.factors,
        "target factors": shown.wanted_factors,
    }
    if signals.inputs.shape[1]:
        series["input"] = signals.inputs
    for name, values in series.items():
        segment.analogsignals.append(analog_signal(name, values[steps], dt_ms))
    segment.epochs.append(_scored(signals.scored[steps], dt_ms))


def _scored(scored: np.ndarray, dt_ms: float) -> "neo.Epoch":
    """Return when outputs are scored, an interval for each run of steps (step,) that are."""
    import neo
    import quantities

    changes = np.flatnonzero(np.diff(np.r_[False, scored, False].astype(int)))
    starts, stops = changes[::2] * dt_ms, changes[1::2] * dt_ms
    times, durations = starts * quantities.ms, (stops - starts) * quantities.ms
    return neo.Epoch(times, durations, labels=["scored"] * len(starts), name="scored")
