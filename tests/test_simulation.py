"""The compiled spiking network against the same steps in NumPy."""

from dataclasses import replace

import numpy as np
import pytest

from neurotrain.errors import InvalidInput, TrainingFailed
from neurotrain.rate_to_spike.lif import LifNeuron
from neurotrain.rate_to_spike.simulation import Simulation
from neurotrain.rate_to_spike.spiking_network import SpikingNetwork

NEURONS, FACTORS, OUTPUTS, INPUTS, STEPS, DT = 40, 3, 2, 1, 300, 1.0


def small_network(seed=0, random=True, **others) -> SpikingNetwork:
    rng = np.random.default_rng(seed)
    weights = {"random_slow": 0.2, "random_fast": 4.0} if random else {}
    return SpikingNetwork(
        encoders=rng.normal(0, 3, (NEURONS, FACTORS)),
        input_weights=rng.normal(0, 2, (NEURONS, INPUTS)),
        bias=rng.normal(0, 1, NEURONS),
        inhibition=-1.5,
        pool=rng.permutation(NEURONS)[:25],
        **{name: rng.normal(0, scale, (NEURONS, NEURONS)) for name, scale in weights.items()},
        **others,
    )


def small_signals(seed=1):
    time = np.arange(STEPS)[:, None] / 100
    wanted = np.sin(2 * np.pi * time + np.arange(FACTORS + OUTPUTS))
    learns = np.random.default_rng(seed).random(STEPS) < 0.5
    return (time % 1 < 0.1).astype(float), wanted, learns


class Reference:
    """Step by step what `Simulation` says it does."""

    def __init__(self, network, voltage, alpha=1.0):
        self.network, self.v = network, voltage.copy()
        self.waiting = np.zeros(NEURONS, int)
        self.slow, self.fast = np.zeros((2, NEURONS))
        self.random = np.zeros((2, NEURONS))
        self.inhibitory, self.feedback = 0.0, np.zeros(FACTORS)
        self.decoders = np.zeros((FACTORS + OUTPUTS, network.regressors))
        self.p = np.eye(network.regressors) / alpha

    def step(self, given_input, wanted, teach, learn):
        net, cell = self.network, self.network.neuron
        kept = {
            name: np.exp(-DT / tau)
            for name, tau in (("v", cell.tau_ms), ("s", cell.tau_slow_ms), ("f", cell.tau_fast_ms))
        }
        current = net.encoders @ self.feedback + self.random.sum(axis=0)
        goal = cell.rest_mv + net.bias + current + self.inhibitory + net.input_weights @ given_input
        free = self.waiting == 0
        self.v = np.where(free, goal + (self.v - goal) * kept["v"], self.v)
        self.waiting = np.maximum(self.waiting - 1, 0)
        spikes = self.v > cell.threshold_mv
        self.v[spikes] = cell.reset_mv
        self.waiting[spikes] = max(round(cell.refractory_ms / DT) - 1, 0)
        for k, (name, weights) in enumerate((("s", net.random_slow), ("f", net.random_fast))):
            if weights is not None:
                self.random[k] = self.random[k] * kept[name] + weights @ spikes
        self.inhibitory = self.inhibitory * kept["f"] + net.inhibition * spikes.sum()
        self.slow = self.slow * kept["s"] + spikes
        self.fast = self.fast * kept["f"] + spikes
        chosen = {"slow": [self.slow], "fast": [self.fast], "both": [self.slow, self.fast]}
        s = np.concatenate([trace[net.pool] for trace in chosen[net.traces]])
        readout = self.decoders @ s
        self.feedback = (wanted if teach else readout)[:FACTORS]
        if learn:
            gain = self.p @ s / (1 + s @ self.p @ s)
            self.p -= np.outer(gain, s @ self.p)
            self.decoders += np.outer(wanted - readout, gain)
        return readout, spikes, current


@pytest.mark.parametrize("teach", [False, True])
@pytest.mark.parametrize("traces", ["slow", "fast", "both"])
@pytest.mark.parametrize("random", [False, True])
@pytest.mark.parametrize("refractory_ms", [0.0, 3.0])
def test_compiled_steps_are_those_of_the_equations(teach, traces, random, refractory_ms):
    cell = LifNeuron(refractory_ms=refractory_ms)
    network = small_network(random=random, traces=traces, neuron=cell)
    voltage = np.random.default_rng(2).uniform(-65, -55, NEURONS)
    inputs, wanted, learns = small_signals()
    reference = Reference(network, voltage, alpha=2.0)
    told = zip(inputs, wanted, learns, strict=True)
    steps = [reference.step(given, want, teach, learn) for given, want, learn in told]
    readouts, spikes, currents = (np.array(each) for each in zip(*steps, strict=True))
    simulation = Simulation(network, OUTPUTS, DT, voltage, alpha=2.0)
    stretch = simulation.advance(inputs, wanted, teach=teach, learns=learns, record=True)
    assert spikes.sum() > 50
    assert (stretch.spikes == spikes).all()
    np.testing.assert_allclose(stretch.factors, readouts[:, :FACTORS], atol=1e-8)
    np.testing.assert_allclose(stretch.outputs, readouts[:, FACTORS:], atol=1e-8)
    np.testing.assert_allclose(stretch.currents, currents.mean(axis=0), atol=1e-8)
    np.testing.assert_allclose(simulation.decoders, reference.decoders, atol=1e-8)
    np.testing.assert_allclose(simulation.voltage, reference.v, atol=1e-8)
    np.testing.assert_allclose(simulation.learning.matrix(), reference.p, atol=1e-8)


def test_stretches_make_one_run():
    network, voltage = small_network(traces="both"), np.full(NEURONS, -60.0)
    inputs, wanted, learns = small_signals()
    whole, parts = (Simulation(network, OUTPUTS, DT, voltage) for _ in range(2))
    together = whole.advance(inputs, wanted, learns=learns).outputs
    apart = [
        parts.advance(inputs[k : k + 100], wanted[k : k + 100], learns=learns[k : k + 100]).outputs
        for k in (0, 100, 200)
    ]
    # The inverse correlation matrix is rounded at other places.
    np.testing.assert_allclose(np.concatenate(apart), together, atol=1e-9)


def test_goes_on_exactly_from_its_state():
    network, voltage = small_network(traces="both"), np.full(NEURONS, -60.0)
    inputs, wanted, learns = small_signals()
    one, other = (Simulation(network, OUTPUTS, DT, voltage) for _ in range(2))
    one.advance(inputs, wanted, learns=learns)
    state = one.state_dict()
    expected = one.advance(inputs, wanted, learns=learns)
    other.load_state_dict(state)
    again = other.advance(inputs, wanted, learns=learns)
    assert (again.outputs == expected.outputs).all()
    assert (other.decoders == one.decoders).all()


def test_without_learning_nothing_is_learned():
    simulation = Simulation(small_network(), OUTPUTS, DT, np.full(NEURONS, -60.0))
    inputs, wanted, learns = small_signals()
    simulation.advance(inputs, wanted, learns=learns)
    decoders, matrix = simulation.decoders, simulation.learning.matrix()
    assert decoders.any()
    simulation.advance(inputs, wanted)
    assert (simulation.decoders == decoders).all()
    assert (simulation.learning.matrix() == matrix).all()


def test_unbounded_growth_is_told():
    network = small_network()
    simulation = Simulation(network, OUTPUTS, DT, np.full(NEURONS, -60.0))
    simulation.decoders = np.full((FACTORS + OUTPUTS, network.regressors), 1e308)
    inputs, wanted, _ = small_signals()
    with pytest.raises(TrainingFailed, match="without bounds"):
        simulation.advance(inputs, wanted)


def test_state_of_another_network_is_refused():
    one = Simulation(small_network(traces="both"), OUTPUTS, DT, np.full(NEURONS, -60.0))
    other = Simulation(small_network(), OUTPUTS, DT, np.full(NEURONS, -60.0))
    with pytest.raises(InvalidInput, match="of another network"):
        other.load_state_dict(one.state_dict())


@pytest.mark.parametrize("pool", [[], [0, 0], [-1], [NEURONS], [0.5], [[0]]])
def test_pool_must_name_neurons(pool):
    with pytest.raises(InvalidInput, match="pool must name neurons"):
        replace(small_network(), pool=np.array(pool))


@pytest.mark.parametrize(
    ("what", "match"),
    [
        ({"bias": np.zeros(3)}, "bias must have a row"),
        ({"random_slow": np.zeros((NEURONS, 3))}, "random_slow must have a row"),
        ({"input_weights": np.zeros(NEURONS)}, "input_weights must have a row"),
        ({"traces": "medium"}, "traces must be one of"),
    ],
)
def test_network_refuses_arrays_that_do_not_fit(what, match):
    with pytest.raises(InvalidInput, match=match):
        replace(small_network(), **what)


def test_simulation_refuses_signals_that_do_not_fit():
    simulation = Simulation(small_network(), OUTPUTS, DT, np.full(NEURONS, -60.0))
    inputs, wanted, learns = small_signals()
    for arguments in ((inputs[:-1], wanted), (inputs, wanted[:, 1:])):
        with pytest.raises(InvalidInput, match="must have shape"):
            simulation.advance(*arguments)
    with pytest.raises(InvalidInput, match="learns must have shape"):
        simulation.advance(inputs, wanted, learns=learns[1:])


@pytest.mark.parametrize("what", [{"tau_ms": 0}, {"reset_mv": -55}, {"refractory_ms": -1}])
def test_neuron_refuses_what_makes_no_sense(what):
    with pytest.raises(InvalidInput):
        LifNeuron(**what)
