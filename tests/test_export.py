"""Neo export against the recording it was made from, and against Brian2's own spike times."""

from dataclasses import replace

import brian2
import numpy as np
import pytest

import neurotrain as nt
from neurotrain.export import to_neo
from neurotrain.recording import Recording
from neurotrain.seeding import generator


@pytest.fixture(scope="module")
def simulated() -> tuple[nt.Circuit, nt.Trials, dict, np.ndarray, Recording]:
    circuit = nt.models.morris_lecar(5, channels=50)
    task = nt.tasks.StimulusIntegration()
    trials = task.draw(3, generator(0, "test-trials"))
    state = circuit.draw_initial_state(3, generator(0, "test-state"))
    weights = circuit.parameters.draw(generator(0, "initial-parameters"))[np.newaxis]
    steps = np.arange(0, trials.duration_ms, circuit.dt_ms)
    recording = circuit.simulate(weights, trials, state, execution="fused-float64", bins_ms=steps)
    return circuit, trials, state, weights, recording


def test_every_spike_is_exported_once(simulated):
    _, trials, _, _, recording = simulated
    block = to_neo(recording, trials, annotations={"seed": 0})
    assert len(block.segments) == 3 and block.annotations["seed"] == 0
    for trial, segment in enumerate(block.segments):
        counts = [len(train) for train in segment.spiketrains]
        assert counts == recording.spike_count[0, trial].sum(axis=0).tolist()
    assert recording.spike_count.sum() > 0


def test_times_are_those_of_brian2(simulated):
    circuit, trials, state, weights, recording = simulated
    train = to_neo(recording, trials).segments[1].spiketrains[2]
    neurons, recurrent = circuit.neurons, circuit.synapses[0]
    blocks = circuit.parameters.split(weights[0])
    circuit.apply(weights[0])
    for name, values in state.items():
        neurons.variables[name].set_value(values[1])
    steps_per_bin = round(trials.bin_ms / circuit.dt_ms)
    drive = brian2.TimedArray(
        trials.inputs[1] @ blocks["input.weight"].T, dt=steps_per_bin * neurons.clock.dt
    )
    present = brian2.NetworkOperation(
        lambda t: neurons.variables["stimulus"].set_value(
            drive(np.asarray(t).item() * brian2.second, range(5))
        ),
        clock=neurons.clock,
    )
    monitor = brian2.SpikeMonitor(neurons)
    brian2.Network(neurons, recurrent, present, monitor).run(200 * brian2.ms)
    expected = np.array(monitor.t / brian2.ms)[np.array(monitor.i) == 2]
    assert len(expected) > 0
    np.testing.assert_allclose(train.rescale("ms").magnitude, expected, atol=1e-9)


def test_annotations_say_label_choice_and_condition(simulated):
    _, trials, _, _, recording = simulated
    for trial, segment in enumerate(to_neo(recording, trials).segments):
        assert segment.annotations["label"] == trials.labels[trial]
        assert segment.annotations["choice"] == recording.decisions[0, trial]
        assert segment.annotations["margin"] == trials.conditions["margin"][trial]


def test_counts_without_times_are_refused(simulated):
    _, trials, _, _, recording = simulated
    coarse = Recording(
        spike_count=recording.spike_count.sum(axis=2, keepdims=True),
        bin_edges_ms=np.array([0.0, trials.duration_ms]),
        readout=recording.readout,
        failed=recording.failed,
    )
    with pytest.raises(nt.InvalidInput, match="every step"):
        to_neo(coarse, trials)


def test_a_silent_network_keeps_its_neurons(simulated):
    _, trials, _, _, recording = simulated
    silent = Recording(
        spike_count=np.zeros_like(recording.spike_count),
        bin_edges_ms=recording.bin_edges_ms,
        readout=recording.readout,
        failed=recording.failed,
    )
    block = to_neo(silent, trials)
    assert [len(s.spiketrains) for s in block.segments] == [5, 5, 5]


def test_outputs_of_trajectories_are_exported(simulated):
    _, trials, _, _, recording = simulated
    rng = np.random.default_rng(0)
    output, targets = rng.normal(size=(1, 3, 50, 2)), rng.normal(size=(3, 50, 2))
    recording = replace(recording, output=output, readout=recording.readout[..., :0])
    trials = replace(trials, labels=None, targets=targets)
    segment = to_neo(recording, trials).segments[1]
    (signal,) = segment.analogsignals
    np.testing.assert_array_equal(signal.magnitude, output[0, 1])
    assert float(signal.sampling_period.rescale("ms")) == pytest.approx(trials.bin_ms)
    assert segment.annotations == {name: v[1].item() for name, v in trials.conditions.items()}
