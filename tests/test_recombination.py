"""Weights of ranks: their closed forms, ties and failures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurotrain.optimizers.recombination import (
    default_population_size,
    effective_number,
    log_weights,
    weights_of,
)

losses = st.lists(
    st.one_of(st.floats(), st.integers(-3, 3).map(float)), min_size=1, max_size=20
).map(np.array)


@given(losses)
def test_equal_losses_share_their_weights(losses):
    weights = np.random.default_rng(1).standard_normal(len(losses))
    finite = np.where(np.isfinite(losses), losses, np.inf)
    in_order = np.sort(finite)
    expected = [weights[in_order == loss].mean() for loss in finite]
    np.testing.assert_allclose(weights_of(losses, weights), expected, atol=1e-12)


@pytest.mark.parametrize("number", [4, 5, 8, 100])
def test_weights_are_the_published_ones(number):
    raw = [max(0.0, np.log(number / 2 + 1) - np.log(k + 1)) for k in range(number)]
    np.testing.assert_allclose(log_weights(number), np.array(raw) / sum(raw))


def test_effective_number_of_equal_weights_is_their_number():
    assert effective_number(np.full(7, 1 / 7)) == pytest.approx(7)
    assert effective_number(np.array([1.0, 0.0])) == 1


def test_default_population_sizes():
    assert [default_population_size(d) for d in (0, 1, 10, 100, 1000)] == [4, 4, 10, 17, 24]
