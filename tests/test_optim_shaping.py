"""Shaping of losses against closed forms, and against what failures could do to it."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from neurotrain.errors import InvalidInput
from neurotrain.optimizers.recombination import utilities
from neurotrain.optimizers.shaping import (
    centered_ranks,
    raw_losses,
    shaping_function,
    z_scores,
)

whole = st.lists(st.integers(-1000, 1000).map(float), min_size=2, max_size=30).map(np.array)
failures = st.lists(st.sampled_from([np.nan, np.inf, -np.inf]), max_size=10)


@given(whole)
def test_z_scores_are_those_of_scipy(losses):
    expected = stats.zscore(losses) if np.ptp(losses) else np.zeros(len(losses))
    np.testing.assert_allclose(z_scores(losses), expected, atol=1e-10)


@given(whole, st.floats(0.01, 100), st.floats(-100, 100))
def test_z_scores_do_not_depend_on_unit_and_origin(losses, unit, origin):
    np.testing.assert_allclose(z_scores(unit * losses + origin), z_scores(losses), atol=1e-6)


@pytest.mark.parametrize("shape", [z_scores, raw_losses])
@given(losses=whole, failed=failures)
def test_failures_count_as_the_worst_and_leave_the_others_alone(shape, losses, failed):
    shaped = shape(np.concatenate([failed, losses]))
    np.testing.assert_array_equal(shaped[len(failed) :], shape(losses))
    np.testing.assert_array_equal(shaped[: len(failed)], shape(losses).max())


@pytest.mark.parametrize("shape", [z_scores, centered_ranks, utilities])
def test_losses_as_large_as_floats_can_be_are_shaped_without_warnings(shape):
    losses = np.array([1e308, -1e308, 0.0, np.nan, 1e300])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isfinite(shape(losses)).all()


def test_utilities_are_the_published_ones():
    # Five candidates: ln(3.5) - ln(k) for the best three, and nothing for the others.
    best = np.log(3.5) - np.log([1, 2, 3])
    expected = np.array([*best, 0, 0]) / best.sum() - 0.2
    np.testing.assert_allclose(utilities(np.array([3.0, 9, 4, 5, 8])), expected[[0, 4, 1, 2, 3]])


@given(losses=whole, failed=failures)
def test_utilities_sum_to_zero_and_equal_losses_share(losses, failed):
    losses = np.concatenate([losses, failed])
    weights = utilities(losses)
    assert abs(weights.sum()) < 1e-12
    ordered = np.where(np.isfinite(losses), losses, np.inf)
    for one in range(len(losses)):
        same = ordered == ordered[one]
        assert np.ptp(weights[same]) == 0
        assert (weights[ordered > ordered[one]] <= weights[one] + 1e-15).all()
    np.testing.assert_array_equal(weights, utilities(np.arctan(ordered / 1000)))


def test_unknown_shapings_are_refused():
    with pytest.raises(InvalidInput, match="no shaping called 'rank'; did you mean"):
        shaping_function("rank")
