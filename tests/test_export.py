"""Neo export against the recording it was made from, and against Brian2's own spike times."""

import json
from dataclasses import replace

import brian2
import numpy as np
import pytest
import quantities

import neurotrain as nt
from neurotrain.cli import main
from neurotrain.export import run_block, to_neo
from neurotrain.export.neo_form import population_names
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
    conditions = {name: v[1].item() for name, v in trials.conditions.items()}
    assert segment.annotations == {"failed": False, **conditions}


def test_states_have_their_units_and_periods_their_times(simulated):
    circuit, trials, state, weights, _ = simulated
    steps = np.arange(0, trials.duration_ms, circuit.dt_ms)
    recording = circuit.simulate(
        weights, trials, state, states=("v", "I"), sample_ms=0.6, bins_ms=steps
    )
    block = recording.to_neo(trials, circuit=circuit)
    for trial, segment in enumerate(block.segments):
        for signal, (name, unit) in zip(
            segment.analogsignals, {"v": "V", "I": "A/m**2"}.items(), strict=True
        ):
            assert signal.name == name and signal.units == quantities.Quantity(1, unit)
            np.testing.assert_array_equal(signal.magnitude, recording.state[name][0, trial])
            assert signal.array_annotations["neuron"].tolist() == [0, 1, 2, 3, 4]
            assert float(signal.sampling_period.rescale("ms")) == pytest.approx(0.6)
        (epoch,), (event,) = segment.epochs, segment.events
        assert epoch.labels.tolist() == list(trials.periods)
        spans = np.stack([epoch.magnitude, (epoch.times + epoch.durations).magnitude], axis=1)
        np.testing.assert_allclose(spans, list(trials.periods.values()))
        assert sorted(epoch.times.tolist()) == event.times.tolist()
    assert [group.name for group in block.groups] == [circuit.neurons.name]


def test_pooled_trains_hold_the_same_spikes(simulated):
    _, trials, _, _, recording = simulated
    population = ["a", "b", "a", "b", "b"]
    apart = to_neo(recording, trials, population=population)
    pooled = to_neo(recording, trials, population=population, trains="population")
    assert [len(group.spiketrains) for group in apart.groups] == [6, 9]
    for one, other in zip(apart.segments, pooled.segments, strict=True):
        assert [train.name for train in other.spiketrains] == ["a", "b"]
        for train in other.spiketrains:
            assert (np.diff(train.magnitude) >= 0).all()
            for neuron in np.flatnonzero(np.array(population) == train.name):
                its = train.array_annotations["neuron"] == neuron
                np.testing.assert_array_equal(train.magnitude[its], one.spiketrains[neuron])
    with pytest.raises(nt.InvalidInput, match="one called|choose from"):
        to_neo(recording, trials, trains="cell")
    with pytest.raises(nt.InvalidInput, match="each of the 5 neurons, got 1"):
        to_neo(recording, trials, population=["a"])


def test_populations_are_those_of_dales_law():
    circuit = nt.models.morris_lecar(10, channels=50, dale=0.8)
    assert circuit.signs.tolist() == [1] * 8 + [-1] * 2
    assert population_names(circuit) == ["excitatory"] * 8 + ["inhibitory"] * 2
    free = nt.models.morris_lecar(3, channels=50)
    assert population_names(free) == [free.neurons.name] * 3


@pytest.fixture(scope="module")
def result(tmp_path_factory) -> nt.Result:
    return nt.train(
        "morris-lecar",
        "stimulus-integration",
        model_options={"neurons": 5},
        optimizer_options={"population_size": 2},
        generations=1,
        trials=2,
        validation_trials=2,
        test_trials=4,
        out=tmp_path_factory.mktemp("export") / "run",
        progress=False,
    )


def test_a_run_is_exported_alike_in_any_chunks(result, monkeypatch):
    how = {"states": ("v",), "sample_ms": 1.0}
    whole = result.to_neo(3, **how)
    monkeypatch.setattr(run_block, "CHUNK_NUMBERS", 1)
    apart = result.to_neo(3, **how, annotations={"note": "apart"})
    assert apart.annotations == {**whole.annotations, "note": "apart"}
    assert whole.annotations["task_words"] == result.task.words
    assert whole.annotations["versions_brian2"] == brian2.__version__
    for one, other in zip(whole.segments, apart.segments, strict=True):
        assert one.index == other.index and one.annotations == other.annotations
        for train, same in zip(one.spiketrains, other.spiketrains, strict=True):
            np.testing.assert_array_equal(train.magnitude, same.magnitude)
        (signal,), (again,) = one.analogsignals, other.analogsignals
        np.testing.assert_array_equal(signal.magnitude, again.magnitude)


def test_the_command_writes_what_the_result_gives(result, tmp_path, capsys):
    path = tmp_path / "spikes.csv"
    assert main(["export", str(result.folder), str(path), "--trials", "2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    trains = [train for segment in result.to_neo(2).segments for train in segment.spiketrains]
    assert told == {
        "file": str(path),
        "trials": 2,
        "neurons": 5,
        "spikes": sum(len(train) for train in trains),
    }
    assert len(path.read_text().splitlines()) == told["spikes"] + 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["RUN", "x.xlsx"], 2, "none of the endings"),
        (["RUN/none", "x.csv"], 2, "none"),
        (["RUN", "x.csv", "--trials", "0"], 2, "whole number"),
        (["RUN", "x.csv", "--state", "volts"], 2, "volts"),
        (["RUN", "x.csv", "--trains", "cell"], 2, "kind of spike trains"),
        (["RUN", "none/x.csv"], 1, "make it first"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(result, tmp_path, capsys, arguments, code, said):
    run, file, *others = arguments
    run = run.replace("RUN", str(result.folder))
    assert main(["export", run, str(tmp_path / file), *others]) == code
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1 and said in told[0]
    assert not list(tmp_path.iterdir())
