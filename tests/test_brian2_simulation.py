"""Neurons that Brian2 steps, with our traces and learning, beside the compiled network."""

from dataclasses import replace

import numpy as np
import pytest

from neurotrain.errors import InvalidInput, RunFolderError
from neurotrain.rate_to_spike.brian2_neuron import Brian2Neuron
from neurotrain.rate_to_spike.brian2_simulation import Brian2Simulation
from neurotrain.rate_to_spike.fit import fit
from neurotrain.rate_to_spike.four_sines import FourSines
from neurotrain.rate_to_spike.lif import LifNeuron
from neurotrain.rate_to_spike.settings import Settings
from neurotrain.rate_to_spike.simulation import Simulation
from neurotrain.rate_to_spike.spiking_network import SpikingNetwork
from neurotrain.rate_to_spike.training import Training

NEURONS, FACTORS, OUTPUTS, STEPS = 40, 3, 2, 200
TASK = FourSines(period_ms=100)


def lif_group(neurons, refractory_ms=0.0, dt_ms=1.0, threshold="v > -55*mV"):
    from brian2 import NeuronGroup, ms, mV

    group = NeuronGroup(
        neurons,
        """dv/dt = (-55*mV - v + current)/(10*ms) : volt (unless refractory)
        current : volt
        other : volt (constant)""",
        threshold=threshold,
        reset="v = -65*mV",
        refractory=refractory_ms * ms,
        method="exponential_euler",
        dt=dt_ms * ms,
        namespace={},
    )
    group.v = np.linspace(-65, -55, neurons) * mV
    return group


def brian2_lif(**others) -> Brian2Neuron:
    from brian2 import mV

    return Brian2Neuron(lambda n: lif_group(n, **others), "current", 1 * mV)


def network(neuron, traces="both") -> SpikingNetwork:
    rng = np.random.default_rng(0)
    return SpikingNetwork(
        encoders=rng.normal(0, 3, (NEURONS, FACTORS)),
        input_weights=rng.normal(0, 2, (NEURONS, 1)),
        bias=rng.normal(0, 1, NEURONS),
        inhibition=-1.5,
        pool=rng.permutation(NEURONS)[:25],
        traces=traces,
        random_slow=rng.normal(0, 0.2, (NEURONS, NEURONS)),
        random_fast=rng.normal(0, 4, (NEURONS, NEURONS)),
        neuron=neuron,
    )


def signals():
    time = np.arange(STEPS)[:, None] / 100
    wanted = np.sin(2 * np.pi * time + np.arange(FACTORS + OUTPUTS))
    return (time % 1 < 0.1).astype(float), wanted, np.random.default_rng(1).random(STEPS) < 0.5


def small(neuron) -> Settings:
    return Settings(
        neurons=60,
        rate_units=40,
        components=4,
        neuron=neuron,
        settle_trials=1,
        component_trials=2,
        demean_trials=1,
        training_trials=2,
        test_trials=1,
    )


@pytest.mark.parametrize("teach", [False, True])
@pytest.mark.parametrize("traces", ["slow", "both"])
@pytest.mark.parametrize("refractory_ms", [0.0, 3.0])
def test_same_neurons_do_the_same_as_the_compiled_ones(teach, traces, refractory_ms):
    inputs, wanted, learns = signals()
    own = Brian2Simulation(network(brian2_lif(refractory_ms=refractory_ms), traces), OUTPUTS, 1.0)
    compiled = Simulation(
        network(LifNeuron(refractory_ms=refractory_ms), traces),
        OUTPUTS,
        1.0,
        np.linspace(-65, -55, NEURONS),
    )
    for part in (slice(0, 120), slice(120, STEPS)):
        told = {"teach": teach, "learns": learns[part], "record": True}
        one, other = (each.advance(inputs[part], wanted[part], **told) for each in (own, compiled))
        assert other.spikes.sum() > 20
        assert (one.spikes == other.spikes).all()
        np.testing.assert_allclose(one.factors, other.factors, atol=1e-8)
        np.testing.assert_allclose(one.outputs, other.outputs, atol=1e-8)
        np.testing.assert_allclose(one.currents, other.currents, atol=1e-8)
    np.testing.assert_allclose(own.decoders, compiled.decoders, atol=1e-8)


def test_smaller_steps_of_the_neurons_keep_the_steps_of_the_task():
    inputs, wanted, _ = signals()
    fine = Brian2Simulation(network(brian2_lif(dt_ms=0.25)), OUTPUTS, 1.0)
    stretch = fine.advance(inputs, wanted, teach=True, record=True)
    assert stretch.factors.shape == (STEPS, FACTORS) and stretch.spikes.shape == (STEPS, NEURONS)
    coarse = Brian2Simulation(network(brian2_lif()), OUTPUTS, 1.0)
    other = coarse.advance(inputs, wanted, teach=True, record=True)
    assert stretch.spikes.sum() == pytest.approx(other.spikes.sum(), rel=0.2)


@pytest.mark.parametrize("refractory_ms", [0.0, 3.0])
def test_training_goes_on_exactly_wherever_it_was_stopped(refractory_ms):
    settings = small(brian2_lif(refractory_ms=refractory_ms))
    training, states = Training(TASK, settings), []
    while not training.done:
        states.append(training.state_dict())
        training.advance()
    for state in states[4::2]:
        resumed = Training(TASK, settings)
        resumed.load_state_dict(state)
        while not resumed.done:
            resumed.advance()
        assert resumed.losses == training.losses
        assert (resumed.simulation.decoders == training.simulation.decoders).all()


def test_fit_keeps_the_training_and_knows_the_neurons(tmp_path):
    result = fit(TASK, small(brian2_lif()), folder=tmp_path)
    assert fit(TASK, small(brian2_lif()), folder=tmp_path).nmse == result.nmse
    assert result.test(2).stretch.outputs.shape == (200, 1)
    assert result.recurrent_weights()["slow"].shape == (60, 60)
    with pytest.raises(RunFolderError, match="another training"):
        fit(TASK, small(brian2_lif(threshold="v > -54*mV")), folder=tmp_path)
    with pytest.raises(InvalidInput, match="LifNeuron"):
        result.to_brian2()


def test_neurons_that_do_not_fit_are_refused():
    from brian2 import NeuronGroup, mV, nA

    neuron = brian2_lif()
    cases = {
        "NeuronGroup of 4 neurons": replace(neuron, build=lambda n: lif_group(n + 1)),
        "no variable": replace(neuron, current="nothing"),
        "unit of 'current'": replace(neuron, scale=1 * nA),
        "threshold": replace(neuron, build=lambda n: NeuronGroup(n, "current : volt")),
    }
    for match, case in cases.items():
        with pytest.raises(InvalidInput, match=match):
            case.group(4)
    with pytest.raises(InvalidInput, match="whole number of times"):
        Brian2Simulation(network(brian2_lif(dt_ms=0.3)), OUTPUTS, 1.0)
    with pytest.raises(InvalidInput, match="tau_slow_ms"):
        Brian2Neuron(lif_group, "current", 1 * mV, tau_slow_ms=0)
    with pytest.raises(InvalidInput, match="connections"):
        fit(TASK, replace(small(neuron), connections=0.5))
