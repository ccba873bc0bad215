"""The adjoint of the steps taken: against finite differences and PyTorch's autograd."""

import numpy as np
import pytest

from neurotrain.errors import InvalidInput
from neurotrain.neural_ode import VectorField, solve

METHODS = ("rk4", "dopri5", "sdirk4")


def case(field, candidates=2, trajectories=3, seed=0):
    rng = np.random.default_rng(seed)
    parameters = 1.5 * rng.normal(size=(candidates, field.size)) * field.parameter_scale()
    starts = rng.normal(size=(trajectories, field.states))
    times = np.sort(rng.uniform(0.1, 1.5, (trajectories, 5)), axis=1)
    cotangents = rng.normal(size=(candidates, trajectories, 5, field.states))
    return parameters, starts, times, cotangents


def directional(field, parameters, starts, times, cotangents, direction, size=1e-4, **options):
    """Return the derivative of each candidate's loss, by Richardson's central differences."""

    def loss(shift):
        got = solve(field, parameters + shift * direction, starts, times, **options)
        return (got.states * cotangents).sum(axis=(1, 2, 3))

    def central(shift):
        return (loss(shift) - loss(-shift)) / (2 * shift)

    return (4 * central(size) - central(2 * size)) / 3


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("log_time", [False, True])
@pytest.mark.parametrize(
    "field",
    [
        VectorField(3, 5, 2, activation="gelu", output_scale=(0.5, 0.3, 0.7)),
        VectorField(2, 20, 1, biases=False, power=2, output_scale=0.3, input_scale=(1.0, 2.0)),
        VectorField(9, 3, 1),
        VectorField(2, 1, 0, output_scale=0.3),
    ],
    ids=["gelu", "wide", "many-states", "linear"],
)
def test_gradient_of_fixed_steps_is_that_of_finite_differences(method, log_time, field):
    arguments = case(field)
    options = {"method": method, "log_time": log_time, "steps": 3, "rtol": 1e-13, "atol": 1e-13}
    solution = solve(field, *arguments[:3], keep=True, **options)
    assert not solution.failed.any()
    gradient = solution.gradient(arguments[3])
    rng = np.random.default_rng(9)
    for _ in range(3):
        direction = rng.normal(size=gradient.shape)
        expected = directional(field, *arguments, direction, **options)
        got = (gradient * direction).sum(axis=1)
        size = np.linalg.norm(gradient, axis=1) * np.linalg.norm(direction, axis=1)
        assert (abs(got - expected) < 1e-7 * size).all()


def test_gradient_is_that_of_autograd_through_the_same_steps():
    torch = pytest.importorskip("torch")
    field = VectorField(3, 7, 2, power=3, output_scale=(1, 0.1, 2.0))
    parameters, starts, times, cotangents = case(field, candidates=1)
    vector = torch.tensor(parameters[0], requires_grad=True)
    y, scale = torch.tensor(starts), torch.tensor(field.output_scale, dtype=torch.float64)

    def function(y):
        x = y**3
        for k, (weight, bias) in enumerate(layers):
            x = x @ weight.T + bias
            x = torch.tanh(x) if k < field.depth else x
        return x * scale

    layers, at = [], 0
    for out, inputs in field.shapes:
        weight = vector[at : at + out * inputs].reshape(out, inputs)
        layers.append((weight, vector[at + out * inputs : at + out * (inputs + 1)]))
        at += out * (inputs + 1)
    loss = torch.zeros((), dtype=torch.float64)
    for k in range(1, 5):
        h = torch.tensor((times[:, k] - times[:, k - 1]) / 2)[:, None]
        for _ in range(2):
            k1 = function(y)
            k2 = function(y + h / 2 * k1)
            k3 = function(y + h / 2 * k2)
            k4 = function(y + h * k3)
            y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        loss = loss + (y * torch.tensor(cotangents[0, :, k])).sum()
    loss.backward()
    solution = solve(field, parameters, starts, times, method="rk4", steps=2, keep=True)
    got = solution.gradient(cotangents)[0]
    np.testing.assert_allclose(got, vector.grad, rtol=1e-10, atol=1e-12 * abs(got).max())


@pytest.mark.parametrize("method", ["dopri5", "sdirk4"])
@pytest.mark.parametrize("log_time", [False, True])
def test_gradient_of_controlled_steps_is_near_that_of_the_exact_solution(method, log_time):
    field = VectorField(3, 5, 2, activation="gelu")
    arguments = case(field)
    tight = {"rtol": 1e-11, "atol": 1e-11, "max_steps": 10**5}
    options = {"method": method, "log_time": log_time, "rtol": 1e-8, "atol": 1e-8}
    gradient = solve(field, *arguments[:3], keep=True, **options).gradient(arguments[3])
    direction = np.random.default_rng(9).normal(size=gradient.shape)
    expected = directional(field, *arguments, direction, 1e-3, **tight)
    np.testing.assert_allclose((gradient * direction).sum(axis=1), expected, rtol=1e-5)


def test_gradient_of_a_stiff_field():
    rng = np.random.default_rng(2)
    field = VectorField(2, 1, 0, biases=False)
    parameters = np.array([[-1e4, 1e4, 0.5, -1.0]])
    cotangents = rng.normal(size=(1, 1, 4, 2))
    arguments = (parameters, np.array([[1.0, 0.0]]), np.array([1e-5, 1e-2, 1.0, 10.0]), cotangents)
    options = {"method": "sdirk4", "rtol": 1e-7, "atol": 1e-9}
    solution = solve(field, *arguments[:3], keep=True, **options)
    got = solution.gradient(cotangents) * parameters
    for k in range(4):
        direction = np.eye(4)[k] * parameters
        tight = options | {"rtol": 1e-12, "atol": 1e-13, "max_steps": 10**5}
        expected = directional(field, *arguments, direction, 1e-3, **tight)
        np.testing.assert_allclose(got[:, k], expected, atol=1e-4 * abs(got).max())


@pytest.mark.parametrize("method", METHODS)
def test_same_bits_for_any_number_of_threads(method):
    field = VectorField(3, 17, 2)
    parameters, starts, times, cotangents = case(field, candidates=5, trajectories=11)
    options = {"method": method, "keep": True}
    first = solve(field, parameters, starts, times, threads=1, **options).gradient(cotangents)
    for threads in (2, 5):
        again = solve(field, parameters, starts, times, threads=threads, **options)
        np.testing.assert_array_equal(again.gradient(cotangents), first)
    alone = solve(field, parameters[2:3], starts, times, **options).gradient(cotangents[2:3])
    np.testing.assert_array_equal(alone[0], first[2])


def test_single_precision_is_near():
    field = VectorField(2, 50, 1, power=3)
    parameters, starts, times, cotangents = case(field)
    double, single = (
        solve(field, parameters, starts, times, method="rk4", keep=True, precision=precision)
        for precision in ("float64", "float32")
    )
    expected = double.gradient(cotangents)
    got = single.gradient(cotangents)
    np.testing.assert_allclose(got, expected, atol=1e-4 * abs(expected).max())


def test_gradient_of_a_failed_candidate_is_nan_and_others_are_not():
    field = VectorField(2, 5, 1)
    parameters, starts, times, cotangents = case(field, candidates=3)
    expected = solve(field, parameters, starts, times, keep=True).gradient(cotangents)
    parameters[1, 0] = np.inf
    solution = solve(field, parameters, starts, times, keep=True)
    cotangents[1] = np.nan
    got = solution.gradient(cotangents)
    assert np.isnan(got[1]).all()
    np.testing.assert_array_equal(got[::2], expected[::2])


def test_wrong_use_is_refused():
    field = VectorField(2, 5, 1)
    parameters, starts, times, cotangents = case(field)
    with pytest.raises(InvalidInput, match="keep=True"):
        solve(field, parameters, starts, times).gradient(cotangents)
    with pytest.raises(InvalidInput, match="shape of the states"):
        solve(field, parameters, starts, times, keep=True).gradient(cotangents[:1])
