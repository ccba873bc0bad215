"""Neo objects as plain arrays: any units and starts, and what is refused."""

import neo
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recorded_data import block, segment, signal, train

from neurotrain.errors import InvalidInput
from neurotrain.recorded import recorded_signals, recorded_spikes


class TestSpikes:
    @pytest.mark.parametrize("units", ["s", "ms", "us"])
    @settings(max_examples=30)
    @given(st.lists(st.integers(0, 999), unique=True, max_size=20), st.integers(-500, 5000))
    def test_do_not_depend_on_units_and_starts(self, units, steps, start_ms):
        times = np.sort(steps) * 0.1
        there = train(times + start_ms, start_ms=start_ms, stop_ms=start_ms + 100, units=units)
        found = recorded_spikes(segment(there))
        np.testing.assert_allclose(found.times_ms[0][0], times, atol=1e-9)
        np.testing.assert_allclose(found.duration_ms, [100])
        counts = found.counts(0.1)[0]
        assert counts.shape == (1000, 1)
        np.testing.assert_array_equal(np.flatnonzero(counts), np.sort(steps))

    @given(st.lists(st.floats(0, 100), max_size=30), st.floats(0.5, 150))
    def test_no_spike_is_lost_in_bins(self, times, bin_ms):
        counts = recorded_spikes(train(times)).counts(bin_ms)[0]
        assert counts.sum() == len(times)
        assert len(counts) == np.ceil(100 / bin_ms - 1e-6)

    def test_all_ways_to_pass_them_are_the_same(self):
        trains = [train([1, 5]), train([])]
        trial = segment(train([1, 5]), train([]))
        for data in (trial, [trial], block(trial), [block(trial)], trains, trial.spiketrains):
            found = recorded_spikes(data)
            assert [each.tolist() for each in found.times_ms[0]] == [[1, 5], []]
        assert recorded_spikes(trains[0]).n_neurons == 1
        # What was passed as a list does not become part of anything.
        assert trains[0].segment is None

    def test_segments_are_trials_with_their_annotations(self):
        shared = {"contrast": 0.5, "side": "left", "kept": True}
        first = segment(train([1]), **shared, note="first", only_here=1, rate=np.nan)
        second = segment(
            train([2], start_ms=1, stop_ms=51), **shared | {"contrast": 1, "note": 3, "rate": 1.0}
        )
        found = recorded_spikes(block(first, second))
        np.testing.assert_allclose(found.duration_ms, [100, 50])
        np.testing.assert_allclose(np.concatenate(sum(found.times_ms, [])), [1, 1])
        assert set(found.conditions) == {"contrast", "side", "kept"}
        assert found.conditions["contrast"].tolist() == [0.5, 1]

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            ("spikes.nix", r"Read 'spikes.nix' with Neo first, such as neo.get_io\('spikes.nix'"),
            (np.arange(5.0), "must be a Block, Segment or SpikeTrain of Neo, .* got ndarray"),
            ({"a": 1}, "got dict"),
            (3, "got int"),
            (signal(np.zeros((5, 1))), "got AnalogSignal"),
            (neo.Block(), "There are no segments"),
            ([], "There are no segments"),
            (segment(signal(np.zeros((5, 1)))), "There are no SpikeTrains in segment 0"),
            (
                [segment(train([1]), train([])), segment(train([1]))],
                "There are 1 spike trains in segment 1, but 2 in segment 0",
            ),
            (
                [segment(train([1]), train([2], start_ms=1))],
                "segment 0 begins between 0 and 1 ms; cut it alike",
            ),
            (
                [segment(train([1]), train([2], stop_ms=99))],
                "segment 0 ends between 99 and 100 ms; cut it alike",
            ),
            (train([], stop_ms=0), "last no time"),
            (train([np.nan, 1]), "a time that is not finite"),
            (
                [
                    segment(train([1], name="a"), train([2], name="b")),
                    segment(train([1], name="b"), train([2], name="a")),
                ],
                "in another order; sort them",
            ),
        ],
    )
    def test_what_is_no_recording_is_refused(self, data, message):
        with pytest.raises(InvalidInput, match=message):
            recorded_spikes(data)


class TestSignals:
    @given(st.floats(0.2, 3.0), st.floats(0.2, 3.0), st.floats(-100, 1e4))
    def test_lines_stay_lines_at_any_sampling_and_start(self, period_ms, dt_ms, start_ms):
        n = 40
        line = 3 + 2 * np.arange(n) * period_ms
        there = signal(np.stack([line, -line], axis=1), period_ms=period_ms, start_ms=start_ms)
        (values,) = recorded_signals(there, dt_ms).values
        at = np.arange(len(values)) * dt_ms
        # The last sample holds until the end.
        expected = 3 + 2 * np.minimum(at, (n - 1) * period_ms)
        np.testing.assert_allclose(values, np.stack([expected, -expected], axis=1), atol=1e-6)
        assert len(values) == int(n * period_ms / dt_ms + 1e-6)

    def test_units_of_one_kind_are_made_the_same(self):
        both = segment(signal([[1.0], [2.0]]), signal([[0.003], [0.004]], units="V"))
        (values,) = recorded_signals(both, 1.0).values
        np.testing.assert_allclose(values, [[1, 3], [2, 4]])

    def test_signals_of_different_sampling_are_put_together(self):
        slow = signal(np.arange(10.0)[:, None], period_ms=2.0)
        fast = signal(np.arange(40.0)[:, None], period_ms=0.5)
        (values,) = recorded_signals([slow, fast], 1.0).values
        assert values.shape == (20, 2)
        np.testing.assert_allclose(values[:19, 0], np.arange(19) / 2)
        np.testing.assert_allclose(values[:, 1], np.arange(20) * 2)

    def test_names_choose_and_order(self):
        trial = segment(
            signal(np.zeros((4, 1)), name="x"),
            signal(np.ones((4, 1)), name="y"),
            signal(np.ones((4, 1)), name="I", units="pA"),
        )
        (values,) = recorded_signals(trial, 1.0, ["y", "x"]).values
        assert values[0].tolist() == [1, 0]
        assert recorded_signals(trial, 1.0, "I").values[0].shape == (4, 1)

    @pytest.mark.parametrize(
        ("data", "names", "message"),
        [
            ("a/b.nwb", None, "Read 'a/b.nwb' with Neo first"),
            (segment(train([1])), None, "There are no AnalogSignals in segment 0"),
            (signal([[1.0], [np.nan]]), None, "a sample that is not finite"),
            (signal([[1.0]], period_ms=0.5), None, "last 0.5 ms, less than a step of 1 ms"),
            (
                [segment(signal([[1.0]]), signal([[1.0]], units="pA"))],
                None,
                "Signal 'None' in segment 0 is in pA, signal 'None' in mV",
            ),
            (
                [segment(signal([[1.0]])), segment(signal([[1.0]], units="pA"))],
                None,
                "Signal 'None' in segment 1 is in pA, signal 'None' in mV",
            ),
            (
                [segment(signal([[1.0]])), segment(signal([[1.0, 2.0]]))],
                None,
                "There are 2 channels in segment 1, but 1 in segment 0",
            ),
            (
                [segment(signal([[1.0]] * 9), signal([[1.0]] * 5))],
                None,
                "segment 0 ends between 5 and 9 ms",
            ),
            (segment(signal([[1.0]], name="LFP")), "lfp", "There is no signal in segment 0 called"),
        ],
    )
    def test_what_cannot_be_a_target_is_refused(self, data, names, message):
        with pytest.raises(InvalidInput, match=message):
            recorded_signals(data, 1.0, names)


def test_what_neo_reads_from_a_file_is_understood():
    """Neo's own example, in place of a file of a laboratory: 2 segments of 10 s, 3 units."""
    there = neo.io.ExampleIO("example.fake").read_block()
    spikes = recorded_spikes(there)
    assert spikes.n_neurons == 3
    np.testing.assert_allclose(spikes.duration_ms, [10_000, 10_000])
    train_of_neo = there.segments[1].spiketrains[2]
    since = (train_of_neo.times - train_of_neo.t_start).rescale("ms").magnitude
    assert float(train_of_neo.t_start) == 15
    np.testing.assert_allclose(spikes.times_ms[1][2], np.sort(since))
    with pytest.raises(InvalidInput, match="signal 'stream 0' in uV"):
        recorded_signals(there, 1.0)
    values = recorded_signals(there, 1.0, "stream 0").values
    assert [each.shape for each in values] == [(10_000, 8)] * 2
    samples = there.segments[1].analogsignals[0].magnitude[::10]
    np.testing.assert_allclose(values[1], samples, rtol=1e-5)


def test_what_is_lazy_must_be_read():
    there = neo.io.ExampleIO("example.fake").read_block(lazy=True)
    with pytest.raises(InvalidInput, match="it has a SpikeTrainProxy; read the file without lazy"):
        recorded_spikes(there)
