"""The compiled solver: accuracy, stiffness, reproducibility; every solve comes to an end."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.linalg import expm

from neurotrain.errors import InvalidInput
from neurotrain.neural_ode import VectorField, solve

METHODS = ("rk4", "dopri5", "sdirk4")
TIMES = np.linspace(0, 1, 5)


def case(field, candidates=2, trajectories=3, scale=1.0, seed=0):
    rng = np.random.default_rng(seed)
    parameters = rng.normal(size=(candidates, field.size)) * scale * field.parameter_scale()
    return parameters, rng.normal(size=(trajectories, field.states))


def by_scipy(field, parameters, start, times, **options):
    """Return the states (time, n) of one trajectory."""
    own = parameters[np.newaxis]
    options = {"method": "Radau", "rtol": 1e-10, "atol": 1e-12} | options
    done = solve_ivp(
        lambda t, y: field(own, y[np.newaxis, np.newaxis])[0, 0],
        (times[0], times[-1]),
        start,
        t_eval=times,
        jac=lambda t, y: field.jacobian(own, y[np.newaxis, np.newaxis])[0, 0],
        **options,
    )
    return done.y.T


def linear(matrix, **options):
    """Return a linear field and its parameters (1, d)."""
    matrix = np.asarray(matrix, float)
    field = VectorField(len(matrix), 1, 0, biases=False, **options)
    return field, matrix.reshape(1, -1)


def classical_step(field, parameters, y, h):
    k1 = field(parameters, y)
    k2 = field(parameters, y + h / 2 * k1)
    k3 = field(parameters, y + h / 2 * k2)
    k4 = field(parameters, y + h * k3)
    return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


# Sizes below, at and above the width of vectors, with many and few outputs of a layer.
@pytest.mark.parametrize("width", [1, 3, 8, 9, 16, 31, 64, 130, 300])
@pytest.mark.parametrize(("activation", "states", "depth"), [("tanh", 2, 1), ("gelu", 9, 2)])
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_compiled_field_is_the_reference(width, activation, states, depth, precision):
    field = VectorField(
        *(states, width, depth), activation=activation, power=2, output_scale=0.5, input_scale=2.0
    )
    parameters, starts = case(field)
    expected = classical_step(field, parameters, np.broadcast_to(starts, (2, *starts.shape)), 0.1)
    got = solve(field, parameters, starts, [0, 0.1], method="rk4", precision=precision)
    tolerance = 1e-12 if precision == "float64" else 2e-5
    np.testing.assert_allclose(got.states[:, :, 1], expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("method", "order"), [("rk4", 4), ("dopri5", 5), ("sdirk4", 4)])
@pytest.mark.parametrize("log_time", [False, True])
def test_order_of_convergence(method, order, log_time):
    field = VectorField(2, 8, 1, output_scale=2.0)
    parameters, starts = case(field, scale=2.0)
    arguments = (field, parameters, starts, [1.0, 3.0])
    exact = solve(*arguments, rtol=1e-13, atol=1e-13, max_steps=10**5).states
    options = {"rtol": 1e-13, "atol": 1e-13, "log_time": log_time, "method": method}
    coarse, fine = (
        np.sqrt(np.square(solve(*arguments, steps=n, **options).states - exact).mean())
        for n in (80, 160)
    )
    # The largest terms of DOPRI5's error are small.
    assert order - 0.2 < np.log2(coarse / fine) < order + (1 if method == "dopri5" else 0.2)


@pytest.mark.parametrize("activation", ["tanh", "gelu"])
@pytest.mark.parametrize("method", ["dopri5", "sdirk4"])
def test_solutions_are_those_of_scipy(method, activation):
    field = VectorField(3, 6, 2, activation=activation, output_scale=(1, 10, 0.1))
    parameters, starts = case(field, trajectories=1, scale=2.0)
    got = solve(
        field, parameters, starts, TIMES, method=method, rtol=1e-10, atol=1e-12, max_steps=10**5
    )
    assert not got.failed.any()
    for p, b in np.ndindex(got.failed.shape):
        expected = by_scipy(field, parameters[p], starts[b], TIMES)
        np.testing.assert_allclose(got.states[p, b], expected, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("method", ["dopri5", "sdirk4"])
def test_error_follows_the_tolerance(method):
    field = VectorField(2, 8, 1, output_scale=5.0)
    parameters, starts = case(field, candidates=4, scale=2.0)
    exact = solve(field, parameters, starts, TIMES, rtol=1e-12, atol=1e-12).states
    steps, errors = [], []
    for tolerance in (1e-3, 1e-5, 1e-7, 1e-9):
        got = solve(field, parameters, starts, TIMES, method=method, rtol=tolerance, atol=tolerance)
        errors.append(abs(got.states - exact).max() / tolerance)
        steps.append(got.steps.mean())
    assert max(errors) < 30
    assert steps == sorted(steps)


@pytest.mark.parametrize("log_time", [False, True])
def test_stiff_linear_field(log_time):
    # As stiff as ROBER: eigenvalues from -1e-5 to -1e4, turned out of the axes.
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    matrix = turn @ np.diag([-1e4, -1.0, -1e-5]) @ turn.T
    field, parameters = linear(matrix)
    times = np.logspace(-5, 5, 21)
    expected = np.array([expm(matrix * (t - times[0])) @ [1, 2, 3] for t in times])
    options = {"method": "sdirk4", "log_time": log_time}
    got = solve(field, parameters, [1, 2, 3], times, **options)
    assert not got.failed.any()
    assert got.steps.max() < 300
    np.testing.assert_allclose(got.states[0, 0], expected, atol=3e-5)
    # Rounding the matrix to single precision moves its slow eigenvalues.
    options |= {"precision": "float32", "rtol": 1e-3, "atol": 1e-4}
    single = solve(field, parameters, [1, 2, 3], times[:13], **options)
    np.testing.assert_allclose(single.states[0, 0], expected[:13], atol=1e-2)


def test_stiff_network_and_what_an_explicit_method_makes_of_it():
    field = VectorField(2, 12, 1, output_scale=(1.0, 1e3))
    rng = np.random.default_rng(5)
    parameters = rng.normal(size=(1, field.size))
    (w1, _), (w2, b2) = field.layers(parameters)
    # The second state is drawn to a curve over the first one.
    w1[0, 0], w1[0, 1] = (0.0, 2.0), (0.5, 0.0)
    w2[0, 1, :2] = -2.0, 1.0
    w2[0, 0], b2[0] = 0.1 * w2[0, 0], 0.0
    w2[0, 1, 2:] *= 0.05
    start, times = [1.0, -1.0], np.array([0.0, 1e-4, 1e-2, 1, 10, 50])
    expected = by_scipy(field, parameters[0], start, times)
    got = solve(field, parameters, start, times, method="sdirk4", rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(got.states[0, 0], expected, rtol=1e-6, atol=1e-6)
    usual = {"rtol": 1e-4, "atol": 1e-6}
    implicit = solve(field, parameters, start, times, method="sdirk4", **usual)
    explicit = solve(field, parameters, start, times, max_steps=10**6, **usual)
    np.testing.assert_allclose(implicit.states[0, 0], expected, rtol=1e-3, atol=1e-4)
    assert implicit.steps[0, 0] * 50 < explicit.steps[0, 0]
    short = solve(field, parameters, start, times, max_steps=500, **usual)
    assert short.reasons.tolist() == [["too many steps"]]
    assert short.steps[0, 0] == 500
    # What it came to is kept.
    known = np.isfinite(short.states[0, 0]).all(axis=1)
    assert known.tolist() == [True, True, True, False, False, False]
    np.testing.assert_allclose(short.states[0, 0, known], expected[known], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("speed", "slope"), [(1000, 50), (100, 1000), (1e4, 1e3)])
def test_a_neuron_that_saturates_does_not_make_coarse_solves_dear(speed, slope):
    # The first state is drawn to the second one: far away at a constant speed, near it stiffly.
    field = VectorField(2, 2, 1)
    parameters = np.zeros((1, field.size))
    (w1, _), (w2, b2) = field.layers(parameters)
    w1[0], w2[0, 0, 0], b2[0, 1] = [[slope, -slope], [0, 1]], -speed, 1
    solved = [
        solve(field, parameters, [1, 0], [0, 0.1, 1, 5], method="sdirk4", rtol=each, atol=each)
        for each in (1e-2, 1e-3, 1e-4, 1e-5)
    ]
    steps = [one.steps[0, 0] for one in solved]
    assert steps == sorted(steps)
    for one in solved:
        np.testing.assert_allclose(one.states[0, 0, -1], [5 - 1 / speed / slope, 5], rtol=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_logarithm_of_time_changes_nothing_else(method):
    field = VectorField(3, 5, 1)
    parameters, starts = case(field)
    options = {"method": method, "rtol": 1e-10, "atol": 1e-12}
    options |= {"steps": 200} if method == "rk4" else {}
    times = np.logspace(-2, 1, 6)
    usual, logarithmic = (
        solve(field, parameters, starts, times, log_time=chosen, **options).states
        for chosen in (False, True)
    )
    np.testing.assert_allclose(usual, logarithmic, rtol=1e-7, atol=1e-8)
    assert (usual != logarithmic).any()


def test_each_trajectory_can_have_its_own_times():
    field = VectorField(2, 5, 1)
    parameters, starts = case(field)
    times = np.array([[0, 1, 2], [0, 0.5, 0.6], [5, 6, 9.0]])
    together = solve(field, parameters, starts, times)
    for b in range(3):
        alone = solve(field, parameters, starts[b], times[b])
        np.testing.assert_array_equal(together.states[:, b], alone.states[:, 0])
    one_start = solve(field, parameters, starts[0], times)
    assert one_start.states.shape == (2, 3, 3, 2)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_same_bits_for_any_company_and_any_number_of_threads(method, precision):
    field = VectorField(3, 17, 2, activation="gelu")
    parameters, starts = case(field, candidates=13, trajectories=5, scale=2.0)
    options = {"method": method, "precision": precision, "rtol": 1e-5}
    whole = solve(field, parameters, starts, TIMES, threads=1, **options)
    assert not np.isnan(whole.states).any()
    for threads in (2, 3, 8):
        other = solve(field, parameters, starts, TIMES, threads=threads, keep=True, **options)
        np.testing.assert_array_equal(whole.states, other.states)
        np.testing.assert_array_equal(whole.steps, other.steps)
    part = solve(field, parameters[4:6], starts[1:4], TIMES, **options)
    np.testing.assert_array_equal(whole.states[4:6, 1:4], part.states)


def test_blow_up_in_finite_time_has_a_reason():
    field, parameters = linear([[1.0]], power=2)
    for method in ("dopri5", "sdirk4"):
        got = solve(field, parameters, [1.0], [0, 0.5, 2.0], method=method, rtol=1e-8)
        assert got.failed.all()
        assert got.reasons[0, 0] in ("step too small", "not finite", "newton iteration")
        np.testing.assert_allclose(got.states[0, 0, :2, 0], [1, 2], rtol=1e-6)
        assert np.isnan(got.states[0, 0, 2]).all()
    fixed = solve(field, parameters, [1.0], [0, 0.5, 200.0], method="rk4", steps=50)
    assert fixed.reasons[0, 0] == "not finite"


def test_failure_of_one_candidate_is_its_own():
    field = VectorField(2, 5, 1)
    parameters, starts = case(field, candidates=3)
    alone = solve(field, parameters, starts, TIMES)
    parameters[1, 3] = np.nan
    got = solve(field, parameters, starts, TIMES)
    assert got.failed.tolist() == [[False] * 3, [True] * 3, [False] * 3]
    assert set(got.reasons[1]) == {"not finite"}
    np.testing.assert_array_equal(got.states[::2], alone.states[::2])
    assert np.isnan(got.states[1, :, 1:]).all()


def test_fixed_implicit_step_that_cannot_be_solved_has_failed():
    field, parameters = linear([[1.0]], power=2)
    got = solve(field, parameters, [1.0], [0, 10.0], method="sdirk4", steps=1)
    assert got.reasons[0, 0] in ("newton iteration", "not finite")


SIZES = st.one_of(
    st.floats(-6, 6).map(lambda exponent: 10.0**exponent), st.sampled_from([np.inf, np.nan, 0.0])
)


@settings(max_examples=150)
@given(
    size=SIZES,
    shape=st.tuples(st.integers(1, 4), st.integers(1, 20), st.integers(0, 4)),
    activation=st.sampled_from(["tanh", "gelu", "relu"]),
    power=st.sampled_from([1, 3]),
    method=st.sampled_from(METHODS),
    steps=st.sampled_from([None, 2]),
    precision=st.sampled_from(["float64", "float32"]),
    log_time=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_absurd_weights_end_within_the_budget(
    size, shape, activation, power, method, steps, precision, log_time, seed
):
    field = VectorField(*shape, activation=activation, power=power)
    rng = np.random.default_rng(seed)
    parameters = rng.normal(size=(3, field.size))
    parameters[1:] *= size
    parameters[2, rng.random(field.size) < 0.8] = 0
    options = {"method": method, "steps": steps, "precision": precision, "log_time": log_time}
    times = np.logspace(-5, 5, 4)
    starts = np.abs(rng.normal(size=(2, field.states)))
    got = solve(field, parameters, starts, times, max_steps=60, keep=True, **options)
    assert (got.steps <= (60 if steps is None and method != "rk4" else 6)).all()
    finite = np.isfinite(got.states).all(axis=(2, 3))
    np.testing.assert_array_equal(got.failed, ~finite)
    np.testing.assert_array_equal(got.failed, got.reasons != "")
    assert "stopped" not in got.reasons
    assert np.isfinite(got.states[:, :, 0]).all()
    gradient = got.gradient(np.ones_like(got.states))
    assert np.isnan(gradient[got.failed.any(axis=1)]).all()


LONG = """
import numpy as np
from neurotrain.neural_ode import VectorField, solve
field = VectorField(3, 200, 3)
parameters = 1e3*np.random.default_rng(0).normal(size=(50, field.size))
solve(field, parameters[:1], [1, 0, 0], [0, 1], max_steps=1)
print("ready", flush=True)
try:
    solve(field, parameters, [1, 0, 0], [0, 1e9], max_steps=10**9)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_ctrl_c_ends_a_long_solve(top):
    environment = os.environ | {"PYTHONPATH": str(top)}
    command = [sys.executable, "-c", LONG]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.5)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30)[0] == "interrupted\n"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"parameters": np.zeros(17)}, r"parameters must have the shape \(candidate, 17\)"),
        ({"parameters": np.zeros((0, 17))}, "parameters"),
        ({"starts": np.zeros(3)}, "starts"),
        ({"starts": [np.nan, 0]}, "finite"),
        ({"starts": np.zeros((3, 2)), "times": np.ones((2, 4))}, "3 starts"),
        ({"times": [0.0]}, "two times"),
        ({"times": [0, 1, 1]}, "increasing"),
        ({"times": [0, np.inf]}, "finite"),
        ({"log_time": True}, "above 0"),
        ({"method": "dopri"}, "did you mean 'dopri5'"),
        ({"precision": "float16"}, "precision"),
        ({"steps": 0}, "steps"),
        ({"max_steps": 0}, "max_steps"),
        ({"threads": 0}, "threads"),
        ({"rtol": 0}, "rtol"),
        ({"atol": 0}, "atol"),
        ({"atol": np.ones(3)}, "atol"),
    ],
)
def test_wrong_input_is_refused(changed, said):
    arguments = {"parameters": np.zeros((1, 17)), "starts": np.zeros(2), "times": [0, 1, 2]}
    arguments |= changed
    given = [arguments.pop(name) for name in ("parameters", "starts", "times")]
    with pytest.raises(InvalidInput, match=said):
        solve(VectorField(2, 3, 1), *given, **arguments)
