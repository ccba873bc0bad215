"""Compiled recursive least squares against their definition, the inverse of a matrix."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurotrain.errors import InvalidInput
from neurotrain.rate_to_spike.kernel import PENDING, SIDE
from neurotrain.rate_to_spike.recursive_least_squares import RecursiveLeastSquares


def solved(values: np.ndarray, alpha: float, right: np.ndarray) -> np.ndarray:
    return np.linalg.solve(alpha * np.eye(values.shape[1]) + values.T @ values, right)


@given(
    regressors=st.integers(1, 3 * SIDE + 1),
    steps=st.integers(0, 2 * PENDING + 1),
    alpha=st.sampled_from([0.01, 1.0, 30.0]),
    seed=st.integers(0, 2**16),
)
def test_matrix_and_gain_are_those_of_the_definition(regressors, steps, alpha, seed):
    values = np.random.default_rng(seed).exponential(size=(steps, regressors))
    learning = RecursiveLeastSquares(regressors, alpha)
    gains = [learning.update(each) for each in values]
    expected = solved(values, alpha, np.eye(regressors))
    scale = np.abs(expected).max()
    np.testing.assert_allclose(learning.matrix(), expected, atol=1e-9 * scale)
    for k in {0, steps - 1} & set(range(steps)):
        gain = solved(values[: k + 1], alpha, values[k])
        np.testing.assert_allclose(gains[k], gain, atol=1e-9 * np.abs(gain).max())


def test_looking_at_the_matrix_changes_nothing():
    values = np.random.default_rng(1).exponential(size=(30, 40))
    one, other = RecursiveLeastSquares(40), RecursiveLeastSquares(40)
    for each in values:
        one.update(each)
        other.update(each)
        other.matrix()
    np.testing.assert_allclose(one.matrix(), other.matrix(), atol=1e-13)


def test_decoder_becomes_the_regression_on_all_that_was_seen():
    rng = np.random.default_rng(2)
    values, wanted = rng.normal(size=(200, 50)), rng.normal(size=(200, 3))
    learning, decoder = RecursiveLeastSquares(50, alpha=0.5), np.zeros((3, 50))
    for s, y in zip(values, wanted, strict=True):
        decoder += np.outer(y - decoder @ s, learning.update(s))
    np.testing.assert_allclose(decoder, solved(values, 0.5, values.T @ wanted).T, atol=1e-10)


@pytest.mark.parametrize("shape", [(), (4,), (6,), (1, 5)])
def test_refuses_other_numbers_of_values(shape):
    with pytest.raises(InvalidInput, match="5 regressors"):
        RecursiveLeastSquares(5).update(np.zeros(shape))


@pytest.mark.parametrize(("regressors", "alpha"), [(0, 1), (2.5, 1), (5, 0), (5, np.nan)])
def test_refuses_what_makes_no_sense(regressors, alpha):
    with pytest.raises(InvalidInput):
        RecursiveLeastSquares(regressors, alpha)
