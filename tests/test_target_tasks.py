"""Tasks of signals: shapes, times and distributions as stated, and what scores what."""

import numpy as np
import pytest
from scipy.stats import binom, kstest

from neurotrain.errors import InvalidInput
from neurotrain.rate_to_spike.delayed_match import DelayedMatch
from neurotrain.rate_to_spike.four_sines import FourSines
from neurotrain.rate_to_spike.reach import Reach
from neurotrain.rate_to_spike.ready_set_go import ReadySetGo
from neurotrain.rate_to_spike.tasks import make_task, task_names
from neurotrain.rate_to_spike.temporal_xor import TemporalXor
from neurotrain.rate_to_spike.three_bit_memory import ThreeBitMemory

# Statistical tests fail by chance at most this often, each.
FALSE_ALARM = 1e-6


def rng(seed=0):
    return np.random.default_rng(seed)


def onsets(channel):
    """Return the steps at which a channel leaves 0."""
    return np.flatnonzero(np.diff((channel != 0).astype(int), prepend=0) == 1)


def lengths(channel):
    """Return how long each stay away from 0 lasts."""
    return np.flatnonzero(np.diff((channel != 0).astype(int), append=0) == -1) + 1 - onsets(channel)


@pytest.mark.parametrize("name", task_names())
class TestEveryTask:
    def test_draws_what_it_says(self, name):
        task = make_task(name)
        signals = task.draw(5, rng())
        assert task.name == name
        assert signals.n_trials == 5
        assert signals.outputs.shape[1] == task.n_outputs
        assert signals.inputs.shape[1] == task.n_inputs
        assert signals.hints.shape[1] == task.n_hints
        assert signals.dt_ms == task.dt_ms == 1.0

    def test_takes_all_randomness_from_the_generator(self, name):
        task = make_task(name)
        one, other = (task.draw(4, rng(3)) for _ in range(2))
        np.testing.assert_array_equal(one.outputs, other.outputs)
        np.testing.assert_array_equal(one.inputs, other.inputs)

    def test_targets_score_1_and_silence_less(self, name):
        task = make_task(name)
        signals = task.draw(20, rng())
        np.testing.assert_allclose(task.score(signals.outputs, signals), 1)
        assert task.score(0 * signals.outputs, signals).max() < 0.7

    def test_outputs_turned_upside_down_score_low(self, name):
        task = make_task(name)
        signals = task.draw(20, rng())
        assert np.mean(task.score(-signals.outputs, signals)) < 0.3

    def test_outputs_of_another_shape_are_refused(self, name):
        task = make_task(name)
        signals = task.draw(2, rng())
        with pytest.raises(InvalidInput, match="Outputs must have shape"):
            task.score(signals.outputs[:-1], signals)

    def test_no_trials_are_refused(self, name):
        with pytest.raises(InvalidInput, match="n_trials must be a whole number of at least 1"):
            make_task(name).draw(0, rng())

    def test_a_step_of_no_length_is_refused(self, name):
        with pytest.raises(InvalidInput, match="dt_ms must be a finite number above 0"):
            make_task(name, dt_ms=0.0)


@pytest.mark.parametrize("name", sorted({*task_names()} - {"three-bit-memory"}))
def test_a_finer_step_gives_the_same_signals(name):
    coarse, fine = (make_task(name, dt_ms=dt).draw(3, rng(1)) for dt in (1.0, 0.5))
    # Durations that are drawn are rounded to steps, at most four to a trial.
    assert abs(coarse.duration_ms - fine.duration_ms) <= 3 * 4 * 0.5
    np.testing.assert_allclose(coarse.inputs.mean(), fine.inputs.mean(), atol=2e-3)
    np.testing.assert_allclose(coarse.outputs.mean(), fine.outputs.mean(), atol=2e-3)


def test_unknown_names_are_told_with_the_nearest():
    with pytest.raises(InvalidInput, match="did you mean 'temporal-xor'"):
        make_task("temporal-xnor")
    with pytest.raises(InvalidInput, match="did you mean 'period_ms'"):
        make_task("four-sines", period=3)


class TestFourSines:
    def test_is_the_published_sum(self):
        signals = FourSines().draw(2, rng())
        t = np.arange(1000) / 1000
        f = sum(np.sin(2 * np.pi * k * t) for k in (1, 2, 3, 5))
        np.testing.assert_allclose(signals.outputs[:, 0], np.tile(f / f.max(), 2), atol=1e-12)
        pulse = np.r_[np.full(50, 0.5), np.zeros(950)]
        np.testing.assert_array_equal(signals.inputs[:, 0], np.tile(pulse, 2))
        assert signals.outputs.max() == 1
        assert signals.outputs[0] == 0


class TestReach:
    def test_signals_of_a_direction(self):
        signals = Reach().draw_trial(rng(2))
        (direction,) = signals.conditions["direction"]
        angle = np.radians(direction)
        half = onsets(signals.inputs[:, 0])[0]
        assert signals.n_steps == 2 * half + 810
        assert half >= 200
        assert lengths(signals.inputs[:, 0]) == [350]
        reach = slice(half, half + 810)
        np.testing.assert_allclose(signals.inputs[reach, 1], 0.5 * np.cos(angle))
        np.testing.assert_allclose(signals.inputs[reach, 2], 0.5 * np.sin(angle))
        outside = np.r_[0:half, half + 810 : signals.n_steps]
        assert not signals.inputs[outside].any()
        assert not signals.outputs[outside, :2].any()
        assert (signals.outputs[:, 2] == -0.5).all()

    def test_muscle_activity_by_hand(self):
        activity, t = Reach().muscle_activity(np.radians(90)), 578
        # The second burst of the first muscle is at its peak, the first one is past it.
        first = (0.53 + 0.59 * np.cos(np.radians(90 + 145))) * np.exp(-0.5 * ((t - 490) / 43) ** 2)
        second = 0.12 + 0.29 * np.cos(np.radians(90 - 68))
        hold = (0.04 + 0.12) / (1 + np.exp(-(t - 590) / 13))
        assert activity[t, 0] == pytest.approx(first + second + hold)
        assert activity.shape == (810, 2)

    def test_activity_of_all_directions_is_a_plausible_electromyogram(self):
        each = np.array([Reach().muscle_activity(a) for a in 2 * np.pi * np.arange(1, 9) / 8])
        assert each.min() == -0.12
        assert 0.9 < each.max() < 1.3
        # Hardly anything before the fall of the hold, the largest bursts at 490 and near 600 ms.
        assert abs(each[:, :300]).max() < 0.01
        assert 480 <= np.unravel_index(each[..., 0].argmax(), each.shape[:2])[1] <= 500

    def test_directions_and_rests_are_as_stated(self):
        signals = Reach().draw(400, rng(5))
        counts = np.unique(signals.conditions["direction"], return_counts=True)
        np.testing.assert_array_equal(counts[0], 45.0 * np.arange(1, 9))
        low, high = binom.interval(1 - FALSE_ALARM / 8, 400, 1 / 8)
        assert low <= counts[1].min() <= counts[1].max() <= high
        rest = signals.steps - 810.0
        assert kstest(rest, "expon", (400, 2000)).pvalue > FALSE_ALARM
        assert kstest(rest, "expon", (400, 1200)).pvalue < FALSE_ALARM

    def test_score_is_that_of_the_muscles(self):
        signals = Reach().draw(3, rng())
        wrong = signals.outputs.copy()
        wrong[:, 2] = 7
        np.testing.assert_allclose(Reach().score(wrong, signals), 1)
        wrong[:, 0] = 0
        assert Reach().score(wrong, signals).max() < 1


class TestReadySetGo:
    def test_times_of_a_trial(self):
        signals = ReadySetGo().draw_trial(rng(1))
        (gap,), (set_,) = signals.conditions["gap_ms"], signals.conditions["set_ms"]
        ready = onsets(signals.inputs[:, 0])[0]
        assert onsets(signals.inputs[:, 1])[0] == set_ == ready + gap
        assert lengths(signals.inputs[:, 0]) == lengths(signals.inputs[:, 1]) == [50]
        bump = np.flatnonzero(signals.outputs[:, 0] > -0.5)
        assert bump[0] == set_ + gap + 1
        assert signals.outputs[int(set_ + gap) + 250, 0] == 1
        hint, rising = signals.hints.T
        assert np.flatnonzero(rising == 1).tolist() == list(range(ready, int(set_)))
        assert np.flatnonzero(rising == -1).tolist() == list(range(int(set_), int(set_ + gap)))
        assert hint.argmax() == set_
        assert hint.max() == pytest.approx(gap / 1000)
        assert onsets(hint)[0] == ready + 1
        assert len(onsets(hint)) == 1
        assert np.flatnonzero(hint)[-1] == set_ + gap - 1
        assert signals.n_steps == set_ + gap + 500 + ready

    def test_without_the_hint_all_else_is_the_same(self):
        with_, without = (ReadySetGo(hint=h).draw(3, rng(4)) for h in (True, False))
        np.testing.assert_array_equal(with_.outputs, without.outputs)
        assert without.hints.shape[1] == 0

    def test_gaps_are_uniform(self):
        gaps = ReadySetGo(mean_wait_ms=0).draw(300, rng(6)).conditions["gap_ms"]
        assert kstest(gaps, "uniform", (100, 2000)).pvalue > FALSE_ALARM
        assert kstest(gaps, "uniform", (600, 1500)).pvalue < FALSE_ALARM

    @pytest.mark.parametrize(("shift", "right"), [(0.15, 1), (-0.15, 1), (0.25, 0), (-0.25, 0)])
    def test_a_response_must_come_within_a_fifth_of_the_gap(self, shift, right):
        task = ReadySetGo(shortest_gap_ms=500.0)
        signals = task.draw(20, rng())
        gaps = signals.conditions["gap_ms"]
        moved = [
            np.roll(part, round(shift * gap), axis=0)
            for part, gap in zip(signals.split(signals.outputs), gaps, strict=True)
        ]
        assert (task.score(np.concatenate(moved), signals) == right).all()

    def test_always_the_same_wait_scores_low(self):
        task = ReadySetGo()
        signals = task.draw(300, rng(7))
        outputs = np.full_like(signals.outputs, -0.5)
        starts = [s.start for s in signals.slices]
        for start, set_ in zip(starts, signals.conditions["set_ms"], strict=True):
            outputs[int(start + set_ + 1100) : int(start + set_ + 1600)] = 1
        assert 0.1 < task.score(outputs, signals).mean() < 0.35


class TestTemporalXor:
    def test_times_of_trials(self):
        signals = TemporalXor().draw(40, rng(1))
        parts = zip(signals.split(signals.inputs), signals.split(signals.outputs), strict=True)
        for k, (inputs, outputs) in enumerate(parts):
            first, second = onsets(inputs[:, 0])
            assert second - first == 600
            assert 500 <= first <= 1500
            expected = [signals.conditions[name][k] for name in ("first_ms", "second_ms")]
            np.testing.assert_array_equal(lengths(inputs[:, 0]), expected)
            response = int(signals.conditions["response_ms"][k])
            assert response == second + expected[1] + 300 == len(outputs) - 500
            label = signals.conditions["label"][k]
            assert label == (1 if expected[0] != expected[1] else -1)
            assert outputs[response + 250, 0] == label
            assert not outputs[:response].any()

    def test_hints_tell_durations_and_answer_while_they_are_to_be_remembered(self):
        signals = TemporalXor().draw(20, rng(4))
        parts = zip(signals.split(signals.inputs), signals.split(signals.hints), strict=True)
        for k, (inputs, (since, first, answer)) in enumerate((i, h.T) for i, h in parts):
            first_ms, second_ms = (signals.conditions[n][k] for n in ("first_ms", "second_ms"))
            onset, second = onsets(inputs[:, 0])
            assert since.max() == pytest.approx(max(first_ms, second_ms) / 300 - 1 / 300)
            assert not since[inputs[:, 0] == 0].any()
            first_off, second_off = int(onset + first_ms), int(second + second_ms)
            assert (first[first_off:second_off] == (1 if first_ms == 300 else -1)).all()
            assert np.count_nonzero(first) == second_off - first_off
            assert (answer[second_off:] == signals.conditions["label"][k]).all()
            assert np.count_nonzero(answer) == len(answer) - second_off
        assert TemporalXor(hint=False).draw(2, rng(4)).hints.shape[1] == 0

    def test_neither_pulse_alone_tells_the_answer(self):
        signals = TemporalXor().draw(400, rng(2))
        label = signals.conditions["label"]
        for name in ("first_ms", "second_ms"):
            each = label[signals.conditions[name] == 300] == 1
            low, high = binom.interval(1 - FALSE_ALARM, len(each), 0.5)
            assert low <= each.sum() <= high

    def test_only_the_sign_in_the_response_counts(self):
        task = TemporalXor()
        signals = task.draw(30, rng(3))
        outputs = 0.01 * signals.outputs
        for part, start in zip(
            signals.split(outputs), signals.conditions["response_ms"].astype(int), strict=True
        ):
            part[:start] = 5
        assert task.score(outputs, signals).mean() == 1
        assert task.score(np.abs(signals.outputs), signals).mean() < 0.9


class TestDelayedMatch:
    def test_times_of_a_trial(self):
        signals = DelayedMatch().draw(8, rng(1))
        assert (signals.steps == 1500).all()
        for k, inputs in enumerate(signals.split(signals.inputs)):
            assert (inputs[250:500, 0] == signals.conditions["first"][k]).all()
            assert (inputs[550:800, 1] == signals.conditions["second"][k]).all()
            assert np.count_nonzero(inputs) == 500
        for outputs, label in zip(
            signals.split(signals.outputs), signals.conditions["label"], strict=True
        ):
            assert (outputs[850:1350] == label).all()
            assert np.count_nonzero(outputs) == 500
        product = signals.conditions["first"] * signals.conditions["second"]
        np.testing.assert_array_equal(signals.conditions["label"], product)

    def test_hints_tell_what_is_to_be_remembered(self):
        signals = DelayedMatch().draw(8, rng(1))
        for k, (first, label) in enumerate(h.T for h in signals.split(signals.hints)):
            assert (first[500:800] == signals.conditions["first"][k]).all()
            assert (label[800:1350] == signals.conditions["label"][k]).all()
            assert (np.count_nonzero(first), np.count_nonzero(label)) == (300, 550)
        assert DelayedMatch(hint=False).draw(2, rng(1)).hints.shape[1] == 0

    def test_delays_are_uniform(self):
        task = DelayedMatch(longest_delay_ms=600.0)
        delays = task.draw(300, rng(2)).conditions["delay_ms"]
        assert kstest(delays, "uniform", (50, 550)).pvalue > FALSE_ALARM
        assert kstest(delays, "uniform", (200, 400)).pvalue < FALSE_ALARM

    def test_all_four_pairs_come_equally_often(self):
        conditions = DelayedMatch().draw(400, rng(3)).conditions
        pairs = (conditions["first"] > 0) * 2 + (conditions["second"] > 0)
        low, high = binom.interval(1 - FALSE_ALARM / 4, 400, 0.25)
        counts = np.bincount(pairs)
        assert len(counts) == 4
        assert low <= counts.min() <= counts.max() <= high


class TestThreeBitMemory:
    def test_outputs_hold_the_sign_of_the_last_pulse(self):
        signals = ThreeBitMemory().draw(10, rng(1))
        for pulses, held in zip(signals.inputs.T, signals.outputs.T, strict=True):
            begun = onsets(pulses)
            assert begun[0] == 0
            assert (np.diff(begun) >= 100).all()
            assert (lengths(pulses)[:-1] == 50).all()
            for start, stop in zip(begun, [*begun[1:], len(held)], strict=True):
                assert (held[start + 50 : stop] == pulses[start]).all()
            assert np.abs(np.diff(held)).max() == pytest.approx(2 / 50)

    def test_nothing_counts_near_pulses(self):
        signals = ThreeBitMemory().draw(10, rng(2))
        near = np.zeros(signals.n_steps, dtype=bool)
        for start in np.concatenate([onsets(channel) for channel in signals.inputs.T]):
            near[start : start + 150] = True
        np.testing.assert_array_equal(signals.scored, ~near)
        assert set(np.unique(signals.outputs[signals.scored])) == {-1.0, 1.0}

    def test_memory_goes_on_across_trials(self):
        signals = ThreeBitMemory(rate_hz=0.0).draw(5, rng(3))
        assert (signals.outputs[50:] == signals.outputs[50]).all()
        assert (np.abs(signals.outputs[50]) == 1).all()

    def test_rate_of_pulses(self):
        signals = ThreeBitMemory().draw(400, rng(4))
        n_pulses = sum(len(onsets(channel)) for channel in signals.inputs.T)
        # In a second 0.15 s are dead on average, so intervals last 1/1.5 + 0.1 s.
        expected = 3 * 800 / (1 / 1.5 + 0.1)
        assert abs(n_pulses - expected) < 5 * np.sqrt(expected)
        assert abs(n_pulses - 3 * 800 * 1.5) > 5 * np.sqrt(expected)

    def test_score_is_the_share_of_bits(self):
        task = ThreeBitMemory()
        signals = task.draw(10, rng(5))
        wrong = signals.outputs * [1, 1, -1]
        np.testing.assert_allclose(task.score(wrong, signals), 2 / 3)


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        (FourSines, {"period_ms": 0.2}, "'period_ms' must last at least one step"),
        (FourSines, {"pulse_ms": -1}, "pulse_ms must be a finite number of at least 0"),
        (Reach, {"directions": 0}, "directions must be a whole number"),
        (ReadySetGo, {"shortest_gap_ms": 3000.0}, "none may be longer than the next"),
        (ReadySetGo, {"pulse_ms": 200.0}, "none may be longer than the next"),
        (TemporalXor, {"short_ms": 300.0}, "'short_ms' must be less than 'long_ms'"),
        (TemporalXor, {"onset_to_onset_ms": 200.0}, "at most 'onset_to_onset_ms'"),
        (TemporalXor, {"longest_rest_ms": 100.0}, "'shortest_rest_ms' must be at most"),
        (DelayedMatch, {"longest_delay_ms": 10.0}, "'shortest_delay_ms' must be at most"),
        (ThreeBitMemory, {"trial_ms": 100.0}, "'trial_ms' must be longer than a pulse"),
        (ThreeBitMemory, {"rate_hz": 2000.0}, "rate_hz must be a finite number"),
    ],
)
def test_settings_that_make_no_task_are_refused(kind, settings, message):
    with pytest.raises(InvalidInput, match=message):
        kind(**settings)
