"""Gradients by torchdiffeq against our own."""

import sys

import numpy as np
import pytest

from neurotrain.errors import InvalidInput
from neurotrain.neural_ode import Fit, OdeProblem, VectorField, Windows, descend, rober

TIMES = np.linspace(0, 1, 12)
DATA = OdeProblem(TIMES, np.stack([np.cos(3 * TIMES), 10 * np.sin(3 * TIMES)], axis=1))
TIGHT = {"rtol": 1e-9, "atol": 1e-10}


@pytest.fixture
def gradient_of():
    pytest.importorskip("torchdiffeq")
    from neurotrain.neural_ode.torchdiffeq_gradient import TorchdiffeqGradient

    return TorchdiffeqGradient


@pytest.mark.parametrize("adjoint", [False, True])
@pytest.mark.parametrize("windows", [None, Windows(4, 5)])
@pytest.mark.parametrize(
    "field",
    [
        VectorField(2, 6, 2, activation="gelu", output_scale=(1.0, 10.0), input_scale=(1.0, 0.1)),
        VectorField(2, 8, 1, power=3, biases=False, input_scale=(1.0, 1e-3)),
        VectorField(2, 6, 1, activation="relu"),
    ],
)
def test_both_gradients_agree(gradient_of, field, windows, adjoint):
    fit = Fit(DATA, field, windows, "dopri5", TIGHT)
    point = 0.5 * np.random.default_rng(1).standard_normal(field.size)
    batch = fit.batch(0, 0)
    own_loss, own = fit.loss_and_gradient(point, batch)
    loss, gradient = gradient_of(fit, adjoint=adjoint)(point, batch)
    assert loss == pytest.approx(own_loss, rel=1e-6)
    # ReLU has kinks, where error estimates and therefore both solvers are worse.
    tolerance = 2e-3 if field.activation == "relu" else 2e-5
    np.testing.assert_allclose(gradient, own, atol=tolerance * np.abs(own).max())
    control = fit.loss_and_gradient(1.01 * point, batch)[1]
    assert np.abs(control - own).max() > 2 * tolerance * np.abs(own).max()


def test_fixed_steps_are_of_the_same_order(gradient_of):
    field = VectorField(2, 6, 1)
    fit = Fit(DATA, field, method="rk4")
    point = 0.5 * np.random.default_rng(1).standard_normal(field.size)
    own_loss, own = fit.loss_and_gradient(point, fit.batch(0, 0))
    loss, gradient = gradient_of(fit, adjoint=False)(point, fit.batch(0, 0))
    assert loss == pytest.approx(own_loss, rel=1e-4)
    np.testing.assert_allclose(gradient, own, atol=1e-3 * np.abs(own).max())


def test_training_follows_it(gradient_of):
    fit = Fit(DATA, VectorField(2, 4, 1), Windows(3, 4), options=TIGHT)
    ways = ("discrete", "torchdiffeq", "torchdiffeq-adjoint")
    ours, direct, adjoint = (
        descend(fit, "sgd", gradient=way, generations=5, learning_rate=0.01, progress=False)
        for way in ways
    )
    for other in (direct, adjoint):
        np.testing.assert_allclose(other.parameters, ours.parameters, atol=1e-5)
        np.testing.assert_allclose(other.history.loss, ours.history.loss, rtol=1e-4)


def test_failed_solves_are_counted_and_survived(gradient_of):
    problem = OdeProblem(np.linspace(0, 10, 5), np.ones((5, 1)))
    fit = Fit(problem, VectorField(1, 1, 0, biases=False, power=3))
    training = descend(
        fit, gradient="torchdiffeq", generations=2, start=np.array([5.0]), progress=False
    )
    assert training.history.loss == [np.inf] * 2
    assert training.history.failed == training.history.skipped == [1, 1]


@pytest.mark.parametrize(
    ("fit", "message"),
    [
        (Fit(rober(), VectorField(3, 2, 1), method="sdirk4"), "method='dopri5'"),
        (Fit(rober(), VectorField(3, 2, 1), options={"log_time": True}), "log_time"),
        (Fit(DATA, VectorField(2, 2, 1), method="rk4", options={"steps": 3}), "one step"),
        (Fit(rober(), VectorField(3, 2, 1), Windows(3, 4)), "equally far apart"),
    ],
)
def test_what_torchdiffeq_does_not_solve_is_refused(gradient_of, fit, message):
    with pytest.raises(InvalidInput, match=message):
        descend(fit, gradient="torchdiffeq", generations=1, progress=False)


def test_without_the_package_an_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "torchdiffeq", None)
    monkeypatch.setitem(sys.modules, "torch", None)
    fit = Fit(DATA, VectorField(2, 2, 1))
    with pytest.raises(InvalidInput, match=r"pip install 'neurotrain\[torch\]'") as error:
        descend(fit, gradient="torchdiffeq", generations=1, progress=False)
    assert "\n" not in str(error.value)
