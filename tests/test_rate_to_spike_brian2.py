"""A trained network run by Brian2 itself."""

from dataclasses import replace

import numpy as np
import pytest

from neurotrain.rate_to_spike.fit import fit
from neurotrain.rate_to_spike.four_sines import FourSines
from neurotrain.rate_to_spike.lif import LifNeuron
from neurotrain.rate_to_spike.measures import nmse
from neurotrain.rate_to_spike.settings import Settings
from neurotrain.rate_to_spike.three_bit_memory import ThreeBitMemory

SMALL = Settings(
    neurons=60,
    rate_units=40,
    components=4,
    random_slow_mv=0.5,
    random_fast_mv=5.0,
    settle_trials=1,
    component_trials=2,
    demean_trials=2,
    training_trials=3,
    test_trials=1,
)


def both(result, trials=1, seed=0):
    """Return what was shown, and outputs and spikes (time, neuron) of neurotrain and of Brian2."""
    shown = result.test(trials, seed)
    exported = result.to_brian2(trials, seed)
    exported.network.run(exported.duration)
    spikes = np.zeros(shown.stretch.spikes.shape, bool)
    steps = np.rint(exported.spikes.t / exported.neurons.clock.dt).astype(int)
    spikes[steps, np.asarray(exported.spikes.i)] = True
    return shown, np.asarray(exported.recorded.z).T, spikes


@pytest.mark.parametrize("traces", ["slow", "fast", "both"])
@pytest.mark.parametrize("refractory_ms", [0.0, 4.0])
@pytest.mark.parametrize("task", [FourSines(period_ms=200), ThreeBitMemory(trial_ms=300)])
def test_brian2_gives_the_same_outputs_and_spikes(traces, refractory_ms, task):
    neuron = LifNeuron(refractory_ms=refractory_ms)
    result = fit(task, replace(SMALL, traces=traces, neuron=neuron))
    shown, outputs, spikes = both(result, seed=3)
    assert spikes.sum() > 20
    # Until rounding moves a spike; the networks are chaotic.
    first = slice(0, 150)
    assert (spikes[first] == shown.stretch.spikes[first]).all()
    np.testing.assert_allclose(outputs[first], shown.stretch.outputs[first], atol=1e-7)


def test_brian2_runs_weights_by_dales_law_and_fast_inhibition():
    law = {"excitatory": 0.8, "connections": 0.5, "inhibition_mv": -20.0}
    settings = replace(SMALL, **law, random_slow_mv=0.0, random_fast_mv=0.0)
    result = fit(FourSines(period_ms=200), settings)
    shown, outputs, spikes = both(result)
    first = slice(0, 150)
    assert spikes[first].sum() > 20
    assert (spikes[first] == shown.stretch.spikes[first]).all()
    np.testing.assert_allclose(outputs[first], shown.stretch.outputs[first], atol=1e-7)
    synapses = result.to_brian2().recurrent
    inhibits = np.asarray(synapses.i) >= 48
    for kind in ("slow", "fast"):
        weights = np.asarray(getattr(synapses, f"w_{kind}"))
        assert (weights[~inhibits] >= 0).all() and (weights[inhibits] <= 0).all()
    # All inhibitory neurons together, that of fast learned synapses besides.
    assert (np.asarray(synapses.w_fast)[inhibits] * 1000 <= -20 / 12 + 1e-9).all()


@pytest.mark.slow
def test_brian2_does_what_was_learned():
    result = fit(FourSines(), Settings(component_trials=2, test_trials=10), seed=1)
    shown, outputs, spikes = both(result, trials=2)
    assert nmse(outputs, shown.signals).max() < 0.03
    assert spikes.mean() == pytest.approx(shown.stretch.spikes.mean(), rel=0.05)
