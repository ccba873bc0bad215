"""Recorded signals and rates as targets of rate-to-spike, and a network trained on them."""

from dataclasses import replace

import numpy as np
import pytest
import quantities as pq
from brian2 import ms, mV, second
from recorded_data import block, segment, signal, train

from neurotrain import rate_to_spike
from neurotrain.errors import InvalidInput
from neurotrain.rate_smoothing import smooth

TIME = np.arange(0, 500, 0.5)
WAVES = np.stack([np.sin(2 * np.pi * TIME / 250), np.cos(2 * np.pi * TIME / 125)], axis=1)


def test_signals_are_sampled_at_steps():
    there = block(
        segment(signal(WAVES, period_ms=0.5, start_ms=2000, units="uV"), amplitude=1.0),
        segment(signal(2 * WAVES[:600], period_ms=0.5, start_ms=9000, units="uV"), amplitude=2.0),
    )
    found = rate_to_spike.signals_from_neo(there, 1 * ms)
    assert (found.dt_ms, found.steps.tolist()) == (1, [500, 300])
    first, second_trial = found.split(found.outputs)
    np.testing.assert_allclose(first, WAVES[::2], atol=1e-9)
    np.testing.assert_allclose(second_trial, 2 * WAVES[:600:2], atol=1e-9)
    np.testing.assert_array_equal(found.conditions["amplitude"], [1, 2])


def test_rates_are_smoothed_counts_in_hz():
    rng = np.random.default_rng(0)
    times = [np.sort(rng.uniform(0, 400, n)) for n in (10, 0)]
    trial = segment(*(train(t + 700, start_ms=700, stop_ms=1100) for t in times))
    found = rate_to_spike.rates_from_neo(trial, 2 * ms, smoothing_ms=30)
    counts = np.stack([np.histogram(t, np.arange(0, 401, 2))[0] for t in times], axis=1)
    np.testing.assert_allclose(found.outputs, smooth(counts, 30, 2) / 0.002)
    assert (found.outputs[:, 1] == 0).all()


def test_a_constant_rate_comes_to_that_rate():
    regular = train(np.arange(5, 1000, 10), stop_ms=1000)
    found = rate_to_spike.rates_from_neo(regular, 1 * ms, smoothing_ms=20)
    np.testing.assert_allclose(found.outputs, 100, rtol=0.02)


@pytest.mark.parametrize("dt", [1.0, 1 * mV, 0 * second, -1 * ms, 1 * pq.ms])
@pytest.mark.parametrize("name", ["signals_from_neo", "rates_from_neo"])
def test_a_step_is_a_time_of_brian2(name, dt):
    with pytest.raises(InvalidInput, match="dt must be a time"):
        getattr(rate_to_spike, name)(segment(signal(WAVES), train([1.0])), dt)


def test_paths_and_other_kernels_are_refused():
    for name in ("signals_from_neo", "rates_from_neo"):
        with pytest.raises(InvalidInput, match="with Neo first"):
            getattr(rate_to_spike, name)("x.nix", 1 * ms)
    with pytest.raises(InvalidInput, match="did you mean 'boxcar'"):
        rate_to_spike.rates_from_neo(train([1.0]), 1 * ms, kernel="box")


def test_a_spiking_network_learns_recorded_signals():
    there = segment(signal(WAVES, period_ms=0.5, start_ms=2000))
    signals = rate_to_spike.signals_from_neo(there, 1 * ms)
    cue = (np.arange(500) < 100)[:, np.newaxis]
    signals = replace(signals, inputs=cue)
    result = rate_to_spike.train(signals, neurons=200, trials=60, progress=False)
    assert result.nmse < 0.05
    # What was learned are these signals, not others of the same power.
    stretch = result.test(2).stretch.outputs
    shuffled = replace(signals, outputs=np.roll(signals.outputs, 125, axis=0))
    assert rate_to_spike.nmse(stretch[-500:], shuffled).min() > 1
