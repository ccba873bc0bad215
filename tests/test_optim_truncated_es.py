"""Persistent and noise-reuse ES on a linear system whose gradient is known.

The system is ``s <- A s + B theta``, with a loss of ``|s - target|**2`` at every step; an
episode of six steps comes in truncations of two. A quadratic loss smoothed by Gaussian noise
keeps its gradient, whatever noise each truncation has.
"""

import numpy as np
import pytest
from scipy import stats

from neurotrain.errors import InvalidInput
from neurotrain.optimizers import make_optimizer

DYNAMICS = np.array([[0.9, 0.3], [-0.2, 0.8]])
DRIVE = np.array([[1.0, 0.5, 0.0], [0.0, -0.4, 0.6]])
TARGET = np.array([1.0, -0.5])
TRUNCATIONS, STEPS, SIZE = 3, 2, 3
SCALE = np.array([1.0, 2.0, 0.5])
# So small that the guess stays where it is while estimates add up in it.
STEP = 1e-9


def truncation(state, parameters, dynamics=DYNAMICS):
    """Return the states after a truncation, (candidate, 2), and its losses."""
    losses = np.zeros(len(state))
    for _ in range(STEPS):
        state = state @ dynamics.T + parameters @ DRIVE.T
        losses += ((state - TARGET) ** 2).sum(axis=1)
    return state, losses


def gradient(of_last_truncation_only):
    """Return the gradient at 0 of the losses of an episode, in units of scale.

    Either through all of the episode, or, in each truncation, through this one only.
    """
    total, through = np.zeros(SIZE), np.zeros((2, SIZE))
    for step in range(TRUNCATIONS * STEPS):
        if of_last_truncation_only and step % STEPS == 0:
            through = np.zeros((2, SIZE))
        through = DYNAMICS @ through + DRIVE
        total += 2 * through.T @ (0 - TARGET)
    return SCALE * total


def estimates(name, runs=2500, dynamics=DYNAMICS, **options):
    """Return the estimates of an episode for each run, (run, truncation, parameter)."""
    every = []
    for seed in range(runs):
        optimizer = make_optimizer(
            name,
            np.zeros(SIZE),
            SCALE,
            seed=seed,
            population_size=4,
            sigma=0.1,
            gradient_optimizer="sgd",
            momentum=0.0,
            learning_rate=STEP,
            shaping="raw",
            **options,
        )
        state, guesses = np.zeros((4, 2)), [optimizer.guess]
        for _ in range(TRUNCATIONS):
            state, losses = truncation(state, optimizer.ask(), dynamics)
            optimizer.tell(losses)
            guesses.append(optimizer.guess)
        every.append(-np.diff(guesses, axis=0) / SCALE / STEP)
    return np.array(every)


def differs(samples, expected):
    """Hotelling's test with a false alarm in a million."""
    error = samples.mean(axis=0) - expected
    statistic = error @ np.linalg.solve(np.cov(samples.T) / len(samples), error)
    return statistic > stats.chi2.isf(1e-6, df=SIZE)


@pytest.mark.parametrize("name", ["persistent-es", "noise-reuse-es"])
def test_estimates_are_unbiased_for_the_whole_episode(name):
    samples = estimates(name, episode_length=TRUNCATIONS).sum(axis=1)
    assert not differs(samples, gradient(of_last_truncation_only=False))
    assert differs(samples, gradient(of_last_truncation_only=True))


@pytest.mark.parametrize(
    ("name", "options"), [("openai-es", {}), ("persistent-es", {"episode_length": 1})]
)
def test_estimates_without_memory_are_biased(name, options):
    samples = estimates(name, **options).sum(axis=1)
    assert differs(samples, gradient(of_last_truncation_only=False))
    assert not differs(samples, gradient(of_last_truncation_only=True))


def test_where_memory_is_short_noise_of_earlier_truncations_only_disturbs():
    """With d parameters, the variance of truncation t goes with t d + 1, not with d + 1."""
    reused, persistent = (
        estimates(name, 1000, 0.05 * np.eye(2), episode_length=TRUNCATIONS).var(axis=0).sum(axis=1)
        for name in ("noise-reuse-es", "persistent-es")
    )
    np.testing.assert_allclose(reused[0], persistent[0])
    np.testing.assert_allclose(persistent / reused, [1, 7 / 4, 10 / 4], rtol=0.25)


def offsets(name, generations):
    """Return the noise of each generation, (generation, candidate, parameter)."""
    optimizer = make_optimizer(name, np.zeros(5), np.ones(5), seed=1, episode_length=3)
    every = []
    for generation in range(generations):
        assert optimizer.truncation == generation % 3
        every.append(optimizer.ask() - optimizer.guess)
        optimizer.tell((optimizer.ask() ** 2).sum(axis=1))
    return np.array(every)


def test_noise_is_reused_within_an_episode_and_new_in_the_next():
    noise = offsets("noise-reuse-es", 6)
    for generation in (1, 2, 4, 5):
        np.testing.assert_allclose(noise[generation], noise[generation - 1], atol=1e-12)
    assert not np.isclose(noise[3], noise[2]).any()


def test_persistent_noise_is_new_in_every_truncation():
    noise = offsets("persistent-es", 4)
    for generation in (1, 2, 3):
        assert not np.isclose(noise[generation], noise[generation - 1]).any()


@pytest.mark.parametrize("name", ["persistent-es", "noise-reuse-es"])
@pytest.mark.parametrize("asked", [False, True])
@pytest.mark.parametrize("told", range(5))
def test_resume_within_an_episode(name, told, asked):
    def make():
        return make_optimizer(
            name, np.ones(4), np.ones(4), seed=1, population_size=6, episode_length=4
        )

    def advance(optimizer, generations):
        for _ in range(generations):
            optimizer.tell((optimizer.ask() ** 2).sum(axis=1))
        return optimizer

    whole = advance(make(), told)
    if asked:
        whole.ask()
    # Also into an optimizer that is elsewhere already.
    for resumed in (make(), advance(make(), 1), advance(make(), 3)):
        resumed.load_state_dict(whole.state_dict())
        advance(resumed, 6)
        np.testing.assert_array_equal(resumed.guess, advance(copy(whole, make), 6).guess)
    np.testing.assert_array_equal(resumed.guess, advance(whole, 6).guess)


def copy(optimizer, make):
    twin = make()
    twin.load_state_dict(optimizer.state_dict())
    return twin


class Interrupted:
    """A generator that is interrupted when it draws the second time."""

    def __init__(self):
        self.rng, self.draws = np.random.default_rng(7), 0

    def standard_normal(self, *args, **options):
        self.draws += 1
        if self.draws == 2:
            raise KeyboardInterrupt
        return self.rng.standard_normal(*args, **options)


@pytest.mark.parametrize(
    ("name", "episode_length", "order"),
    [("persistent-es", 3, ["later", "earlier"]), ("noise-reuse-es", 2, ["earlier", "later"])],
)
def test_an_interrupted_draw_leaves_nothing_behind(name, episode_length, order, monkeypatch):
    size = 2**15  # so that noise comes in several chunks
    optimizer, later, earlier = (
        make_optimizer(
            name,
            np.ones(size),
            np.ones(size),
            seed=1,
            population_size=4,
            episode_length=episode_length,
        )
        for _ in range(3)
    )
    for _ in range(2):
        optimizer.tell(np.square(optimizer.ask()).sum(axis=1))
        if optimizer.generation == 1:
            earlier.load_state_dict(optimizer.state_dict())
    later.load_state_dict(optimizer.state_dict())
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(optimizer, "_rng", lambda generation: Interrupted())
        optimizer.ask()
    others = {"earlier": earlier, "later": later}
    for other in (others[when] for when in order):
        optimizer.load_state_dict(other.state_dict())
        np.testing.assert_array_equal(optimizer.ask(), other.ask())
        for one in (optimizer, other):
            one.tell(np.square(one.ask()).sum(axis=1))
        np.testing.assert_array_equal(optimizer.guess, other.guess)


def test_bad_options_are_refused():
    for options, words in (
        ({"episode_length": 0}, "episode_length must be a whole number"),
        ({"population_size": 5}, "must be even, got 5: persistent-es"),
    ):
        with pytest.raises(InvalidInput, match=words):
            make_optimizer("persistent-es", np.zeros(2), np.ones(2), seed=1, **options)
