"""Recordings as Neo objects, for Elephant and every tool that reads Neo."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.recording import Recording
from neurotrain.trials import Trials

if TYPE_CHECKING:
    import neo


def to_neo(
    recording: Recording,
    trials: Trials,
    *,
    candidate: int = 0,
    annotations: Mapping[str, Any] | None = None,
) -> "neo.Block":
    """Return one Block with one Segment per trial and one SpikeTrain per neuron.

    Silent neurons are kept. Each Segment is annotated with the trial's label, choice
    (-1 for none), whether it is correct, and the trial's conditions; of a task of trajectories
    with the conditions alone, and has the outputs as an AnalogSignal.

    Parameters
    ----------
    recording : Recording
        With spikes counted in every step; a spike lies at the start of its step, where
        Brian2 puts it.
    trials : Trials
        What was simulated.
    candidate : int
        Which candidate of the recording.
    annotations : mapping, optional
        Of the Block; plain numbers and strings.

    Raises
    ------
    InvalidInput
        If a bin holds several spikes of a neuron, so that their times are not known.
    """
    import neo

    counts = recording.spike_count[candidate]  # (trial, bin, neuron)
    if counts.size and counts.max() > 1:
        raise InvalidInput(
            "Spike times are not known: count spikes in every step, with "
            "simulate(..., bins_ms=numpy.arange(0, duration_ms, dt_ms))."
        )
    block = neo.Block(name="neurotrain", **(annotations or {}))
    for trial in range(trials.n_trials):
        segment = neo.Segment(name=f"trial {trial}", index=trial)
        segment.annotate(**_trial_annotations(recording, trials, candidate, trial))
        segment.spiketrains.extend(_spike_trains(counts[trial], recording, trials))
        if recording.output is not None:
            segment.analogsignals.append(_outputs(recording.output[candidate, trial], trials))
        block.segments.append(segment)
    return block


def _outputs(output: np.ndarray, trials: Trials) -> "neo.AnalogSignal":
    """Return what a readout of trajectories gave, (bin, output)."""
    import neo
    import quantities

    period = trials.bin_ms * quantities.ms
    return neo.AnalogSignal(output, units="dimensionless", sampling_period=period, name="output")


def _trial_annotations(
    recording: Recording, trials: Trials, candidate: int, trial: int
) -> dict[str, Any]:
    conditions = {name: values[trial].item() for name, values in trials.conditions.items()}
    if trials.labels is None:
        return conditions
    choice, label = int(recording.decisions[candidate, trial]), int(trials.labels[trial])
    return {"label": label, "choice": choice, "correct": choice == label, **conditions}


def _spike_trains(
    counts: np.ndarray, recording: Recording, trials: Trials
) -> "list[neo.SpikeTrain]":
    import neo
    import quantities

    starts = recording.bin_edges_ms[:-1]
    return [
        neo.SpikeTrain(
            starts[counts[:, neuron] > 0] * quantities.ms,
            t_stop=trials.duration_ms * quantities.ms,
            name=f"neuron {neuron}",
            neuron=neuron,
        )
        for neuron in range(counts.shape[1])
    ]
