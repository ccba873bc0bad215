"""Training from rates to spikes in one call: presets, own signals, and a training that is short."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from brian2 import ms

from neurotrain.errors import InvalidInput
from neurotrain.experiments.rate_to_spike import adex_neuron, morris_lecar_neuron
from neurotrain.rate_to_spike import (
    FourSines,
    Settings,
    ShortTraining,
    Signals,
    find_preset,
    measure,
    preset_names,
    train,
)
from neurotrain.rate_to_spike.measured import filtered_spikes
from neurotrain.rate_to_spike.short_training import short_training

# The same on every Python.
pytestmark = pytest.mark.slow

TINY = {
    "neurons": 40,
    "rate_units": 30,
    "components": 4,
    "settle_trials": 1,
    "component_trials": 2,
    "demean_trials": 2,
    "training_trials": 3,
    "test_trials": 2,
    "progress": False,
}
SMALL = {**TINY, "neurons": 300, "rate_units": 300, "components": 12, "settle_trials": 5}
SMALL |= {"pool": 1.0, "traces": "slow", "test_trials": 20, "demean_trials": 20}


@pytest.fixture
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ShortTraining)
        yield


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_can_be_trained(name, quiet):
    preset, tiny = find_preset(name), dict(TINY)
    if preset.settings.method != "factors":
        del tiny["components"]
    given = {key: value for key, value in tiny.items() if key != "progress"}
    settings = replace(preset.settings, **given)
    result = train(preset.make_task(), preset=name, **tiny)
    assert result.training.settings == settings
    assert len(result.training_nmse) == 3
    assert np.isfinite(result.training_nmse).any()
    assert preset.summary.endswith(".")


@pytest.mark.nightly
def test_networks_by_dales_law_stay_with_their_targets():
    result = train(preset="dale-sparse", seed=2, progress=False)
    assert result.nmse <= 0.15
    assert (result.test_nmse > 0.3).mean() <= 0.1


def test_the_task_of_a_preset_is_the_default(quiet):
    assert (
        train(preset="delayed-match", **TINY).training.task
        == find_preset("delayed-match").make_task()
    )
    assert train("four-sines", preset="reach", **TINY).training.task == FourSines()


def test_an_array_of_ones_own_is_trained_on(quiet):
    t = np.arange(400) / 200
    outputs = np.stack([np.sin(2 * np.pi * t), np.cos(4 * np.pi * t)], axis=1)
    inputs = (np.arange(400) < 20)[:, np.newaxis].astype(float)
    result = train(outputs, dt=1 * ms, inputs=inputs, **TINY)
    shown = result.test(3)
    np.testing.assert_array_equal(shown.signals.outputs, np.tile(outputs, (3, 1)))
    assert shown.stretch.outputs.shape == (1200, 2)
    # The same as signals.
    other = train(Signals.from_array(outputs, 1 * ms, inputs), **TINY)
    np.testing.assert_array_equal(result.test_nmse, other.test_nmse)


def test_trials_and_settings_override_the_preset(quiet):
    result = train(trials=5, preset="osc4-noise", seed=3, **{**TINY, "training_trials": 9})
    assert len(result.training_nmse) == 5
    assert result.training.settings.random_fast_mv == 26.0
    assert result.training.seed == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"preset": "osc5"}, "did you mean 'osc4'"),
        ({"task": "four-sinus"}, "did you mean 'four-sines'"),
        ({"neuron_count": 5}, "There is no setting called 'neuron_count'"),
        ({"task": np.ones((5, 1))}, "An array of outputs needs dt"),
        ({"dt": 1 * ms}, "dt and inputs belong to an array"),
        ({"task": FourSines(), "inputs": np.ones((5, 1))}, "dt and inputs belong to an array"),
        ({"task": 5}, "task must be a task of signals.* got int without 'draw'"),
        ({"trials": 0}, "training_trials must be a whole number of at least 1"),
    ],
)
def test_what_cannot_be_trained_is_refused(arguments, message):
    with pytest.raises(InvalidInput, match=message):
        train(**arguments)


class TestShortTraining:
    def test_twenty_trials_are_too_few_and_the_user_is_told(self):
        with pytest.warns(ShortTraining, match="Train on more trials than 20, such as 40"):
            result = train(**SMALL | {"training_trials": 20})
        assert np.median(result.training_nmse[-20:]) < 0.02
        assert result.nmse > 0.1

    def test_enough_trials_raise_no_alarm(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            result = train(**SMALL | {"training_trials": 300})
        assert result.nmse < 0.02

    @pytest.mark.parametrize(
        ("training", "test", "short"),
        [(0.003, 0.55, True), (0.0036, 0.0047, False), (1e-4, 8e-3, False), (0.3, 0.5, False)],
    )
    def test_errors_that_were_published_or_measured(self, training, test, short):
        told = short_training(np.full(50, training), np.full(10, test))
        assert (told is not None) == short

    def test_the_beginning_of_the_training_does_not_count(self):
        assert short_training(np.r_[np.full(80, 5.0), np.full(20, 0.001)], np.full(5, 0.5))
        assert short_training([np.nan, 0.01], [np.nan, 0.02]) is None


class TestMeasure:
    @pytest.fixture(scope="class")
    @classmethod
    def measured(cls):
        return measure(train(seed=1, demean_trials=20, test_trials=5, progress=False))

    def test_oscillation_is_as_published(self, measured):
        assert measured.nmse <= 0.02
        assert measured.score == pytest.approx(1 - measured.nmse, abs=0.01)
        assert measured.components == 12
        assert min(measured.rate_variance, measured.spiking_variance) >= 0.9
        assert measured.current_angle <= 6
        assert measured.current_angle < measured.spiking_angle <= 15
        assert 5 < measured.rate_hz < 30
        assert measured.fano_factor < 0.3
        assert 0.4 < measured.cv2 < 1.2

    @pytest.mark.parametrize(
        "changes",
        [
            {"neuron": adex_neuron()},
            {"excitatory": 0.8, "connections": 0.5, "inhibition_mv": 0.0},
            {"method": "force", "components": None, "random_slow_mv": 1.0},
            {"method": "full-force", "components": None, "random_slow_mv": 1.0},
        ],
    )
    def test_all_neurons_weights_and_methods_can_be_measured(self, changes, quiet):
        measured = measure(train(FourSines(period_ms=200), **TINY | changes), trials=3)
        known = ["nmse", "score", "rate_variance", "spiking_variance", "fano_factor"]
        assert np.isfinite([getattr(measured, name) for name in known]).all()
        assert measured.rate_hz > 1 and measured.cv2 > 0

    def test_morris_lecar_neurons_fire_slowly(self, quiet):
        slow = FourSines(period_ms=400, dt_ms=2.0)
        shown = train(slow, **TINY | {"neuron": morris_lecar_neuron()}).test(2, 1)
        rates_hz = shown.stretch.spikes.sum(axis=0) / 0.8
        assert 1 < rates_hz.mean() < 25 and rates_hz.std() > 0

    def test_what_there_is_not_is_no_number(self, quiet):
        measured = measure(train(preset="delayed-match", **TINY), trials=3)
        # Four components have no ten angles, and trials differ.
        assert np.isnan([measured.current_angle, measured.spiking_angle]).all()
        assert np.isnan(measured.fano_factor)
        assert 0 <= measured.score <= 1

    def test_filtered_spikes_are_a_sum_of_exponentials(self):
        spikes = np.random.default_rng(0).random((30, 3)) < 0.2
        expected = [sum(0.9 ** (t - s) * spikes[s] for s in range(t + 1)) for t in range(30)]
        np.testing.assert_allclose(filtered_spikes(spikes, 0.9), expected)


def test_defaults_are_a_preset():
    assert find_preset("osc4").settings == Settings()
