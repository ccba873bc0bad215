"""Distances of spike trains: against formulas written out, published values, and Elephant."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurotrain.errors import InvalidInput
from neurotrain.spike_distances import (
    pad_trains,
    spike_times,
    van_rossum_distance,
    victor_purpura_distance,
)

trains = st.lists(st.floats(0, 200), max_size=12).map(sorted)


def direct_van_rossum(one, other, tau):
    """Sum over all pairs of spikes, in double loops."""
    spikes = [(t, 1) for t in one] + [(t, -1) for t in other]
    total = sum(d * e * np.exp(-abs(t - u) / tau) for t, d in spikes for u, e in spikes)
    return np.sqrt(max(total, 0))


def direct_victor_purpura(one, other, cost):
    """Least cost, by recursion over the last spikes."""
    if not len(one) or not len(other):
        return len(one) + len(other)
    table = np.zeros((len(one) + 1, len(other) + 1))
    table[:, 0], table[0] = np.arange(len(one) + 1), np.arange(len(other) + 1)
    for i, t in enumerate(one):
        for j, u in enumerate(other):
            ways = table[i, j + 1] + 1, table[i + 1, j] + 1, table[i, j] + cost * abs(t - u)
            table[i + 1, j + 1] = min(ways)
    return table[-1, -1]


DISTANCES = pytest.mark.parametrize(
    ("distance", "direct", "setting"),
    [
        (van_rossum_distance, direct_van_rossum, 15.0),
        (victor_purpura_distance, direct_victor_purpura, 0.08),
    ],
)


@DISTANCES
@settings(max_examples=60)
@given(one=trains, other=trains)
def test_is_the_formula_written_out(distance, direct, setting, one, other):
    # The square root of what is left of a difference is as large as the root of the rounding.
    both = distance(np.array(one), np.array(other), setting)
    assert both == pytest.approx(direct(one, other, setting), abs=1e-6)
    assert both**2 == pytest.approx(direct(one, other, setting) ** 2, abs=1e-10)


@DISTANCES
@settings(max_examples=40)
@given(one=trains, other=trains, third=trains)
def test_is_a_metric(distance, direct, setting, one, other, third):
    a, b, c = pad_trains([one, other, third])
    assert distance(a, a, setting) == pytest.approx(0, abs=1e-6)
    assert distance(a, b, setting) == pytest.approx(distance(b, a, setting), abs=1e-6)
    by_the_third = distance(a, c, setting) + distance(c, b, setting)
    assert distance(a, b, setting) <= by_the_third + 1e-6


@DISTANCES
def test_of_many_pairs_at_once_is_that_of_each_bit_for_bit(distance, direct, setting):
    rng = np.random.default_rng(1)
    many = [rng.uniform(0, 200, rng.poisson(9)) for _ in range(8)]
    padded = pad_trains(many)
    together = distance(padded[:, None], padded[None], setting)
    assert together.shape == (8, 8)
    for i in range(8):
        for j in range(8):
            alone = distance(np.sort(many[i]), np.sort(many[j]), setting)
            assert together[i, j] == alone


def test_values_known_in_closed_form():
    one, two, none = [5.0], [5.0, 15.0], []
    assert van_rossum_distance(one, none, 10.0) == 1
    # Two spikes one time constant apart: sqrt(2 + 2/e).
    assert van_rossum_distance(two, none, 10.0) == pytest.approx(np.sqrt(2 + 2 / np.e))
    assert van_rossum_distance(one, two, 10.0) == pytest.approx(1)
    # Far apart no spike knows of another: the square root of how many there are.
    assert van_rossum_distance([0.0, 1e4], [2e4, 3e4], 1.0) == pytest.approx(2)
    assert victor_purpura_distance(one, two, 0.1) == 1
    assert victor_purpura_distance([5.0], [9.0], 0.1) == pytest.approx(0.4)
    # A shift that costs more than 2 is a removal and an addition.
    assert victor_purpura_distance([5.0], [50.0], 0.1) == 2
    assert victor_purpura_distance([1.0, 2.0, 3.0], [90.0], 0.0) == 2


def test_equals_elephant():
    quantities = pytest.importorskip("quantities")
    dissimilarity = pytest.importorskip(
        "elephant.spike_train_dissimilarity",
        reason="elephant, which compares to another implementation, is not installed",
    )
    import neo

    rng = np.random.default_rng(2)
    many = [np.sort(rng.uniform(0, 500, rng.poisson(rate))) for rate in (0, 2, 10, 25, 25, 40)]
    theirs = [neo.SpikeTrain(train, units="ms", t_stop=500) for train in many]
    padded = pad_trains(many)
    for tau in (1.0, 12.5, 80.0):
        expected = dissimilarity.van_rossum_distance(theirs, time_constant=tau * quantities.ms)
        ours = van_rossum_distance(padded[:, None], padded[None], tau)
        np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-9)
    for cost in (0.0, 0.01, 0.3):
        expected = dissimilarity.victor_purpura_distance(
            theirs, cost_factor=cost / quantities.ms, sort=False
        )
        ours = victor_purpura_distance(padded[:, None], padded[None], cost)
        np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-9)


def test_counts_become_times():
    counts = np.array([[0, 2, 0, 1], [0, 0, 0, 0]])
    times = spike_times(counts, np.array([1.0, 3.0, 5.0, 7.0]))
    np.testing.assert_array_equal(times, [[3, 3, 7], [np.nan] * 3])
    assert spike_times(counts[1:], np.arange(4.0)).shape == (1, 0)
    assert spike_times(np.zeros((2, 3, 0), int), np.empty(0)).shape == (2, 3, 0)


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
def test_refuses_a_time_constant_that_is_none(value):
    with pytest.raises(InvalidInput, match="tau"):
        van_rossum_distance([1.0], [2.0], value)


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf])
def test_refuses_a_cost_that_is_none(value):
    with pytest.raises(InvalidInput, match="cost"):
        victor_purpura_distance([1.0], [2.0], value)
