"""CMA-ES against pycma itself, and without pycma's side effects."""

import warnings
from functools import partial

import cma
import numpy as np
import pytest
from cma.restricted_gaussian_sampler import GaussVkDSampler
from threadpoolctl import threadpool_limits

from neurotrain.errors import InvalidInput
from neurotrain.optimizers.cma_es import CMAES, FULL_COVARIANCE_LIMIT
from neurotrain.optimizers.pycma import SearchDistribution
from neurotrain.optimizers.sep_cma_es import SepCMAES
from neurotrain.optimizers.vkd_cma_es import VkDCMAES
from neurotrain.seeding import generator


def ellipsoid(candidates, condition=100.0):
    curvature = np.geomspace(1, condition, candidates.shape[-1])
    return (candidates**2 * curvature).sum(axis=-1)


@pytest.mark.parametrize(("size", "population_size"), [(1, 4), (6, 8), (20, 30)])
def test_candidates_are_those_of_pycma_with_the_same_noise(size, population_size):
    start, scale = np.linspace(1, 2, size), np.geomspace(0.1, 10, size)
    ours = CMAES(start, scale, seed=4, population_size=population_size, sigma=0.3, diagonal=False)
    noise = None
    theirs = cma.CMAEvolutionStrategy(
        np.zeros(size),
        0.3,
        {
            "popsize": population_size,
            "CMA_mirrors": 0,
            "seed": np.nan,
            "randn": lambda *shape: noise.standard_normal(shape),
            "verbose": -9,
        },
    )
    for generation in range(12):
        noise = generator(4, "optimizer", generation)
        offsets = theirs.ask()
        np.testing.assert_array_equal(ours.ask(), start + scale * np.array(offsets))
        losses = ellipsoid(ours.ask() / scale)
        ours.tell(losses)
        theirs.tell(offsets, losses.tolist())
    np.testing.assert_array_equal(ours.guess, start + scale * theirs.mean)


# Few and many candidates for few and many parameters; odd numbers have a weight of 0.
SIZES = [(1, 4), (2, 9), (6, 8), (6, 200), (40, 15), (40, 300), (320, 8), (301, 21), (300, 330)]


@pytest.mark.parametrize(("size", "population_size"), SIZES)
def test_separable_candidates_are_those_of_pycma_but_for_rounding(size, population_size):
    """From 300 parameters on pycma compares two candidates, and draws for their length alone."""
    start, scale = np.linspace(1, 2, size), np.geomspace(0.1, 10, size)
    ours = SepCMAES(start, scale, seed=4, population_size=population_size, sigma=0.3)
    noise = None

    def randn(*shape):
        return noise[:1] if shape == (1, size) else noise[-shape[0] :]

    theirs = cma.CMAEvolutionStrategy(
        np.zeros(size),
        0.3,
        {
            "popsize": population_size,
            "CMA_mirrors": 0,
            "CMA_diagonal": True,
            "seed": np.nan,
            "randn": randn,
            "verbose": -9,
        },
    )
    for generation in range(60):
        noise = generator(4, "optimizer", generation).standard_normal((population_size, size))
        with warnings.catch_warnings():
            # With 200 candidates it warns of large numbers, which are as they should be.
            warnings.simplefilter("ignore")
            offsets = theirs.ask()
            theirs.tell(offsets, ellipsoid(np.array(offsets), 1e4).tolist())
        asked = (ours.ask() - start) / scale
        np.testing.assert_allclose(asked, np.array(offsets), rtol=1e-6, atol=1e-9)
        ours.tell(ellipsoid(np.array(offsets), 1e4))
    np.testing.assert_allclose(ours._strategy.deviations, theirs.stds, rtol=1e-6)


def test_restricted_candidates_are_those_of_pycma_with_the_same_noise():
    start, scale, noise = np.linspace(1, 2, 12), np.geomspace(0.1, 10, 12), None
    ours = VkDCMAES(start, scale, seed=4, population_size=10, sigma=0.3)

    def randn(*shape):
        return noise.standard_normal(shape)

    options = GaussVkDSampler.extend_cma_options(
        {"popsize": 10, "CMA_mirrors": 0, "seed": np.nan, "randn": randn, "verbose": -9}
    )
    options["CMA_sampler_options"] = {"randn": randn}
    theirs = cma.CMAEvolutionStrategy(np.zeros(12), 0.3, options)
    for generation in range(150):
        noise = generator(4, "optimizer", generation)
        offsets = theirs.ask()
        np.testing.assert_array_equal(ours.ask(), start + scale * np.array(offsets))
        losses = ellipsoid(ours.ask() / scale, 1e4)
        ours.tell(losses)
        theirs.tell(offsets, losses.tolist())
    assert theirs.sm.k > 0


@pytest.mark.parametrize("options", [{}, {"restarts": "ipop"}])
def test_sep_is_the_diagonal_one_under_its_own_name(options):
    named = SepCMAES(np.ones(5), np.ones(5), seed=1, **options)
    chosen = CMAES(np.ones(5), np.ones(5), seed=1, diagonal=True, **options)
    for optimizer in (named, chosen):
        for _ in range(60):
            optimizer.tell(ellipsoid(optimizer.ask()))
    np.testing.assert_array_equal(named.guess, chosen.guess)


def run(generations=5, method=CMAES):
    optimizer = method(np.ones(5), np.ones(5), seed=0)
    for _ in range(generations):
        losses = ellipsoid(optimizer.ask())
        losses[0] = np.nan
        optimizer.tell(losses)
    return optimizer.guess


@pytest.mark.parametrize("method", [CMAES, SepCMAES, VkDCMAES])
def test_the_global_generator_is_neither_used_nor_changed(method):
    before = np.random.get_state()
    try:
        np.random.seed(1)
        state = np.random.get_state()
        guess = run(method=method)
        for was, is_now in zip(state, np.random.get_state(), strict=True):
            np.testing.assert_array_equal(was, is_now)
        np.random.seed(2)
        np.testing.assert_array_equal(run(method=method), guess)
    finally:
        np.random.set_state(before)


@pytest.mark.parametrize("method", [CMAES, SepCMAES, VkDCMAES])
def test_nothing_is_printed_written_warned_or_filtered(tmp_path, monkeypatch, capfd, method):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cma_signals.in").write_text("{'timeout': 0}")
    filters = list(warnings.filters)
    run(method=method)
    assert warnings.filters == filters
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(50, method)
        run(50, partial(method, restarts="bipop"))
    assert [path.name for path in tmp_path.iterdir()] == ["cma_signals.in"]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("size", "diagonal"), [(1, False), (1, True), (4, False), (4, True), (310, True)]
)
@pytest.mark.parametrize("failing", [[1, 2], range(0, 60, 3)])
def test_generations_of_failures_only_change_nothing_but_the_noise(size, diagonal, failing):
    optimizer = CMAES(np.ones(size), np.ones(size), seed=1, population_size=6, diagonal=diagonal)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for generation in range(60):
            candidates, before = optimizer.ask(), optimizer.guess
            failed = generation in failing
            optimizer.tell(np.full(6, np.nan) if failed else ellipsoid(candidates))
            assert np.array_equal(before, optimizer.guess) == failed
            assert not np.array_equal(candidates, optimizer.ask())


@pytest.mark.parametrize("diagonal", [False, True])
def test_every_number_of_threads_gives_the_same_bits(diagonal):
    guesses = []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            optimizer = CMAES(np.ones(150), np.ones(150), seed=1, diagonal=diagonal)
            for _ in range(15):
                optimizer.tell(ellipsoid(optimizer.ask()))
            guesses.append(optimizer.guess)
    np.testing.assert_array_equal(*guesses)


@pytest.mark.parametrize("diagonal", [False, True])
@pytest.mark.parametrize("loss", ["collapsing", "unbounded", "flat"])
def test_long_runs_end_in_finite_guesses_without_warnings(loss, diagonal):
    function = {
        "collapsing": lambda x: ((x - 1) ** 2).sum(axis=1),
        "unbounded": lambda x: x[:, 0],
        "flat": lambda x: np.zeros(len(x)),
    }[loss]
    optimizer = CMAES(np.zeros(2), np.ones(2), seed=1, diagonal=diagonal)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(1200):
            optimizer.tell(function(optimizer.ask()))
    assert np.isfinite(optimizer.guess).all()
    if loss == "collapsing":
        np.testing.assert_allclose(optimizer.guess, 1, atol=1e-12)


def test_ties_do_not_favor_the_first_candidate():
    """On a flat loss the first candidate's rank is uniform on 0 to 9, whatever its noise.

    Its mean over 400 generations lies within 5 standard errors of 4.5, with a false alarm
    in about 2 million; ranks in the order of the candidates would give 0.
    """
    told = []
    distribution = SearchDistribution(np.zeros(2), 0.5, 10, "full")
    learn = distribution._strategy.tell
    distribution._strategy.tell = lambda offsets, ranks: (
        told.append(ranks[0]),
        learn(offsets, ranks),
    )
    for generation in range(400):
        distribution.draw(generator(1, "optimizer", generation))
        distribution.learn(np.zeros(10))
    assert abs(np.mean(told) - 4.5) < 5 * np.sqrt(99 / 12 / 400)


def test_another_path_of_repeated_generations_is_refused():
    one, other = (CMAES(np.ones(5), np.ones(5), seed=1, sigma=sigma) for sigma in (0.5, 0.4))
    one.tell(ellipsoid(one.ask()))
    with pytest.raises(InvalidInput, match="did not lead back to the saved guess"):
        other.load_state_dict(one.state_dict())


def test_defaults_follow_the_number_of_parameters():
    few = CMAES(np.zeros(FULL_COVARIANCE_LIMIT - 1), np.ones(FULL_COVARIANCE_LIMIT - 1), seed=1)
    many = CMAES(np.zeros(FULL_COVARIANCE_LIMIT), np.ones(FULL_COVARIANCE_LIMIT), seed=1)
    assert (few.diagonal, many.diagonal) == (False, True)
    sizes = [CMAES(np.zeros(d), np.ones(d), seed=1).population_size for d in (1, 10, 100)]
    assert sizes == [4, 10, 17]


def test_too_few_candidates_are_refused():
    with pytest.raises(InvalidInput, match="at least 4, got 3"):
        CMAES(np.zeros(2), np.ones(2), seed=1, population_size=3)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    ("size", "condition", "diagonal", "generations", "bound"),
    [
        (10, 1, False, 250, 1e-8),
        (10, 1e4, False, 500, 1e-8),
        (10, 1e4, True, 500, 1e-8),
        (100, 1, False, 400, 1e-5),
        (100, 1e4, False, 400, 1e-2),
        (100, 1e4, True, 800, 1e-5),
    ],
)
def test_convergence_within_a_budget(size, condition, diagonal, generations, bound, seed):
    optimizer = CMAES(np.ones(size), np.ones(size), seed=seed, diagonal=diagonal)
    start = ellipsoid(optimizer.guess, condition)
    for _ in range(generations):
        optimizer.tell(ellipsoid(optimizer.ask(), condition))
    assert ellipsoid(optimizer.guess, condition) < bound * start
