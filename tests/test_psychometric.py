"""Psychometric curves against scipy and plain loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from neurotrain.analysis.psychometric import psychometric_curve
from neurotrain.errors import InvalidInput


@settings(max_examples=60, deadline=None)
@given(
    trials=st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=1, max_size=60),
    edges=st.sets(st.integers(1, 7), max_size=5).map(lambda inner: sorted({0, 8, *inner})),
)
def test_agrees_with_counting_and_with_the_interval_of_scipy(trials, edges):
    correct, stimulus = map(np.array, zip(*trials, strict=True))
    curve = psychometric_curve(correct, stimulus, edges)
    assert curve.n.sum() == len(trials)
    for i, (left, right) in enumerate(zip(edges[:-1], edges[1:], strict=True)):
        inside = [c for c, s in trials if left <= s < right or s == right == edges[-1]]
        assert curve.center[i] == (left + right) / 2
        assert curve.n[i] == len(inside)
        row = (curve.accuracy[i], curve.lower[i], curve.upper[i])
        if not inside:
            assert np.isnan(row).all()
            continue
        oracle = stats.binomtest(sum(inside), len(inside))
        interval = oracle.proportion_ci(0.95, method="wilson")
        assert row == pytest.approx((oracle.statistic, interval.low, interval.high), abs=1e-12)


def test_interval_covers_the_true_accuracy():
    """Coverage 0.95 +- 0.02 over 2000 curves of one bin of 100 trials at accuracy 0.8.

    The standard error is 0.005, so a false alarm is a deviation of 4 of them; the
    exact coverage of Wilson's interval here is 0.93 to 0.97.
    """
    draws = np.random.default_rng(0).random((2000, 100)) < 0.8
    curves = [psychometric_curve(d, np.ones(100), [0, 2]) for d in draws]
    covered = np.mean([c.lower[0] <= 0.8 <= c.upper[0] for c in curves])
    assert covered == pytest.approx(0.95, abs=0.02)


def test_number_of_bins_spans_the_stimulus():
    curve = psychometric_curve(np.array([0, 0, 1, 1]), np.array([0.0, 1.0, 3.0, 4.0]), 2)
    assert curve.center.tolist() == [1.0, 3.0]
    assert curve.accuracy.tolist() == [0.0, 1.0]
    assert curve.n.tolist() == [2, 2]


def test_one_stimulus_for_all_trials():
    assert psychometric_curve(np.array([True]), np.array([3]), 3).n.sum() == 1


@pytest.mark.parametrize(
    ("correct", "stimulus", "bins", "said"),
    [
        ([], [], 3, "for each trial"),
        ([True], [1, 2], 3, "for each trial"),
        ([[True]], [[1]], 3, "for each trial"),
        ([2], [1], 3, "true or false"),
        ([np.nan], [1], 3, "true or false"),
        ([True], [np.nan], 3, "finite"),
        ([True], [1], 0, "at least 1"),
        ([True], [1], 2.5, "at least 1"),
        ([True], [1], True, "at least 1"),
        ([True], [1], [1], "increasing"),
        ([True], [1], [0, 2, 2], "increasing"),
        ([True], [1], [0, np.nan], "increasing"),
        ([True], [5], [0, 2], "widen"),
    ],
)
def test_bad_input_is_refused(correct, stimulus, bins, said):
    with pytest.raises(InvalidInput, match=said):
        psychometric_curve(np.array(correct), np.array(stimulus), bins)
