"""What a fit asks of a vector field: windows of data, losses, their derivatives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurotrain.errors import InvalidInput
from neurotrain.neural_ode import Fit, OdeProblem, VectorField, Windows, rober, spiral
from neurotrain.neural_ode.loss import scaled_absolute_error, scaled_absolute_error_cotangents
from neurotrain.neural_ode.windows import whole

TIMES = np.linspace(0, 1, 12)
DATA = OdeProblem(TIMES, np.stack([np.cos(TIMES), 10 * np.sin(TIMES)], axis=1))
FIELD = VectorField(2, 4, 1)


def parameters(count, seed=0, field=FIELD):
    return 0.5 * np.random.default_rng(seed).standard_normal((count, field.size))


def test_the_loss_is_written_out():
    states, targets = np.random.default_rng(1).standard_normal((2, 2, 3, 4, 2))
    scale = np.array([0.5, 8.0])
    losses = scaled_absolute_error(states, targets[0], scale)
    for p in range(2):
        total = sum(
            abs(states[p, b, t, n] - targets[0][b, t, n]) / scale[n]
            for b in range(3)
            for t in range(4)
            for n in range(2)
        )
        assert losses[p] == pytest.approx(total / 24)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_state_that_is_not_finite_is_the_worst(bad):
    states = np.zeros((3, 2, 2, 1))
    states[1, 0, 1] = bad
    losses = scaled_absolute_error(states, np.zeros((2, 2, 1)), np.ones(1))
    np.testing.assert_array_equal(losses, (0, np.inf, 0))
    huge = scaled_absolute_error(np.full((1, 1, 2, 1), 1e308), np.zeros((1, 2, 1)), np.full(1, 0.1))
    assert huge[0] == np.inf


@given(st.integers(0, 2**32))
def test_cotangents_are_the_derivative(seed):
    rng = np.random.default_rng(seed)
    states, targets = rng.standard_normal((2, 3, 2)), rng.standard_normal((2, 3, 2))
    scale, direction = rng.uniform(0.1, 10, 2), rng.standard_normal((2, 3, 2))
    # The loss is linear unless a state crosses its target.
    step = 0.1 * np.abs(states - targets).min() / np.abs(direction).max()
    above, below = (
        scaled_absolute_error((states + s * step * direction)[np.newaxis], targets, scale)[0]
        for s in (1, -1)
    )
    cotangents = scaled_absolute_error_cotangents(states[np.newaxis], targets, scale)
    expected = (cotangents[0] * direction).sum()
    assert above - below == pytest.approx(2 * step * expected, rel=1e-6, abs=1e-13)


def test_windows_are_stretches_of_the_data():
    batch = Windows(5, 4).draw(DATA, np.random.default_rng(2))
    assert batch.times.shape == (5, 4) and batch.targets.shape == (5, 4, 2)
    first = np.searchsorted(TIMES, batch.times[:, 0])
    assert len(set(first)) == 5
    for row, start in enumerate(first):
        np.testing.assert_array_equal(batch.times[row], TIMES[start : start + 4])
        np.testing.assert_array_equal(batch.targets[row], DATA.states[start : start + 4])
    np.testing.assert_array_equal(batch.starts, batch.targets[:, 0])
    everything = Windows(5, 4).all(DATA)
    np.testing.assert_array_equal(everything.times[:, 0], TIMES[:9])


def test_every_window_is_drawn_equally_often():
    """4500 draws of one of 9: a false alarm once in 10000 seeds; the control would be found."""
    rng = np.random.default_rng(3)
    draws = [Windows(5, 4).draw(DATA, rng).times[:, 0] for _ in range(900)]
    counts = np.bincount(np.searchsorted(TIMES, np.concatenate(draws)), minlength=12)
    assert counts[9:].sum() == 0
    # A count is hypergeometric in each draw, with a variance of 5/9 * 4/9 each.
    z = (counts[:9] - 500) / np.sqrt(900 * 20 / 81)
    assert np.abs(z).max() < 4.5
    control = np.bincount(np.searchsorted(TIMES, np.concatenate([d[:4] for d in draws])))
    assert np.abs((control[:9] - 500) / np.sqrt(900 * 20 / 81)).max() > 4.5


def test_windows_follow_seed_and_generation_only():
    fit = Fit(DATA, FIELD, Windows(3, 4))
    starts = [fit.batch(*key).times[:, 0] for key in ((1, 0), (1, 0), (1, 1), (2, 0))]
    assert np.array_equal(starts[0], starts[1])
    assert not np.array_equal(starts[0], starts[2])
    assert not np.array_equal(starts[0], starts[3])
    np.testing.assert_array_equal(Fit(DATA, FIELD).batch(1, 0).targets[0], DATA.states)


def test_losses_of_candidates_are_those_of_each_alone():
    fit = Fit(DATA, FIELD, Windows(3, 4), "rk4", {"steps": 2})
    candidates = parameters(4)
    batch = fit.batch(0, 0)
    together = fit.losses(candidates, batch)
    np.testing.assert_array_equal(together.failed, 0)
    alone = [fit.losses(one[np.newaxis], batch).values[0] for one in candidates]
    np.testing.assert_array_equal(together.values, alone)


def test_the_loss_of_the_right_field_is_that_of_the_solver():
    """A linear field is exactly the rotation of these data."""
    field = VectorField(2, 1, 0, biases=False)
    exact = np.array([0.0, -0.1, 10.0, 0.0])
    fit = Fit(DATA, field, options={"rtol": 1e-9, "atol": 1e-11})
    assert fit.loss(exact) < 1e-8
    assert fit.loss(1.01 * exact) > 1e-3
    np.testing.assert_allclose(fit.trajectory(exact), DATA.states, atol=1e-7)
    windows = Fit(DATA, field, Windows(3, 4), options={"rtol": 1e-9, "atol": 1e-11})
    assert windows.loss(exact) < 1e-8


@settings(max_examples=20)
@given(
    st.integers(0, 1000),
    st.sampled_from(["rk4", "dopri5", "sdirk4"]),
    st.sampled_from([None, Windows(3, 4)]),
)
def test_the_gradient_is_that_of_the_loss(seed, method, windows):
    # Adaptive steps would differ between the two losses of a quotient.
    fit = Fit(DATA, FIELD, windows, method, {"steps": 2, "rtol": 1e-10})
    point, batch = parameters(1, seed)[0], fit.batch(seed, 0)
    loss, gradient = fit.loss_and_gradient(point, batch)
    assert loss == fit.losses(point[np.newaxis], batch).values[0]
    direction = np.random.default_rng(seed).standard_normal(point.size)
    step = 1e-6
    above, below = fit.losses(point + step * np.outer([1, -1], direction), batch).values
    quotient = (above - below) / (2 * step)
    # Where a state crosses its target the loss has a kink.
    assert quotient == pytest.approx(gradient @ direction, rel=1e-3, abs=1e-4)


def test_failed_solves_are_counted_and_have_no_gradient():
    fit = Fit(spiral(), VectorField(2, 1, 0, power=3, biases=False), Windows(5, 10))
    explosion = np.array([1e3, 0.0, 0.0, 1e3])
    batch = fit.batch(0, 0)
    losses = fit.losses(np.stack([explosion, 0 * explosion]), batch)
    assert losses.values[0] == np.inf and np.isfinite(losses.values[1])
    assert losses.failed.tolist() == [5, 0]
    loss, gradient = fit.loss_and_gradient(explosion, batch)
    assert loss == np.inf and np.isnan(gradient).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Windows(0, 3), "count of windows"),
        (lambda: Windows(1, 1), "length of windows"),
        (lambda: Windows(10, 4).draw(DATA, np.random.default_rng(0)), "10 windows of 4 times"),
        (lambda: Windows(1, 13).all(DATA), "more than there are in the 12 times"),
        (lambda: Fit(rober(), FIELD), "field has 2 states, the data have 3"),
    ],
)
def test_what_cannot_be_fitted_is_refused(make, message):
    with pytest.raises(InvalidInput, match=message):
        make()


def test_the_whole_is_one_trajectory():
    batch = whole(DATA)
    assert batch.times.shape == (1, 12) and batch.targets.shape == (1, 12, 2)
