"""LM-MA-ES against its transform as a dense matrix, and its update written out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurotrain.errors import InvalidInput
from neurotrain.optimizers.lm_ma_es import LMMAES, Factors
from neurotrain.seeding import generator


def ellipsoid(candidates, condition=1e4):
    return (candidates**2 * np.geomspace(1, condition, candidates.shape[-1])).sum(axis=-1)


def dense_product(vectors, rates):
    """Return the matrix by which noise is multiplied, the first factor first."""
    d = vectors.shape[1]
    product = np.eye(d)
    for vector, rate in zip(vectors, rates, strict=True):
        product = ((1 - rate) * np.eye(d) + rate * np.outer(vector, vector)) @ product
    return product


@given(st.integers(1, 12), st.integers(0, 9), st.integers(0, 2**32))
def test_factors_are_those_of_the_dense_product(d, number, seed):
    rng = np.random.default_rng(seed)
    vectors, rates = rng.standard_normal((number, d)), rng.uniform(0, 1, number)
    noise = rng.standard_normal((5, d))
    expected = noise @ dense_product(vectors, rates).T
    np.testing.assert_allclose(Factors(vectors, rates).multiply(noise), expected, atol=1e-9)


@given(st.integers(1, 12), st.integers(0, 9), st.integers(0, 2**32))
def test_dividing_undoes_multiplying(d, number, seed):
    rng = np.random.default_rng(seed)
    factors = Factors(rng.standard_normal((number, d)), rng.uniform(0, 0.7, number))
    noise = rng.standard_normal(d)
    np.testing.assert_allclose(factors.divide(factors.multiply(noise)), noise, atol=1e-6)


class Identity:
    """A generator whose rows are the unit vectors of all numbers that are drawn for a row."""

    def __init__(self, further, size):
        self.further, self.size, self.row = further, size, None

    def standard_normal(self, shape):
        unit = np.eye(self.further + self.size)
        if self.row is None:
            self.row = 0
            return unit[:, : self.further]
        self.row += shape[0]
        return unit[self.row - shape[0] : self.row, self.further :]


def drawn(factors, spread, rng, count):
    """Return what `Factors.draw` fills an array with."""
    filled = np.empty((count, len(spread)))
    for rows, part in factors.draw(rng, spread, filled):
        np.testing.assert_array_equal(filled[rows], part)
    return filled


@pytest.mark.parametrize("repeated", [0, 1, 3])
@given(st.integers(2, 12), st.integers(1, 9), st.integers(0, 2**32))
def test_offsets_have_the_covariance_of_the_product(repeated, d, number, seed):
    """Offsets are a linear map of what is drawn, whose square must be the covariance matrix."""
    rng = np.random.default_rng(seed)
    vectors, rates = rng.standard_normal((number, d)), rng.uniform(0, 0.9, number)
    vectors[:repeated] = vectors[-1]
    spread = rng.uniform(0.5, 2, d)
    columns = drawn(Factors(vectors, rates), spread, Identity(number, d), d + number)
    product = spread[:, None] * dense_product(vectors, rates)
    expected = product @ product.T
    np.testing.assert_allclose(columns.T @ columns, expected, atol=1e-8 * np.abs(expected).max())


def test_updates_are_the_formulas():
    d, number, seed, vectors = 40, 8, 5, 4
    start, scale = np.linspace(1, 2, d), np.geomspace(0.5, 2, d)
    optimizer = LMMAES(start, scale, seed=seed, population_size=number, vectors=vectors)
    mu = number // 2
    weights = np.log(mu + 0.5) - np.log(np.arange(1, mu + 1))
    weights /= weights.sum()
    mu_w = 1 / (weights**2).sum()
    c_s, c_d = 2 * number / d, [1 / (1.5**i * d) for i in range(vectors)]
    c_c = [number / (4**i * d) for i in range(vectors)]
    mean, sigma, path, m = np.zeros(d), 0.5, np.zeros(d), np.zeros((vectors, d))
    for generation in range(10):
        used = min(generation, vectors)
        transform = dense_product(m[:used], c_d[:used])
        candidates = optimizer.ask()
        z = np.linalg.solve(transform, ((candidates - start) / scale - mean).T / sigma).T
        rng = generator(seed, "optimizer", generation)
        offsets = drawn(Factors(m[:used], np.array(c_d[:used])), sigma * scale, rng, number)
        np.testing.assert_allclose(z @ transform.T * sigma * scale, offsets, atol=1e-9)
        losses = ellipsoid(candidates)
        optimizer.tell(losses)
        step = weights @ z[np.argsort(losses)[:mu]]
        mean = mean + sigma * transform @ step
        path = (1 - c_s) * path + np.sqrt(mu_w * c_s * (2 - c_s)) * step
        for i in range(vectors):
            m[i] = (1 - c_c[i]) * m[i] + np.sqrt(mu_w * c_c[i] * (2 - c_c[i])) * step
        sigma *= np.exp(c_s / 2 * (path @ path / d - 1))
        np.testing.assert_allclose(optimizer.guess, start + scale * mean, rtol=1e-9)


def test_a_generation_of_failures_does_not_bring_a_vector_into_use():
    one, other = (LMMAES(np.ones(30), np.ones(30), seed=1) for _ in range(2))
    for optimizer in (one, other):
        optimizer.tell(ellipsoid(optimizer.ask()))
    one.ask()
    one.tell(np.full(one.population_size, np.nan))
    assert one.state_dict()["updates"] == other.state_dict()["updates"] == 1


@pytest.mark.parametrize(("d", "number"), [(2, 6), (2, 64), (5, 64), (10, 200)])
def test_many_candidates_of_few_parameters_converge(d, number):
    optimizer = LMMAES(np.ones(d), np.ones(d), seed=1, population_size=number)
    for _ in range(200):
        optimizer.tell(ellipsoid(optimizer.ask(), 1))
    assert ellipsoid(optimizer.guess, 1) < 1e-6


def test_what_it_cannot_do_is_refused():
    assert LMMAES(np.zeros(100), np.ones(100), seed=1).state_dict()["vectors"].shape == (17, 100)
    with pytest.raises(InvalidInput, match="vectors must be a whole number"):
        LMMAES(np.zeros(5), np.ones(5), seed=1, vectors=0)
    with pytest.raises(InvalidInput, match="at least 2 parameters"):
        LMMAES(np.zeros(1), np.ones(1), seed=1)
