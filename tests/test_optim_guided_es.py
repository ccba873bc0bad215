"""Guided ES: its noise, and what it makes of gradients; means of estimates are with the others."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurotrain.errors import InvalidInput
from neurotrain.optimizers.guided_es import GuidedES, GuidedNoise, orthonormal_basis

vector = st.lists(st.floats(-1e3, 1e3), min_size=5, max_size=5)


@given(st.lists(vector, max_size=7).map(lambda rows: np.reshape(rows, (-1, 5))))
def test_basis_is_orthonormal_and_spans_the_vectors(vectors):
    basis = orthonormal_basis(vectors)
    np.testing.assert_allclose(basis @ basis.T, np.eye(len(basis)), atol=1e-10)
    longest = np.abs(vectors).max(initial=0)
    np.testing.assert_allclose(vectors @ basis.T @ basis, vectors, atol=1e-8 * longest + 1e-300)


def test_nearly_parallel_gradients_give_an_orthonormal_basis():
    basis = orthonormal_basis(np.array([[1.0, 1 / 3, 0.7], [1.0, 1 / 3 + 1e-8, 0.7]]))
    np.testing.assert_allclose(basis @ basis.T, np.eye(2), atol=1e-14)


@pytest.mark.parametrize("length", [1e-200, 1.0, 1e200])
def test_gradients_of_any_length_guide(length):
    basis = orthonormal_basis(length * np.array([[3.0, 4.0], [6.0, 8.0], [0.0, 0.0]]))
    np.testing.assert_allclose(basis, [[0.6, 0.8]])


@pytest.mark.parametrize("guides", [0, 2])
def test_noise_has_the_published_covariance(guides):
    """Each of 15 mean products lies within 6 standard errors: false alarms below 1 in 10^7."""
    noise = GuidedNoise(40_000, 5, alpha=0.3)
    noise.basis = orthonormal_basis(np.random.default_rng(1).standard_normal((guides, 5)))
    expected = np.eye(5) / 5
    if guides:
        expected = 0.3 / 5 * np.eye(5) + 0.7 / 2 * noise.basis.T @ noise.basis
    drawn = np.concatenate([part.copy() for _, part in noise.draw(np.random.default_rng(2))])
    products = np.einsum("ki,kj->kij", drawn, drawn)
    error = products.std(axis=0) / np.sqrt(len(drawn))
    assert (np.abs(products.mean(axis=0) - expected) < 6 * error).all()
    assert (np.abs(products.mean(axis=0) - 1.1 * expected) > 6 * error).any()


def run(size=300, guide=None, generations=60):
    optimizer = GuidedES(np.ones(size), np.ones(size), seed=1, population_size=8, alpha=0.5)
    curvature = np.geomspace(1, 10, size)
    for _ in range(generations):
        if guide is not None:
            optimizer.guide(guide(curvature * optimizer.guess)[None])
        optimizer.tell((optimizer.ask() ** 2 * curvature).sum(axis=1))
    return (optimizer.guess**2 * curvature).sum() / curvature.sum()


def test_a_poor_gradient_speeds_up_and_a_random_one_does_not_mislead():
    rng = np.random.default_rng(1)

    def poor(gradient):
        error = rng.standard_normal(len(gradient))
        return gradient + 2 * np.linalg.norm(gradient) / np.linalg.norm(error) * error

    alone, guided = run(), run(guide=poor)
    assert guided < 0.5 * alone
    assert run(guide=lambda gradient: rng.standard_normal(300)) < 0.9


def test_gradients_are_taken_in_units_of_scale():
    """A gradient per parameter is longer, in units of scale, where the scale is."""
    optimizer = GuidedES(np.zeros(3), np.array([1.0, 10.0, 0.1]), seed=1, alpha=0.0)
    optimizer.guide([[1.0, 1.0, 1.0]])
    np.testing.assert_allclose(
        optimizer.ask()[0] / optimizer.ask()[0, 0], [1, 100, 0.01], rtol=1e-12
    )


@pytest.mark.parametrize("asked", [False, True])
def test_guides_are_kept_and_resumed(asked):
    def make():
        return GuidedES(np.ones(4), np.ones(4), seed=1)

    one, other = make(), make()
    one.guide([[1.0, 0, 0, 0], [1.0, 1.0, 0, 0]])
    one.tell((one.ask() ** 2).sum(axis=1))
    if asked:
        one.ask()
    other.load_state_dict(one.state_dict())
    np.testing.assert_array_equal(one.ask(), other.ask())
    unguided = make()
    unguided.tell((unguided.ask() ** 2).sum(axis=1))
    assert not np.array_equal(one.ask() - one.guess, unguided.ask() - unguided.guess)


def test_useless_gradients_leave_plain_noise():
    one, other = (GuidedES(np.ones(4), np.ones(4), seed=1) for _ in range(2))
    one.guide(np.zeros((2, 4)))
    np.testing.assert_array_equal(one.ask(), other.ask())


@pytest.mark.parametrize(
    ("gradients", "words"),
    [
        ([1.0, 2.0], r"shape \(k, 2\), got \(2,\)"),
        ([[1.0, 2.0, 3.0]], r"shape \(k, 2\), got \(1, 3\)"),
        ([[1.0, np.nan]], "NaN or infinity: clip them"),
    ],
)
def test_bad_gradients_are_refused(gradients, words):
    with pytest.raises(InvalidInput, match=words):
        GuidedES(np.zeros(2), np.ones(2), seed=1).guide(gradients)


def test_guiding_between_ask_and_tell_is_refused():
    optimizer = GuidedES(np.zeros(2), np.ones(2), seed=1)
    optimizer.ask()
    with pytest.raises(InvalidInput, match="guide must come before ask"):
        optimizer.guide([[1.0, 0.0]])


@pytest.mark.parametrize("alpha", [-0.1, 1.1])
def test_shares_outside_0_and_1_are_refused(alpha):
    with pytest.raises(InvalidInput, match="alpha"):
        GuidedES(np.zeros(2), np.ones(2), seed=1, alpha=alpha)
