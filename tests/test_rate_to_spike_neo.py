"""Neo export of a spiking network against the trials that it was made from."""

import numpy as np
import pytest

from neurotrain.rate_to_spike import DelayedMatch, Settings, ThreeBitMemory, fit

TINY = Settings(
    neurons=40,
    rate_units=30,
    components=4,
    settle_trials=1,
    component_trials=2,
    demean_trials=2,
    training_trials=3,
    test_trials=2,
)


@pytest.fixture(scope="module")
def result():
    return fit(DelayedMatch(longest_delay_ms=200.0), TINY, seed=3, progress=False)


@pytest.fixture(scope="module")
def exported(result):
    return result.to_neo(3, seed=5, note="first"), result.test(3, seed=5)


def test_every_spike_is_exported_once_and_where_it_was(exported):
    block, shown = exported
    assert len(block.segments) == 3 and shown.stretch.spikes.any()
    for segment, spikes in zip(
        block.segments, shown.signals.split(shown.stretch.spikes), strict=True
    ):
        assert len(segment.spiketrains) == 40
        assert [len(train) for train in segment.spiketrains] == spikes.sum(axis=0).tolist()
        again = np.zeros_like(spikes)
        for train in segment.spiketrains:
            steps = train.rescale("ms").magnitude / shown.signals.dt_ms
            again[steps.round().astype(int), train.annotations["neuron"]] = True
        np.testing.assert_array_equal(again, spikes)
        assert float(segment.spiketrains[0].t_stop.rescale("ms")) == len(spikes)


def test_signals_are_those_of_the_trials(exported):
    block, shown = exported
    signals, stretch = shown.signals, shown.stretch
    expected = {
        "output": stretch.outputs,
        "target": signals.outputs,
        "factors": stretch.factors,
        "target factors": shown.wanted_factors,
        "input": signals.inputs,
    }
    assert len(set(signals.steps)) > 1
    for trial, segment in enumerate(block.segments):
        assert [one.name for one in segment.analogsignals] == list(expected)
        for one in segment.analogsignals:
            np.testing.assert_array_equal(one.magnitude, signals.split(expected[one.name])[trial])
            assert float(one.sampling_period.rescale("ms")) == signals.dt_ms
            assert float(one.t_start) == 0 and one.dimensionality.string == "dimensionless"


def test_annotations_say_what_was_trained_and_how_trials_went(result, exported):
    block, shown = exported
    said = {"task": "delayed-match", "seed": 3, "test_seed": 5, "nmse": result.nmse}
    assert block.annotations == said | {"note": "first"}
    score = result.training.task.score(shown.stretch.outputs, shown.signals)
    for trial, segment in enumerate(block.segments):
        assert segment.annotations["nmse"] == shown.nmse[trial]
        assert segment.annotations["score"] == score[trial]
        for name, values in shown.signals.conditions.items():
            assert segment.annotations[name] == values[trial]


def test_epochs_are_what_is_scored():
    result = fit(ThreeBitMemory(), TINY, progress=False)
    shown = result.test(1)
    scored = shown.signals.scored
    assert not scored.all()
    (epoch,) = result.to_neo(1).segments[0].epochs
    again = np.zeros_like(scored)
    starts, lasts = (one.rescale("ms").magnitude for one in (epoch.times, epoch.durations))
    for start, last in zip(starts, lasts, strict=True):
        again[round(start) : round(start + last)] = True
    np.testing.assert_array_equal(again, scored)
    assert set(epoch.labels) == {"scored"} and len(epoch) > 1
