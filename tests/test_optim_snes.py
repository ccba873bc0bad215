"""SNES against its published update, and what it is invariant to."""

import numpy as np
import pytest

from neurotrain.errors import InvalidInput
from neurotrain.optimizers.snes import SNES
from neurotrain.seeding import generator

START, SCALE = np.array([1.0, -2.0]), np.array([0.5, 2.0])


def test_updates_are_the_published_ones():
    optimizer = SNES(START, SCALE, seed=3, population_size=4, sigma=0.2, learning_rate=0.7)
    rate = (3 + np.log(2)) / (5 * np.sqrt(2))
    center, sigmas = START / SCALE, np.array([0.2, 0.2])
    for generation in range(6):
        noise = generator(3, "optimizer", generation).standard_normal((4, 2))
        points = center + sigmas * noise
        np.testing.assert_allclose(optimizer.ask(), SCALE * points, rtol=1e-12)
        losses = (points**2).sum(axis=1)
        optimizer.tell(losses)
        total, weights = sum(np.log(3) - np.log(k) for k in (1, 2)), np.empty(4)
        for k, candidate in enumerate(np.argsort(losses), start=1):
            weights[candidate] = max(0, np.log(3) - np.log(k)) / total - 1 / 4
        center = center + 0.7 * sigmas * (weights @ noise)
        sigmas = sigmas * np.exp(rate / 2 * (weights @ (noise**2 - 1)))
        np.testing.assert_allclose(optimizer.guess, SCALE * center, rtol=1e-12)
        np.testing.assert_allclose(optimizer.sigmas, sigmas, rtol=1e-12)


def test_widths_learn_the_scales_of_an_ellipsoid():
    curvature = np.geomspace(1, 1e4, 6)
    optimizer = SNES(np.ones(6), np.ones(6), seed=1, population_size=40)
    for _ in range(60):
        optimizer.tell((optimizer.ask() ** 2 * curvature).sum(axis=1))
    # At a steady state widths go with the inverse square root of the curvature.
    relative = optimizer.sigmas * np.sqrt(curvature)
    assert relative.max() / relative.min() < 10 < np.sqrt(curvature.max())


def test_endless_slopes_end_in_finite_numbers():
    optimizer = SNES(np.zeros(1), np.ones(1), seed=1)
    for _ in range(1000):
        optimizer.tell(optimizer.ask()[:, 0])
    assert np.isfinite(optimizer.guess).all() and np.isfinite(optimizer.sigmas).all()


def test_defaults_follow_the_number_of_parameters():
    sizes = [SNES(np.zeros(d), np.ones(d), seed=1).population_size for d in (1, 10, 100)]
    assert sizes == [4, 10, 17]
    rate = SNES(np.zeros(100), np.ones(100), seed=1).sigma_learning_rate
    assert rate == pytest.approx((3 + np.log(100)) / 50)


def test_a_single_candidate_is_refused():
    with pytest.raises(InvalidInput, match="population_size of snes"):
        SNES(START, SCALE, seed=1, population_size=1)
