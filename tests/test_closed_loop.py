"""The compiled closed loop beside the same in plain NumPy and in Brian2, step by step."""

import numpy as np
import pytest

from neurotrain.benchmarks.closed_loop_brian2 import run_in_brian2
from neurotrain.benchmarks.closed_loop_numpy import run_in_numpy
from neurotrain.rate_to_spike.factors import principal_components, random_spread
from neurotrain.rate_to_spike.four_sines import FourSines
from neurotrain.rate_to_spike.lif import LifNeuron
from neurotrain.rate_to_spike.rate_network import RateNetwork
from neurotrain.rate_to_spike.simulation import Simulation
from neurotrain.rate_to_spike.spiking_network import SpikingNetwork

NEURONS, FACTORS = 60, 5
# Rounding differs with the order of sums. A spike that comes a step later by it changes all that
# follows, so runs are as short as they show every part of the loop.
TOLERANCE = 1e-7


@pytest.fixture(scope="module")
def signals():
    return FourSines(period_ms=300.0, pulse_ms=30.0).draw(2, np.random.default_rng(0))


@pytest.fixture(scope="module")
def rate(signals):
    """Return the currents of a driven rate network, (time, unit), and its input weights."""
    network = RateNetwork.draw(50, 1, 1, np.random.default_rng(1))
    currents, _ = network.currents(np.zeros(50), signals.outputs, signals.inputs, signals.dt_ms)
    return currents, network.input_weights


def made(rate, seed=2, **settings):
    """Return a spiking network for the rate network, and what it is to produce."""
    currents, input_weights = rate
    rng = np.random.default_rng(seed)
    factors = principal_components(currents.T @ currents, FACTORS)
    spread = random_spread(NEURONS, 50, rng)
    pool = np.sort(rng.permutation(NEURONS)[: settings.pop("pool", NEURONS)])
    network = SpikingNetwork(
        spread @ factors.components,
        spread @ input_weights,
        rng.normal(0, 0.5, NEURONS),
        -60 / NEURONS,
        pool,
        **{
            name: rng.normal(0, scale / np.sqrt(NEURONS), (NEURONS, NEURONS))
            for name, scale in settings.pop("random", {}).items()
        },
        **settings,
    )
    return network, factors.project(currents), rng


SETTINGS = {
    "slow": {},
    "both traces of a pool": {"pool": 25, "traces": "both"},
    "fast traces": {"traces": "fast"},
    "random weights": {"random": {"random_slow": 1.1, "random_fast": 26.0}},
    "refractory": {"neuron": LifNeuron(refractory_ms=2.0), "traces": "both"},
    "other constants": {"neuron": LifNeuron(20.0, -50.0, -55.0, -65.0, 0.0, 60.0, 2.0)},
}


def compiled(network, signals, wanted, voltage, learns, **how):
    alpha = how.pop("alpha", 1.0)
    simulation = Simulation(network, 1, signals.dt_ms, voltage, alpha)
    stretch = simulation.advance(signals.inputs, wanted, learns=learns, record=True, **how)
    readouts = np.hstack([stretch.factors, stretch.outputs])
    return readouts, stretch.spikes, simulation


@pytest.mark.parametrize("alpha", [1.0, 10.0])
@pytest.mark.parametrize("name", SETTINGS)
def test_compiled_loop_does_what_plain_numpy_does(name, alpha, signals, rate):
    network, factors, rng = made(rate, **SETTINGS[name])
    wanted = np.hstack([factors, signals.outputs])
    voltage = network.neuron.rest_mv + 1e-3 * rng.normal(size=NEURONS)
    learns = rng.random(len(wanted)) < 0.5
    expected = run_in_numpy(
        network, signals.dt_ms, voltage, signals.inputs, wanted, learns, alpha=alpha
    )
    readouts, spikes, simulation = compiled(network, signals, wanted, voltage, learns, alpha=alpha)
    assert expected.spikes.sum() > 100
    np.testing.assert_array_equal(spikes, expected.spikes)
    np.testing.assert_allclose(readouts, expected.readouts, atol=TOLERANCE)
    np.testing.assert_allclose(simulation.voltage, expected.voltage, atol=TOLERANCE)
    np.testing.assert_allclose(simulation.decoders, expected.decoders, atol=TOLERANCE)
    np.testing.assert_allclose(simulation.learning.matrix(), expected.correlation, atol=TOLERANCE)


def test_teacher_forced_loop_does_what_plain_numpy_does(signals, rate):
    network, factors, rng = made(rate)
    wanted = np.hstack([factors, signals.outputs])
    voltage, learns = np.full(NEURONS, -60.0), np.zeros(len(wanted), dtype=bool)
    given = (network, signals.dt_ms, voltage, signals.inputs, wanted, learns)
    expected = run_in_numpy(*given, teach=True)
    _, spikes, _ = compiled(network, signals, wanted, voltage, learns, teach=True)
    np.testing.assert_array_equal(spikes, expected.spikes)
    assert (spikes != run_in_numpy(*given).spikes).any()


@pytest.mark.parametrize("name", ["slow", "refractory", "both traces of a pool"])
def test_brian2_does_what_plain_numpy_does(name, signals, rate):
    from brian2 import prefs

    network, factors, rng = made(rate, **SETTINGS[name])
    wanted = np.hstack([factors, signals.outputs])
    voltage = network.neuron.rest_mv + 1e-3 * rng.normal(size=NEURONS)
    learns = rng.random(len(wanted)) < 0.5
    given = (network, signals.dt_ms, voltage, signals.inputs, wanted, learns)
    expected = run_in_numpy(*given)
    target, prefs.codegen.target = prefs.codegen.target, "numpy"
    try:
        found = run_in_brian2(*given)
    finally:
        prefs.codegen.target = target
    np.testing.assert_array_equal(found.spikes, expected.spikes)
    for one in ("readouts", "voltage", "decoders", "correlation"):
        np.testing.assert_allclose(getattr(found, one), getattr(expected, one), atol=TOLERANCE)
