"""The keys of the trials' noise: by seed and trial, and by nothing else."""

import numpy as np
import pytest

from neurotrain.errors import InvalidInput
from neurotrain.executions.fused.noise import trial_keys


@pytest.mark.parametrize(
    ("seed", "expected"),
    [
        (0, [2731659606220466539, 2790326697752637702, 18072164372224808984]),
        (2**70 + 5, [13535635045787841431, 10810927268820892721, 8368734862623886042]),
    ],
)
def test_same_keys_for_ever(seed, expected):
    assert trial_keys(seed, 3).tolist() == expected


@pytest.mark.parametrize("seed", [0, 1, 12345, 2**63])
def test_key_depends_on_seed_and_trial_only(seed):
    keys = trial_keys(seed, 100)
    assert keys.dtype == np.uint64
    for n in (0, 1, 2, 7, 99):
        np.testing.assert_array_equal(trial_keys(seed, n), keys[:n])


def test_keys_differ_between_trials_and_seeds():
    keys = np.concatenate([trial_keys(seed, 1000) for seed in range(200)])
    assert len(np.unique(keys)) == len(keys)


def test_every_bit_of_the_keys_is_used():
    """Counts of set bits within five standard deviations: a false alarm in 27,000 runs."""
    n = 100_000
    keys = trial_keys(3, n)
    ones = np.array([np.count_nonzero(keys >> np.uint64(bit) & np.uint64(1)) for bit in range(64)])
    assert np.abs(ones - n / 2).max() < 5 * (n / 4) ** 0.5
    assert np.abs(ones * 1.05 - n / 2).max() > 5 * (n / 4) ** 0.5


@pytest.mark.parametrize(("seed", "n"), [(-1, 3), (1.5, 3), (True, 3), (1, -1), (1, 2.0)])
def test_bad_arguments_are_refused(seed, n):
    with pytest.raises(InvalidInput, match="must be a whole number"):
        trial_keys(seed, n)
