"""Initial weights at a target rate: reached, reported, the same again, or a clear failure."""

import re

import numpy as np
import pytest
from brian2 import Hz, ms, mV

from neurotrain.distributions import Normal
from neurotrain.errors import InvalidInput
from neurotrain.initialization import initialize_at_rate
from neurotrain.models import MODELS
from neurotrain.parameters.space import Block, ParameterSpace
from neurotrain.recording import Recording
from neurotrain.tasks import StimulusIntegration

pytestmark = pytest.mark.usefixtures("compiled_quickly")

TASK = StimulusIntegration(words=24)


def build(name, neurons=20, **options):
    return MODELS[name](neurons, readout="spike-count", **options)


def rate_of(circuit, seed):
    """Return the mean rate in Hz on other trials with other draws than those of the search."""
    space = circuit.parameters
    candidates = np.stack([space.draw(np.random.default_rng(seed + k)) for k in range(24)])
    trials = TASK.draw(24, np.random.default_rng(seed))
    state = circuit.draw_initial_state(24, np.random.default_rng(seed))
    recording = circuit.simulate(candidates, trials, state)
    return recording.spikes_per_neuron.mean() / (trials.duration_ms * 1e-3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "rate_hz", "blocks"),
    [
        ("morris-lecar", 14, None),
        ("leaky-integrate-and-fire", 12, None),
        ("adex", 12, ["neurons.bias"]),
    ],
)
def test_models_fire_at_the_rate_asked_for(name, rate_hz, blocks):
    circuit = build(name)
    before = rate_of(circuit, 1)
    assert abs(before - rate_hz) > 0.25 * rate_hz
    found = initialize_at_rate(circuit, TASK, rate_hz * Hz, blocks=blocks, tolerance=0.05, draws=12)
    assert abs(found.rate_hz - rate_hz) <= 0.05 * rate_hz
    assert found.rates_hz.shape == (20,)
    assert found.rates_hz.mean() == pytest.approx(found.rate_hz)
    assert 0 <= found.silent_share < 1 and found.failed_share == 0
    # 24 draws of weights vary by about a tenth from those of the search.
    assert abs(rate_of(circuit, 1) - rate_hz) < 0.25 * rate_hz


@pytest.mark.slow
def test_a_rate_out_of_reach_is_told_with_the_nearest_and_changes_nothing():
    circuit = build("morris-lecar")
    fingerprint, start = circuit.fingerprint, circuit.parameters.draw(np.random.default_rng(0))
    with pytest.raises(InvalidInput, match="give 400 Hz; nearest: ") as error:
        initialize_at_rate(circuit, TASK, 400 * Hz)
    assert "\n" not in str(error.value)
    assert float(re.search(r"nearest: ([\d.]+) Hz with gain", str(error.value))[1]) < 100
    assert circuit.fingerprint == fingerprint
    np.testing.assert_array_equal(start, circuit.parameters.draw(np.random.default_rng(0)))


@pytest.mark.slow
def test_executions_find_the_same_gain():
    gains = []
    for execution in ("fused-float64", "brian2"):
        circuit = build("leaky-integrate-and-fire", 6, dt=0.5 * ms)
        found = initialize_at_rate(
            circuit, TASK, 20 * Hz, trials=2, draws=1, execution=execution, tolerance=0.2
        )
        gains.append(found.gain)
    assert gains[0] == gains[1]


class Dial:
    """A circuit whose rate is a function of the gain of its weights."""

    n_neurons = 4

    def __init__(self, rate_hz, names=("recurrent.weight",), failed=lambda gain: False):
        self.rate_hz, self.failed, self.initial_gains, self.calls = rate_hz, failed, {}, []
        blocks = tuple(Block(name, (3,), Normal(0, 1), 1.0) for name in names)
        self.parameters = ParameterSpace(blocks)
        self.objects = {}

    def draw_initial_state(self, n_trials, rng):
        return {"v": rng.normal(size=(n_trials, 4))}

    def scale_initial(self, gains):
        self.initial_gains = dict(gains)

    def blocked_share(self, recording):
        return np.full(len(recording.failed), 0.25)

    def simulate(self, candidates, trials, state, **how):
        self.calls.append((candidates, trials, state, how))
        (gain,) = self.initial_gains.values()
        spikes = self.rate_hz(gain) * trials.duration_ms * 1e-3
        shape = (len(candidates), trials.n_trials)
        return Recording(
            spike_count=np.full((*shape, 1, 4), spikes),
            bin_edges_ms=np.array([0, trials.duration_ms]),
            readout=np.zeros((*shape, 3)),
            failed=np.full(shape, self.failed(gain)),
        )


NAME = ["recurrent.weight"]


def test_all_gains_are_tried_on_the_same_trials_with_the_same_draws():
    circuit = Dial(lambda gain: 3 * gain)
    found = initialize_at_rate(circuit, TASK, 50 * Hz, blocks=NAME, draws=3, trials=5, threads=2)
    assert found.rate_hz == pytest.approx(50, rel=0.1)
    assert circuit.initial_gains == {"recurrent.weight": found.gain}
    first = circuit.calls[0]
    assert first[0].shape == (3, 3) and first[1].n_trials == 5 and first[3]["threads"] == 2
    for candidates, trials, state, _ in circuit.calls[1:]:
        np.testing.assert_array_equal(candidates, first[0])
        np.testing.assert_array_equal(trials.inputs, first[1].inputs)
        np.testing.assert_array_equal(state["v"], first[2]["v"])
    assert str(found).startswith(f"{found.rate_hz:.3g} Hz with gain {found.gain:.3g} of recurrent")
    assert "25.0% in depolarization block" in str(found)


@pytest.mark.parametrize(
    ("rate_hz", "gain"),
    [
        (lambda gain: 10.0, 1.0),
        (lambda gain: 10 / gain**2, 1.0),
        (lambda gain: 100 * gain, 0.1),
        (lambda gain: 100 / gain, 10.0),
        # Of two gains, the one that is nearer to 1.
        (lambda gain: 10 * np.abs(np.log2(gain) + 1), 1.0),
        (lambda gain: 0.0 if gain < 20 else gain - 20, 30.0),
    ],
)
def test_the_gain_nearest_to_one_is_found(rate_hz, gain):
    found = initialize_at_rate(Dial(rate_hz), TASK, 10 * Hz, blocks=NAME, tolerance=0.01)
    assert found.gain == pytest.approx(gain, rel=0.01)


def test_rates_of_failing_networks_do_not_count():
    circuit = Dial(lambda gain: 3 * gain, failed=lambda gain: gain > 2)
    with pytest.raises(InvalidInput, match="nearest: 6 Hz with gain 2 "):
        initialize_at_rate(circuit, TASK, 10 * Hz, blocks=NAME)
    assert circuit.initial_gains == {}
    with pytest.raises(InvalidInput, match="nearest: none"):
        initialize_at_rate(
            Dial(lambda gain: 1, failed=lambda gain: True), TASK, 10 * Hz, blocks=NAME
        )


def test_a_jump_over_the_rate_is_told():
    circuit = Dial(lambda gain: 1.0 if gain < 3 else 90.0)
    with pytest.raises(InvalidInput, match="nearest: 1 Hz"):
        initialize_at_rate(circuit, TASK, 10 * Hz, blocks=NAME)
    assert len(circuit.calls) < 20


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rate": 10}, "such as 10"),
        ({"rate": 3 * mV}, "such as 10"),
        ({"rate": 0 * Hz}, "positive firing rate"),
        ({"tolerance": 0}, "tolerance"),
        ({"trials": 0}, "trials"),
        ({"draws": 1.5}, "draws"),
        ({"blocks": ["recurrent.wait"]}, "did you mean 'recurrent.weight'"),
        ({"blocks": None}, "name what to multiply"),
    ],
)
def test_wrong_arguments_are_told(changes, message):
    arguments = {"rate": 10 * Hz, "blocks": NAME, **changes}
    with pytest.raises(InvalidInput, match=message):
        initialize_at_rate(Dial(lambda gain: 10.0), TASK, arguments.pop("rate"), **arguments)


def test_gains_are_part_of_a_circuit_and_multiply_what_is_drawn():
    plain, scaled = (build("morris-lecar", 6, dale=dale) for dale in (0.7, 0.7))
    scaled.scale_initial({"recurrent.weight": 2.0, "neurons.bias": 0.5})
    one, other = (
        c.parameters.split(c.parameters.draw(np.random.default_rng(0))) for c in (plain, scaled)
    )
    for name, gain in [("recurrent.weight", 2), ("neurons.bias", 0.5), ("input.weight", 1)]:
        np.testing.assert_allclose(other[name], gain * one[name], rtol=1e-9)
    assert plain.fingerprint != scaled.fingerprint
    unsigned = build("morris-lecar", 6)
    fingerprint = unsigned.fingerprint
    unsigned.scale_initial({"recurrent.weight": 2.0})
    assert unsigned.fingerprint != fingerprint
    scaled.scale_initial({})
    assert plain.fingerprint == scaled.fingerprint
    for gains, message in [({"x.w": 1.0}, "x.w"), ({"neurons.bias": 0.0}, "must be positive")]:
        with pytest.raises(InvalidInput, match=message):
            scaled.scale_initial(gains)
