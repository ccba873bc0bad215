"""Periods in ms become bins and back; what does not divide is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurotrain.errors import InvalidInput
from neurotrain.timeline import Timeline

PERIODS = st.lists(st.integers(0, 20), min_size=1, max_size=5).filter(any)


@given(bin_ms=st.sampled_from([0.1, 0.2, 1.0, 4.0, 10.0]), n_bins=PERIODS)
def test_periods_follow_one_another_in_whole_bins(bin_ms, n_bins):
    durations = {f"p{i}": n * bin_ms for i, n in enumerate(n_bins)}
    timeline = Timeline(bin_ms, **durations)
    assert timeline.n_bins == sum(n_bins)
    assert timeline.duration_ms == pytest.approx(sum(durations.values()))
    assert timeline.zeros(3, 2).shape == (3, timeline.n_bins, 2)
    assert timeline.periods.keys() == {name for name, ms in durations.items() if ms}
    start = 0
    for name, n in zip(durations, n_bins, strict=True):
        assert timeline.bins(name) == slice(start, start + n)
        if n:
            assert timeline.periods[name] == pytest.approx((start * bin_ms, (start + n) * bin_ms))
            first, last = timeline.times_ms[timeline.bins(name)][[0, -1]]
            assert timeline.periods[name][0] < first <= last < timeline.periods[name][1]
        start += n


@pytest.mark.parametrize(
    ("bin_ms", "durations", "said"),
    [
        (10, {"cue": 25}, "period 'cue' lasts 25 ms, which is not a whole number of bins of 10 ms"),
        (10, {"cue": 5}, "period 'cue' lasts 5 ms"),
        (10, {"cue": -10, "decision": 20}, "period 'cue' lasts -10 ms"),
        (10, {"cue": np.nan}, "period 'cue' lasts nan ms"),
        (10, {"cue": 0, "decision": 0}, "last 0 ms"),
        (0, {"cue": 10}, "bin_ms must be a finite number above 0"),
        ("4", {"cue": 10}, "bin_ms must be a finite number above 0"),
    ],
)
def test_what_does_not_divide_is_refused(bin_ms, durations, said):
    with pytest.raises(InvalidInput, match=said) as error:
        Timeline(bin_ms, **durations)
    assert "\n" not in str(error.value)


class TestShortened:
    """A trial of 2 bins before, 3 of delay, 2 after; each bin holds its number, from 1."""

    timeline = Timeline(10.0, sample=20, delay=30, test=20)
    signals = np.tile(np.arange(1.0, 8.0)[:, np.newaxis], (4, 1, 2))

    def test_what_is_before_comes_later_and_what_is_after_stays(self):
        kept_ms = np.array([30.0, 20.0, 10.0, 0.0])
        moved = self.timeline.shortened(self.signals, "delay", kept_ms, rest=-1.0)
        expected = [
            [1, 2, 3, 4, 5, 6, 7],
            [-1, 1, 2, 4, 5, 6, 7],
            [-1, -1, 1, 2, 5, 6, 7],
            [-1, -1, -1, 1, 2, 6, 7],
        ]
        assert moved[:, :, 0].tolist() == moved[:, :, 1].tolist() == expected

    def test_rest_of_each_signal(self):
        kept_ms = np.zeros(4)
        moved = self.timeline.shortened(self.signals, "delay", kept_ms, np.array([8.0, 9.0]))
        assert moved[0, :3].tolist() == [[8, 9]] * 3

    @pytest.mark.parametrize("kept_ms", [40.0, 15.0, -10.0])
    def test_what_does_not_fit_is_refused(self, kept_ms):
        with pytest.raises(InvalidInput, match="The period 'delay'"):
            self.timeline.shortened(self.signals, "delay", np.full(4, kept_ms))
