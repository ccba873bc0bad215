"""Optimizers that follow gradients: as PyTorch's, surviving what is not finite, resumed exactly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurotrain.errors import InvalidInput
from neurotrain.optimizers import (
    Optimizer,
    gradient_descent_names,
    make_optimizer,
    optimizer_names,
    optimizer_options,
)
from neurotrain.optimizers.gradient_limits import GradientLimits, norm
from neurotrain.optimizers.hybrid import Hybrid

START = np.array([1.5, -0.75, 2.0, 0.5, -1.0])
SCALE = np.array([1.0, 0.5, 2.0, 0.25, 1.0])
NAMES = gradient_descent_names()
ALL = pytest.mark.parametrize("name", NAMES)


def make(name, scale=SCALE, **options):
    return make_optimizer(name, START, scale, seed=1, **options)


def hybrid(seed=1, evolved="openai-es", **options):
    by_gradient = np.array([False, True, False, True, True])
    first = make_optimizer(evolved, START[~by_gradient], SCALE[~by_gradient], seed=seed, **options)
    second = make_optimizer("adam", START[by_gradient], SCALE[by_gradient], seed=seed)
    return Hybrid(first, second, by_gradient, SCALE, seed=seed)


def sphere(x):
    return ((x / SCALE) ** 2).sum(axis=-1)


def slope(x):
    return 2 * x / SCALE**2


def advance(optimizer, generations, gradient=slope):
    for _ in range(generations):
        losses = sphere(optimizer.ask())
        optimizer.tell(losses, gradient(optimizer.guess)[np.newaxis])
    return optimizer


@ALL
def test_steps_are_those_of_pytorch(name):
    torch = pytest.importorskip("torch")
    x = torch.tensor(START, requires_grad=True)
    theirs = {
        "adam": lambda: torch.optim.Adam([x], lr=0.03, betas=(0.8, 0.95)),
        "sgd": lambda: torch.optim.SGD([x], lr=0.1, momentum=0.7),
        "rmsprop": lambda: torch.optim.RMSprop([x], lr=0.01, alpha=0.9),
    }[name]()
    options = {
        "adam": {"beta1": 0.8, "beta2": 0.95},
        "sgd": {"momentum": 0.7, "learning_rate": 0.1},
    }
    ours = make(name, scale=np.ones(5), clip_value=1.5, clip_norm=2.0, **options.get(name, {}))
    rng = np.random.default_rng(2)
    for _ in range(30):
        gradient = rng.normal(size=5) * 10 ** rng.uniform(-2, 2)
        x.grad = torch.tensor(gradient)
        torch.nn.utils.clip_grad_value_([x], 1.5)
        torch.nn.utils.clip_grad_norm_([x], 2.0)
        theirs.step()
        ours.ask()
        ours.tell([0.0], gradient[np.newaxis])
    np.testing.assert_allclose(ours.guess, x.detach().numpy(), rtol=1e-5)


@ALL
def test_steps_are_in_units_of_the_scale(name):
    """The sphere in units of the scale is the same for all scales."""
    ours = advance(make(name), 20)
    plain = make_optimizer(name, START / SCALE, np.ones(5), seed=1)
    for _ in range(20):
        plain.tell([(plain.ask()[0] ** 2).sum()], 2 * plain.guess[np.newaxis])
    np.testing.assert_allclose(ours.guess / SCALE, plain.guess, rtol=1e-9)


@ALL
def test_it_is_an_optimizer_whose_only_candidate_is_its_guess(name):
    optimizer = make(name)
    assert isinstance(optimizer, Optimizer)
    with pytest.raises(InvalidInput, match="ask"):
        optimizer.tell([1.0], START[np.newaxis])
    candidates = optimizer.ask()
    np.testing.assert_array_equal(candidates, START[np.newaxis])
    assert not candidates.flags.writeable and not optimizer.guess.flags.writeable
    for wrong in (None, START, np.ones((1, 4)), np.ones((2, 5))):
        with pytest.raises(InvalidInput, match="gradient"):
            optimizer.tell([1.0], wrong)
    with pytest.raises(InvalidInput, match="1 losses"):
        optimizer.tell([1.0, 2.0], START[np.newaxis])
    optimizer.tell([1.0], START[np.newaxis])
    assert (optimizer.generation, optimizer.best[1]) == (1, 1.0)
    assert sphere(advance(optimizer, 300).guess) < 0.2 * sphere(START)


@ALL
@pytest.mark.parametrize("failure", [np.nan, np.inf, -np.inf, 1e200])
def test_what_is_not_finite_is_counted_and_survived(name, failure):
    optimizer = advance(make(name), 3)
    before = optimizer.state_dict()
    for loss in (1.0, np.nan):
        gradient = slope(optimizer.guess)
        gradient[2] = failure
        optimizer.ask()
        optimizer.tell([loss], gradient[np.newaxis])
    optimizer.ask()
    optimizer.tell([np.inf], slope(optimizer.guess)[np.newaxis])
    after = optimizer.state_dict()
    assert (optimizer.skipped, optimizer.generation) == (3, 6)
    counted = ("skipped", "generation", "asked", "best_point", "best_loss")
    for kept in set(before) - set(counted):
        np.testing.assert_array_equal(before[kept], after[kept])
    advance(optimizer, 1)
    assert np.isfinite(optimizer.guess).all() and not np.array_equal(
        before["guess"], optimizer.guess
    )


def test_an_explosion_is_survived_where_it_is_clipped():
    optimizer = advance(make("sgd", clip_norm=1.0, learning_rate=0.01), 2)
    optimizer.ask()
    before = optimizer.guess
    optimizer.tell([1.0], np.full((1, 5), 1e300))
    assert optimizer.skipped == 0
    assert 0 < np.abs(optimizer.guess - before).max() < 1


@pytest.mark.parametrize("build", [*NAMES, "hybrid", "hybrid-cma"])
@pytest.mark.parametrize("asked", [False, True])
def test_resumed_bit_for_bit(build, asked):
    builders = {"hybrid": hybrid, "hybrid-cma": lambda: hybrid(evolved="cma-es")}
    fresh = builders.get(build, lambda: make(build, schedule="cosine", generations=20))
    whole = advance(fresh(), 4)
    if asked:
        whole.ask()
    state, resumed = whole.state_dict(), fresh()
    assert all(value.dtype.kind != "O" for value in state.values())
    resumed.load_state_dict(state)
    for optimizer in (whole, resumed):
        advance(optimizer, 3)
    np.testing.assert_array_equal(whole.guess, resumed.guess)
    assert whole.generation == resumed.generation == 7
    assert whole.best[1] == resumed.best[1]
    other = make({"adam": "sgd"}.get(build, "adam"))
    with pytest.raises(InvalidInput, match="saved state"):
        other.load_state_dict(state)


def test_a_hybrid_evolves_some_and_descends_with_the_others():
    optimizer = hybrid()
    np.testing.assert_array_equal(optimizer.guess, START)
    candidates = optimizer.ask()
    spread = np.ptp(candidates, axis=0)
    np.testing.assert_array_equal(spread > 0, [True, False, True, False, False])
    # The descent is Adam's own; the evolution that of the method on its part alone.
    adam, evolved = make("adam"), make_optimizer("openai-es", START[[0, 2]], SCALE[[0, 2]], seed=1)
    for _ in range(5):
        losses = sphere(optimizer.ask())
        np.testing.assert_array_equal(optimizer.ask()[:, [0, 2]], evolved.ask())
        gradient = slope(optimizer.guess)[np.newaxis]
        evolved.tell(losses)
        adam.ask()
        adam.tell([0.0], gradient)
        optimizer.tell(losses, gradient)
    np.testing.assert_array_equal(optimizer.guess[[1, 3, 4]], adam.guess[[1, 3, 4]])
    np.testing.assert_array_equal(optimizer.guess[[0, 2]], evolved.guess)
    assert sphere(advance(optimizer, 300).guess) < 0.2 * sphere(START)


def test_a_hybrid_without_a_gradient_still_evolves():
    optimizer = hybrid()
    advance(optimizer, 1, lambda x: np.full(5, np.nan))
    np.testing.assert_array_equal(optimizer.guess[[1, 3, 4]], START[[1, 3, 4]])
    assert (optimizer.guess[[0, 2]] != START[[0, 2]]).all()
    assert optimizer.skipped == 1


finite = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=6).map(np.array)


@given(gradient=finite, clip_norm=st.floats(1e-3, 1e3), clip_value=st.floats(1e-3, 1e3))
def test_clipping_keeps_its_bounds(gradient, clip_norm, clip_value):
    by_value = GradientLimits(clip_value=clip_value).apply(gradient)
    np.testing.assert_array_equal(by_value, np.clip(gradient, -clip_value, clip_value))
    by_norm = GradientLimits(clip_norm=clip_norm).apply(gradient)
    assert norm(by_norm) <= clip_norm * (1 + 1e-12)
    if norm(gradient) <= clip_norm:
        np.testing.assert_array_equal(by_norm, gradient)


@given(gradient=finite.filter(lambda g: norm(g) > 1e-6), power=st.floats(0, 1))
def test_normalization_takes_a_power_of_the_norm(gradient, power):
    limited = GradientLimits(normalize=power).apply(gradient)
    assert norm(limited) == pytest.approx(norm(gradient) ** (1 - power), rel=1e-9)
    # Numbers smaller than the smallest normal one have fewer digits.
    smallest = np.finfo(float).tiny
    scaled, expected = limited * norm(gradient), gradient * norm(limited)
    np.testing.assert_allclose(scaled, expected, rtol=1e-9, atol=smallest)


def test_norms_of_huge_and_broken_gradients():
    assert norm(np.array([3e200, 4e200])) == pytest.approx(5e200)
    assert norm(np.zeros(3)) == 0
    assert norm(np.array([1.0, np.inf])) == np.inf
    assert np.isnan(norm(np.array([1.0, np.nan])))
    np.testing.assert_array_equal(GradientLimits(normalize=1.0).apply(np.zeros(2)), [0, 0])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"clip_norm": 0}, "clip_norm"),
        ({"clip_value": -1.0}, "clip_value"),
        ({"normalize": 1.5}, "normalize"),
        ({"learning_rate": 0}, "learning_rate"),
        ({"schedule": "cosine"}, "generations"),
        ({"population_size": 4}, "population_size"),
        ({"beta3": 0.5}, "beta"),
    ],
)
def test_wrong_options_are_refused(options, words):
    with pytest.raises(InvalidInput, match=words):
        make("adam", **options)


def test_they_are_listed_apart_from_methods_that_need_nothing_but_losses():
    assert not set(NAMES) & set(optimizer_names())
    options = optimizer_options("adam")
    assert {"learning_rate", "clip_norm", "surrogate", "truncate_steps", "beta1"} <= set(options)
    assert "seed" not in options and "method" not in options


def test_options_of_differentiation_are_those_of_the_execution():
    from dataclasses import asdict

    from neurotrain.executions.torch.options import Differentiation

    for name in NAMES:
        # A training takes many gradients, for which compiling pays.
        assert make(name).differentiation == asdict(Differentiation(compiled=True))
