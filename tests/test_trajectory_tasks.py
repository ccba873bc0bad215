"""Tasks of trajectories: targets are what was published, and follow from the inputs."""

import numpy as np
import pytest

from neurotrain.errors import InvalidInput
from neurotrain.tasks import PatternGeneration, Reach, ReadySetGo, ThreeBitMemory


def rng(seed=1):
    return np.random.default_rng(seed)


class TestReadySetGo:
    task = ReadySetGo()
    trials = task.draw(300, rng())

    def onset_ms(self, values):
        return (values > 0).argmax(axis=1) * 10

    def test_response_comes_as_long_after_set_as_set_after_ready(self):
        gap_ms = self.trials.conditions["gap_ms"]
        ready, set_ = (self.onset_ms(self.trials.inputs[:, :, k]) for k in (0, 1))
        assert np.array_equal(set_ - ready, gap_ms)
        assert np.array_equal(self.onset_ms(self.trials.targets[:, :, 0]) - set_, gap_ms)
        assert (set_ == self.trials.periods["decision"][0]).all()

    def test_pulses_and_bump_have_their_durations(self):
        assert ((self.trials.inputs == 1).sum(axis=1) == 5).all()
        assert ((self.trials.targets > 0).sum(axis=1) == 50).all()
        assert np.allclose(self.trials.targets.max(axis=1), 1, atol=0.01)

    def test_gaps_are_drawn_from_the_whole_range(self):
        gap_ms = self.trials.conditions["gap_ms"]
        assert gap_ms.min() < 150
        assert gap_ms.max() > 2050
        assert ReadySetGo(gap_ms=(500.0, 800.0)).draw(9, rng()).duration_ms == 100 + 800 + 1300

    @pytest.mark.parametrize("settings", [{"pulse_ms": 0.0}, {"gap_ms": 40.0}])
    def test_pulse_must_fit_into_the_gap(self, settings):
        with pytest.raises(InvalidInput, match="at most the shortest gap"):
            ReadySetGo(**settings)


class TestThreeBitMemory:
    task = ThreeBitMemory()
    trials = task.draw(300, rng())

    def test_output_holds_the_sign_of_the_last_pulse(self):
        inputs, targets = self.trials.inputs, self.trials.targets
        held = np.zeros_like(inputs[:, 0])
        for bin_ in range(inputs.shape[1]):
            held = np.where(inputs[:, bin_] != 0, inputs[:, bin_], held)
            assert np.array_equal(targets[:, bin_], held)
        assert set(np.unique(targets)) == {-1.0, 1.0}

    def test_nothing_counts_right_after_a_pulse(self):
        on = np.pad(self.trials.inputs != 0, ((0, 0), (1, 0), (0, 0)))
        onset = (on[:, 1:] & ~on[:, :-1]).any(axis=2)
        recent = np.stack([np.roll(onset, shift, axis=1) for shift in range(10)])
        for shift in range(10):
            recent[shift, :, :shift] = False
        assert np.array_equal(self.trials.mask, ~recent.any(axis=0))

    def test_pulses_come_at_the_rate(self):
        """Number of 1.5 s without dead time; |z| above 4.5 once in 150 000 seeds."""
        on = np.pad(self.trials.inputs != 0, ((0, 0), (1, 0), (0, 0)))
        n = (on[:, 1:] & ~on[:, :-1])[:, 1:].sum()
        free_bins = self.trials.inputs.size - 10 * (n + 900)
        assert abs(n - 0.015 * free_bins) < 4.5 * n**0.5
        # Negative control.
        assert abs(n - 0.018 * free_bins) > 4.5 * n**0.5

    def test_pulses_last_as_stated(self):
        on = np.pad((self.trials.inputs != 0).astype(int), ((0, 0), (1, 1), (0, 0)))
        change = np.diff(on, axis=1)
        for trial, bit in np.ndindex(300, 3):
            started, stopped = (np.flatnonzero(change[trial, :, bit] == d) for d in (1, -1))
            full = started + 5 <= 205
            assert (stopped[full] - started[full] == 5).all()

    @pytest.mark.parametrize(
        "settings",
        [{"pulse_ms": 0.0}, {"settle_ms": 40.0}, {"settle_ms": 2000.0}, {"rate_hz": 101.0}],
    )
    def test_settings_are_checked(self, settings):
        with pytest.raises(InvalidInput, match="settle_ms|rate_hz"):
            ThreeBitMemory(**settings)


class TestPatternGeneration:
    def test_default_is_the_sum_of_four_sines(self):
        trials = PatternGeneration(bin_ms=1.0).draw(2, rng())
        time_s = (np.arange(2000) + 0.5) * 1e-3
        sines = sum(np.sin(2 * np.pi * k * time_s) for k in (1, 2, 3, 5))
        target = trials.targets[0, :, 0]
        assert np.allclose(target, sines / sines.max(), atol=2e-4)
        assert target.max() == pytest.approx(1, abs=1e-3)
        cued = trials.inputs[0, :, 0]
        assert np.array_equal(np.flatnonzero(cued), [*range(50), *range(1000, 1050)])
        assert set(cued) == {0.0, 0.5}

    def test_target_of_the_users(self):
        target = rng().normal(size=(100, 2))
        task = PatternGeneration(target=target, periods_per_trial=3)
        trials = task.draw(2, rng())
        assert task.outputs == 2
        assert np.allclose(trials.targets[1], np.tile(target, (3, 1)))
        assert task == PatternGeneration(target=target.tolist(), periods_per_trial=3)

    def test_target_is_interpolated(self):
        coarse = np.sin(2 * np.pi * (np.arange(50) + 0.5) / 50)
        pattern = PatternGeneration(target=coarse, periods_per_trial=1).pattern[:, 0]
        assert np.allclose(pattern, np.sin(2 * np.pi * (np.arange(100) + 0.5) / 100), atol=0.003)

    @pytest.mark.parametrize("suffix", [".csv", ".npy"])
    def test_target_from_a_file(self, suffix, tmp_path):
        path = tmp_path / f"target{suffix}"
        target = rng().normal(size=(20, 3))
        if suffix == ".npy":
            np.save(path, target)
        else:
            np.savetxt(path, target, delimiter=",", fmt="%.17g")
        assert PatternGeneration(target=str(path)) == PatternGeneration(target=target)

    @pytest.mark.parametrize(
        ("target", "said"),
        [
            ("missing.csv", "cannot be read"),
            (np.zeros((2, 2, 2)), r"must be \(sample, output\)"),
            ([1.0], r"must be \(sample, output\)"),
            (5.0, r"must be \(sample, output\)"),
            (np.zeros(5), "not all zero"),
            ([1.0, np.nan], "finite"),
            (["a", "b"], "cannot be read"),
        ],
    )
    def test_wrong_target_is_refused(self, target, said):
        with pytest.raises(InvalidInput, match=said):
            PatternGeneration(target=target)

    def test_cue_must_fit_into_the_period(self):
        with pytest.raises(InvalidInput, match="'cue_ms' must be at most the period, 1000 ms"):
            PatternGeneration(cue_ms=1010.0)


class TestReach:
    task = Reach(bin_ms=1.0)

    def test_muscles_are_active_as_published(self):
        # Read off the recipe: bursts near 490 and 600 ms, and peaks of about 1.
        angle = np.radians(np.arange(0, 360, 45))
        activity = self.task.muscle_activity(angle)
        assert activity.shape == (8, 810, 2)
        peak_ms = activity.max(axis=0).argmax(axis=0)
        assert ((peak_ms > 480) & (peak_ms < 610)).all()
        assert ((activity.max(axis=(0, 1)) > 0.7) & (activity.max(axis=(0, 1)) < 1.4)).all()
        assert activity.min() >= -0.12
        assert np.abs(activity[:, :250]).max() < 0.01

    @pytest.mark.parametrize("time", [300, 438, 533, 560, 650, 800])
    @pytest.mark.parametrize("degrees", [0.0, 45.0, 200.0])
    def test_activity_is_that_of_the_recipe(self, time, degrees):
        """The first muscle, written out with the numbers of the recipe."""
        t = time + 0.5

        def tuned(mean, depth, preferred):
            return mean + depth * np.cos(np.radians(degrees - preferred))

        first = np.exp(-0.5 * ((t - 490) / (52 if t < 490 else 43)) ** 2)
        second = np.exp(-0.5 * ((t - 578) / (60 if t < 578 else 57)) ** 2)
        hold = 1 / (1 + np.exp(-(t - 590) / 13))
        bursts = tuned(0.53, 0.59, -145) * first + tuned(0.12, 0.29, 68) * second
        expected = max(bursts + tuned(0.04, 0.12, 90) * hold, -0.12)
        activity = self.task.muscle_activity(np.radians([degrees]))[0, time, 0]
        assert activity == pytest.approx(expected, abs=1e-12)

    def test_first_burst_is_tuned_to_the_direction(self):
        angle = np.radians(np.arange(0, 360, 5))
        first_burst = self.task.muscle_activity(angle)[:, 440:480].mean(axis=1)
        for muscle, preferred in ((0, 215), (1, 108)):
            found = np.degrees(angle[first_burst[:, muscle].argmax()])
            assert abs((found - preferred + 180) % 360 - 180) < 20

    def test_inputs_show_hold_and_direction(self):
        trials = self.task.draw(50, rng())
        hold = trials.inputs[:, :, 0]
        assert (hold[:, :350] == 1).all()
        assert not hold[:, 350:].any()
        angle = np.degrees(np.arctan2(trials.inputs[:, 5, 2], trials.inputs[:, 5, 1])) % 360
        assert np.allclose(angle, trials.conditions["direction"])
        assert np.allclose(np.hypot(trials.inputs[:, :, 1], trials.inputs[:, :, 2]), 0.5)
        assert len(set(trials.conditions["direction"])) == 8

    def test_number_of_directions_is_checked(self):
        with pytest.raises(InvalidInput, match="directions must be a whole number"):
            Reach(directions=0)
