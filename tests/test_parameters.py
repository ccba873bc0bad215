"""Blocks and the flat vector: every number has one place, and none is lost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurotrain.distributions import Normal, Uniform
from neurotrain.errors import InvalidInput
from neurotrain.parameters.space import Block, ParameterSpace

shapes = st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple)
spaces = st.lists(shapes, min_size=1, max_size=5).map(
    lambda found: ParameterSpace(
        tuple(Block(f"part.{k}", shape, Normal(k, 1), k + 0.5) for k, shape in enumerate(found))
    )
)


def message_of(error):
    assert "\n" not in str(error.value)
    return str(error.value)


@given(space=spaces, lead=st.lists(st.integers(1, 3), max_size=2))
def test_split_and_join_are_inverse_for_any_blocks_and_leading_axes(space, lead):
    vectors = np.arange(np.prod([*lead, space.size]), dtype=float).reshape(*lead, space.size)
    blocks = space.split(vectors)
    assert list(blocks) == list(space.names)
    for block in space.blocks:
        assert blocks[block.name].shape == (*lead, *block.shape)
    np.testing.assert_array_equal(space.join(blocks), vectors)


@given(space=spaces)
def test_blocks_lie_in_order_and_rows_vary_last(space):
    start = 0
    for name, values in space.split(np.arange(space.size)).items():
        size = values.size
        np.testing.assert_array_equal(values.ravel(), np.arange(start, start + size), name)
        np.testing.assert_array_equal(np.unique(space.scale[start : start + size]).size, 1)
        start += size
    assert start == space.size == len(space.scale)


def test_starting_values_come_from_the_distribution_or_are_the_array():
    given = np.array([[1.0, 2], [3, 4]])
    space = ParameterSpace(
        (Block("a.w", (2, 2), given, 1.0), Block("b.w", (1000,), Uniform(2, 3), 0.3))
    )
    vector = space.draw(np.random.default_rng(0))
    np.testing.assert_array_equal(vector[:4], [1, 2, 3, 4])
    assert ((vector[4:] >= 2) & (vector[4:] < 3)).all()
    assert vector[4:].std() > 0.2
    np.testing.assert_array_equal(vector, space.draw(np.random.default_rng(0)))
    vector[0] = 99
    assert given[0, 0] == 1


def test_wrong_vectors_and_blocks_are_refused_in_one_line():
    space = ParameterSpace((Block("a.w", (2,), Normal(0, 1), 1.0),))
    with pytest.raises(InvalidInput, match="2 parameters") as error:
        space.split(np.zeros(3))
    message_of(error)
    for bad in (np.nan, np.inf):
        with pytest.raises(InvalidInput, match="NaN or infinity") as error:
            space.split(np.array([0, bad]))
        message_of(error)
    with pytest.raises(InvalidInput, match=r"did you mean 'a\.w'") as error:
        space.join({"a.v": np.zeros(2)})
    message_of(error)
    with pytest.raises(InvalidInput, match=r"a\.w"):
        space.join({})
    with pytest.raises(InvalidInput, match="shape"):
        space.join({"a.w": np.zeros(3)})
    with pytest.raises(InvalidInput, match="Nothing is trained"):
        ParameterSpace(())


@pytest.mark.parametrize("scale", [0.0, -1.0, np.nan, np.inf])
def test_a_scale_must_be_positive(scale):
    with pytest.raises(InvalidInput, match="scale"):
        Block("a.w", (2,), Normal(0, 1), scale)
