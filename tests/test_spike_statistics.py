"""Statistics of spikes, beside Elephant where it is installed, and beside known processes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurotrain.errors import InvalidInput
from neurotrain.spike_statistics import cv, cv2, fano_factor, spike_counts

N_NEURONS = 4
# Times as a SpikeMonitor gives them, in whole steps, in any order.
SPIKES = st.lists(st.tuples(st.integers(0, 999), st.integers(0, N_NEURONS - 1)), max_size=80)


def split(spikes):
    """Return times in ms and neurons of spikes, no two of a neuron at once."""
    spikes = list(dict.fromkeys(spikes))
    return np.array([t for t, _ in spikes], float), np.array([i for _, i in spikes], int)


def poisson(rate_hz, duration_ms, n_neurons, seed):
    rng = np.random.default_rng(seed)
    counts = rng.poisson(rate_hz * duration_ms / 1000, n_neurons)
    return rng.uniform(0, duration_ms, counts.sum()), np.repeat(np.arange(n_neurons), counts)


@pytest.fixture(scope="module")
def elephant():
    return pytest.importorskip("elephant.statistics")


class TestIntervals:
    @pytest.mark.filterwarnings("ignore")
    @given(SPIKES)
    def test_agree_with_elephant(self, elephant, spikes):
        times, neurons = split(spikes)
        ours = {"cv": cv(times, neurons, N_NEURONS), "cv2": cv2(times, neurons, N_NEURONS)}
        for neuron in range(N_NEURONS):
            intervals = np.diff(np.sort(times[neurons == neuron]))
            for name, each in ours.items():
                if len(intervals) < 2:
                    assert np.isnan(each[neuron])
                else:
                    expected = getattr(elephant, name)(intervals)
                    np.testing.assert_allclose(each[neuron], expected, atol=1e-12)

    @given(SPIKES, st.randoms(use_true_random=False))
    def test_do_not_depend_on_the_order_of_spikes(self, spikes, random):
        times, neurons = split(spikes)
        order = list(range(len(times)))
        random.shuffle(order)
        for measure in (cv, cv2):
            one = measure(times, neurons, N_NEURONS)
            other = measure(times[order], neurons[order], N_NEURONS)
            np.testing.assert_allclose(one, other)

    def test_by_hand(self):
        # Intervals of 10, 20, 10, 40 ms, and a regular neuron.
        times = np.array([0, 10, 30, 40, 80, 0, 5, 10, 15.0])
        neurons = np.array([0] * 5 + [1] * 4)
        intervals = np.array([10, 20, 10, 40.0])
        local = np.mean([2 * 10 / 30, 2 * 10 / 30, 2 * 30 / 50])
        np.testing.assert_allclose(cv(times, neurons, 2), [intervals.std() / 20, 0])
        np.testing.assert_allclose(cv2(times, neurons, 2), [local, 0])

    def test_of_poisson_processes_are_near_1(self):
        times, neurons = poisson(20, 100_000, 30, 1)
        # About 2000 intervals each: the mean of 30 neurons has a standard error below 0.005.
        assert cv(times, neurons, 30).mean() == pytest.approx(1, abs=0.03)
        assert cv2(times, neurons, 30).mean() == pytest.approx(1, abs=0.03)

    def test_slow_changes_of_the_rate_raise_one_and_not_the_other(self):
        times, neurons = poisson(20, 100_000, 30, 2)
        # Time runs twice as fast, or three times as slowly, every other 5 s.
        slow = (times // 5000) % 2 == 1
        changed = np.where(slow, times % 5000 * 3, times % 5000 * 0.5)
        changed += times // 10_000 * 17_500 + np.where(slow, 2500, 0)
        assert cv(changed, neurons, 30).mean() > 1.2
        assert cv2(changed, neurons, 30).mean() == pytest.approx(1, abs=0.05)

    def test_of_too_few_spikes_are_no_numbers(self):
        assert np.isnan(cv(np.array([1.0, 2.0]), np.array([0, 0]), 2)).all()
        assert np.isnan(cv2(np.zeros(0), np.zeros(0), 2)).all()


class TestCounts:
    def test_by_hand(self):
        times = np.array([0, 9.9, 10, 19.9, 100, 112, 119.9, 120.0])
        neurons = np.array([0, 0, 1, 1, 0, 1, 1, 0])
        counts = spike_counts(times, neurons, 2, starts_ms=[0, 100], duration_ms=25, window_ms=10)
        np.testing.assert_array_equal(counts, [[[2, 0], [0, 2]], [[1, 0], [0, 2]]])

    @given(st.integers(1, 5), st.integers(1, 40), st.integers(0, 99))
    def test_all_spikes_of_whole_windows_are_counted_once(self, n_trials, window, seed):
        times, neurons = poisson(50, 40 * n_trials, 3, seed)
        starts = 40.0 * np.arange(n_trials)
        counts = spike_counts(times, neurons, 3, starts_ms=starts, duration_ms=40, window_ms=window)
        assert counts.shape == (n_trials, 40 // window, 3)
        counted = times % 40 < 40 // window * window
        np.testing.assert_array_equal(
            counts.sum(axis=(0, 1)), np.bincount(neurons[counted], minlength=3)
        )

    def test_a_spike_on_the_border_belongs_to_the_later_window(self):
        # As sums of steps of 0.1 ms round; sum() does not, from Python 3.12 on.
        border = np.cumsum(np.full(1000, 0.1))[-1]
        assert border != 100
        counts = spike_counts([border], np.array([0]), 1, starts_ms=[0.0], duration_ms=200)
        np.testing.assert_array_equal(counts[0, :, 0], [0, 1])


class TestFanoFactor:
    @given(st.integers(2, 6), st.integers(0, 99))
    def test_agrees_with_elephant(self, elephant, n_trials, seed):
        neo = pytest.importorskip("neo")
        rng = np.random.default_rng(seed)
        counts = rng.poisson(3, (n_trials, 1, 1))
        trains = [
            neo.SpikeTrain(np.sort(rng.uniform(0, 100, n)), t_stop=100, units="ms")
            for n in counts[:, 0, 0]
        ]
        ours = fano_factor(counts)[0]
        if counts.any():
            # Elephant divides by the number of trials.
            expected = elephant.fanofactor(trains) * n_trials / (n_trials - 1)
            np.testing.assert_allclose(ours, expected)
        else:
            assert np.isnan(ours)

    def test_of_poisson_counts_is_near_1_also_when_rates_change(self):
        rates = np.array([1.0, 8.0, 3.0])[:, np.newaxis]
        counts = np.random.default_rng(1).poisson(rates, (200, 3, 50))
        # The standard error of each is about sqrt(2 / 200 / 3), that of the mean 0.008.
        assert fano_factor(counts).mean() == pytest.approx(1, abs=0.05)
        assert fano_factor(counts.reshape(1, 600, 50).transpose(1, 0, 2)).mean() > 2

    def test_of_equal_trials_is_0(self):
        counts = np.repeat(np.arange(6).reshape(1, 3, 2), 5, axis=0)
        np.testing.assert_array_equal(fano_factor(counts), 0)

    def test_silent_windows_are_left_out_and_silent_neurons_have_none(self):
        counts = np.zeros((2, 3, 2))
        counts[:, 0, 0] = 1, 3
        found = fano_factor(counts)
        assert found[0] == pytest.approx(1)
        assert np.isnan(found[1])


@pytest.mark.parametrize(
    ("times", "neurons", "message"),
    [
        ([1.0, 2.0], [0], "Every spike needs a time and a neuron"),
        ([1.0], [2], "neurons must be 0 to 1, got 2 to 2"),
        ([1.0], [0.5], "neurons must be whole numbers"),
        ([np.nan], [0], "Times of spikes must be finite"),
    ],
)
def test_wrong_spikes_are_refused(times, neurons, message):
    for measure in (cv, cv2):
        with pytest.raises(InvalidInput, match=message):
            measure(np.array(times), np.array(neurons), 2)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"starts_ms": [0, 50]}, "Trials must follow one another by at least the 100 ms"),
        ({"window_ms": 0}, "window_ms must be a finite number above 0"),
        ({"duration_ms": 50}, "duration_ms must be a finite number of at least 100"),
    ],
)
def test_wrong_windows_are_refused(settings, message):
    given = {"starts_ms": [0.0], "duration_ms": 100.0, **settings}
    with pytest.raises(InvalidInput, match=message):
        spike_counts(np.array([1.0]), np.array([0]), 1, **given)


def test_one_trial_has_no_fano_factor():
    with pytest.raises(InvalidInput, match="at least two trials"):
        fano_factor(np.ones((1, 2, 3)))
