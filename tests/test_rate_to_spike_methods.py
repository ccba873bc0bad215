"""FORCE and full-FORCE beside the principal components: what is learned, and from where."""

from dataclasses import replace

import numpy as np
import pytest

from neurotrain.errors import InvalidInput
from neurotrain.rate_to_spike.brian2_neuron import Brian2Neuron
from neurotrain.rate_to_spike.brian2_simulation import Brian2Simulation
from neurotrain.rate_to_spike.delayed_match import DelayedMatch
from neurotrain.rate_to_spike.fit import fit
from neurotrain.rate_to_spike.four_sines import FourSines
from neurotrain.rate_to_spike.lif import LifNeuron
from neurotrain.rate_to_spike.measured import filtered_spikes
from neurotrain.rate_to_spike.presets import find_preset
from neurotrain.rate_to_spike.settings import Settings
from neurotrain.rate_to_spike.signals import Signals
from neurotrain.rate_to_spike.simulation import Simulation
from neurotrain.rate_to_spike.spiking_network import SpikingNetwork
from neurotrain.rate_to_spike.target_sources import SpikingTargets
from neurotrain.rate_to_spike.training import Training

# The same on every Python.
pytestmark = pytest.mark.slow

NEURONS = 30
TASK = FourSines(period_ms=100)
FULL_FORCE = Settings(
    method="full-force",
    components=None,
    neurons=60,
    target_gain=15.0,
    random_slow_mv=1.5,
    random_fast_mv=5.0,
    settle_trials=1,
    component_trials=2,
    demean_trials=2,
    training_trials=3,
    test_trials=2,
)
FORCE = replace(FULL_FORCE, method="force")


def finished(task, settings, seed=0) -> Training:
    training = Training(task, settings, seed)
    while not training.done:
        training.advance()
    return training


def brian2_lif() -> Brian2Neuron:
    from brian2 import NeuronGroup, ms, mV

    def build(neurons):
        group = NeuronGroup(
            neurons,
            """dv/dt = (-55*mV - v + current)/(10*ms) : volt
            current : volt""",
            threshold="v > -55*mV",
            reset="v = -65*mV",
            method="exponential_euler",
            dt=1 * ms,
            namespace={},
        )
        group.v = np.linspace(-65, -55, neurons) * mV
        return group

    return Brian2Neuron(build, "current", 1 * mV)


def network(neuron, encoders=None, **random) -> SpikingNetwork:
    rng = np.random.default_rng(0)
    weights = rng.uniform(-15, 15, (NEURONS, 3))
    return SpikingNetwork(
        encoders=weights[:, :2] if encoders is None else encoders,
        input_weights=weights[:, 2:],
        bias=np.zeros(NEURONS),
        inhibition=-1.0,
        pool=np.zeros(1, int),
        neuron=neuron,
        **random,
    )


def random_weights(*kinds) -> dict[str, np.ndarray]:
    rng, scales = np.random.default_rng(1), {"random_slow": 0.3, "random_fast": 4.0}
    return {kind: rng.normal(0, scales[kind], (NEURONS, NEURONS)) for kind in kinds}


def simulated(spiking: SpikingNetwork) -> Simulation | Brian2Simulation:
    if isinstance(spiking.neuron, Brian2Neuron):
        return Brian2Simulation(spiking, 0, 1.0)
    return Simulation(spiking, 0, 1.0, np.linspace(-65, -55, NEURONS))


def trial() -> Signals:
    time = np.arange(300)[:, None] / 100
    hints = np.sin(4 * np.pi * time)
    return Signals(np.sin(2 * np.pi * time), time % 1 < 0.1, hints=hints)


@pytest.mark.parametrize("neuron", [LifNeuron(), brian2_lif()])
@pytest.mark.parametrize(
    "kinds", [("random_slow",), ("random_fast",), ("random_slow", "random_fast")]
)
def test_what_is_kept_of_random_weights_is_what_spikes_make_of_them(neuron, kinds):
    random, signals = random_weights(*kinds), trial()
    simulation = simulated(network(neuron, **random))
    drives = np.hstack([signals.outputs, signals.hints])
    told = {"teach": True, "record": True, "keep_random_currents": True}
    parts = [
        simulation.advance(signals.inputs[each], drives[each], **told)
        for each in (slice(0, 100), slice(100, 300))
    ]
    kept = np.concatenate([part.random_currents for part in parts])
    spikes = np.concatenate([part.spikes for part in parts])
    assert spikes.sum() > 100
    taus = {"random_slow": neuron.tau_slow_ms, "random_fast": neuron.tau_fast_ms}
    expected = sum(
        filtered_spikes(spikes, np.exp(-1 / taus[kind])) @ weights.T
        for kind, weights in random.items()
    )
    np.testing.assert_allclose(kept, expected, atol=1e-10)


@pytest.mark.parametrize("neuron", [LifNeuron(refractory_ms=3.0), brian2_lif()])
def test_neurons_that_are_fed_the_targets_spike_as_those_the_targets_come_from(neuron):
    signals = trial()
    random = random_weights("random_slow", "random_fast")
    target = SpikingTargets(simulated(network(neuron, **random)))
    wanted = target.currents(signals)
    learner = simulated(network(neuron, encoders=np.eye(NEURONS)))
    spikes = learner.advance(signals.inputs, wanted, teach=True, record=True).spikes
    again = simulated(network(neuron, **random))
    drives = np.hstack([signals.outputs, signals.hints])
    theirs = again.advance(signals.inputs, drives, teach=True, record=True).spikes
    assert spikes.sum() > 100
    assert (spikes == theirs).all()


def test_full_force_learns_the_currents_of_every_neuron_without_random_weights_of_its_own():
    training = finished(DelayedMatch(), FULL_FORCE)
    task, learned = training.task, training.simulation.network
    source = training.targets.source._simulation.network
    assert source.encoders.shape == (60, task.n_outputs + task.n_hints) and task.n_hints
    assert np.abs(source.encoders).max() <= 15.0
    assert source.random_slow is not None and source.random_fast is not None
    assert learned.random_slow is None and learned.random_fast is None
    assert (learned.input_weights == source.input_weights).all()
    # All principal components, turned back, are the neurons themselves.
    assert learned.factors == 60
    np.testing.assert_allclose(learned.encoders @ learned.encoders.T, np.eye(60), atol=1e-12)


def test_force_learns_the_outputs_and_feeds_them_back():
    training = finished(DelayedMatch(), FORCE)
    shown, network = training.test(2, 0), training.simulation.network
    np.testing.assert_allclose(np.abs(shown.wanted_factors), np.abs(shown.signals.outputs))
    decoders = training.simulation.decoders
    np.testing.assert_allclose(np.abs(decoders[0]), np.abs(decoders[1]), rtol=1e-12)
    assert decoders.any()
    assert network.encoders.shape == (60, 1) and np.abs(network.encoders).max() <= 15.0
    assert network.random_slow is not None and network.random_fast is not None


def test_oscillation_is_learned_by_force():
    preset = find_preset("osc4-force")
    settings = replace(preset.settings, component_trials=2, demean_trials=10, test_trials=20)
    # Three seeds were between 0.014 and 0.027.
    assert fit(preset.make_task(), settings, seed=1, progress=False).nmse < 0.08


def test_oscillation_is_learned_by_full_force():
    preset, fewer = find_preset("osc4-full-force"), {"neurons": 250, "training_trials": 120}
    short = {"component_trials": 2, "demean_trials": 10, "test_trials": 20}
    settings = replace(preset.settings, **fewer, **short)
    # 0.022 with the first seed.
    assert fit(preset.make_task(), settings, progress=False).nmse < 0.08


@pytest.mark.parametrize("settings", [FORCE, FULL_FORCE])
@pytest.mark.parametrize("neuron", [LifNeuron(), brian2_lif()])
def test_training_goes_on_exactly_wherever_it_was_stopped(settings, neuron):
    settings = replace(settings, neuron=neuron)
    training, states = Training(TASK, settings), []
    while not training.done:
        states.append(training.state_dict())
        training.advance()
    for state in states[2::5]:
        resumed = Training(TASK, settings)
        resumed.load_state_dict(state)
        while not resumed.done:
            resumed.advance()
        whole = training.state_dict()
        for name, array in resumed.state_dict().items():
            np.testing.assert_array_equal(array, whole[name], err_msg=name)


def test_testing_leaves_the_driven_neurons_where_they_are():
    training = finished(TASK, FULL_FORCE)
    before = training.state_dict()
    training.test(2, 0)
    for name, array in training.state_dict().items():
        np.testing.assert_array_equal(array, before[name], err_msg=name)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"method": "forced"}, "method must be one of factors, full-force, force, got 'forced'"),
        ({"components": 12}, "'full-force' learns all that there is: set components=None"),
        ({"random_slow_mv": 0.0, "random_fast_mv": 0.0}, "relies on random weights"),
    ],
)
def test_methods_refuse_what_they_cannot_use(change, match):
    with pytest.raises(InvalidInput, match=match):
        replace(FULL_FORCE, **change)
