"""Recordings as Neo objects, for Elephant and every tool that reads Neo."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from neurotrain.errors import InvalidInput
from neurotrain.neo_objects import analog_signal, spike_trains
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
        starts_ms = recording.bin_edges_ms[:-1]
        segment.spiketrains.extend(spike_trains(counts[trial] > 0, starts_ms, trials.duration_ms))
        if recording.output is not None:
            output = recording.output[candidate, trial]
            segment.analogsignals.append(analog_signal("output", output, trials.bin_ms))
        block.segments.append(segment)
    return block


def _trial_annotations(
    recording: Recording, trials: Trials, candidate: int, trial: int
) -> dict[str, Any]:
    conditions = {name: values[trial].item() for name, values in trials.conditions.items()}
    if trials.labels is None:
        return conditions
    choice, label = int(recording.decisions[candidate, trial]), int(trials.labels[trial])
    return {"label": label, "choice": choice, "correct": choice == label, **conditions}
