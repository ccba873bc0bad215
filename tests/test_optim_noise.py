"""Noise of full and low rank, and what candidates and weighted totals are made of it."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from neurotrain.errors import InvalidInput
from neurotrain.optimizers import make_optimizer, optimizer_options
from neurotrain.optimizers.noise import LowRankNoise, Noise, make_noise
from neurotrain.optimizers.perturbations import Perturbations

SHAPES = [(3, 4), (5,), (2, 6), (2, 2, 2)]
SIZE = 37
KINDS = [(None, None), (1, SHAPES), (3, SHAPES)]
GAUSSIAN = ["ars", "guided-es", "noise-reuse-es", "openai-es", "persistent-es", "pgpe", "snes"]
ALL = [*GAUSSIAN, "random-search", "song"]


def drawn(noise, seed=1):
    return np.concatenate([part.copy() for _, part in noise.draw(np.random.default_rng(seed))])


@pytest.mark.parametrize(("rank", "shapes"), KINDS)
@given(count=st.integers(1, 2500))
def test_chunks_cover_all_directions_and_can_be_had_again(rank, shapes, count):
    noise = make_noise(count, SIZE, rank, shapes)
    directions = drawn(noise)
    assert directions.shape == (count, SIZE)
    np.testing.assert_array_equal(np.concatenate([c.copy() for _, c in noise.held()]), directions)
    rows = [row for rows, _ in noise.held() for row in range(rows.start, rows.stop)]
    assert rows == list(range(count))


def test_full_noise_is_one_stream_of_standard_normal_numbers():
    expected = np.random.default_rng(1).standard_normal((2000, SIZE))
    np.testing.assert_array_equal(drawn(Noise(2000, SIZE)), expected)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_low_rank_noise_is_the_product_of_its_factors(rank):
    numbers = np.random.default_rng(1).standard_normal((4, rank * 7 + 5 + rank * 8 + 8))
    for direction, row in zip(drawn(LowRankNoise(4, SIZE, rank, SHAPES)), numbers, strict=True):
        left, right, rest = np.split(row, [3 * rank, 7 * rank])
        matrix = left.reshape(rank, 3).T @ right.reshape(rank, 4) / np.sqrt(rank)
        np.testing.assert_allclose(direction[:12].reshape(3, 4), matrix, rtol=1e-12)
        np.testing.assert_array_equal(direction[12:17], rest[:5])
        assert np.linalg.matrix_rank(direction[17:29].reshape(2, 6)) == min(rank, 2)
        np.testing.assert_array_equal(direction[29:], rest[-8:])


def moments_statistic(directions):
    """Return the largest of z statistics of all means and all products of two entries."""
    products = np.einsum("ki,kj->kij", directions, directions) - np.eye(SIZE)
    every = np.concatenate([directions, products.reshape(len(directions), -1)], axis=1)
    return np.abs(every.mean(axis=0) / every.std(axis=0) * np.sqrt(len(directions))).max()


# 1406 two-sided tests of a level of 1e-9 each: false alarms below one in 500,000, more than
# enough for the tails of means that are not yet quite normal.
BOUND = stats.norm.isf(0.5e-9)


@pytest.mark.parametrize(("rank", "shapes"), KINDS)
def test_directions_have_mean_0_and_covariance_1(rank, shapes):
    directions = drawn(make_noise(8_000, SIZE, rank, shapes))
    assert moments_statistic(directions) < BOUND
    # Negative controls: a wrong normalization, a shared entry.
    assert moments_statistic(directions * 1.1) > BOUND
    directions[:, 3] += 0.1 * directions[:, 20]
    assert moments_statistic(directions) > BOUND


@pytest.mark.parametrize(("rank", "shapes"), KINDS)
@pytest.mark.parametrize("mirrored", [False, True])
def test_candidates_and_totals_are_those_of_all_directions(rank, shapes, mirrored):
    count = 1500  # of several chunks
    perturbations = Perturbations(make_noise(count, SIZE, rank, shapes), mirrored)
    directions = drawn(perturbations.noise)
    if mirrored:
        directions = np.stack([directions, -directions], axis=1).reshape(2 * count, SIZE)
    center, spread = np.linspace(-1, 1, SIZE), np.linspace(0.5, 2, SIZE)
    candidates = perturbations.candidates(perturbations.noise.held(), center, spread)
    np.testing.assert_allclose(candidates, center + spread * directions, rtol=1e-14, atol=1e-14)
    weights = np.random.default_rng(2).standard_normal(len(candidates))
    np.testing.assert_allclose(perturbations.total(weights), weights @ directions, atol=1e-10)
    squares = weights @ (directions**2 - 1)
    np.testing.assert_allclose(perturbations.total_of_squares(weights), squares, atol=1e-10)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rank": 1}, "set shapes"),
        ({"rank": 0, "shapes": [(2, 2)]}, "rank must be a whole number"),
        ({"rank": 1, "shapes": 4}, "shapes must be a list of shapes"),
        ({"rank": 1, "shapes": [2, 2]}, "shapes must be a list of shapes"),
        ({"rank": 1, "shapes": [(2, -2)]}, "Each length in shapes must be a whole number"),
        ({"rank": 1, "shapes": [(2, 3)]}, "shapes must hold 4 parameters in all"),
    ],
)
@pytest.mark.parametrize("name", ["ars", "openai-es", "pgpe", "snes"])
def test_bad_low_rank_options_are_refused(name, options, words):
    with pytest.raises(InvalidInput, match=words):
        make_optimizer(name, np.zeros(4), np.ones(4), seed=1, **options)


def peak_memory(size, population_size, name, options):
    """Return the peak of two generations in units of the candidates."""
    tracemalloc.start()
    try:
        start, scale = np.zeros(size), np.ones(size)
        optimizer = make_optimizer(
            name, start, scale, seed=1, population_size=population_size, **options
        )
        for _ in range(2):
            optimizer.ask()
            optimizer.tell(np.arange(float(population_size)))
        return tracemalloc.get_traced_memory()[1] / (8 * size * population_size)
    finally:
        tracemalloc.stop()


def takes_at_most(bound, *case):
    """Whether one of a few measurements is below the bound.

    All of the process counts, such as what another thread of the test session makes meanwhile.
    """
    return any(peak_memory(*case) < bound for _ in range(4))


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(("size", "population_size"), [(2000, 256), (8000, 64)])
def test_memory_is_that_of_candidates_and_noise(name, size, population_size):
    assert takes_at_most(2.4, size, population_size, name, {})


@pytest.mark.parametrize("name", ["ars", "openai-es", "pgpe", "snes"])
def test_low_rank_noise_takes_hardly_any_memory(name):
    assert "rank" in optimizer_options(name)
    assert takes_at_most(1.25, 6400, 256, name, {"rank": 1, "shapes": [(80, 80)]})
