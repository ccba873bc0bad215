"""Recorded spike trains as a task: what the targets are, the score, and training on them."""

from pathlib import Path

import brian2
import neo
import numpy as np
import pytest
from recorded_data import block, segment, train

import neurotrain as nt
from neurotrain.adapters.neo import RecordedTask
from neurotrain.errors import InvalidInput, RunFolderError

TRAINS = ([1.0, 5.0, 5.4, 30.0], [12.0], [])


def recording(n_trials=2, **annotations):
    """Return segments in seconds that begin at 3 s, each 2 ms later than the one before."""
    trials = []
    for k in range(n_trials):
        start = 3000.0 + 2 * k
        at = {"start_ms": start, "stop_ms": start + 40, "units": "s"}
        trains = [train(np.array(times) + start + k, **at) for times in TRAINS]
        values = {name: each[k] for name, each in annotations.items()}
        trials.append(segment(*trains, **values))
    return block(*trials)


def rng(seed=1):
    return np.random.default_rng(seed)


def test_targets_are_the_recorded_spikes():
    task = nt.from_neo(recording())
    assert isinstance(task, nt.Task)
    assert (task.name, task.channels, task.classes, task.outputs) == ("recorded-spikes", 1, 0, 3)
    trials = task.recorded
    assert trials.targets.shape == (2, 40, 3) and trials.bin_ms == 1 and trials.mask is None
    for k in range(2):
        for neuron, times in enumerate(TRAINS):
            counts = np.bincount(np.floor(np.array(times) + k).astype(int), minlength=40)
            np.testing.assert_array_equal(trials.targets[k, :, neuron], counts)
    assert (trials.inputs == 1).all()


def test_trials_come_each_as_often_and_in_random_order():
    task = nt.from_neo(recording(3, stimulus=[0.5, 1.0, 2.0]))
    shown = task.draw(9, rng()).conditions["stimulus"]
    assert sorted(shown) == [0.5] * 3 + [1.0] * 3 + [2.0] * 3
    assert (shown != task.draw(9, rng(2)).conditions["stimulus"]).any()
    assert task.varies and not nt.from_neo(recording(1)).varies


def test_a_cue_tells_the_condition():
    task = nt.from_neo(recording(3, side=["right", "left", "right"]), cue="side", bin_ms=10)
    np.testing.assert_array_equal(task.recorded.inputs[:, 0], [[0, 1], [1, 0], [0, 1]])
    assert (task.recorded.inputs == task.recorded.inputs[:, :1]).all()


def test_inputs_of_ones_own():
    given = rng().normal(size=(40, 2))
    np.testing.assert_array_equal(nt.from_neo(recording(), inputs=given).recorded.inputs[1], given)
    each = rng().normal(size=(2, 40, 2))
    np.testing.assert_array_equal(nt.from_neo(recording(), inputs=each).recorded.inputs, each)


def test_bins_after_the_end_of_a_shorter_trial_do_not_count():
    data = [segment(train([1.0, 80.0])), segment(train([1.0], stop_ms=50.0))]
    task = nt.from_neo(data, bin_ms=5.0)
    assert task.recorded.mask.sum(axis=1).tolist() == [20, 10]
    output = task.recorded.targets.copy()
    output[1, 10:] = 7
    assert task.score(output, task.recorded) == pytest.approx(1)


def test_the_score_is_the_distance_of_van_rossum_over_that_of_silence():
    """Within a long trial and fine bins, as elsewhere by spike times."""
    from neurotrain.spike_distances import pad_trains, van_rossum_distance

    recorded, produced = [[20.0, 60.0, 75.0], [50.0]], [[23.0, 61.0], [50.0, 90.0]]
    task = nt.from_neo([train(t, stop_ms=400.0) for t in recorded], bin_ms=0.1, tau_ms=12.0)
    output = nt.from_neo([train(t, stop_ms=400.0) for t in produced], bin_ms=0.1).recorded.targets
    apart, silent = (
        (van_rossum_distance(pad_trains(one), pad_trains(recorded), 12.0) ** 2).sum()
        for one in (produced, [[], []])
    )
    assert task.score(output, task.recorded) == pytest.approx(1 - apart / silent, abs=0.01)


def test_nearer_spikes_score_higher_though_none_coincides():
    task = nt.from_neo(recording())
    near, far, silent = (np.roll(task.recorded.targets, n, axis=1) for n in (1, 8, 0))
    silent = silent * 0
    failed = np.stack([silent * np.nan, silent + np.inf])
    scores = task.score(np.stack([near, far, silent, *failed]), task.recorded)
    assert scores[0] > 0.7 > scores[1]
    np.testing.assert_allclose(scores[2:], 0, atol=1e-12)


@pytest.mark.parametrize(
    ("data", "settings", "message"),
    [
        ("spikes.nix", {}, "neo.get_io"),
        (recording(), {"bin_ms": 0.0}, "bin_ms must be a finite number above 0"),
        (recording(), {"tau_ms": 0.0}, "tau_ms must be a finite number above 0"),
        (recording(stimulus=[1, 2]), {"cue": "stimulu"}, "did you mean 'stimulus'"),
        (recording(), {"cue": "side"}, "annotations of all segments called 'side'"),
        (recording(), {"inputs": np.ones((39, 1))}, "with 2 trials and 40 bins, got shape"),
        (recording(), {"inputs": np.ones((3, 40, 1))}, "with 2 trials and 40 bins"),
        (recording(), {"inputs": np.full((40, 1), np.nan)}, "finite"),
        (recording(a=[1, 2]), {"inputs": np.ones((40, 1)), "cue": "a"}, "either cue or inputs"),
        (segment(train([]), train([])), {}, "not a single spike"),
    ],
)
def test_what_cannot_be_a_task_is_refused(data, settings, message):
    with pytest.raises(InvalidInput, match=message):
        nt.from_neo(data, **settings)


def test_neurotrains_own_export_comes_back(tmp_path):
    """Through a file, which Neo reads: counts, conditions and cues."""
    from neurotrain.export import to_neo
    from neurotrain.recording import Recording

    counts = rng().random((1, 3, 50, 4)) < 0.1
    edges = np.arange(51.0)
    failed = np.zeros((1, 3), bool)
    recording = Recording(counts.astype(int), edges, np.zeros((1, 3, 2)), failed)
    trials = nt.Trials(
        np.ones((3, 5, 1)), 10.0, np.array([0, 1, 0]), {"decision": (0.0, 50.0)},
        {"margin": np.array([0.1, 0.2, 0.3])},
    )  # fmt: skip
    task = nt.from_neo(to_neo(recording, trials), cue="label")
    np.testing.assert_array_equal(task.recorded.targets, counts[0])
    np.testing.assert_array_equal(task.recorded.conditions["margin"], trials.conditions["margin"])
    assert task.channels == 2


@pytest.fixture(scope="module")
def simulated() -> neo.Block:
    """Return spikes that Brian2 recorded, in seconds and from 5 s on."""
    neurons = brian2.NeuronGroup(
        2,
        "dv/dt = (drive - v)/(10*ms) : 1\n drive : 1",
        threshold="v > 1",
        reset="v = 0",
        method="exact",
    )
    neurons.drive = [1.02, 4.0]
    monitor = brian2.SpikeMonitor(neurons)
    brian2.Network(neurons, monitor).run(100 * brian2.ms)
    trains = [
        train(np.asarray(times / brian2.ms) + 5000, start_ms=5000, stop_ms=5100, units="s")
        for times in monitor.spike_trains().values()
    ]
    assert [len(each) for each in trains] == [2, 34]
    return block(segment(*trains))


def circuit() -> nt.Circuit:
    return nt.models.leaky_integrate_and_fire(4, channels=1, classes=2, readout="spike-train")


TRAINING = {
    "generations": 20,
    "trials": 2,
    "validation_trials": 4,
    "test_trials": 4,
    "validation_every": 5,
    "seed": 1,
    "progress": False,
}


@pytest.mark.parametrize("loss", ["van-rossum", "victor-purpura"])
def test_a_circuit_learns_recorded_spike_trains(loss, simulated, tmp_path):
    task = nt.from_neo(simulated)
    result = nt.train(circuit(), task, loss=loss, out=tmp_path, **TRAINING)
    before, after = (
        result.plan.loss(*result.simulate(4, weights=weights))[0]
        for weights in (result.initial_weights, result.weights)
    )
    # Trained on the spikes of the other neuron each, it rises by a tenth.
    assert after < 0.92 * before
    assert result.test_accuracy > 0.3


def test_a_run_knows_what_it_was_trained_on(simulated, tmp_path):
    task = nt.from_neo(simulated)
    short = TRAINING | {"generations": 1, "out": tmp_path}
    result = nt.train(circuit(), task, **short)
    # The usual one of spike trains would take the counts for rates.
    assert result.summary["loss"] == "van-rossum"
    again = {"circuit": circuit(), "loss": None}
    assert nt.Result.load(tmp_path, task=nt.from_neo(simulated), **again).task.trials == task.trials
    moved = nt.from_neo(simulated, bin_ms=2.0)
    with pytest.raises(RunFolderError):
        nt.Result.load(tmp_path, task=moved, **again)


def test_no_file_is_read_by_path():
    with pytest.raises(InvalidInput, match="with Neo first"):
        nt.from_neo(Path("spikes.nix"))
    assert RecordedTask.name == "recorded-spikes"
