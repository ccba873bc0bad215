"""Losses of trajectories, spike trains and activity, against plain loops."""

from dataclasses import replace

import numpy as np
import pytest

from neurotrain.errors import InvalidInput
from neurotrain.losses import (
    LOSSES,
    DepolarizationBlock,
    RateBand,
    RateMatching,
    Silence,
    TrajectoryError,
    VanRossum,
    VictorPurpura,
    make_loss,
)
from neurotrain.losses.examples import example
from neurotrain.losses.outputs import MeanOverOutputs
from neurotrain.spike_distances import van_rossum_distance, victor_purpura_distance

OUTPUTS = [name for name, loss in LOSSES.items() if issubclass(loss, MeanOverOutputs)]
EVERY = pytest.mark.parametrize("name", OUTPUTS)
MASK = np.random.default_rng(8).random((6, 8)) < 0.6


def case(name, mask=None):
    recording, trials = example(LOSSES[name].readout, 3)
    return recording, replace(trials, mask=mask)


@pytest.mark.parametrize("mask", [None, MASK])
def test_trajectory_error_is_the_mean_of_squares_of_a_plain_loop(mask):
    recording, trials = case("trajectory-error", mask)
    expected = []
    for output in recording.output:
        per_trial = []
        for b in range(6):
            squares = [
                (output[b, k, i] - trials.targets[b, k, i]) ** 2
                for k in range(8)
                for i in range(3)
                if mask is None or mask[b, k]
            ]
            per_trial.append(sum(squares) / len(squares))
        expected.append(sum(per_trial) / 6)
    np.testing.assert_allclose(TrajectoryError()(recording, trials), expected)


@pytest.mark.parametrize("mask", [None, MASK])
@pytest.mark.parametrize(
    ("loss", "distance"),
    [
        (VanRossum(tau_ms=7.0), lambda a, b: van_rossum_distance(a, b, 7.0)),
        (VictorPurpura(cost_per_ms=0.15), lambda a, b: victor_purpura_distance(a, b, 0.15)),
    ],
)
def test_distances_are_those_of_each_train_by_itself(loss, distance, mask):
    recording, trials = case(loss.name, mask)
    counts = np.ones((6, 8), bool) if mask is None else mask
    times = (np.arange(8) + 0.5) * 5.0

    def train(values, b):
        return np.repeat(times, np.where(counts[b], values, 0).astype(int))

    expected = [
        np.mean(
            [
                distance(train(output[b, :, i], b), train(trials.targets[b, :, i], b))
                for b in range(6)
                for i in range(3)
            ]
        )
        for output in recording.output
    ]
    np.testing.assert_allclose(loss(recording, trials), expected)


def test_rate_matching_is_zero_at_the_rate_that_spikes_have():
    recording, trials = case("rate-matching")
    steady = np.ones((4, 6, 400, 3))  # one spike in each bin of 5 ms
    trials = replace(
        trials, inputs=np.zeros((6, 400, 1)), targets=np.full((6, 400, 3), 200.0), mask=None
    )
    late = np.broadcast_to(np.arange(400) > 200, (6, 400))
    losses = RateMatching(tau_ms=50.0)(
        replace(recording, output=steady), replace(trials, mask=late)
    )
    np.testing.assert_allclose(losses, 0, atol=1e-9)
    missing = RateMatching(tau_ms=50.0)(
        replace(recording, output=0 * steady), replace(trials, mask=late)
    )
    np.testing.assert_allclose(missing, 200.0**2)


def test_rate_matching_filters_as_a_plain_loop():
    recording, trials = case("rate-matching", MASK)
    decay = np.exp(-5.0 / 20.0)
    expected = np.zeros(4)
    for p in range(4):
        for b in range(6):
            squares = []
            for i in range(3):
                rate = 0.0
                for k in range(8):
                    rate = decay * rate + (1 - decay) * recording.output[p, b, k, i] / 5e-3
                    if MASK[b, k]:
                        squares.append((rate - trials.targets[b, k, i]) ** 2)
            expected[p] += np.mean(squares) / 6
    np.testing.assert_allclose(RateMatching(tau_ms=20.0)(recording, trials), expected)


@EVERY
class TestEveryLossOfOutputs:
    def test_is_zero_at_the_target(self, name):
        recording, trials = case(name)
        if name != "rate-matching":
            output = np.broadcast_to(trials.targets, recording.output.shape)
            assert (make_loss(name)(replace(recording, output=output), trials) == 0).all()

    def test_bins_that_do_not_count_change_nothing(self, name):
        recording, trials = case(name, MASK)
        expected = make_loss(name)(recording, trials)
        changed = np.where(MASK[..., None], trials.targets, np.nan)
        assert np.array_equal(
            make_loss(name)(recording, replace(trials, targets=changed)), expected
        )
        counting = np.where(MASK[..., None], trials.targets + 3, trials.targets)
        others = make_loss(name)(recording, replace(trials, targets=counting))
        assert (others != expected).all()

    def test_a_trial_without_a_bin_that_counts_adds_nothing(self, name):
        recording, trials = case(name, np.zeros((6, 8), bool))
        assert (make_loss(name)(recording, trials) == 0).all()

    def test_is_infinite_where_an_output_is_not_finite(self, name):
        recording, trials = case(name)
        output = recording.output.copy()
        output[2, 1, 0, 0] = np.nan
        losses = make_loss(name)(replace(recording, output=output), trials)
        assert np.isinf(losses).tolist() == [False, False, True, False]

    def test_what_does_not_fit_is_told(self, name):
        recording, trials = case(name)
        for recorded, shown, told in (
            (recording, replace(trials, targets=None), "take a loss of choices"),
            (replace(recording, output=None), trials, "use a readout of trajectories"),
            (recording, replace(trials, targets=trials.targets[..., :2]), "they must agree"),
        ):
            with pytest.raises(InvalidInput, match=told) as error:
                make_loss(name)(recorded, shown)
            assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["van-rossum", "victor-purpura"])
def test_targets_that_are_no_counts_are_told(name):
    recording, trials = case(name)
    for value in (0.5, -1.0):
        with pytest.raises(InvalidInput, match="target has values that are not counts"):
            make_loss(name)(recording, replace(trials, targets=trials.targets + value))


def test_penalties_by_hand():
    recording, trials = example(None)
    spikes = np.zeros((1, 6, 8, 4), int)
    spikes[:, :, :, 0] = 1  # 8 spikes in 40 ms: 200 Hz
    spikes[:, :3, 2, 1] = 1  # a spike in half of the trials: 12.5 Hz
    blocked = np.zeros((1, 6, 4), bool)
    blocked[:, :2, 3] = True
    recording = replace(
        recording,
        spike_count=spikes,
        failed=np.zeros((1, 6), bool),
        readout=recording.readout[:1],
        blocked=blocked,
    )
    assert Silence()(recording, trials) == [(3 + 6 + 6) / 24]
    assert DepolarizationBlock()(recording, trials) == [2 / 24]
    losses = RateBand(lowest_hz=25.0, highest_hz=100.0)(recording, trials)
    np.testing.assert_allclose(losses, (1 + 0.5 + 1 + 1) / 4)


def test_what_penalties_cannot_judge_is_told():
    recording, trials = example(None)
    with pytest.raises(InvalidInput, match="Blocked"):
        DepolarizationBlock()(replace(recording, blocked=None), trials)
    with pytest.raises(InvalidInput, match="6 trials, got 2"):
        Silence()(recording, trials.select([0, 1]))
    with pytest.raises(InvalidInput, match="'highest_hz' of loss 'rate-band' must be .* above 5"):
        RateBand(lowest_hz=5.0, highest_hz=5.0)
