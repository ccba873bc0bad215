"""A trained rate network as a task of spiking neurons: its equation, its choices, its trials."""

import numpy as np
import pytest
from brian2 import ms

import neurotrain as nt
from neurotrain.errors import InvalidInput
from neurotrain.rate_to_spike import Settings, TrainedRates, fit
from neurotrain.seeding import generator

# The same on every Python.
pytestmark = pytest.mark.slow

UNITS, CHANNELS = 6, 5
TINY = Settings(
    neurons=30,
    components=3,
    settle_trials=1,
    component_trials=1,
    demean_trials=1,
    training_trials=2,
    test_trials=2,
)
BRIEF = {
    "generations": 1,
    "trials": 4,
    "validation_trials": 4,
    "test_trials": 4,
    "progress": False,
    "execution": "fused-float64",
}


def trained(folder, readout="graded", dt=1 * ms, **task):
    made = {"graded": nt.tasks.StimulusIntegration, "trajectory": nt.tasks.PatternGeneration}
    channels, classes = {"graded": (CHANNELS, 3), "trajectory": (1, 1)}[readout]
    circuit = nt.models.rate(UNITS, channels=channels, classes=classes, readout=readout, dt=dt)
    settings = {"channels": CHANNELS, "words": 9} if readout == "graded" else {}
    optimizer = {"optimizer_options": {"population_size": 4}}
    task = made[readout](**settings, **task)
    return nt.train(circuit, task, out=folder / "run", **optimizer, **BRIEF)


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("rates"))


@pytest.fixture(scope="module")
def drawn(result):
    task = TrainedRates(result, pause_ms=100.0, decay_ms=20.0)
    return task, task.draw(5, generator(3, "figure-trials"))


def simulated(result):
    """Return the recording of the trials of `drawn`, with the state of every unit."""
    rng = generator(3, "figure-trials")
    trials = result.task.draw(5, rng)
    start = generator(int(rng.integers(2**32)), "figure-state")
    return trials, result.circuit.simulate(
        result.weights[np.newaxis],
        trials,
        result.circuit.draw_initial_state(5, start),
        execution="fused-float64",
        states=("x",),
    )


def test_currents_and_inputs_move_the_units_as_they_moved(result, drawn):
    task, signals = drawn
    trials, recording = simulated(result)
    weights, tau_ms = result.parameters["input.weight"], 100.0
    assert signals.steps.tolist() == [trials.duration_ms + 100] * 5
    assert task.n_inputs == CHANNELS + 1
    for trial, steps in enumerate(signals.slices):
        x = recording.state["x"][0, trial]
        n = len(x) - 1
        drive = signals.currents[steps][:n] + signals.inputs[steps][:n, :CHANNELS] @ weights.T
        drive += result.parameters["neurons.bias"]
        np.testing.assert_allclose(x[1:], x[:-1] + (drive - x[:-1]) / tau_ms, atol=1e-6)


def test_outputs_choose_as_the_rate_network_did(result, drawn):
    task, signals = drawn
    trials, recording = simulated(result)
    start, stop = (round(each) for each in trials.periods["decision"])
    means = [part[start:stop].mean(axis=0) for part in signals.split(signals.outputs)]
    np.testing.assert_allclose(means, recording.readout[0], atol=1e-6)
    correct = recording.decisions[0] == trials.labels
    np.testing.assert_array_equal(task.score(signals.outputs, signals), correct)
    asked = np.repeat(trials.labels, signals.steps)[:, np.newaxis] == np.arange(3)
    np.testing.assert_array_equal(task.score(asked.astype(float), signals), 1)
    np.testing.assert_array_equal(task.score(1.0 - asked, signals), 0)
    np.testing.assert_array_equal(signals.conditions["label"], trials.labels)
    assert task.chance == pytest.approx(1 / 3)


def test_a_pause_leads_back_to_rest(drawn):
    _, signals = drawn
    for steps in signals.slices:
        inputs, currents = signals.inputs[steps], signals.currents[steps]
        paused = inputs[:, -1] == 1
        assert paused[-100:].all() and not paused[:-100].any()
        assert not inputs[paused, :-1].any() and not signals.scored[steps][paused].any()
        decay = np.exp(-np.arange(101) / 20.0)[:, np.newaxis]
        np.testing.assert_allclose(currents[-101:], currents[-101] * decay)
    assert np.abs(signals.currents).max() > 0


def test_every_trial_begins_elsewhere(result):
    task = TrainedRates(result)
    firsts = [task.draw(1, generator(k, "figure-trials")).currents[0] for k in (1, 2)]
    assert np.abs(firsts[0] - firsts[1]).max() > 1e-3


def test_steps_in_between_are_interpolated(tmp_path):
    result = trained(tmp_path, dt=2 * ms)
    one, other = (
        TrainedRates(result, dt_ms=dt).draw(2, generator(0, "figure-trials")) for dt in (1.0, 2.0)
    )
    fine, coarse = (each.split(each.currents)[1] for each in (one, other))
    n = 20 - 1  # of 40 ms, where the pause begins
    np.testing.assert_allclose(fine[: 2 * n : 2], coarse[:n])
    np.testing.assert_allclose(fine[1 : 2 * n : 2], (coarse[:n] + coarse[1 : n + 1]) / 2)
    inputs = [each.split(each.inputs)[1] for each in (one, other)]
    np.testing.assert_array_equal(inputs[0][:40], np.repeat(inputs[1][:20], 2, axis=0))


def test_trajectories_are_outputs_too(tmp_path):
    result = trained(tmp_path, readout="trajectory", periods_per_trial=1)
    task = TrainedRates(result)
    signals = task.draw(2, generator(0, "figure-trials"))
    assert task.chance is None and "label" not in signals.conditions
    np.testing.assert_array_equal(task.score(signals.outputs, signals), 1)
    assert (task.score(0 * signals.outputs, signals) < 1e-9).all()


def test_it_is_trained_on_like_any_task(result):
    done = fit(TrainedRates(result), TINY, progress=False)
    shown = done.test(3)
    assert done.factors.components.shape == (UNITS, 3)
    assert shown.stretch.factors.shape == (shown.signals.n_steps, 3)
    assert np.isfinite(done.test_nmse).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dt_ms": 0.0}, "dt_ms must be a finite number above 0"),
        ({"pause_ms": -1.0}, "pause_ms must be"),
        ({"decay_ms": 0.0}, "decay_ms must be"),
    ],
)
def test_durations_are_checked(result, settings, message):
    with pytest.raises(InvalidInput, match=message):
        TrainedRates(result, **settings)


def test_steps_that_do_not_fit_are_refused(result):
    task = TrainedRates(result, dt_ms=3.0)
    with pytest.raises(InvalidInput, match="dt_ms must divide the bins of trials, 4 ms, got 3 ms"):
        task.draw(1, generator(0, "figure-trials"))


def test_circuits_that_spike_are_refused(tmp_path):
    circuit = nt.models.morris_lecar(UNITS, channels=CHANNELS, readout="graded")
    task = nt.tasks.StimulusIntegration(channels=CHANNELS, words=9)
    options = {"optimizer_options": {"population_size": 4}}
    result = nt.train(circuit, task, out=tmp_path / "run", **options, **BRIEF)
    with pytest.raises(InvalidInput, match="of rate units, such as the model 'rate'.*spike"):
        TrainedRates(result)
