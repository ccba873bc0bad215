"""Encodings: few coordinates, the variance of the start, the same from the same seed."""

import numpy as np
import pytest

import neurotrain as nt
from neurotrain.errors import InvalidInput
from neurotrain.parameters.constraints import constrained_block
from neurotrain.parameters.layout import Layout
from neurotrain.parameters.space import ParameterSpace

SHAPE = (60, 50)
START = nt.Normal(0.5, 0.2)


def space(encoding, name="input.weight", **options):
    parameter = nt.Parameter(encoding=encoding, **options)
    return ParameterSpace((constrained_block(name, Layout.dense(SHAPE), parameter, START),))


def values(made, vectors):
    return made.split(vectors)["input.weight"]


def test_a_subspace_is_affine_and_of_full_rank():
    made = space(nt.RandomSubspace(7))
    origin = values(made, np.zeros(7))
    steps = (values(made, np.eye(7)) - origin).reshape(7, -1)
    assert np.linalg.matrix_rank(steps) == 7
    z = np.random.default_rng(0).normal(size=(4, 7))
    np.testing.assert_allclose(
        values(made, z).reshape(4, -1), origin.ravel() + z @ steps, rtol=1e-12
    )
    # Columns of one length, such that coordinates of variance 1 change values by their spread.
    np.testing.assert_allclose((steps**2).sum(axis=1), 0.2**2 * 3000 / 7)
    np.testing.assert_array_equal(made.scale, np.ones(7))


def test_a_subspace_begins_at_drawn_values_of_its_own_seed():
    made, same, other = (space(nt.RandomSubspace(3, seed=seed)) for seed in (0, 0, 1))
    starts = [m.draw(np.random.default_rng(run)) for run, m in enumerate((made, same, other))]
    assert all((start == 0).all() for start in starts)
    z = np.ones(3)
    np.testing.assert_array_equal(values(made, z), values(same, z))
    for vector in (starts[0], z):
        assert not np.array_equal(values(made, vector), values(other, vector))
    steps = [values(m, z) - values(m, 0 * z) for m in (made, other)]
    assert not np.allclose(*steps)
    origin = values(made, starts[0])
    # Mean and spread of 3000 draws: beyond these bounds once in a million.
    assert abs(origin.mean() - 0.5) < 0.02 and abs(origin.std() - 0.2) < 0.015


@pytest.mark.parametrize("rank", [1, 4])
def test_factors_make_a_matrix_of_their_rank(rank):
    made = space(nt.LowRank(rank))
    assert made.size == rank * (60 + 50)
    z = np.random.default_rng(1).normal(size=(2, made.size))
    for vector, matrix in zip(z, values(made, z), strict=True):
        u, v = vector[: 60 * rank].reshape(60, rank), vector[60 * rank :].reshape(50, rank)
        np.testing.assert_allclose(matrix, 0.5 + 0.2 * u @ v.T / np.sqrt(rank), rtol=1e-12)
        assert np.linalg.matrix_rank(matrix - 0.5) == rank


def test_factors_begin_with_the_variance_of_the_distribution():
    found = []
    for run in range(20):
        made = space(nt.LowRank(8))
        found.append(values(made, made.draw(np.random.default_rng(run))).std())
    # 20 matrices of rank 8: the mean spread deviates by 5 % once in thousands.
    assert np.mean(found) == pytest.approx(0.2, rel=0.05)


@pytest.mark.parametrize("encoding", [nt.RandomSubspace(6), nt.LowRank(2)])
def test_candidates_do_not_depend_on_one_another(encoding):
    made = space(encoding, dale=0.8, mask=0.5)
    vectors = np.random.default_rng(2).normal(size=(9, made.size))
    together = values(made, vectors)
    for k in range(9):
        np.testing.assert_array_equal(values(made, vectors[k]), together[k])
        np.testing.assert_array_equal(values(made, vectors[k : k + 1])[0], together[k])


@pytest.mark.parametrize("encoding", [nt.RandomSubspace(6), nt.LowRank(2)])
def test_there_is_no_way_back(encoding):
    made = space(encoding)
    with pytest.raises(InvalidInput, match="keep the coordinates instead"):
        made.join(made.split(np.ones(made.size)))


@pytest.mark.parametrize("wrong", [0, -1, 2.5, "3"])
def test_sizes_are_whole_numbers(wrong):
    for kind in (nt.RandomSubspace, nt.LowRank):
        with pytest.raises(InvalidInput, match="whole number"):
            kind(wrong)
