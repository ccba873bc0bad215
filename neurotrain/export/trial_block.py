"""Recordings of trials as Neo objects, for Elephant and every tool that reads Neo."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.export.neo_form import NeoForm, neo_form
from neurotrain.neo_objects import (
    analog_signal,
    plain_annotations,
    pooled_spike_train,
    spike_trains,
)
from neurotrain.recording import Recording
from neurotrain.trials import Trials

if TYPE_CHECKING:
    import neo

    from neurotrain.circuit import Circuit


def to_neo(
    recording: Recording,
    trials: Trials,
    *,
    circuit: "Circuit | None" = None,
    candidate: int = 0,
    population: Sequence[str] | None = None,
    trains: str = "neuron",
    annotations: Mapping[str, Any] | None = None,
) -> "neo.Block":
    """Return one Block with one Segment per trial and one Group per population.

    A Segment has the SpikeTrain of each neuron, silent ones too; an AnalogSignal for each
    variable that was recorded, whose channels are annotated with neuron and population, and for
    the outputs of a task of trajectories; the periods of the trial as an Epoch, and where they
    begin as an Event. It is annotated with the trial's label, choice (-1 for none) and whether
    this is correct, with its conditions, and with whether its simulation failed.

    Parameters
    ----------
    recording : Recording
        With spikes counted in every step; a spike lies at the start of its step, where
        Brian2 puts it.
    trials : Trials
        What was simulated.
    circuit : Circuit, optional
        What was simulated; it knows populations and units, without which there are none.
    candidate : int
        Which candidate of the recording.
    population : (neuron,) sequence of str, optional
        The population of each neuron; by default ``'excitatory'`` or ``'inhibitory'`` by Dale's
        law of the circuit's synapses, without it all are of the group's name.
    trains : {'neuron', 'population'}
        ``'population'`` puts the spikes of a population into one SpikeTrain with the array
        annotation ``neuron``, of each spike: the form for thousands of neurons and trials, of
        which each object takes milliseconds to write.
    annotations : mapping, optional
        Of the Block.

    Raises
    ------
    InvalidInput
        If a bin holds several spikes of a neuron, so that their times are not known; or
        `population` is not one for each neuron.
    """
    form = neo_form(recording.spike_count.shape[-1], circuit, population, trains)
    block = new_block(annotations or {})
    block.segments.extend(segments(recording, trials, form, candidate=candidate))
    block.groups.extend(groups(block, form))
    return block


def new_block(annotations: Mapping[str, Any]) -> "neo.Block":
    """Return a Block without segments."""
    import neo

    described = "Simulated by neurotrain; no animal and no electrode was involved."
    return neo.Block(name="neurotrain", description=described, **plain_annotations(annotations))


def segments(
    recording: Recording, trials: Trials, form: NeoForm, *, candidate: int = 0, first: int = 0
) -> "list[neo.Segment]":
    """Return a Segment for each trial; their numbers begin with `first`."""
    import neo

    counts = recording.spike_count[candidate]  # (trial, bin, neuron)
    made = []
    for trial in range(trials.n_trials):
        segment = neo.Segment(name=f"trial {first + trial}", index=first + trial)
        segment.annotate(**_trial_annotations(recording, trials, candidate, trial))
        segment.spiketrains.extend(_trains(counts[trial], recording, trials, form))
        segment.analogsignals.extend(_signals(recording, trials, form, candidate, trial))
        segment.epochs.append(_periods(trials))
        segment.events.append(_onsets(trials))
        made.append(segment)
    return made


def groups(block: "neo.Block", form: NeoForm) -> "list[neo.Group]":
    """Return a Group for each population, with its spike trains of all segments."""
    import neo

    members: dict[str, list[Any]] = {name: [] for name in form.populations}
    for segment in block.segments:
        for train in segment.spiketrains:
            members[train.annotations["population"]].append(train)
    return [
        neo.Group(trains, name=name, neurons=len(form.members(name)))
        for name, trains in members.items()
    ]


def _trains(
    counts: np.ndarray, recording: Recording, trials: Trials, form: NeoForm
) -> "list[neo.SpikeTrain]":
    # Several times faster than finding both at once.
    steps, neurons = np.divmod(np.flatnonzero(counts > 0), counts.shape[1])
    if (counts[steps, neurons] > 1).any():
        raise InvalidInput(
            "Spike times are not known: count spikes in every step, with "
            "simulate(..., bins_ms=numpy.arange(0, duration_ms, dt_ms))."
        )
    times_ms, stop_ms = recording.bin_edges_ms[steps], trials.duration_ms
    if form.trains == "neuron":
        population = form.population.tolist()
        return spike_trains(times_ms, neurons, len(population), stop_ms, population)
    of = form.population[neurons]
    return [
        pooled_spike_train(times_ms[of == name], neurons[of == name], stop_ms, name)
        for name in form.populations
    ]


def _signals(
    recording: Recording, trials: Trials, form: NeoForm, candidate: int, trial: int
) -> "list[neo.AnalogSignal]":
    neuron = {"neuron": np.arange(len(form.population)), "population": form.population}
    found = []
    for name, values in recording.state.items():
        # Of a single sample any period is right.
        period_ms = np.diff(recording.sample_ms[:2]).item() if values.shape[2] > 1 else 1.0
        units = form.units.get(name, "dimensionless")
        found.append(analog_signal(name, values[candidate, trial], period_ms, units, **neuron))
    if recording.output is not None:
        output = recording.output[candidate, trial]
        found.append(analog_signal("output", output, trials.bin_ms))
    return found


def _periods(trials: Trials) -> "neo.Epoch":
    import neo
    import quantities

    times_ms = np.array(list(trials.periods.values()), dtype=float)
    return neo.Epoch(
        times_ms[:, 0] * quantities.ms,
        durations=np.diff(times_ms)[:, 0] * quantities.ms,
        labels=np.array(list(trials.periods)),
        name="periods",
    )


def _onsets(trials: Trials) -> "neo.Event":
    import neo
    import quantities

    begins_ms = [begin for begin, _ in trials.periods.values()]
    order = np.argsort(begins_ms, kind="stable")
    return neo.Event(
        np.array(begins_ms, dtype=float)[order] * quantities.ms,
        labels=np.array(list(trials.periods))[order],
        name="period onsets",
    )


def _trial_annotations(
    recording: Recording, trials: Trials, candidate: int, trial: int
) -> dict[str, Any]:
    told = {"failed": bool(recording.failed[candidate, trial])}
    if trials.labels is not None:
        choice, label = int(recording.decisions[candidate, trial]), int(trials.labels[trial])
        told |= {"label": label, "choice": choice, "correct": choice == label}
    conditions = {name: values[trial].item() for name, values in trials.conditions.items()}
    return told | plain_annotations(conditions)
