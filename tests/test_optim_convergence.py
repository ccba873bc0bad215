"""What all methods have in common: they find the bottom of a sphere, whatever its units."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from neurotrain.optimizers import make_optimizer

SIZE, TARGET = 10, 1e-2
# Options, and the budget in evaluations.
BUDGETS = {
    "ars": ({}, 5_000),
    "guided-es": ({}, 5_000),
    "noise-reuse-es": ({"population_size": 32, "learning_rate": 0.1, "episode_length": 2}, 5_000),
    "openai-es": ({"sigma": 0.1, "schedule": "cosine", "generations": 100}, 6_400),
    "persistent-es": ({"population_size": 32, "learning_rate": 0.1}, 5_000),
    "pgpe": ({"sigma": 0.4}, 5_000),
    "snes": ({}, 2_000),
    "song": ({"sigma": 0.5, "schedule": "cosine", "generations": 100}, 10_000),
}


def reached(name, options, budget, seed):
    """Return the loss of the guess at the end of the budget, relative to the start."""
    scale = np.geomspace(0.1, 10, SIZE)
    optimizer = make_optimizer(name, scale, scale, seed=seed, **options)
    for _ in range(budget // optimizer.population_size):
        optimizer.tell(((optimizer.ask() / scale) ** 2).sum(axis=1))
    return ((optimizer.guess / scale) ** 2).sum() / SIZE


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("name", BUDGETS)
def test_sphere_within_a_budget(name, seed):
    assert reached(name, *BUDGETS[name], seed) < TARGET


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_search_does_not_get_there(seed):
    assert reached("random-search", {}, 10_000, seed) > 10 * TARGET


@pytest.mark.parametrize("name", [*BUDGETS, "random-search"])
def test_units_of_single_parameters_do_not_matter(name):
    unit = np.array([2.0**-10, 1.0, 2.0**20, 8.0])
    one = make_optimizer(name, np.ones(4), np.ones(4), seed=1)
    other = make_optimizer(name, unit, unit, seed=1)
    for _ in range(20):
        one.tell(np.abs(one.ask()).sum(axis=1))
        other.tell(np.abs(other.ask() / unit).sum(axis=1))
    np.testing.assert_array_equal(one.guess * unit, other.guess)
    assert (one.guess != 1).all()


@pytest.mark.parametrize("name", BUDGETS)
def test_every_number_of_threads_gives_the_same_bits(name):
    guesses = []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            optimizer = make_optimizer(name, np.ones(3000), np.ones(3000), seed=1)
            for _ in range(3):
                optimizer.tell(np.square(optimizer.ask()).sum(axis=1))
            guesses.append(optimizer.guess)
    np.testing.assert_array_equal(*guesses)
