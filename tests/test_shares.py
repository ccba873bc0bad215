"""Shares of runs that were not finite, silent or blocked."""

import numpy as np
import pytest

from neurotrain.gradients.shares import run_shares
from neurotrain.recording import Recording


def recording(count, failed=None, blocked=None):
    count = np.asarray(count)[:, :, np.newaxis]
    failed = np.zeros(count.shape[:2], bool) if failed is None else np.asarray(failed)
    return Recording(count, np.array([0, 1]), np.zeros((*failed.shape, 2)), failed, blocked=blocked)


def test_shares_and_who_is_dead():
    count = np.ones((4, 2, 4), int)
    count[1, :, :3] = 0
    count[2, 0, :2] = 0
    blocked = np.zeros((4, 2, 4), bool)
    blocked[2, 1] = True
    blocked[2, 0, 0] = True
    failed = np.array([[0, 0], [0, 0], [0, 0], [0, 1]], bool)
    shares = run_shares(recording(count, failed, blocked))
    assert shares.non_finite.tolist() == [0, 0, 0, 0.5]
    # A neuron that is blocked without a spike is blocked, not silent.
    assert shares.silent.tolist() == [0, 0.75, 1 / 8, 0]
    assert shares.blocked.tolist() == [0, 0, 5 / 8, 0]
    assert shares.dead.tolist() == [False, True, True, True]


def test_failed_trials_do_not_count_as_silent():
    shares = run_shares(recording(np.zeros((1, 2, 3), int), [[True, True]]))
    assert np.isnan(shares.silent).all() and shares.non_finite.tolist() == [1]
    assert shares.dead.all()
    half = run_shares(recording([[[0, 0, 0], [1, 1, 0]]], [[True, False]]))
    assert half.silent == pytest.approx([1 / 3])
