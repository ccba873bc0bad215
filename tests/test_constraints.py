"""Constraints hold exactly in every candidate, whatever the optimizer asks for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import neurotrain as nt
from neurotrain.errors import InvalidInput
from neurotrain.optimizers import make_optimizer, optimizer_names
from neurotrain.parameters.constraints import constrained_block
from neurotrain.parameters.layout import Layout
from neurotrain.parameters.parameter import Parameter
from neurotrain.parameters.space import Block, ParameterSpace

N = 6
SIGNS = np.where(np.arange(N) < 4, 1.0, -1.0)


def recurrent(n=N):
    """Return the layout of n neurons that reach all n in the order of Brian2, pre by pre."""
    pre, post = (index.ravel() for index in np.indices((n, n)))
    return Layout((n * n,), pre, post, n, n, pre == post)


def block(parameter, initial=None, layout=None):
    initial = nt.Normal(0, 0.3) if initial is None else initial
    return constrained_block("recurrent.weight", layout or recurrent(), parameter, initial)


def space_of(*blocks):
    return ParameterSpace(blocks)


def matrix(values):
    """Return (..., post, pre) of the entries of `recurrent`."""
    n = int(np.sqrt(values.shape[-1]))
    return np.swapaxes(values.reshape(*values.shape[:-1], n, n), -1, -2)


transforms = st.sampled_from(["softplus", "exp", nt.Bounded(0.0, 2.0)])
masks = st.one_of(st.none(), st.floats(0.5, 1), st.just(np.arange(N * N) % 3 > 0))
encodings = st.sampled_from([None, nt.RandomSubspace(3), nt.LowRank(2)])


@st.composite
def constrained(draw):
    """Draw Dale's law with whatever else may go with it."""
    return Parameter(
        nt.Uniform(0.2, 0.6),
        transform=draw(transforms),
        dale=draw(st.sampled_from([SIGNS, 0.7])),
        balanced=draw(st.booleans()),
        mask=draw(masks),
        autapses=draw(st.booleans()),
        encoding=draw(encodings),
        seed=draw(st.integers(0, 3)),
    )


@pytest.mark.parametrize("name", optimizer_names())
@hypothesis_settings(max_examples=15)
@given(parameter=constrained(), seed=st.integers(0, 5))
def test_constraints_hold_in_every_candidate_of_every_optimizer(name, parameter, seed):
    try:
        chosen = block(parameter, parameter.initial)
        fixed = constrained_block(
            "input.weight", Layout.dense((N, 2)), Parameter(fixed=True), nt.Normal(0, 1)
        )
        space = space_of(fixed, chosen, Block("neurons.bias", (N,), nt.Normal(0, 1), 1.0))
        start = space.draw(np.random.default_rng(seed))
    except InvalidInput as error:
        # Balance may ask for more than Bounded allows, which is refused and not cut off.
        assert "outside the range" in str(error) and isinstance(parameter.transform, nt.Bounded)
        return
    optimizer = make_optimizer(name, start, space.scale, seed=seed)
    free = matrix_of_free(chosen)
    signs = SIGNS if np.ndim(parameter.dale) else np.where(np.arange(N) < 4, 1.0, -1.0)
    kept = space.split(start)["input.weight"]
    for generation in range(6):
        candidates = optimizer.ask()
        # Extreme candidates too: constraints must not depend on how the search behaves.
        far = candidates * 10.0 ** (2 * (generation % 3))
        for vectors in (candidates, far, optimizer.guess):
            values = space.split(vectors)
            weights = matrix(values["recurrent.weight"])
            assert np.isfinite(weights).all()
            assert (weights * signs >= 0).all()
            assert (weights[..., ~free] == 0).all()
            assert (values["input.weight"] == kept).all()
        optimizer.tell((candidates**2).sum(axis=1))


def matrix_of_free(chosen):
    free = np.zeros(chosen.shape, dtype=bool)
    free[chosen.coding.free] = True
    return matrix(free)


@given(
    transform=st.sampled_from(["identity", "softplus", "exp", nt.Bounded(0.0, 5.0)]),
    dale=st.sampled_from([None, SIGNS]),
    mask=masks,
    lead=st.lists(st.integers(1, 3), max_size=2),
)
def test_join_is_the_inverse_of_split(transform, dale, mask, lead):
    if dale is not None and transform == "identity":
        return
    parameter = Parameter(transform=transform, dale=dale, mask=mask, autapses=False)
    space = space_of(block(parameter, nt.Uniform(0.1, 0.5)))
    vectors = np.random.default_rng(1).normal(size=(*lead, space.size))
    values = space.split(vectors)
    assert values["recurrent.weight"].shape == (*lead, N * N)
    np.testing.assert_allclose(space.join(values), vectors, rtol=1e-7, atol=1e-9)


def test_only_free_values_are_coordinates():
    free = np.arange(N * N) % 2 == 0
    assert block(Parameter(mask=free)).size == 18
    assert (
        block(Parameter(mask=free, autapses=False)).size
        == (free & ~np.eye(N, dtype=bool).ravel()).sum()
    )
    assert block(Parameter(fixed=True)).size == 0
    assert block(Parameter(shared=np.repeat([7, 3], 18))).size == 2
    assert block(Parameter(encoding=nt.RandomSubspace(5))).size == 5
    assert block(Parameter(encoding=nt.LowRank(2))).size == 2 * 2 * N


def test_a_matrix_goes_to_rows_from_columns():
    given = np.arange(N * N).reshape(N, N).astype(float)
    values = space_of(block(Parameter(shared=np.arange(N * N)), given)).draw(None)
    np.testing.assert_array_equal(values.reshape(N, N), given.T)
    mask = np.zeros((N, N), dtype=bool)
    mask[2, 4] = True
    chosen = block(Parameter(mask=mask))
    assert (recurrent().pre[chosen.coding.free], recurrent().post[chosen.coding.free]) == (4, 2)


def test_masked_entries_keep_their_given_value():
    given = np.arange(N * N, dtype=float)
    space = space_of(block(Parameter(mask=given > 20, masked_value=given)))
    values = space.split(np.ones((2, space.size)))["recurrent.weight"]
    np.testing.assert_array_equal(values[:, :21], np.broadcast_to(given[:21], (2, 21)))
    assert (values[:, 21:] == 1).all()


def test_a_random_mask_is_that_of_its_seed_and_block():
    masks = [
        block(Parameter(mask=0.3, seed=seed), layout=recurrent(60)).coding.free
        for seed in (0, 0, 1)
    ]
    assert np.array_equal(masks[0], masks[1])
    assert not np.array_equal(masks[0], masks[2])
    # 3600 draws: outside of 0.3 +- 0.04 once in 10 million.
    assert abs(masks[0].size / 3600 - 0.3) < 0.04
    other = constrained_block("other.weight", recurrent(60), Parameter(mask=0.3), nt.Normal(0, 1))
    assert not np.array_equal(masks[0], other.coding.free)


def test_fixed_values_do_not_follow_the_run():
    free = Block("neurons.bias", (N,), nt.Normal(0, 1), 1.0)
    for seed, other in ((0, 0), (0, 1)):
        one, two = (space_of(block(Parameter(fixed=True, seed=s)), free) for s in (seed, other))
        first = one.split(one.draw(np.random.default_rng(1)))["recurrent.weight"]
        second = two.split(two.draw(np.random.default_rng(2)))["recurrent.weight"]
        assert np.array_equal(first, second) is (seed == other)
    with pytest.raises(InvalidInput, match="Nothing is trained"):
        space_of(block(Parameter(fixed=True)))


def test_shared_weights_follow_one_coordinate():
    groups = np.arange(N * N) % 4
    space = space_of(block(Parameter(shared=groups)))
    assert space.size == 4
    values = space.split(np.array([1.0, 2, 3, 4]))
    np.testing.assert_array_equal(values["recurrent.weight"], groups + 1.0)
    values["recurrent.weight"][0] = 9.0
    with pytest.raises(InvalidInput, match="shared"):
        space.join(values)


@pytest.mark.parametrize("transform", ["softplus", "exp", nt.Bounded(0.0, 4.0)])
def test_a_search_starts_at_the_initial_values(transform):
    space = space_of(block(Parameter(transform=transform), nt.Uniform(0.5, 1.5)))
    values = space.split(space.draw(np.random.default_rng(3)))["recurrent.weight"]
    np.testing.assert_allclose(values, np.random.default_rng(3).uniform(0.5, 1.5, N * N))
    # A step of one scale changes a typical value by as much as the initial values differ.
    middle = space.join({"recurrent.weight": np.ones(N * N)})
    step = 1e-3 * space.scale
    change = space.split(middle + step)["recurrent.weight"] - 1.0
    np.testing.assert_allclose(change, 1e-3 * nt.Uniform(0.5, 1.5).spread, rtol=0.01)


BAD = {
    "negative": (Parameter(transform="exp"), nt.Normal(1, 2), "outside the range"),
    "mean": (Parameter(transform="softplus"), nt.Normal(0, 1), "mean 0; .* must be above 0"),
    "bounds": (Parameter(transform=nt.Bounded(0, 1)), nt.Normal(2, 1), "which Bounded.* never"),
    "identity": (Parameter(transform="identity", dale=0.8), None, "without negative values"),
    "share": (Parameter(dale=1.2), None, "share of excitatory neurons must be from 0 to 1"),
    "signs": (Parameter(dale=np.ones(5)), None, "6 presynaptic neurons, got shape"),
    "sign": (Parameter(dale=np.array([1, 1, 1, 1, 1, 0])), None, r"\+1 or -1 .* got 0"),
    "no parameter": (Parameter(dale="polarity"), None, "give the signs as an array"),
    "wrong sign": (Parameter(dale=SIGNS), np.ones(N * N), "outside the range that .* sign"),
    "mask": (Parameter(mask=np.ones(3)), None, "got a mask of shape"),
    "numbers": (Parameter(mask=np.full(36, 0.5)), None, "True or False"),
    "empty": (Parameter(mask=np.zeros(36)), None, "leaves nothing free"),
    "probability": (Parameter(mask=1.5), None, "at most 1, got 1.5"),
    "groups": (Parameter(shared=np.ones(36)), None, "whole numbers"),
    "nan": (Parameter(mask=0.5, masked_value=np.nan), None, "NaN"),
    "subspace": (Parameter(encoding=nt.RandomSubspace(99)), None, "take fewer dimensions"),
    "factors": (Parameter(encoding=nt.LowRank(2)), np.ones(36), "from a distribution"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_hold_is_refused_in_one_line(case):
    parameter, initial, message = BAD[case]
    with pytest.raises(InvalidInput, match=message) as error:
        space_of(block(parameter, initial)).draw(np.random.default_rng(0))
    assert "\n" not in str(error.value) and "recurrent.weight" in str(error.value)


def test_only_weights_between_neurons_have_signs_autapses_and_ranks():
    layout = Layout((N,))
    for parameter in (
        Parameter(dale=0.5),
        Parameter(autapses=False),
        Parameter(encoding=nt.LowRank(1)),
    ):
        with pytest.raises(InvalidInput, match="neurons.bias"):
            constrained_block("neurons.bias", layout, parameter, nt.Normal(1, 1))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"transform": "softmax"}, "no transform called 'softmax'; did you mean 'softplus'"),
        ({"transform": 3}, "transform must be one of"),
        ({"fixed": 1}, "fixed must be True or False"),
        ({"seed": -1}, "seed of a Parameter"),
        ({"initial": 3.0}, "initial must be a distribution"),
        ({"mask": "x"}, "mask must be a number or an array of numbers, got 'x'"),
        ({"masked_value": [None]}, "masked_value must be"),
        ({"shared": ["a"]}, "shared must be"),
        ({"dale": [1, "a"]}, "dale must be"),
        ({"encoding": 3}, "RandomSubspace or a LowRank"),
        ({"encoding": nt.LowRank(1), "fixed": True}, "leave out the encoding"),
        ({"encoding": nt.LowRank(1), "shared": np.arange(36)}, "leave out one"),
    ],
)
def test_contradictions_are_refused(options, message):
    with pytest.raises(InvalidInput, match=message):
        Parameter(**options)
