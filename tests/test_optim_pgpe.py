"""PGPE against its formulas and bounds; the means of its estimates are with the gradients."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurotrain.errors import InvalidInput
from neurotrain.optimizers.perturbations import WIDEST
from neurotrain.optimizers.pgpe import PGPE
from neurotrain.seeding import generator

START, SCALE = np.array([1.0, -2.0, 0.5]), np.array([0.5, 2.0, 1.0])


def test_first_step_is_the_formula():
    optimizer = PGPE(
        START,
        SCALE,
        seed=3,
        population_size=6,
        sigma=0.2,
        learning_rate=0.1,
        sigma_learning_rate=0.3,
        gradient_optimizer="sgd",
        momentum=0.0,
        shaping="raw",
    )
    delta = 0.2 * generator(3, "optimizer", 0).standard_normal((3, 3))
    signed = np.stack([delta, -delta], axis=1).reshape(6, 3)
    np.testing.assert_allclose(optimizer.ask(), START + SCALE * signed, rtol=1e-15)
    losses = np.array([0.3, 0.1, 0.5, 0.1, -0.2, 0.5])
    optimizer.tell(losses)
    plus, minus, baseline = losses[0::2], losses[1::2], losses.mean()
    of_center = of_sigmas = 0
    for k in range(3):
        of_center = of_center + 0.5 * (plus[k] - minus[k]) * delta[k] / 3
        surprise = 0.5 * (plus[k] + minus[k]) - baseline
        of_sigmas = of_sigmas + surprise * (delta[k] ** 2 - 0.2**2) / 0.2 / 3
    np.testing.assert_allclose(optimizer.guess, START - 0.1 * SCALE * of_center, rtol=1e-12)
    np.testing.assert_allclose(optimizer.sigmas, 0.2 - 0.3 * of_sigmas, rtol=1e-12)


@given(st.integers(0, 1000), st.floats(0, 0.5))
def test_sigmas_change_by_no_more_than_their_limit(seed, limit):
    optimizer = PGPE(
        START, SCALE, seed=seed, population_size=8, sigma_learning_rate=1e3, max_sigma_change=limit
    )
    for _ in range(4):
        before = optimizer.sigmas
        optimizer.tell((optimizer.ask() ** 2).sum(axis=1))
        change = np.abs(optimizer.sigmas / before - 1)
        assert (change <= limit + 1e-12).all()


def test_the_limit_of_sigmas_is_reached():
    optimizer = PGPE(START, SCALE, seed=1, sigma_learning_rate=1e3)
    optimizer.tell(((optimizer.ask() - START) ** 2).sum(axis=1))
    np.testing.assert_allclose(optimizer.sigmas, 0.8 * 0.5)


def test_default_steps_follow_from_sigma():
    size = 400
    optimizer = PGPE(np.zeros(size), np.ones(size), seed=1, sigma=0.3)
    # Candidates lie 5 largest steps from the guess, which are twice the learning rate.
    np.testing.assert_allclose(0.3 * np.sqrt(size), 5 * 2 * optimizer.learning_rate)
    for _ in range(10):
        before = optimizer.guess
        optimizer.tell(optimizer.ask()[:, 0])
        assert np.linalg.norm(optimizer.guess - before) <= 2 * optimizer.learning_rate * (1 + 1e-9)
    assert PGPE(START, SCALE, seed=1, gradient_optimizer="adam").learning_rate == 0.15


def test_parameters_without_effect_keep_wider_noise():
    optimizer = PGPE(np.ones(8), np.ones(8), seed=1, sigma=0.4)
    for _ in range(150):
        optimizer.tell((optimizer.ask()[:, :4] ** 2).sum(axis=1))
    assert 4 * np.median(optimizer.sigmas[:4]) < np.median(optimizer.sigmas[4:])


def test_endless_slopes_end_in_finite_numbers():
    optimizer = PGPE(np.zeros(2), np.ones(2), seed=1, sigma=1e29, sigma_learning_rate=10.0)
    for _ in range(50):
        optimizer.tell(-np.abs(optimizer.ask()[:, 0]))
    assert optimizer.sigmas[0] == WIDEST and np.isfinite(optimizer.guess).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"population_size": 7}, "must be even, got 7: pgpe"),
        ({"sigma_learning_rate": -1}, "sigma_learning_rate"),
        (
            {"max_sigma_change": 1.0},
            "max_sigma_change must be .* at least 0 and below 1",
        ),
        ({"learning_rate": 0.0}, "learning_rate"),
    ],
)
def test_bad_options_are_refused(options, words):
    with pytest.raises(InvalidInput, match=words):
        PGPE(START, SCALE, seed=1, **options)
