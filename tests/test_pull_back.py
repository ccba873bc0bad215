"""Derivatives by values are pulled back to derivatives by coordinates, for blocks of all kinds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neurotrain as nt
from neurotrain.errors import InvalidInput
from neurotrain.parameters.constraints import constrained_block
from neurotrain.parameters.layout import Layout
from neurotrain.parameters.space import Block, ParameterSpace

N = 5
SIGNS = np.where(np.arange(N) < 3, 1.0, -1.0)
SHARED = np.arange(N * N) % 7

plain_transforms = st.sampled_from([None, "identity", nt.Bounded(-1.5, 2.0)])
magnitudes = st.sampled_from(["softplus", "exp", nt.Softplus(0.3), nt.Bounded(0.0, 2.0)])
masks = st.sampled_from([None, 0.6, np.arange(N * N) % 3 > 0])
encodings = st.sampled_from([None, nt.RandomSubspace(3), nt.LowRank(2)])


@st.composite
def parameters(draw):
    """Draw a transform, with Dale's law or without, and whatever else may go with it."""
    dale = draw(st.sampled_from([None, SIGNS]))
    encoding = draw(encodings)
    may_share = not isinstance(encoding, nt.LowRank)
    return nt.Parameter(
        transform=draw(plain_transforms if dale is None else magnitudes),
        dale=dale,
        balanced=draw(st.booleans()),
        mask=draw(masks),
        masked_value=0.7,
        autapses=draw(st.booleans()),
        shared=draw(st.sampled_from([None, SHARED])) if may_share else None,
        encoding=encoding,
    )


def recurrent(parameter):
    pre, post = (index.ravel() for index in np.indices((N, N)))
    layout = Layout((N * N,), pre, post, N, N, pre == post)
    return constrained_block("recurrent.weight", layout, parameter, nt.Normal(0.1, 0.3))


def space_with(block):
    plain = Block("neurons.bias", (N,), nt.Normal(0, 1), 1.0)
    fixed = nt.Parameter(fixed=True)
    kept = constrained_block("input.weight", Layout.dense((N, 2)), fixed, nt.Normal(0, 1))
    return ParameterSpace((plain, block, kept))


def function(values, coefficients):
    """Return a smooth function of the values of all blocks, (candidate,)."""
    return sum(
        (np.sin(values[k]) * c).reshape(len(values[k]), -1).sum(axis=1)
        for k, c in coefficients.items()
    )


def slopes(values, coefficients):
    return {name: np.cos(values[name]) * c for name, c in coefficients.items()}


@settings(max_examples=60)
@given(parameter=parameters(), seed=st.integers(0, 100))
def test_pulled_back_derivatives_are_finite_differences(parameter, seed):
    rng = np.random.default_rng(seed)
    space = space_with(recurrent(parameter))
    vectors = np.stack([space.draw(rng) for _ in range(2)]) + 0.1 * rng.normal(size=space.size)
    values = space.split(vectors)
    coefficients = {name: rng.normal(size=value.shape[1:]) for name, value in values.items()}
    pulled = space.pull_back(vectors, slopes(values, coefficients))
    assert pulled.shape == vectors.shape
    step = 1e-5
    for k in range(space.size):
        ahead, behind = (
            function(space.split(vectors + sign * step * np.eye(space.size)[k]), coefficients)
            for sign in (1, -1)
        )
        np.testing.assert_allclose(
            pulled[:, k], (ahead - behind) / (2 * step), rtol=1e-5, atol=1e-7
        )


def test_far_out_coordinates_have_finite_derivatives():
    far = np.array([-1e4, -800.0, 800.0, 1e4])
    for transform in (nt.Softplus(2.0), nt.Exponential(1.0), nt.Bounded(-1.0, 1.0)):
        assert np.isfinite(transform.slope(far)).all()
    np.testing.assert_allclose(nt.Softplus(2.0).slope(far), [0, 0, 2, 2])
    assert (nt.Bounded(-1.0, 1.0).slope(far) == 0).all()


def test_a_block_that_is_not_among_the_derivatives_has_none():
    space = space_with(recurrent(nt.Parameter(dale=SIGNS)))
    vector = space.draw(np.random.default_rng(1))
    pulled = space.pull_back(vector, {"neurons.bias": np.arange(5.0)})
    np.testing.assert_array_equal(pulled, [*range(5), *np.zeros(space.size - 5)])


@pytest.mark.parametrize(
    ("gradients", "message"),
    [
        ({"neurons.bais": np.zeros(5)}, "neurons.bias"),
        ({"neurons.bias": np.zeros(4)}, r"\(5,\)"),
        ({"neurons.bias": np.zeros((2, 5))}, r"\(5,\)"),
    ],
)
def test_derivatives_that_do_not_fit_are_refused(gradients, message):
    space = space_with(recurrent(nt.Parameter()))
    with pytest.raises(InvalidInput, match=message):
        space.pull_back(np.zeros(space.size), gradients)
