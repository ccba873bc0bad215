"""OpenAI-ES and its parts against closed forms, references and statistics."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from neurotrain.errors import InvalidInput
from neurotrain.optimizers.adam import Adam
from neurotrain.optimizers.noise import Noise
from neurotrain.optimizers.openai_es import OpenAIES
from neurotrain.optimizers.perturbations import Perturbations
from neurotrain.optimizers.schedules import schedule_factor
from neurotrain.optimizers.shaping import centered_ranks, ordinal_ranks
from neurotrain.seeding import generator

finite = st.lists(st.integers(-1000, 1000).map(float), min_size=1, max_size=40).map(np.array)
any_loss = st.one_of(st.floats(), st.integers(-3, 3).map(float))
any_losses = st.lists(any_loss, min_size=2, max_size=40).map(np.array)


@given(any_losses)
def test_centered_ranks_are_the_mean_ranks_of_scipy(losses):
    with_failures = np.where(np.isfinite(losses), losses, np.inf)
    expected = (stats.rankdata(with_failures, "average") - 1) / (len(losses) - 1) - 0.5
    np.testing.assert_allclose(centered_ranks(losses), expected, atol=1e-14)


@given(finite)
def test_ranks_see_only_the_order(losses):
    ties = np.arange(len(losses))
    for bent in (3 * losses - 7, losses**3, np.exp(losses / 100), np.arctan(losses / 1000)):
        np.testing.assert_array_equal(centered_ranks(bent), centered_ranks(losses))
        np.testing.assert_array_equal(ordinal_ranks(bent, ties), ordinal_ranks(losses, ties))
    np.testing.assert_allclose(centered_ranks(-losses), -centered_ranks(losses), atol=1e-14)


@given(any_losses, st.randoms(use_true_random=False))
def test_ordinal_ranks_sort_the_losses(losses, random):
    tie_break = np.array([random.random() for _ in losses])
    order = np.argsort(ordinal_ranks(losses, tie_break))
    rows = list(zip(np.where(np.isfinite(losses), losses, np.inf), tie_break, strict=True))
    assert [rows[i] for i in order] == sorted(rows)


def test_first_step_is_the_formula():
    start, scale, size = np.array([1.0, -2.0, 0.5]), np.array([0.5, 2.0, 1.0]), 6
    optimizer = OpenAIES(
        start, scale, seed=3, population_size=size, sigma=0.2, learning_rate=0.1, weight_decay=0.3
    )
    noise = generator(3, "optimizer", 0).standard_normal((3, 3))
    signed = np.stack([noise, -noise], axis=1).reshape(6, 3)
    np.testing.assert_allclose(optimizer.ask(), start + 0.2 * scale * signed, rtol=1e-15)
    losses = np.array([3.0, 1.0, np.nan, 1.0, -2.0, np.inf])
    optimizer.tell(losses)
    shaped = (np.array([4.0, 2.5, 5.5, 2.5, 1.0, 5.5]) - 1) / 5 - 0.5
    gradient = (shaped[:, None] * signed).sum(axis=0) / (size * 0.2)
    # The first step of Adam: both moments are those of this one gradient.
    step = gradient / (np.sqrt(gradient**2) + 1e-8)
    expected = start - 0.1 * scale * step - 0.1 * 0.3 * start
    np.testing.assert_allclose(optimizer.guess, expected, rtol=1e-12)
    assert optimizer.best[1] == -2.0


def test_adam_is_its_textbook_form():
    rng = np.random.default_rng(0)
    adam, moment, square = Adam(4, 0.8, 0.95), np.zeros(4), np.zeros(4)
    for t in range(1, 30):
        gradient = rng.standard_normal(4) * 10.0 ** rng.integers(-3, 3)
        moment = 0.8 * moment + 0.2 * gradient
        square = 0.95 * square + 0.05 * gradient * gradient
        expected = (moment / (1 - 0.8**t)) / (np.sqrt(square / (1 - 0.95**t)) + 1e-8)
        np.testing.assert_allclose(adam.direction(gradient), expected, rtol=1e-10, atol=1e-12)


def test_a_constant_gradient_moves_each_parameter_by_the_learning_rate():
    adam = Adam(3, 0.9, 0.999)
    for _ in range(50):
        direction = adam.direction(np.array([1e-3, -5.0, 100.0]))
    np.testing.assert_allclose(direction, [1, -1, 1], rtol=1e-4)


# Chi-squared test of the mean of gradient estimates on the loss slope @ x, whose pairs have
# mean `slope` and covariance |slope|^2 I + slope slope^T. False alarms: one in 10^6.
SLOPE, PAIRS, SIGMA = np.array([1.0, -0.5, 0.0, 2.0, 0.25]), 20_000, 0.3


def bias_statistic(losses, perturbations):
    error = perturbations.total(losses) / (2 * PAIRS * SIGMA) - SLOPE
    covariance = (SLOPE @ SLOPE * np.eye(5) + np.outer(SLOPE, SLOPE)) / PAIRS
    return error @ np.linalg.solve(covariance, error)


def linear_losses():
    perturbations = Perturbations(Noise(PAIRS, 5), mirrored=True)
    chunks = perturbations.noise.draw(generator(5, "optimizer", 0))
    candidates = perturbations.candidates(chunks, np.zeros(5), np.full(5, SIGMA))
    return 7.0 + candidates @ SLOPE, perturbations


def test_gradient_is_unbiased_on_a_linear_loss():
    assert bias_statistic(*linear_losses()) < stats.chi2.ppf(1 - 1e-6, df=5)


@pytest.mark.parametrize("fault", ["pair", "factor", "coordinate"])
def test_bias_of_a_gradient_is_found(fault):
    losses, perturbations = linear_losses()
    if fault == "pair":
        losses = np.roll(losses, 1)
    elif fault == "factor":
        losses = losses * 1.2
    else:
        noise = perturbations.noise._held
        noise += [0, 0, 0.1, 0, 0] * np.sign(noise[:, [3]])
    assert bias_statistic(losses, perturbations) > stats.chi2.ppf(1 - 1e-6, df=5)


def test_schedules():
    assert [schedule_factor("constant", None)(g) for g in (0, 5, 500)] == [1, 1, 1]
    linear = schedule_factor("linear", 8)
    np.testing.assert_allclose([linear(g) for g in (0, 2, 4, 8, 9)], [1, 0.75, 0.5, 0, 0])
    cosine = schedule_factor("cosine", 8)
    np.testing.assert_allclose(
        [cosine(g) for g in (0, 2, 4, 8, 9)], [1, 0.5 + 0.5**1.5, 0.5, 0, 0], atol=1e-15
    )
    step = schedule_factor("step", 8)
    np.testing.assert_allclose([step(g) for g in (0, 3, 4, 5, 6, 9)], [1, 1, 0.1, 0.1, 0.01, 0.01])


def test_the_schedule_scales_the_steps():
    steps = []
    optimizer = OpenAIES(
        [0.0],
        [1.0],
        seed=1,
        population_size=128,
        learning_rate=0.1,
        schedule="linear",
        generations=4,
        beta1=0.0,
    )
    for _ in range(5):
        before = optimizer.guess
        optimizer.tell(optimizer.ask()[:, 0])
        steps.append((before - optimizer.guess)[0])
    # On a line, each estimate is about the same, hence each direction about 1.
    np.testing.assert_allclose(steps, [0.1, 0.075, 0.05, 0.025, 0], rtol=0.1)


def test_sigma_falls_and_the_gradient_is_divided_by_what_it_is_now():
    slope = np.array([2.0, -1.0])
    optimizer = OpenAIES(
        np.zeros(2),
        np.ones(2),
        seed=1,
        population_size=6,
        mirrored=False,
        shaping="raw",
        gradient_optimizer="sgd",
        momentum=0.0,
        learning_rate=0.1,
        sigma_schedule="linear",
        final_sigma=0.2,
        generations=4,
    )
    for generation, sigma in enumerate([0.4, 0.35, 0.3, 0.25, 0.2, 0.2]):
        noise = generator(1, "optimizer", generation).standard_normal((6, 2))
        before = optimizer.guess
        np.testing.assert_allclose(optimizer.ask(), before + sigma * noise, atol=1e-14)
        losses = optimizer.ask() @ slope
        optimizer.tell(losses)
        step = losses @ noise / (6 * sigma)
        np.testing.assert_allclose(optimizer.guess, before - 0.1 * step, rtol=1e-12)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"population_size": 7}, "must be even, got 7"),
        ({"schedule": "cosin", "generations": 3}, "no schedule called 'cosin'; did you mean"),
        ({"schedule": "cosine"}, "set generations"),
        ({"schedule": "cosine", "generations": 0}, "generations"),
        ({"learning_rate": -1}, "learning_rate"),
        ({"final_sigma": 0.0}, "final_sigma"),
        ({"shaping": "ranks"}, "no shaping called 'ranks'; did you mean"),
        ({"gradient_optimizer": "Adam"}, "no gradient optimizer called 'Adam'; did you mean"),
        ({"momentum": 1.0, "gradient_optimizer": "sgd"}, "momentum"),
        ({"weight_decay": -0.1}, "weight_decay"),
        ({"beta1": 1.0}, r"beta1 must be a finite number of at least 0 and below 1"),
        ({"beta2": -0.1}, "beta2"),
    ],
)
def test_bad_options_are_refused(options, words):
    with pytest.raises(InvalidInput, match=words):
        OpenAIES([0.0], [1.0], seed=1, **options)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("size", [10, 100])
@pytest.mark.parametrize("condition", [1, 1e4])
def test_convergence_within_200_generations_of_64(size, condition, seed):
    curvature = np.geomspace(1, condition, size)
    optimizer = OpenAIES(
        np.ones(size),
        np.ones(size),
        seed=seed,
        population_size=64,
        sigma=0.1,
        learning_rate=0.1,
        schedule="cosine",
        generations=200,
    )
    for _ in range(200):
        optimizer.tell((optimizer.ask() ** 2 * curvature).sum(axis=1))
    assert (optimizer.guess**2 * curvature).sum() < 0.01 * curvature.sum()
