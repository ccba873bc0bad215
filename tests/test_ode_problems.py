"""Known equations: published solutions, conservation laws, Jacobians; and data of one's own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurotrain.errors import InvalidInput, NeurotrainError
from neurotrain.neural_ode.pollu import pollu, stoichiometry
from neurotrain.neural_ode.problem import OdeProblem
from neurotrain.neural_ode.reference import reference_problem, reference_solution
from neurotrain.neural_ode.rober import rober
from neurotrain.neural_ode.spiral import spiral
from neurotrain.neural_ode.van_der_pol import van_der_pol

PROBLEMS = {
    "spiral": spiral,
    "rober": rober,
    "pollu": pollu,
    "van-der-pol-1": van_der_pol,
    "van-der-pol-100": lambda: van_der_pol(100.0),
    "van-der-pol-1000": lambda: van_der_pol(1000.0),
}
# Computed with Radau at a tolerance of 1e-10, independently of this package.
ROBER = {
    0.1207: (0.995286, 3.56604e-5, 4.67854e-3),
    13.26: (0.818373, 1.45350e-5, 0.181612),
    1456.0: (0.291920, 1.63772e-6, 0.708078),
    1e5: (0.0178659, 7.27475e-8, 0.982134),
}
# Hindmarsh 1983, the example in the documentation of LSODE.
ROBER_AT_40 = (7.158e-1, 9.185e-6, 2.842e-1)
# Test Set for IVP Solvers, release 2.4 (Mazzia & Magherini 2008), problem POLLU at t = 60.
POLLU_AT_60 = (
    0.5646255480022769e-1,
    0.1342484130422339,
    0.4139734331099427e-8,
    0.5523140207484359e-2,
    0.2018977262302196e-6,
    0.1464541863493966e-6,
    0.7784249118997964e-1,
    0.3245075353396018,
    0.7494013383880406e-2,
    0.1622293157301561e-7,
    0.1135863833257075e-7,
    0.2230505975721359e-2,
    0.2087162882798630e-3,
    0.1396921016840158e-4,
    0.8964884856898295e-2,
    0.4352846369330103e-17,
    0.6899219696263405e-2,
    0.1007803037365946e-3,
    0.1772146513969984e-5,
    0.5682943292316392e-4,
)


def test_rober_agrees_with_reference_values_to_six_digits():
    problem = rober()
    assert problem.times[[0, -1]] == pytest.approx([1e-5, 1e5], rel=1e-14)
    for time, state in ROBER.items():
        at = np.abs(np.log(problem.times / time)).argmin()
        np.testing.assert_allclose(problem.states[at], state, rtol=5e-6)
    np.testing.assert_allclose(problem.scale, (0.9999996, 3.64872e-5, 0.982134), rtol=5e-7)
    assert np.abs(problem.states.sum(axis=1) - 1).max() < 1e-12
    at_40 = reference_solution(
        problem.right_hand_side, problem.jacobian, np.array([1.0, 0, 0]), np.array([0.0, 40.0])
    )[-1]
    np.testing.assert_allclose(at_40, ROBER_AT_40, rtol=2e-4)


def test_pollu_agrees_with_the_published_end():
    np.testing.assert_allclose(pollu().states[-1], POLLU_AT_60, rtol=1e-9)
    assert pollu().states.shape == (20, 20)


def test_pollu_conserves_nitrogen_and_sulfur():
    nitrogen, sulfur = np.zeros((2, 20))
    # NO2, NO, PAN, HNO3, NO3, and N2O5 twice.
    nitrogen[np.array([1, 2, 13, 15, 19, 20]) - 1] = (1, 1, 1, 1, 1, 2)
    sulfur[np.array([17, 18]) - 1] = 1
    for law in (nitrogen, sulfur):
        assert (law @ stoichiometry() == 0).all()
        total = pollu().states @ law
        np.testing.assert_allclose(total, total[0], rtol=1e-12)


def test_spiral_agrees_with_reference_values():
    problem = spiral()
    assert problem.times.shape == (1000,)
    assert problem.times[1] == pytest.approx(0.025025, abs=1e-6)
    np.testing.assert_allclose(problem.states[-1], (-0.44362, 0.27944), atol=5e-6)
    # d(x**4 + y**4)/dt = -0.4 (x**6 + y**6): the turning part of A does not change it.
    quartic, sextic = ((problem.states**k).sum(axis=1) for k in (4, 6))
    lost = 0.4 * ((sextic[1:] + sextic[:-1]) / 2 * np.diff(problem.times)).sum()
    assert quartic[0] - quartic[-1] == pytest.approx(lost, rel=1e-3)


def test_van_der_pol_agrees_with_published_values():
    # Test Set for IVP Solvers, release 2.4, problem VDPOL at t = 2: its epsilon = 1e-6 is mu = 1000
    # with time divided by mu.
    expected = (0.1706167732170483e1, -0.8928097010247975e-3)
    np.testing.assert_allclose(van_der_pol(1000.0).states[-1], expected, rtol=1e-9)


def test_van_der_pol_has_the_known_period():
    problem = van_der_pol(1.0, 2001)
    y, speed = problem.states.T
    tops = np.flatnonzero((speed[:-1] > 0) & (speed[1:] <= 0))
    share = speed[tops] / (speed[tops] - speed[tops + 1])
    times = problem.times[tops] + share * np.diff(problem.times)[tops]
    assert np.diff(times)[-1] == pytest.approx(6.66328686, abs=5e-5)


@pytest.mark.parametrize("name", PROBLEMS)
def test_jacobian_is_the_derivative_of_the_right_hand_side(name):
    problem = PROBLEMS[name]()
    assert problem.name == name
    rng = np.random.default_rng(1)
    state = problem.scale * rng.uniform(0.1, 1, problem.n_states)
    jacobian = problem.jacobian(0.0, state)
    for column, step in enumerate(1e-6 * state):
        shift = np.eye(problem.n_states)[column] * step
        above, below = (problem.right_hand_side(0.0, state + s * shift) for s in (1, -1))
        size = np.abs(jacobian[:, column]).max()
        np.testing.assert_allclose(
            (above - below) / (2 * step), jacobian[:, column], rtol=1e-5, atol=1e-7 * size
        )


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_reference_is_computed_once_and_cannot_be_changed(name):
    problem = PROBLEMS[name]()
    assert PROBLEMS[name]() is problem
    for array in (problem.times, problem.states, problem.scale):
        assert not array.flags.writeable


def test_a_problem_is_of_ones_own_data():
    times, states = [0, 1, 3], [[1, 2], [0, -4], [1, 0]]
    problem = OdeProblem(times=times, states=states)
    assert problem.right_hand_side is None
    assert (problem.n_states, problem.duration) == (2, 3.0)
    np.testing.assert_array_equal(problem.scale, (1, 4))
    np.testing.assert_array_equal(problem.start, (1, 2))
    given_array = np.array(states, dtype=float)
    kept = OdeProblem(times, given_array)
    given_array[:] = 9
    np.testing.assert_array_equal(kept.states, states)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"times": [0.0, 2.0, 1.0]}, "times must increase, but time 2 is 1.0 after 2.0"),
        ({"times": [0.0, 1.0, 1.0]}, "increase"),
        ({"times": [0.0, np.nan, 1.0]}, "times must be finite, got nan at \\(1,\\)"),
        ({"times": [0.0, 1.0]}, "one row for each"),
        ({"times": [[0.0, 1.0, 2.0]]}, "times must have 1 axes"),
        ({"times": "abc"}, "times must be an array of numbers"),
        ({"states": [1.0, 2.0, 3.0]}, "states must have 2 axes"),
        ({"states": [[1.0], [np.inf], [1.0]]}, "states must be finite"),
        ({"states": np.zeros((3, 0))}, "one row for each"),
        ({"states": [[1.0, 0], [2, 0], [3, 0]]}, "scale of state 1 must be above 0"),
        ({"scale": [1.0, 2.0]}, "one value for each of 1 states"),
        ({"scale": [-1.0]}, "must be above 0"),
        ({"scale": [np.nan]}, "scale must be finite"),
        ({"times": [0.0], "states": [[1.0]]}, "at least two times"),
    ],
)
def test_data_that_cannot_be_fitted_are_refused(change, message):
    good = {"times": [0.0, 1.0, 2.0], "states": [[1.0], [2.0], [3.0]]}
    with pytest.raises(InvalidInput, match=message):
        OdeProblem(**good | change)


@given(st.sampled_from([spiral, rober, pollu]), st.integers(-3, 1) | st.floats(2, 3))
def test_too_few_points_are_refused(make, points):
    with pytest.raises(InvalidInput, match="points"):
        make(points)


def test_mu_must_be_above_zero():
    with pytest.raises(InvalidInput, match="mu"):
        van_der_pol(0.0)


def test_equations_that_explode_are_an_error():
    with pytest.raises(NeurotrainError, match="reference solution failed"):
        reference_problem(
            "explosion",
            lambda time, state: state**2,
            lambda time, state: np.diag(2 * state),
            np.array([1.0]),
            np.array([0.0, 2.0]),
        )
