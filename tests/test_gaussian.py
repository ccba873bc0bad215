"""What xnes, cr-fm-nes and lm-ma-es share: threads, failures, and the ends of learning."""

import warnings

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from neurotrain.errors import InvalidInput
from neurotrain.optimizers.cr_fm_nes import CRFMNES
from neurotrain.optimizers.gaussian import can_learn
from neurotrain.optimizers.lm_ma_es import LMMAES
from neurotrain.optimizers.xnes import XNES

METHODS = [CRFMNES, LMMAES, XNES]


def ellipsoid(candidates, condition=100.0):
    return (candidates**2 * np.geomspace(1, condition, candidates.shape[-1])).sum(axis=-1)


@pytest.mark.parametrize("method", METHODS)
def test_every_number_of_threads_gives_the_same_bits(method):
    guesses = []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            optimizer = method(np.ones(250), np.ones(250), seed=1, population_size=64)
            for _ in range(5):
                optimizer.tell(ellipsoid(optimizer.ask()))
            guesses.append(optimizer.guess)
    np.testing.assert_array_equal(*guesses)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [2, 20])
def test_generations_of_failures_change_nothing_but_the_noise(method, size):
    optimizer = method(np.ones(size), np.ones(size), seed=1, population_size=6)
    for generation in range(40):
        candidates, before = optimizer.ask(), optimizer.state_dict()
        failed = generation % 3 == 0
        optimizer.tell(np.full(6, np.nan) if failed else ellipsoid(candidates))
        after = optimizer.state_dict()
        learnt = [f for f in after if f not in ("generation", "asked", "best_loss", "best_point")]
        assert all(np.array_equal(before[f], after[f]) for f in learnt) == failed
        assert not np.array_equal(candidates, optimizer.ask())


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("loss", ["collapsing", "unbounded", "flat", "random", "single"])
def test_long_runs_end_in_finite_guesses_without_warnings(method, loss):
    rng = np.random.default_rng(1)
    function = {
        "collapsing": lambda x: ((x - 1) ** 2).sum(axis=1),
        "unbounded": lambda x: x[:, 0],
        "flat": lambda x: np.zeros(len(x)),
        "random": lambda x: rng.random(len(x)),
        "single": lambda x: np.where(np.arange(len(x)) == 1, 1.0, np.nan),
    }[loss]
    optimizer = method(np.zeros(3), np.ones(3), seed=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2500):
            optimizer.tell(function(optimizer.ask()))
    assert np.isfinite(optimizer.guess).all()
    assert all(np.isfinite(array).all() for array in _numbers(optimizer))
    if loss == "collapsing":
        np.testing.assert_allclose(optimizer.guess, 1, atol=1e-10)
    if loss == "flat" and method is XNES:  # whose utilities sum to 0
        np.testing.assert_allclose(optimizer.guess, 0, atol=1e-12)


def _numbers(optimizer):
    return [a for a in optimizer.state_dict().values() if a.dtype.kind == "f"]


@pytest.mark.parametrize("method", METHODS)
def test_scaling_the_parameters_scales_the_run(method):
    scale = np.array([0.01, 1.0, 100.0, 3.0])
    plain = method(np.ones(4), np.ones(4), seed=1)
    scaled = method(np.ones(4) * scale, scale, seed=1)
    for _ in range(30):
        plain.tell(ellipsoid(plain.ask()))
        scaled.tell(ellipsoid(scaled.ask() / scale))
    np.testing.assert_allclose(scaled.guess / scale, plain.guess, rtol=1e-9)


@pytest.mark.parametrize(
    ("deviations", "mean", "expected"),
    [
        ([1.0, 1e-29], [1.0, 1.0], True),
        ([1.0, 1e-31], [1.0, 1.0], False),
        ([1.0, 2e30], [1.0, 1.0], False),
        ([1e-12, 1e-12], [1.0, 0.0], True),
        ([1e-14, 1e-14], [1.0, 0.0], False),
        ([np.nan, 1.0], [1.0, 0.0], False),
    ],
)
def test_ends_of_learning(deviations, mean, expected):
    assert can_learn(np.array(deviations), np.array(mean)) is expected


@pytest.mark.parametrize("method", METHODS)
def test_too_few_candidates_are_refused(method):
    with pytest.raises(InvalidInput, match="at least 4, got 2"):
        method(np.zeros(5), np.ones(5), seed=1, population_size=2)
