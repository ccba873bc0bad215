"""The driven rate network and its principal components."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurotrain.errors import InvalidInput
from neurotrain.rate_to_spike.factors import principal_components, random_spread
from neurotrain.rate_to_spike.rate_network import RateNetwork


def network(units: int, drives: int = 2, inputs: int = 1, seed: int = 0, **others) -> RateNetwork:
    return RateNetwork.draw(units, drives, inputs, np.random.default_rng(seed), **others)


def reference(network, x, drives, inputs, dt_ms):
    currents, decay = [], np.exp(-dt_ms / network.tau_ms)
    for drive, given_input in zip(drives, inputs, strict=True):
        f = network.recurrent @ np.tanh(x) + network.drive_weights @ drive
        goal = f + network.input_weights @ given_input
        x = goal + (x - goal) * decay
        currents.append(f)
    return np.array(currents), x


@given(
    units=st.integers(1, 70),
    drives=st.integers(0, 3),
    inputs=st.integers(0, 2),
    seed=st.integers(0, 2**16),
)
def test_compiled_steps_are_those_of_the_equations(units, drives, inputs, seed):
    rng = np.random.default_rng(seed)
    driven = network(units, drives, inputs, seed, tau_ms=7.0)
    x, drive, given_input = rng.normal(size=units), rng.normal(size=(20, drives)), None
    given_input = rng.normal(size=(20, inputs))
    start = x.copy()
    currents, last = driven.currents(x, drive, given_input, 0.5)
    expected, expected_last = reference(driven, x, drive, given_input, 0.5)
    np.testing.assert_allclose(currents, expected, atol=1e-10)
    np.testing.assert_allclose(last, expected_last, atol=1e-10)
    assert (x == start).all()


def test_units_without_coupling_decay_as_the_closed_form_says():
    alone = RateNetwork(np.zeros((3, 3)), np.zeros((3, 0)), np.ones((3, 1)), tau_ms=20.0)
    start = np.array([0.0, 1.0, -2.0])
    _, last = alone.currents(start, np.zeros((50, 0)), np.full((50, 1), 0.3), 1.0)
    np.testing.assert_allclose(last, 0.3 + (start - 0.3) * np.exp(-50 / 20), atol=1e-14)


def test_driven_network_forgets_where_it_started():
    driven = network(200)
    time = np.arange(2000) / 1000
    drives = np.stack([np.sin(2 * np.pi * time), np.sin(4 * np.pi * time)], axis=1)
    rng, inputs = np.random.default_rng(3), np.zeros((2000, 1))
    ends = [driven.currents(rng.normal(size=200), drives, inputs, 1.0)[1] for _ in range(2)]
    undriven = [driven.currents(rng.normal(size=200), 0 * drives, inputs, 1.0)[1] for _ in range(2)]
    assert np.abs(ends[0] - ends[1]).max() < 1e-6
    assert np.abs(undriven[0] - undriven[1]).max() > 0.1


def test_weights_are_drawn_as_published():
    drawn = network(400, drives=3, inputs=2, gain=1.4)
    assert drawn.recurrent.std() == pytest.approx(1.4 / 20, rel=0.02)
    for weights in (drawn.drive_weights, drawn.input_weights):
        assert weights.min() >= -1 and weights.max() <= 1
        assert weights.std() == pytest.approx(1 / np.sqrt(3), rel=0.05)


def test_network_refuses_arrays_that_do_not_fit():
    with pytest.raises(InvalidInput, match="square"):
        RateNetwork(np.zeros((3, 2)), np.zeros((3, 1)), np.zeros((3, 1)))
    with pytest.raises(InvalidInput, match="input_weights must have a row"):
        RateNetwork(np.zeros((3, 3)), np.zeros((3, 1)), np.zeros((2, 1)))
    with pytest.raises(InvalidInput, match="2 drives and 1 inputs"):
        network(4).currents(np.zeros(4), np.zeros((5, 1)), np.zeros((5, 1)), 1.0)


def test_components_are_those_of_a_singular_value_decomposition():
    rng = np.random.default_rng(4)
    currents = rng.normal(size=(300, 8)) * np.arange(8, 0, -1) + 2
    _, singular, rows = np.linalg.svd(currents, full_matrices=False)
    factors = principal_components(currents.T @ currents, 3)
    np.testing.assert_allclose(factors.shares, singular**2 / (singular**2).sum(), atol=1e-12)
    np.testing.assert_allclose(np.abs((factors.components * rows[:3].T).sum(axis=0)), 1)
    projected = factors.project(currents)
    np.testing.assert_allclose(projected @ factors.components.T, currents @ rows[:3].T @ rows[:3])


@pytest.mark.parametrize(
    ("wanted", "count"), [(None, 4), (2, 2), (0.5, 2), (0.49, 1), (0.9, 4), (0.8, 3)]
)
def test_components_are_counted_or_enough_for_a_share(wanted, count):
    assert principal_components(np.diag([5.0, 1.0, 1.5, 2.5]), wanted).count == count


@pytest.mark.parametrize("wanted", [0, 5, -1, 1.5, 1.0, 0.0, np.nan])
def test_other_numbers_of_components_are_refused(wanted):
    with pytest.raises(InvalidInput):
        principal_components(np.eye(4), wanted)


def test_silent_rate_network_has_no_components():
    with pytest.raises(InvalidInput, match="nothing to learn"):
        principal_components(np.zeros((4, 4)))


@pytest.mark.parametrize(("neurons", "units"), [(30, 20), (20, 20), (15, 20)])
def test_spread_is_orthogonal_with_its_gain(neurons, units):
    spread = random_spread(neurons, units, np.random.default_rng(5), gain=6.0)
    assert spread.shape == (neurons, units)
    square = spread.T @ spread if neurons >= units else spread @ spread.T
    np.testing.assert_allclose(square, 36 * np.eye(min(neurons, units)), atol=1e-12)
