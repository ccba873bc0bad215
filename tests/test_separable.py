"""The distribution of sep-CMA-ES: its rates beside pycma's, and when it has nothing to learn.

That its candidates are those of pycma is in test_optim_cma_es.py.
"""

import subprocess
import sys
import warnings

import cma
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from neurotrain.optimizers import make_optimizer
from neurotrain.optimizers import separable as module
from neurotrain.optimizers.separable import SeparableDistribution, separable_rates
from neurotrain.seeding import generator


def pycma(d, number):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        options = {"popsize": number, "CMA_diagonal": True, "CMA_mirrors": 0}
        options |= {"verbose": -10, "seed": np.nan}
        options["AdaptSigma"] = cma.sigma_adaptation.CMAAdaptSigmaCSA
        strategy = cma.CMAEvolutionStrategy(np.zeros(d), 1.0, options)
        strategy.adapt_sigma.initialize(strategy)
    return strategy


@hypothesis_settings(max_examples=40)
@given(d=st.integers(1, 400), number=st.integers(4, 500))
def test_weights_and_rates_are_those_of_pycma(d, number):
    rates, theirs = separable_rates(d, number), pycma(d, number)
    # With so many candidates that one generation would teach a whole matrix, pycma first sets
    # the weights below 0 to 0, and then all of them to the same number: that is an accident.
    assume(theirs.sp.weights[-1] < theirs.sp.weights[-2])
    np.testing.assert_allclose(rates.weights, list(theirs.sp.weights), rtol=1e-9, atol=1e-15)
    assert rates.effective == pytest.approx(theirs.sp.weights.mueff)
    assert rates.path == pytest.approx(theirs.adapt_sigma.cs)
    assert rates.damping == pytest.approx(theirs.adapt_sigma.damps)
    assert rates.shape_path == pytest.approx(theirs.sp.cc_sep)
    assert rates.of_path == pytest.approx(theirs.sp.c1_sep)
    assert rates.of_noise == pytest.approx(theirs.sp.cmu_sep)


def advance(distribution, loss, generations):
    for generation in range(generations):
        offsets = distribution.draw(generator(1, "optimizer", generation))
        distribution.learn(loss(offsets))
    return distribution


def sphere(offsets):
    return ((offsets - 1) ** 2).sum(axis=1)


def ellipsoid(offsets):
    return (np.geomspace(1, 1e18, offsets.shape[1]) * offsets**2).sum(axis=1)


@pytest.mark.parametrize(
    ("loss", "d", "generations"),
    [
        (sphere, 3, 400),  # converged
        (lambda offsets: offsets[:, 0], 3, 100),  # diverged
        (ellipsoid, 4, 400),  # one axis too narrow for the widest
    ],
)
def test_a_distribution_that_has_nothing_left_to_learn_is_exhausted(loss, d, generations):
    distribution = SeparableDistribution(np.zeros(d), 0.5, 8)
    assert not advance(distribution, loss, 10).is_exhausted
    assert advance(distribution, loss, generations).is_exhausted


def test_one_whose_mean_no_longer_moves_is_exhausted():
    distribution = SeparableDistribution(np.full(2, 1e14), 0.01, 8)
    assert distribution.is_exhausted


@pytest.mark.parametrize("d", [3, 300])
def test_failures_alone_teach_nothing(d):
    distribution = advance(SeparableDistribution(np.zeros(d), 0.5, 8), sphere, 3)
    mean, deviations = distribution.mean.copy(), distribution.deviations
    advance(distribution, lambda offsets: np.full(8, np.nan), 2)
    np.testing.assert_array_equal(distribution.mean, mean)
    np.testing.assert_array_equal(distribution.deviations, deviations)


@pytest.mark.parametrize("d", [5, 300])
def test_first_candidates_lie_along_the_last_step_with_many_parameters_only(d):
    distribution = advance(SeparableDistribution(np.zeros(d), 0.5, 12), sphere, 3)
    before = distribution.mean
    advance(distribution, sphere, 1)
    last = distribution.mean - before
    first, second = distribution.draw(generator(2, "optimizer", 0))[:2] - distribution.mean
    along = first @ last / np.linalg.norm(first) / np.linalg.norm(last)
    if d == 300:
        assert along == pytest.approx(1)
        np.testing.assert_allclose(second, -first)
        # As long as any other candidate: within 5 standard deviations, false alarms 1 in 10**6.
        whitened = np.linalg.norm(first / distribution.deviations)
        assert abs(whitened - np.sqrt(d)) < 5 / np.sqrt(2)
    else:
        assert along < 0.999


def test_ties_do_not_favor_the_first_candidate(monkeypatch):
    """As the test of the same name in test_optim_cma_es.py, with the same false alarms."""
    told = []

    def spied(losses, tie_break):
        told.append(ranks(losses, tie_break))
        return told[-1]

    ranks = module.ordinal_ranks
    monkeypatch.setattr(module, "ordinal_ranks", spied)
    advance(SeparableDistribution(np.zeros(2), 0.5, 10), lambda offsets: np.zeros(10), 400)
    assert abs(np.mean([one[0] for one in told]) - 4.5) < 5 * np.sqrt(99 / 12 / 400)


def test_every_number_of_threads_gives_the_same_bits():
    guesses = []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            optimizer = make_optimizer("sep-cma-es", np.ones(20_000), np.ones(20_000), seed=1)
            for _ in range(4):
                optimizer.tell((optimizer.ask() ** 2).sum(axis=1))
            guesses.append(optimizer.guess)
    np.testing.assert_array_equal(*guesses)


def test_pycma_is_not_imported():
    code = """
import sys, numpy as np
from neurotrain.optimizers import make_optimizer
make_optimizer("sep-cma-es", np.zeros(2), np.ones(2), seed=1).ask()
print("cma" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split() == ["False"], done.stderr
