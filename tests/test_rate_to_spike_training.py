"""From rates to spikes: phases, exact resume, and what a trained network does."""

from dataclasses import replace

import numpy as np
import pytest

from neurotrain import kept_training
from neurotrain.errors import InvalidInput, RunFolderError
from neurotrain.rate_to_spike.fit import fit
from neurotrain.rate_to_spike.four_sines import FourSines
from neurotrain.rate_to_spike.settings import Settings
from neurotrain.rate_to_spike.targets import DrivenNetwork
from neurotrain.rate_to_spike.three_bit_memory import ThreeBitMemory
from neurotrain.rate_to_spike.training import PHASES, Training

# The same on every Python.
pytestmark = pytest.mark.slow

TASK = FourSines(period_ms=200)
SMALL = Settings(
    neurons=60,
    rate_units=40,
    components=4,
    random_fast_mv=5.0,
    settle_trials=1,
    component_trials=2,
    demean_trials=2,
    training_trials=3,
    test_trials=2,
)

# So few units, driven by so little, would go on by themselves.
FORGETFUL = replace(SMALL, rate_gain=0.8)


def finished(task=TASK, settings=SMALL, seed=0) -> Training:
    training = Training(task, settings, seed)
    while not training.done:
        training.advance()
    return training


def assert_same(one: Training, other: Training):
    ones, others = one.state_dict(), other.state_dict()
    assert ones.keys() == others.keys()
    for name, array in ones.items():
        assert (array == others[name]).all(), name


@pytest.fixture(scope="module")
def four_sines():
    """Return the published oscillation, learned within a few seconds."""
    return fit(FourSines(), Settings(component_trials=2, test_trials=20), seed=1)


def test_published_oscillation_is_learned(four_sines):
    # Medians of five seeds were 0.002 to 0.005.
    assert four_sines.nmse < 0.02
    assert four_sines.factors.shares[:10].sum() > 0.9
    assert len(four_sines.test_nmse) == 20 and len(four_sines.training_nmse) == 200


def test_two_components_are_too_few():
    settings = Settings(components=2, component_trials=2, training_trials=50, test_trials=10)
    assert fit(FourSines(), settings).nmse > 0.1


def test_spikes_of_further_trials_come_at_physiological_rates(four_sines):
    shown = four_sines.test(trials=3, seed=4)
    rate = shown.stretch.spikes.mean() * 1000
    assert shown.stretch.spikes.shape == (3000, 500)
    assert 5 < rate < 30
    assert np.median(shown.nmse) < 0.02
    assert shown.wanted_factors.shape == shown.stretch.factors.shape == (3000, 12)


def test_learned_weights_as_matrices_feed_back_what_decoders_and_encoders_do(four_sines):
    network, weights = four_sines.network, four_sines.recurrent_weights()
    traces = np.random.default_rng(0).random((2, network.neurons))
    regressors = np.concatenate([trace[network.pool] for trace in traces])
    expected = four_sines.decoders @ regressors
    current = weights["slow"] @ traces[0] + weights["fast"] @ traces[1]
    np.testing.assert_allclose(current, network.encoders @ expected[:12], atol=1e-9)
    outputs = four_sines.output_weights()
    output = outputs["slow"] @ traces[0] + outputs["fast"] @ traces[1]
    np.testing.assert_allclose(output, expected[12:], atol=1e-9)
    assert np.linalg.matrix_rank(weights["slow"]) == 12


def test_phases_follow_each_other():
    training, seen = Training(TASK, SMALL), []
    while not training.done:
        seen.append((PHASES[training.phase], training.trial))
        training.advance()
    counts = {name: sum(phase == name for phase, _ in seen) for name in PHASES[:4]}
    assert counts == {"components": 3, "demean": 3, "training": 4, "test": 3}
    assert len(training.losses["training"]) == 3 and len(training.losses["test"]) == 2


def test_weights_change_in_training_only():
    training, before = Training(TASK, SMALL), None
    while not training.done:
        phase, settled = PHASES[training.phase], training.trial >= SMALL.settle_trials
        training.advance()
        if training.simulation is None:
            continue
        decoders = training.simulation.decoders
        changed = before is not None and (decoders != before).any()
        assert changed == (phase == "training" and settled)
        before = decoders


def test_updates_come_at_random_steps_with_the_mean_interval_that_was_set(monkeypatch):
    settings, seen = replace(SMALL, training_trials=40, update_every_ms=4.0), []
    show = Training.show

    def watched(self, signals, *, learns=None, **others):
        seen.append(learns)
        return show(self, signals, learns=learns, **others)

    monkeypatch.setattr(Training, "show", watched)
    finished(settings=settings)
    learns = np.array([each for each in seen if each is not None])
    # 40 * 200 steps at 1 / 4: six standard deviations are 232, a false alarm in 5e8.
    assert abs(learns.sum() - 2000) < 232
    assert len(np.unique(learns, axis=0)) == 40


def test_neurons_are_freed_from_their_mean_current():
    settings = replace(FORGETFUL, demean_trials=20, settle_trials=5, random_fast_mv=0.0)
    training = finished(settings=settings)
    signals = TASK.draw(5, np.random.default_rng(0))
    currents = training.show(signals, teach=True).stretch.currents
    np.testing.assert_allclose(currents, -training.simulation.network.bias, atol=5e-3)
    assert np.abs(currents).max() > 0.1


def test_same_seed_gives_the_same_training_and_another_one_does_not():
    assert_same(finished(), finished())
    assert (finished(seed=1).simulation.decoders != finished().simulation.decoders).all()


@pytest.mark.parametrize(
    ("task", "settings"),
    [(TASK, SMALL), (ThreeBitMemory(), SMALL), (TASK, replace(FORGETFUL, component_trials=6))],
)
def test_training_goes_on_exactly_wherever_it_was_stopped(task, settings):
    whole = finished(task, settings)
    training, states = Training(task, settings), []
    while not training.done:
        states.append(training.state_dict())
        training.advance()
    for state in states:
        resumed = Training(task, settings)
        resumed.load_state_dict(state)
        while not resumed.done:
            resumed.advance()
        assert_same(resumed, whole)


def test_testing_leaves_the_training_where_it_is():
    training = finished()
    before = training.state_dict()
    one, again = training.test(2, 0), training.test(2, 0)
    other = training.test(2, 1)
    assert (one.stretch.outputs == again.stretch.outputs).all()
    # All trials of this task are the same, but for those before them nothing was drawn.
    assert one.stretch.outputs.shape == other.stretch.outputs.shape
    for name, array in training.state_dict().items():
        assert (array == before[name]).all(), name


def test_interrupted_fit_goes_on_from_its_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_training, "SECONDS_BETWEEN_FILES", 0.0)
    whole, calls, advance = fit(TASK, SMALL), [], Training.advance

    def interrupted(self):
        calls.append(self)
        if len(calls) == 9:
            raise KeyboardInterrupt
        advance(self)

    with monkeypatch.context() as patch:
        patch.setattr(Training, "advance", interrupted)
        with pytest.raises(KeyboardInterrupt):
            fit(TASK, SMALL, folder=tmp_path)
    counted = []
    monkeypatch.setattr(Training, "advance", lambda self: (counted.append(1), advance(self)))
    resumed = fit(TASK, SMALL, folder=tmp_path)
    assert len(counted) == 13 - 8
    assert_same(resumed.training, whole.training)
    counted.clear()
    assert fit(TASK, SMALL, folder=tmp_path).nmse == whole.nmse
    assert not counted


@pytest.mark.parametrize(
    ("task", "settings", "seed", "match"),
    [
        (TASK, SMALL, 1, "seed 0, not 1"),
        (TASK, replace(SMALL, neurons=61), 0, "neurons 60, not 61"),
        (FourSines(period_ms=300), SMALL, 0, "first trial"),
        (TASK, replace(SMALL, neuron=replace(SMALL.neuron, reset_mv=-60.0)), 0, "reset_mv"),
    ],
)
def test_folder_of_another_training_is_refused(tmp_path, task, settings, seed, match):
    fit(TASK, SMALL, folder=tmp_path)
    with pytest.raises(RunFolderError, match=match):
        fit(task, settings, seed=seed, folder=tmp_path)


def test_damaged_file_is_told_and_kept(tmp_path):
    fit(TASK, SMALL, folder=tmp_path)
    (path,) = tmp_path.iterdir()
    content = path.read_bytes()
    for damaged in (b"", content[: len(content) // 2], b"x" + content[1:]):
        path.write_bytes(damaged)
        with pytest.raises(RunFolderError, match="cannot be read"):
            fit(TASK, SMALL, folder=tmp_path)
        assert path.read_bytes() == damaged


def test_periodic_trials_are_driven_once(monkeypatch):
    training, runs = Training(TASK, FORGETFUL), []
    currents = type(training.targets.source.network).currents

    def counted(self, *arguments):
        runs.append(1)
        return currents(self, *arguments)

    monkeypatch.setattr(type(training.targets.source.network), "currents", counted)
    signals = TASK.draw(1, np.random.default_rng(0))
    values = [training.targets.source.currents(signals) for _ in range(20)]
    assert len(runs) < 10
    # Every time as the network itself would have it.
    start = Training(TASK, FORGETFUL).targets.source.state_dict()["state"]
    alone = DrivenNetwork(training.targets.source.network, start)
    long = alone.currents(TASK.draw(20, np.random.default_rng(0)))
    np.testing.assert_allclose(np.concatenate(values), long, atol=1e-6)


@pytest.mark.parametrize(
    "what",
    [
        {"neurons": 0},
        {"rate_units": 2.5},
        {"pool": 0},
        {"pool": 1.1},
        {"traces": "none"},
        {"alpha": 0},
        {"random_fast_mv": -1},
        {"training_trials": 0},
        {"settle_trials": -1},
        {"update_every_ms": 0},
    ],
)
def test_settings_refuse_what_makes_no_sense(what):
    with pytest.raises(InvalidInput, match=next(iter(what))):
        Settings(**what)


def test_seed_must_be_a_whole_number():
    with pytest.raises(InvalidInput, match="seed"):
        Training(TASK, SMALL, seed=-1)
