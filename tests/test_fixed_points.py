"""Fixed points of recurrent networks and the rules that move them, against closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurotrain.errors import InvalidInput
from neurotrain.learning_rules.fixed_point_rules import RULES, drive_slope, fixed_point_change
from neurotrain.learning_rules.fixed_points import (
    ACTIVATIONS,
    solve_fixed_points,
    spectral_abscissa,
)

NEURONS, INPUTS = 12, 5


def problem(seed=0, gain=0.6, neurons=NEURONS, inputs=INPUTS):
    """Return weights, inputs and where the network should come to rest."""
    rng = np.random.default_rng(seed)
    weights = gain * rng.normal(size=(neurons, neurons)) / neurons**0.5
    return weights, rng.normal(size=(inputs, neurons)), rng.normal(size=(inputs, neurons))


@given(
    seed=st.integers(0, 1000),
    gain=st.floats(0.1, 0.7),
    activation=st.sampled_from([*ACTIVATIONS]),
    method=st.sampled_from(["anderson", "time-stepping"]),
)
def test_points_solve_the_equation(seed, gain, activation, method):
    weights, inputs, _ = problem(seed, gain)
    points = solve_fixed_points(weights, inputs, activation, method=method, steps=3000)
    function, slope = ACTIVATIONS[activation]
    drive = points.activity @ weights.T + inputs
    assert points.converged.all()
    np.testing.assert_allclose(points.activity, function(np, drive), atol=1e-10)
    np.testing.assert_array_equal(
        points.residual, abs(function(np, drive) - points.activity).max(-1)
    )
    np.testing.assert_array_equal(points.slopes, slope(np, drive))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_slopes_are_those_of_the_activation(activation):
    function, slope = ACTIVATIONS[activation]
    z = np.array([-1.3, -0.2, 0.4, 2.0])
    step = 1e-6
    measured = (function(np, z + step) - function(np, z - step)) / (2 * step)
    np.testing.assert_allclose(slope(np, z), measured, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("method", ["anderson", "time-stepping", "direct"])
def test_linear_points_are_those_of_the_inverse(method):
    weights, inputs, _ = problem()
    points = solve_fixed_points(weights, inputs, "identity", method=method, tolerance=1e-12)
    exact = inputs @ np.linalg.inv(np.eye(NEURONS) - weights).T
    np.testing.assert_allclose(points.activity, exact, atol=1e-10)


def test_anderson_takes_fewer_steps_than_time():
    weights, inputs, _ = problem()
    taken = [
        solve_fixed_points(weights, inputs, method=method).steps
        for method in ("anderson", "time-stepping")
    ]
    assert taken[0] < taken[1] / 5


@pytest.mark.parametrize("rule", RULES)
def test_arrays_and_tensors_give_the_same(rule):
    torch = pytest.importorskip("torch")
    weights, inputs, targets = problem()
    activation = "identity" if rule == "reparameterised" else "tanh"
    found = []
    for kind in (np.asarray, torch.tensor):
        w, x, t = map(kind, (weights, inputs, targets))
        points = solve_fixed_points(w, x, activation)
        change = fixed_point_change(rule, w, points, points.activity - t, 0.1)
        found.append((type(change), np.asarray(change)))
    assert [kind for kind, _ in found] == [np.ndarray, torch.Tensor]
    np.testing.assert_allclose(found[0][1], found[1][1], rtol=1e-9, atol=1e-12)


def loss(weights, inputs, targets, activation="tanh"):
    points = solve_fixed_points(weights, inputs, activation, tolerance=1e-13)
    return 0.5 * ((points.activity - targets) ** 2).sum(-1).mean()


@given(seed=st.integers(0, 1000), activation=st.sampled_from(["tanh", "sigmoid", "identity"]))
def test_euclidean_rule_is_the_gradient_by_finite_differences(seed, activation):
    weights, inputs, targets = problem(seed, neurons=4, inputs=3)
    points = solve_fixed_points(weights, inputs, activation, tolerance=1e-13)
    change = fixed_point_change("euclidean", weights, points, points.activity - targets, 1.0)
    step = 1e-5
    for at in np.ndindex(weights.shape):
        moved = np.zeros_like(weights)
        moved[at] = step
        up, down = (loss(weights + s * moved, inputs, targets, activation) for s in (1, -1))
        assert change[at] == pytest.approx(-(up - down) / (2 * step), rel=1e-6, abs=1e-6)


def test_euclidean_rule_is_the_gradient_by_implicit_differentiation():
    torch = pytest.importorskip("torch")
    weights, inputs, targets = map(torch.tensor, problem())
    points = solve_fixed_points(weights, inputs, tolerance=1e-13)
    change = fixed_point_change("euclidean", weights, points, points.activity - targets, 1.0)
    w = weights.clone().requires_grad_()
    # A step of Newton's method from the solution has the derivatives of the solution.
    r = points.activity
    missing = torch.tanh(r @ w.mT + inputs) - r
    jacobian = torch.eye(NEURONS).double() - points.slopes[..., None] * weights
    solved = r + torch.linalg.solve(jacobian, missing[..., None])[..., 0]
    (0.5 * ((solved - targets) ** 2).sum(-1).mean()).backward()
    torch.testing.assert_close(change, -w.grad, rtol=0, atol=1e-8)


@given(seed=st.integers(0, 1000), gain=st.floats(0.1, 0.8))
def test_linearised_rule_is_the_gradient_in_another_metric(seed, gain):
    weights, inputs, targets = problem(seed, gain, inputs=1)
    points = solve_fixed_points(weights, inputs)
    told = points.activity - targets
    one, three = (
        fixed_point_change(rule, weights, points, told, 1.0) for rule in ("euclidean", "linearised")
    )
    g, eye = np.diag(points.slopes[0]), np.eye(NEURONS)
    left = (eye - weights @ g) @ (eye - weights @ g).T
    right = (eye - g @ weights).T @ (eye - g @ weights)
    np.testing.assert_allclose(three, left @ one @ right, atol=1e-10)
    assert (one * three).sum() > 0


def test_linearised_rule_is_the_reparameterised_one_for_small_steps():
    weights, inputs, targets = problem()
    points = solve_fixed_points(weights, inputs, "identity", method="direct")
    told = 2 * (points.activity - targets)
    angles = []
    for rate in (1e-1, 1e-2, 1e-3):
        two, three = (
            fixed_point_change(rule, weights, points, told, rate).ravel()
            for rule in ("reparameterised", "linearised")
        )
        cosine = two @ three / np.linalg.norm(two) / np.linalg.norm(three)
        angles.append(np.degrees(np.arccos(min(cosine, 1.0))))
    assert angles[0] > 5 * angles[1] > 25 * angles[2]
    assert angles[2] < 0.3


def test_drive_slope_is_the_same_whether_slopes_are_shared_or_not():
    weights, inputs, targets = problem()
    points = solve_fixed_points(weights, inputs, "identity")
    shared = drive_slope(weights, points, targets)
    nearly = points.slopes.copy()
    nearly[1, 0] += 1e-14
    apart = drive_slope(weights, type(points)(**(vars(points) | {"slopes": nearly})), targets)
    np.testing.assert_allclose(shared, apart, rtol=1e-9)


def test_a_network_that_does_not_come_to_rest_says_so():
    weights, inputs, targets = problem(gain=3.0, neurons=60)
    points = solve_fixed_points(weights, 0.1 * inputs, method="time-stepping", steps=500)
    assert not points.converged.any()
    with pytest.raises(InvalidInput, match="5 of 5 inputs the network does not come to rest"):
        fixed_point_change("euclidean", weights, points, targets, 0.1)


def test_abscissa_tells_whether_a_network_stays():
    weights, inputs, _ = problem(gain=2.0, neurons=40)
    at_rest = np.zeros((1, 40))
    points = solve_fixed_points(weights, at_rest)
    assert points.converged.all()
    measured = spectral_abscissa(weights, points.slopes)
    assert measured[0] == pytest.approx(np.linalg.eigvals(weights).real.max() - 1)
    assert measured[0] > 0
    away = solve_fixed_points(
        weights, at_rest, method="time-stepping", start=at_rest + 1e-3, steps=300
    )
    assert abs(away.activity).max() > 0.1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"activation": "tan"}, "activation called 'tan'"),
        ({"method": "newton"}, "method called 'newton'"),
        ({"method": "direct"}, "Only linear networks"),
        ({"tolerance": 0}, "tolerance"),
        ({"inputs": np.zeros((3, 4))}, r"Weights must be \(neuron, neuron\)"),
    ],
)
def test_what_makes_no_sense_is_refused(change, told):
    weights, inputs, _ = problem()
    arguments = {"weights": weights, "inputs": inputs} | change
    with pytest.raises(InvalidInput, match=told):
        solve_fixed_points(**arguments)


def test_reparameterised_steps_need_the_same_slopes():
    weights, inputs, targets = problem()
    points = solve_fixed_points(weights, inputs)
    with pytest.raises(InvalidInput, match="take 'linearised'"):
        fixed_point_change("reparameterised", weights, points, targets, 0.1)
    with pytest.raises(InvalidInput, match="rule for fixed points called 'linear'"):
        fixed_point_change("linear", weights, points, targets, 0.1)
