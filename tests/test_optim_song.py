"""SONG against its formula, and its blocks."""

import numpy as np
import pytest

from neurotrain.errors import InvalidInput
from neurotrain.optimizers.song import SONG
from neurotrain.seeding import generator

START, SCALE = np.array([1.0, -2.0, 0.5]), np.array([0.5, 2.0, 1.0])
STEEPEST = {"gradient_optimizer": "sgd", "momentum": 0.0, "learning_rate": 0.1}


def test_first_step_is_the_formula():
    optimizer = SONG(START, SCALE, seed=3, population_size=5, sigma=0.2, **STEEPEST)
    noise = generator(3, "optimizer", 0).standard_normal((4, 3))
    candidates = optimizer.ask()
    np.testing.assert_array_equal(candidates[0], START)
    np.testing.assert_allclose(candidates[1:], START + 0.2 * SCALE * noise, rtol=1e-15)
    losses = np.array([3.0, 1.0, np.nan, 1.5, -2.0])
    optimizer.tell(losses)
    # A failed candidate has the worst loss of the others; in units of scale delta is 0.2 noise.
    gradient = np.array([1.0, 3.0, 1.5, -2.0]) @ (0.2 * noise) / (5 * 0.2**2)
    np.testing.assert_allclose(optimizer.guess, START - 0.1 * SCALE * gradient, rtol=1e-12)


def test_blocks_take_turns_and_each_has_its_own_adam():
    optimizer = SONG(np.zeros(6), np.ones(6), seed=1, blocks=(2, 3, 1), learning_rate=0.1)
    blocks = [slice(0, 2), slice(2, 5), slice(5, 6)]
    for generation in range(7):
        before, candidates = optimizer.guess, optimizer.ask()
        block = blocks[generation % 3]
        for touched in (candidates != before).any(axis=0), (optimizer_step(optimizer) != 0):
            np.testing.assert_array_equal(np.flatnonzero(touched), np.arange(6)[block])
    assert [descent.method.updates for descent in optimizer._descents] == [3, 2, 2]


def optimizer_step(optimizer):
    before = optimizer.guess
    optimizer.tell(((optimizer.ask() - 3) ** 2).sum(axis=1))
    return optimizer.guess - before


def test_one_block_of_several_moves_as_it_would_alone():
    both = SONG(np.zeros(5), np.ones(5), seed=1, blocks=[2, 3])
    alone = SONG(np.zeros(2), np.ones(2), seed=1)
    for optimizer in (both, alone):
        optimizer.tell(((optimizer.ask()[:, :2] - 3) ** 2).sum(axis=1))
    np.testing.assert_array_equal(both.guess[:2], alone.guess)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"blocks": [2, 2]}, r"must hold 3 parameters in all, got \[2, 2\]: 4"),
        ({"blocks": [3, 0]}, "Each size in blocks must be a whole number"),
        ({"blocks": 3}, r"blocks must be a list of sizes such as \[800, 64\], got 3"),
        ({"population_size": 1}, "population_size of song must be a whole number of at least 2"),
    ],
)
def test_bad_options_are_refused(options, words):
    with pytest.raises(InvalidInput, match=words):
        SONG(START, SCALE, seed=1, **options)
