"""The best linear readout of a network as it is."""

import numpy as np
import pytest
from brian2 import ms
from scipy.optimize import minimize

import neurotrain as nt
from neurotrain.errors import InvalidInput, TrainingFailed
from neurotrain.losses.base import cross_entropy
from neurotrain.tasks import StimulusIntegration
from neurotrain.training.readout_fit import _logistic

TASK = StimulusIntegration(words=4, channels=4, bin_ms=2.0, decision_ms=2.0)
SETTINGS = {
    "optimizer_options": {"population_size": 4},
    "generations": 1,
    "trials": 4,
    "validation_trials": 20,
    "test_trials": 400,
    "threads": 1,
    "progress": False,
}


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    circuit = nt.models.rate(8, channels=4, classes=3, tau=10 * ms, dt=1 * ms, gain=0.9)
    return nt.train(circuit, TASK, out=tmp_path_factory.mktemp("runs") / "run", **SETTINGS)


def penalized(flat, inputs, labels, penalty):
    """Return the loss that is to be smallest, of weights in units of the inputs' spread."""
    classes = len(flat) // (inputs.shape[1] + 1)
    weight, bias = flat[classes:].reshape(classes, -1), flat[:classes]
    readout = inputs @ weight.T + bias
    return cross_entropy(readout[None], labels).mean() + penalty / 2 * (weight**2).sum()


@pytest.mark.parametrize("classes", [2, 3, 4])
def test_it_is_the_minimum(classes):
    rng = np.random.default_rng(classes)
    inputs = rng.normal(size=(60, 3)) * [1, 1e-3, 10] + [0, 5, -3]
    labels = np.arange(60) % classes
    inputs[:, 0] += labels
    weight, bias = _logistic(inputs, labels, 0.01)
    center, width = inputs.mean(axis=0), inputs.std(axis=0)
    own = np.concatenate([bias + weight @ center, (weight * width).ravel()])
    standard = (inputs - center) / width
    least = minimize(penalized, 0 * own, (standard, labels, 0.01), tol=1e-10).fun
    assert penalized(own, standard, labels, 0.01) == pytest.approx(least, abs=1e-6)


def test_what_never_differs_has_no_weight():
    inputs = np.stack([np.arange(20.0), np.full(20, 3.0)], axis=1)
    weight, bias = _logistic(inputs, np.arange(20) // 10, 0.01)
    assert (weight[:, 1] == 0).all()
    assert np.isfinite(bias).all()


def test_it_reads_better_than_before_and_leaves_the_rest_alone(result):
    """On 400 trials of the test; chance is 0.33."""
    fitted = result.fit_readout(500)
    assert fitted.test_accuracy > result.test_accuracy + 0.1
    assert fitted.summary["test_loss"] < result.summary["test_loss"]
    readout = np.arange(len(result.weights)) >= len(result.weights) - 27
    np.testing.assert_array_equal(fitted.weights[~readout], result.weights[~readout])
    assert fitted.summary["trial_simulations"] == result.summary["trial_simulations"] + 500
    # The result itself, and its folder, are as they were.
    again = nt.Result.load(result.folder, circuit=result.circuit, task=TASK)
    np.testing.assert_array_equal(again.weights, result.weights)


def test_untrained_neurons_are_a_control(result):
    fitted = result.fit_readout(200, weights=result.initial_weights)
    untrained = result.circuit.parameters.split(result.initial_weights)
    for name, values in result.circuit.parameters.split(fitted.weights).items():
        assert np.array_equal(values, untrained[name]) == (not name.startswith("readout"))


def test_it_depends_on_the_seed_alone(result):
    fitted = result.fit_readout(300)
    np.testing.assert_array_equal(fitted.weights, result.fit_readout(300).weights)
    assert (fitted.weights != result.fit_readout(300, seed=5).weights).any()


def test_a_readout_of_rates(tmp_path):
    circuit = nt.models.leaky_integrate_and_fire(8, channels=4, classes=3, readout="rate")
    result = nt.train(circuit, TASK, out=tmp_path / "run", **SETTINGS)
    assert np.isfinite(result.fit_readout(50).summary["test_loss"])


def test_mistakes_are_told(result, tmp_path):
    with pytest.raises(TrainingFailed, match="none is of class"):
        result.fit_readout(1)
    with pytest.raises(InvalidInput, match="penalty"):
        result.fit_readout(penalty=0)
    with pytest.raises(InvalidInput, match="n_trials"):
        result.fit_readout(0)
    circuit = nt.models.leaky_integrate_and_fire(9, channels=4, readout="spike-count")
    pools = nt.train(circuit, TASK, out=tmp_path / "run", **SETTINGS)
    with pytest.raises(InvalidInput, match="this is SpikeCountReadout"):
        pools.fit_readout()
