"""Scores of choices and trajectories, and the ideal observer's formula against simulation."""

import numpy as np
import pytest

from neurotrain.errors import InvalidInput
from neurotrain.scoring import score_choices, score_trajectories, sign_is_right
from neurotrain.trials import Trials

TARGETS = np.random.default_rng(1).normal(size=(5, 4, 2))
MASK = np.random.default_rng(2).random((5, 4)) < 0.6


def trials(mask=MASK):
    inputs, periods = np.zeros((5, 4, 1)), {"decision": (0.0, 40.0)}
    labels = np.array([0, 1, 2, 0, 1])
    return Trials(inputs, 10.0, labels, periods, targets=TARGETS, mask=mask)


def test_choices_are_scored_by_their_share():
    decisions = np.tile(trials().labels, (2, 3, 1))
    decisions[0, 1, :2] = -1
    assert np.array_equal(score_choices(decisions, trials()), [[1, 0.6, 1], [1, 1, 1]])
    with pytest.raises(InvalidInput, match="one choice for each of the 5 trials"):
        score_choices(np.zeros(4), trials())


def test_trajectories_are_scored_by_their_error():
    outputs = np.stack([TARGETS, np.zeros_like(TARGETS), 2 * TARGETS, 0.5 * TARGETS])
    assert score_trajectories(outputs, trials()) == pytest.approx([1, 0, 0, 0.75])
    assert score_trajectories(TARGETS, trials()) == pytest.approx(1)


def test_score_is_the_sum_over_what_counts():
    output = np.random.default_rng(3).normal(size=TARGETS.shape)
    error = power = 0.0
    for trial, bin_, unit in np.ndindex(TARGETS.shape):
        if MASK[trial, bin_]:
            error += (output[trial, bin_, unit] - TARGETS[trial, bin_, unit]) ** 2
            power += TARGETS[trial, bin_, unit] ** 2
    assert score_trajectories(output[None], trials()) == pytest.approx([1 - error / power])


def test_score_of_one_is_that_among_many():
    output = np.random.default_rng(5).normal(size=(7, *TARGETS.shape))
    alone = [score_trajectories(each[None], trials())[0] for each in output]
    assert np.array_equal(score_trajectories(output, trials()), alone)


def test_what_does_not_count_does_not_matter():
    output = np.where(MASK[..., None], TARGETS, np.nan)
    assert score_trajectories(output[None], trials()) == pytest.approx([1])
    # Negative control: where everything counts it does.
    assert score_trajectories(output[None], trials(mask=None)) < 0.9


def test_failed_trial_counts_as_no_output():
    output = TARGETS.copy()
    output[2] = np.nan
    silent = np.nan_to_num(output)
    expected = score_trajectories(silent[None], trials())
    assert score_trajectories(output[None], trials()) == expected < 1


@pytest.mark.parametrize("shape", [(3, 5, 4), (3, 4, 5, 2), (5, 4, 1)])
def test_output_of_another_shape_is_refused(shape):
    with pytest.raises(InvalidInput, match=r"\(\.\.\., 5, 4, 2\)"):
        score_trajectories(np.zeros(shape), trials())


@pytest.mark.parametrize("ratio", [0.0, 0.3, 1.0, 2.0])
def test_sign_is_seen_as_often_as_in_simulation(ratio):
    """Within 4.5 standard errors, a false alarm in 150 000 seeds each."""
    seen = np.random.default_rng(4).normal(-2.0 * ratio, 2.0, 100_000)
    share, expected = (seen < 0).mean(), sign_is_right(np.array([-2.0 * ratio]), 2.0)[0]
    assert abs(share - expected) < 4.5 * 0.5 / 100_000**0.5


def test_sign_without_noise():
    assert sign_is_right(np.array([-1.0, 0.0, 1e-9]), 0.0).tolist() == [1.0, 0.5, 1.0]
