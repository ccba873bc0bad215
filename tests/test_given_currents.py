"""Spiking networks learn given factors, such as those of recorded neurons."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from brian2 import ms

from neurotrain.errors import InvalidInput, RunFolderError
from neurotrain.rate_to_spike import (
    FourSines,
    GivenCurrents,
    GivenSignals,
    Settings,
    ShortTraining,
    Signals,
    TargetTask,
    fit,
    measure,
    principal_angles,
    train,
)
from neurotrain.rate_to_spike.training import Training

TINY = Settings(
    components=None,
    neurons=40,
    settle_trials=1,
    component_trials=1,
    demean_trials=2,
    training_trials=3,
    test_trials=2,
)
TIME = np.arange(1000) / 1000
# Three planes in which the state turns at 1, 2 and 3 Hz: known factors of surrogate neurons.
PHASES = 2 * np.pi * TIME[:, np.newaxis] * np.arange(1, 4)
ROTATIONS = np.stack([np.cos(PHASES), np.sin(PHASES)], axis=2).reshape(1000, 6)
CUE = 1.0 * (TIME < 0.05)[:, np.newaxis]
SMALL = {"neurons": 300, "trials": 100, "settle_trials": 5, "demean_trials": 20, "test_trials": 20}
SMALL |= {"progress": False}


def signals(scale=1.0, inputs=CUE):
    return Signals.from_array(ROTATIONS[:, :1], 1 * ms, inputs, scale * ROTATIONS)


class TestRotations:
    @pytest.fixture(scope="class")
    @classmethod
    def result(cls):
        muscles = np.maximum(ROTATIONS @ np.random.default_rng(0).normal(size=(6, 2)), 0)
        return train(muscles, factors=ROTATIONS, dt=1 * ms, inputs=CUE, **SMALL)

    def test_factors_are_learned_as_they_are_and_outputs_with_them(self, result):
        shown = result.test(3)
        np.testing.assert_allclose(shown.wanted_factors, np.tile(ROTATIONS, (3, 1)), atol=1e-12)
        each = ((shown.stretch.factors - shown.wanted_factors) ** 2).mean(axis=0)
        assert each.max() < 0.01 * 0.5
        assert result.nmse < 0.02
        assert measure(result, 5).factor_nmse < 0.01

    def test_factors_alone_are_the_outputs_too(self):
        alone = train(factors=ROTATIONS, dt=1 * ms, inputs=CUE, **SMALL)
        shown = alone.test(2)
        np.testing.assert_array_equal(shown.signals.outputs, shown.signals.currents)
        # Read out by the same weights, learned alike.
        np.testing.assert_allclose(shown.nmse, shown.factor_nmse, rtol=1e-6)
        assert alone.nmse < 0.01

    def test_the_error_of_factors_is_that_of_each_trial(self, result):
        shown = result.test(2)
        for trial, steps in enumerate(shown.signals.slices):
            error = shown.stretch.factors[steps] - shown.wanted_factors[steps]
            expected = (error**2).sum() / (shown.wanted_factors[steps] ** 2).sum()
            assert shown.factor_nmse[trial] == pytest.approx(expected)
        none = replace(shown, wanted_factors=0 * shown.wanted_factors)
        assert np.isnan(none.factor_nmse).all()


def test_factors_of_recorded_neurons_are_the_states_behind_them():
    """Surrogate recordings: Poisson spikes of 80 neurons in 50 trials, whose states are known."""
    rng = np.random.default_rng(1)
    rates = np.maximum(2 + ROTATIONS @ rng.normal(size=(6, 80)), 0)
    counts = rng.poisson(50 * 0.01 * rates[:, np.newaxis], (1000, 50, 80)).mean(axis=1)
    turning = np.fft.rfft(counts - counts.mean(axis=0), axis=0)
    turning[6:] = 0  # no faster than 5 Hz
    smooth = np.fft.irfft(turning, 1000, axis=0)
    _, vectors = np.linalg.eigh(smooth.T @ smooth)
    factors = smooth @ vectors[:, :-7:-1]
    result = train(factors=factors, dt=1 * ms, inputs=CUE, **SMALL)
    shown = result.test(1)
    assert shown.factor_nmse[0] < 0.02
    assert principal_angles(ROTATIONS, shown.stretch.factors, 6).max() < 20
    assert principal_angles(ROTATIONS, factors, 6).max() < 20


class TestReaches:
    """Eight conditions, from each of which the state turns, and decays, after the go signal."""

    TRAINED = {**SMALL, "trials": 160, "demean_trials": 40, "test_trials": 24}
    TRAINED |= {"pool": 1.0, "traces": "slow"}

    @staticmethod
    def reaches():
        rng = np.random.default_rng(0)
        angles = 2 * np.pi * np.arange(8) / 8
        targets = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        since = np.maximum(TIME - 0.2, 0)
        starts = np.einsum("kij,cj->cki", rng.normal(size=(3, 2, 2)), targets)
        turned = np.exp(2j * np.pi * since[:, np.newaxis] * np.arange(1, 4))
        envelope = since / 0.1 * np.exp(1 - since / 0.1)
        states = (starts[..., 0] + 1j * starts[..., 1])[:, np.newaxis] * turned
        states = states * envelope[:, np.newaxis]
        factors = np.stack([states.real, states.imag], axis=3).reshape(8, 1000, 6)
        shown = ((TIME >= 0.1) & (TIME < 0.35))[np.newaxis, :, np.newaxis]
        go = np.broadcast_to(((TIME >= 0.2) & (TIME < 0.25))[:, np.newaxis], (8, 1000, 1))
        return factors, np.concatenate([shown * targets[:, np.newaxis], go], axis=2)

    def test_conditions_are_told_by_inputs(self):
        factors, inputs = self.reaches()
        told = train(factors=factors, dt=1 * ms, inputs=inputs, **self.TRAINED)
        assert told.nmse < 0.05
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ShortTraining)
            untold = train(factors=factors, dt=1 * ms, inputs=inputs[..., 2:], **self.TRAINED)
        assert untold.nmse > 0.5


class TestScale:
    # With fewer neurons than factors, some directions are lost.
    @pytest.mark.parametrize(("neurons", "tolerance"), [(100, 1e-6), (4, 0.3)])
    def test_the_gain_is_the_root_mean_square_of_currents(self, neurons, tolerance):
        settings = replace(TINY, neurons=neurons, target_gain=5.0)
        targets = Training(GivenSignals(signals(30.0)), settings).targets
        currents = targets.source.currents(signals(30.0)) @ targets.spread.T
        assert np.sqrt((currents**2).mean()) == pytest.approx(5.0, rel=tolerance)

    def test_units_of_factors_do_not_matter(self):
        one, other = (fit(GivenSignals(signals(k)), TINY, progress=False) for k in (1, 64))
        np.testing.assert_allclose(one.test_nmse, other.test_nmse, rtol=1e-6)
        np.testing.assert_array_equal(one.test(1).stretch.spikes, other.test(1).stretch.spikes)

    def test_inputs_reach_neurons_by_given_weights_first_and_then_by_random_ones(self):
        class Told(GivenSignals):
            pass

        task = Told(signals(inputs=np.ones((1000, 3))))
        weights = np.random.default_rng(0).normal(size=(6, 2))
        task.given = GivenCurrents(6, 1.0, weights)
        targets = Training(task, TINY).targets
        np.testing.assert_allclose(targets.input_weights[:, :2], targets.spread @ weights)
        drawn = targets.input_weights[:, 2]
        assert 0 < np.abs(drawn).min() < np.abs(drawn).max() <= TINY.target_gain


def test_principal_components_of_factors_can_be_asked_for():
    result = train(factors=ROTATIONS * [3, 3, 2, 2, 1, 1], dt=1 * ms, components=4, **SMALL)
    assert result.factors.components.shape == (6, 4)
    np.testing.assert_allclose(result.factors.shares[:4].sum(), 26 / 28)
    np.testing.assert_allclose(result.factors.components[4:], 0, atol=1e-9)


def test_a_training_goes_on_only_with_the_same_factors(tmp_path):
    done = fit(GivenSignals(signals()), TINY, folder=tmp_path, progress=False)
    again = fit(GivenSignals(signals()), TINY, folder=tmp_path, progress=False)
    np.testing.assert_array_equal(done.test_nmse, again.test_nmse)
    with pytest.raises(RunFolderError, match="another training, with first trial"):
        fit(GivenSignals(signals(2.0)), TINY, folder=tmp_path, progress=False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"factors": ROTATIONS}, "Factors need dt"),
        ({"task": FourSines(), "factors": ROTATIONS, "dt": 1 * ms}, "factors go with an array"),
        ({"factors": 0 * ROTATIONS, "dt": 1 * ms}, "zero throughout"),
        ({"factors": ROTATIONS[:9], "dt": 1 * ms, "task": ROTATIONS}, "currents must have as many"),
        (
            {"factors": ROTATIONS, "dt": 1 * ms, "method": "force", "random_fast_mv": 26.0},
            "method='force' does not use",
        ),
    ],
)
def test_what_cannot_be_used_is_refused(arguments, message):
    with pytest.raises(InvalidInput, match=message):
        train(**arguments)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((0, 1.0), "units must be a whole number of at least 1"),
        ((3, float("nan")), "zero throughout"),
        ((3, float("inf")), "rms must be a finite number"),
        ((3, 1.0, np.ones((2, 1))), "a row for each of 3 units"),
    ],
)
def test_what_is_told_of_currents_is_checked(given, message):
    with pytest.raises(InvalidInput, match=message):
        GivenCurrents(*given)


def test_tasks_without_currents_are_driven():
    assert TargetTask.given is None
    assert GivenSignals(Signals(ROTATIONS)).given is None
