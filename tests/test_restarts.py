"""Restarts: when they come, with how many candidates, and what is kept."""

import numpy as np
import pytest
from scipy.stats import kstest

from neurotrain.errors import InvalidInput
from neurotrain.optimizers import make_optimizer
from neurotrain.optimizers.cma_es import CMAES
from neurotrain.optimizers.restarts import Restarted, Stagnation
from neurotrain.seeding import generator


def rastrigin(candidates):
    return (candidates**2 - 10 * np.cos(2 * np.pi * candidates) + 10).sum(axis=-1)


class Scripted:
    """A strategy that is exhausted after a number of generations."""

    def __init__(self, center, sigma, population_size, generations=5):
        self.mean, self.sigma, self.population_size = center, sigma, population_size
        self._left = generations

    @property
    def is_exhausted(self):
        return self._left == 0

    def draw(self, rng):
        return rng.standard_normal((self.population_size, len(self.mean)))

    def learn(self, losses):
        self._left -= 1


def runs(kind, generations, seed=1, length=5, small=None):
    """Return population size, width and number of generations of every run that has ended."""
    made = []

    def make(center, sigma, population_size):
        made.append([population_size, sigma, 0])
        is_small = sigma < 0.5
        return Scripted(center, sigma, population_size, small if is_small and small else length)

    strategy = Restarted(make, 3, 8, 0.5, kind)
    rng = np.random.default_rng(seed)
    for generation in range(generations):
        made[-1][2] += 1
        strategy.draw(generator(seed, "optimizer", generation))
        strategy.learn(rng.random(strategy.population_size))
    return made[:-1]


def test_ipop_doubles_the_candidates_of_every_run():
    assert [tuple(run) for run in runs("ipop", 31)] == [(8 * 2**k, 0.5, 5) for k in range(6)]


def test_bipop_spends_as_much_on_small_runs_as_on_large_ones():
    ended = runs("bipop", 600, length=40)
    large = [k for k, (_, sigma, _) in enumerate(ended) if sigma == 0.5 and k > 0]
    assert [ended[k][0] for k in large] == [8 * 2 ** (1 + n) for n in range(len(large))]
    assert len(large) >= 3
    spent = {True: 0, False: 0}
    for k, (number, sigma, generations) in enumerate(ended):
        is_large = k in large
        assert k == 0 or is_large == (spent[False] >= spent[True])
        spent[is_large] += number * generations
        if k and not is_large:
            last = max(one for one in large if one < k)
            most = ended[last][0] * ended[last][2] / 2
            assert number * (generations - 1) < most
            assert 8 * 2**-1 <= number <= max(8, ended[last][0] / 2)
            assert 0.005 <= sigma < 0.5


def test_a_small_run_ends_at_half_of_the_last_large_one():
    number, _, generations = runs("bipop", 200, length=5, small=1000)[2]
    assert number * (generations - 1) < 16 * 5 / 2 <= number * generations


def test_small_runs_have_sizes_and_widths_of_the_published_distributions():
    """Sizes ``8 * 16**(U**2)`` and widths ``0.5 * 10**(-2 U)``, U uniform from 0 to 1.

    Two Kolmogorov-Smirnov tests; false alarms: two in a million.
    """
    sizes, widths = [], []

    def make(center, sigma, population_size):
        sizes.append(population_size)
        widths.append(sigma)
        return Scripted(center, sigma, population_size, generations=1)

    strategy = Restarted(make, 1, 1000, 0.5, "bipop")
    for generation in range(400):
        strategy._largest = 32_000
        strategy._spent = {"small": 0, "large": 10**9}
        strategy.draw(generator(1, "optimizer", generation))
        strategy.learn(np.ones(strategy.population_size))
    exponents = np.log(np.array(sizes[1:]) / 1000) / np.log(16)
    assert kstest(np.sqrt(np.maximum(exponents, 0)), "uniform").pvalue > 1e-6
    assert kstest(-np.log10(np.array(widths[1:]) / 0.5) / 2, "uniform").pvalue > 1e-6


def test_runs_begin_at_new_points_of_the_first_distribution():
    """Standard deviation of 200 numbers within 5 standard errors; false alarms: 1 in a million."""
    centers = []

    def make(center, sigma, population_size):
        centers.append(center)
        return Scripted(center, sigma, 4, generations=1)

    strategy = Restarted(make, 50, 4, 0.5, "ipop")
    for generation in range(4):
        strategy.draw(generator(1, "optimizer", generation))
        strategy.learn(np.ones(4))
    assert not centers[0].any()
    assert abs(np.std(centers[1:]) - 0.5) < 5 * 0.5 / np.sqrt(2 * 200)


def test_guess_stays_with_the_best_run():
    told = iter([[5.0] * 4, [1.0] * 4, [9.0] * 4, [7.0] * 4, [np.nan] * 4, [0.5] * 4])
    means = []
    strategy = Restarted(lambda c, s, n: Scripted(c, s, 4, generations=2), 2, 4, 1.0, "ipop")
    for generation, losses in enumerate(told):
        strategy.draw(generator(1, "optimizer", generation))
        run = strategy._run
        strategy.learn(np.array(losses))
        means.append((strategy.mean, run.mean))
    first = means[0][1]
    assert all(np.array_equal(mean, first) for mean, _ in means[:5])
    np.testing.assert_array_equal(means[5][0], means[5][1])
    assert not np.array_equal(means[5][0], first)


@pytest.mark.parametrize(
    ("fall", "window"), [(lambda k: 0.9**k, None), (lambda k: 1.0, 10 + 30), (lambda k: -1.0, 40)]
)
def test_losses_that_stand_still_are_noticed(fall, window):
    stagnation = Stagnation(10, 10)
    for k in range(1500):
        stagnation.note(fall(k) + np.arange(10) * fall(k))
        if stagnation.stands_still:
            break
    # Even a falling loss stands still once it has no digits left.
    assert k + 1 == window if window else 0.9**k < 1e-10


def test_noisy_losses_that_no_longer_fall_are_noticed():
    """Of 20 runs on pure noise nearly all end early; of 20 that fall by more, none does."""
    ended = {0.0: 0, 0.05: 0}
    for fall in ended:
        for seed in range(20):
            rng, stagnation = np.random.default_rng(seed), Stagnation(10, 10)
            for k in range(400):
                stagnation.note(rng.standard_normal(10) - fall * k)
                if stagnation.stands_still:
                    ended[fall] += 1
                    break
    assert ended[0.0] >= 15
    assert ended[0.05] == 0


@pytest.mark.parametrize(("kind", "solved"), [("none", {2}), ("ipop", {1, 2, 3, 4})])
def test_restarts_find_the_best_of_many_minima(kind, solved):
    found = set()
    for seed in range(5):
        optimizer = CMAES(np.full(3, 2.0), np.ones(3), seed=seed, sigma=2.0, restarts=kind)
        spent = 0
        while spent < 3000 and optimizer.best[1] > 1e-6:
            losses = rastrigin(optimizer.ask())
            optimizer.tell(losses)
            spent += len(losses)
        if optimizer.best[1] <= 1e-6:
            found.add(seed)
    # Rounding elsewhere may take a run to another minimum, not most of them.
    assert len(found ^ solved) <= 1


@pytest.mark.parametrize("name", ["cma-es", "sep-cma-es", "vkd-cma-es"])
@pytest.mark.parametrize("kind", ["ipop", "bipop"])
def test_resume_goes_on_in_the_middle_of_a_later_run(name, kind):
    def make():
        return make_optimizer(name, np.full(3, 3.0), np.ones(3), seed=1, restarts=kind)

    def advance(optimizer, generations):
        for _ in range(generations):
            # Steps, on which losses soon stand still.
            optimizer.tell(np.floor(rastrigin(optimizer.ask()) / 5))

    whole, numbers = make(), []
    for asks in (False, True, False):
        advance(whole, 70)
        numbers.append(whole.population_size)
        if asks:
            whole.ask()
        resumed = make()
        resumed.load_state_dict(whole.state_dict())
        assert resumed.population_size == whole.population_size
        advance(resumed, 10)
        advance(whole, 10)
        np.testing.assert_array_equal(resumed.guess, whole.guess)
        np.testing.assert_array_equal(resumed.ask(), whole.ask())
    assert len(set(numbers)) > 1


def test_states_with_and_without_restarts_are_told_apart():
    one, other = (CMAES(np.full(3, 3.0), np.ones(3), seed=1, restarts=k) for k in ("ipop", "none"))
    for _ in range(200):
        one.tell(rastrigin(one.ask()))
    assert one.population_size > 7
    with pytest.raises(InvalidInput, match="did not lead back"):
        other.load_state_dict(one.state_dict())


def test_unknown_kinds_are_refused():
    with pytest.raises(InvalidInput, match="kind of restarts called 'bippop'; did you mean"):
        CMAES(np.zeros(3), np.ones(3), seed=1, restarts="bippop")
