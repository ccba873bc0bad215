"""Dale's law at the start of training: signs by column, rows in balance, and their spectrum."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import neurotrain as nt
from neurotrain.models.excitation_inhibition import excitatory_count
from neurotrain.parameters.constraints import constrained_block
from neurotrain.parameters.dale import balance_rows, presynaptic_signs
from neurotrain.parameters.layout import Layout

N = 200
NORMAL = nt.Normal(0, N**-0.5)


def started(seed, initial=None, **options):
    """Return a weight matrix (post, pre) as training starts with it."""
    pre, post = (index.ravel() for index in np.indices((N, N)))
    layout = Layout((N * N,), pre, post, N, N, pre == post)
    parameter = nt.Parameter(dale=0.8, **options)
    initial = initial or NORMAL
    block = constrained_block("recurrent.weight", layout, parameter, initial)
    return block.decode(block.draw(np.random.default_rng(seed))).reshape(N, N).T


def largest_eigenvalue(weights):
    return np.abs(np.linalg.eigvals(weights)).max()


def disk(weights):
    """Return the radius of Rajan and Abbott (2006), equation 3, for the columns' variances."""
    return np.sqrt(weights.var(axis=0).sum())


@pytest.mark.parametrize(
    ("options", "initial", "bound"),
    [
        ({}, NORMAL, 1.25),
        ({}, nt.Uniform(0.02, 0.06), 1.25),
        ({"mask": 0.3}, NORMAL, 1.25),
        # Where the diagonal is missing, the disk is shifted by the means.
        ({"autapses": False}, NORMAL, 1.4),
    ],
)
def test_balanced_rows_leave_no_outlier(options, initial, bound):
    # Of 40 draws each, the largest ratio was 1.17, without autapses 1.30.
    for seed in range(3):
        weights = started(seed, initial, **options)
        np.testing.assert_allclose(weights.sum(axis=1), 0, atol=1e-12)
        assert 0.85 < largest_eigenvalue(weights) / disk(weights) < bound


@pytest.mark.parametrize("options", [{}, {"mask": 0.3}, {"autapses": False}])
def test_without_balance_there_is_an_outlier(options):
    """The control: what the test above would find."""
    weights = started(0, balanced=False, **options)
    assert largest_eigenvalue(weights) / disk(weights) > 3


def test_balanced_on_average_only_the_spectrum_still_has_outliers():
    """The control of rows: Rajan and Abbott's figure 2, means of columns that cancel."""
    outliers = []
    for seed in range(5):
        unbalanced = started(seed, balanced=False)
        unbalanced[:, 160:] *= 4
        outliers.append(largest_eigenvalue(unbalanced) / disk(unbalanced))
    assert np.median(outliers) > 1.25


def test_drawn_magnitudes_of_excitatory_neurons_stay():
    balanced, unbalanced = started(0), started(0, balanced=False)
    np.testing.assert_allclose(balanced[:, :160], unbalanced[:, :160], rtol=1e-9)
    assert (balanced[:, :160] > 0).all() and (balanced[:, 160:] < 0).all()
    assert (unbalanced[:, 160:] < 0).all()
    ratio = balanced[:, 160:] / unbalanced[:, 160:]
    np.testing.assert_allclose(ratio, np.broadcast_to(ratio[:, :1], ratio.shape), rtol=1e-9)


@given(
    n=st.integers(1, 8),
    seed=st.integers(0, 100),
    share=st.floats(0, 1),
)
def test_rows_cancel_where_both_signs_are(n, seed, share):
    rng = np.random.default_rng(seed)
    magnitudes, post = rng.uniform(0.1, 1, 4 * n), rng.integers(n, size=4 * n)
    signs = np.where(rng.random(4 * n) < share, 1.0, -1.0)
    balanced = balance_rows(magnitudes, signs, post)
    for row in np.unique(post):
        chosen = post == row
        if len(set(signs[chosen])) == 2:
            assert abs((balanced * signs)[chosen].sum()) < 1e-12
        else:
            np.testing.assert_array_equal(balanced[chosen], magnitudes[chosen])
    np.testing.assert_array_equal(balanced[signs > 0], magnitudes[signs > 0])


@pytest.mark.parametrize("n", [1, 5, 7, 64, 128])
def test_a_share_counts_neurons_as_the_models_do(n):
    signs = presynaptic_signs("a.weight", 0.8, Layout.dense((2, n)))
    assert (signs > 0).sum() == excitatory_count(n, 0.2)
    assert (np.diff(signs) <= 0).all()
