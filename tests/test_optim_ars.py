"""ARS against its formula, and what it is invariant to."""

import warnings

import numpy as np
import pytest

from neurotrain.errors import InvalidInput
from neurotrain.optimizers.ars import ARS
from neurotrain.seeding import generator

START, SCALE = np.array([1.0, -2.0, 0.5]), np.array([0.5, 2.0, 1.0])


def test_first_step_is_the_formula():
    optimizer = ARS(
        START,
        SCALE,
        seed=3,
        population_size=8,
        sigma=0.2,
        learning_rate=0.1,
        top_directions=2,
    )
    noise = generator(3, "optimizer", 0).standard_normal((4, 3))
    signed = np.stack([noise, -noise], axis=1).reshape(8, 3)
    np.testing.assert_allclose(optimizer.ask(), START + 0.2 * SCALE * signed, rtol=1e-15)
    # The better loss of each direction: 3, failed, 1 and 2.
    losses = np.array([7.0, 3, np.nan, np.inf, 1, 5, np.nan, 2])
    optimizer.tell(losses)
    # Directions 2 and 3 count; a failed candidate has the worst loss of all, 7.
    deviation = np.std([1, 5, 7, 2])
    step = ((1 - 5) * noise[2] + (7 - 2) * noise[3]) / (2 * deviation)
    np.testing.assert_allclose(optimizer.guess, START - 0.1 * SCALE * step, rtol=1e-12)


def test_unit_and_origin_of_the_loss_do_not_matter():
    guesses = []
    for unit, origin in ((1.0, 0.0), (1e-3, 0.0), (5.0, 100.0)):
        optimizer = ARS(START, SCALE, seed=1, top_directions=5)
        for _ in range(20):
            optimizer.tell(unit * (optimizer.ask() ** 2).sum(axis=1) + origin)
        guesses.append(optimizer.guess)
    np.testing.assert_allclose(guesses[1], guesses[0], rtol=1e-6)
    np.testing.assert_allclose(guesses[2], guesses[0], rtol=1e-6)


def test_equal_and_huge_losses_leave_the_guess_finite():
    optimizer = ARS(START, SCALE, seed=1, population_size=4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimizer.ask()
        optimizer.tell(np.full(4, 2.0))
        np.testing.assert_array_equal(optimizer.guess, START)
        optimizer.ask()
        optimizer.tell(np.array([1e308, -1e308, np.nan, 0]))
    assert np.isfinite(optimizer.guess).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"top_directions": 9}, "top_directions must be at most 8"),
        ({"top_directions": 0}, "top_directions must be a whole number"),
        ({"population_size": 7}, "must be even, got 7: ars"),
    ],
)
def test_bad_options_are_refused(options, words):
    with pytest.raises(InvalidInput, match=words):
        ARS(START, SCALE, seed=1, **options)
