"""Readouts in simulations: alike in all executions, whatever else is recorded or simulated."""

import numpy as np
import pytest
from brian2 import NeuronGroup, Synapses, ms

import neurotrain as nt
from neurotrain.readouts import READOUTS, make_readout
from neurotrain.trials import Trials

# The same on every Python.
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("compiled_quickly")]

EQUATIONS = "dv/dt = (1.2 + drive + stimulus - v)/(8*ms) : 1\ndrive : 1\nstimulus : 1"
DECISION = (15.0, 29.0)
BLOCKED_ABOVE = 0.45

EVERY = pytest.mark.parametrize("name", READOUTS)


def circuit_with(readout):
    neurons = NeuronGroup(
        6, EQUATIONS, threshold="v > 0.9", reset="v = 0", method="euler", dt=0.1 * ms
    )
    recurrent = Synapses(neurons, neurons, "weight : 1\ndrive_post = weight*v_pre : 1 (summed)")
    recurrent.connect(condition="i != j")
    return nt.Circuit(
        neurons,
        recurrent,
        inputs=nt.Input("stimulus", 2),
        readout=readout,
        train={"recurrent.weight": nt.Normal(0, 0.2), "input.weight": nt.Normal(0, 0.5)},
        initial={"v": nt.Uniform(0, 0.9)},
        blocked=nt.Blocked("v", BLOCKED_ABOVE),
        namespace={},
    )


def candidates_of(circuit):
    return np.array([circuit.parameters.draw(np.random.default_rng(k)) for k in range(3)])


def simulated(circuit, execution="fused-float64", n_trials=5, chosen=slice(None), **record):
    rng = np.random.default_rng(1)
    candidates = candidates_of(circuit)
    inputs = rng.normal(size=(5, 16, 2))
    trials = Trials(inputs, 2.0, np.zeros(5, int), {"decision": DECISION})
    initial = circuit.draw_initial_state(5, rng)
    part = {name: values[chosen] for name, values in initial.items()}
    return circuit.simulate(candidates, trials.select(chosen), part, execution=execution, **record)


def read(recording):
    return recording.readout if recording.output is None else recording.output


@EVERY
def test_executions_agree(name):
    circuit = circuit_with(make_readout(name, 2, "v"))
    fused = simulated(circuit, chosen=slice(2))
    reference = simulated(circuit, "brian2", chosen=slice(2))
    np.testing.assert_array_equal(fused.spike_count, reference.spike_count)
    np.testing.assert_allclose(read(fused), read(reference), rtol=1e-9, atol=1e-12)
    outputs = circuit.readout.outputs
    assert read(fused).shape == ((3, 2, 16, 2) if outputs else (3, 2, 2))
    assert (fused.output is not None) == bool(outputs)
    assert np.ptp(read(fused)) > 0


@EVERY
def test_what_is_read_does_not_depend_on_what_else_is_recorded_or_simulated(name):
    circuit = circuit_with(make_readout(name, 2, "v"))
    plain = simulated(circuit, "fused")
    richer = simulated(
        circuit, "fused", states=("v",), sample_ms=0.3, bins_ms=np.arange(0, 32, 0.7), threads=1
    )
    np.testing.assert_array_equal(read(plain), read(richer))
    fewer = simulated(circuit, "fused", chosen=slice(3, 5))
    np.testing.assert_array_equal(read(plain)[:, 3:], read(fewer))


@EVERY
def test_samples_asked_for_are_those_without_a_readout_of_samples(name):
    record = {"states": ("v",), "sample_ms": 0.3}
    recording = simulated(circuit_with(make_readout(name, 2, "v")), **record)
    counts = simulated(circuit_with(nt.SpikeCountReadout(2)), **record)
    np.testing.assert_array_equal(recording.sample_ms, counts.sample_ms)
    np.testing.assert_array_equal(recording.state["v"], counts.state["v"])
    assert recording.state["v"].shape == (3, 5, len(recording.sample_ms), 6)


def test_first_spikes_are_those_of_the_recorded_spikes():
    recording = simulated(
        circuit_with(nt.FirstSpikeReadout(2, resolution_ms=0.1)), bins_ms=np.arange(320) * 0.1
    )
    pooled = recording.spike_count.reshape(3, 5, 320, 2, 3).sum(axis=-1)
    first = np.full((3, 5, 2), -14.0)
    for p, b, k in np.ndindex(3, 5, 2):
        steps = np.flatnonzero(pooled[p, b, 150:290, k])
        first[p, b, k] = -0.1 * steps[0] if len(steps) else -14.0
    np.testing.assert_allclose(recording.readout, first, atol=1e-9)
    assert len(np.unique(first)) > 5


def test_a_trajectory_begins_with_the_initial_state():
    circuit = circuit_with(nt.TrajectoryReadout("v", 1))
    recording = simulated(circuit, states=("v",), sample_ms=2.0)
    values = circuit.parameters.split(candidates_of(circuit))
    expected = np.einsum("pki,pbti->pbtk", values["readout.weight"], recording.state["v"])
    np.testing.assert_allclose(recording.output, expected + values["readout.bias"][:, None, None])


def test_neurons_in_block_are_told():
    circuit = circuit_with(nt.SpikeCountReadout(2))
    recording = simulated(circuit)
    spikes, high = recording.spike_count.sum(axis=2), recording.average["v"] > BLOCKED_ABOVE
    # There are neurons on either side of each limit.
    assert {(0, True), (1, True), (2, True), (1, False)} <= set(
        zip(spikes.ravel(), high.ravel(), strict=True)
    )
    np.testing.assert_array_equal(recording.blocked, (spikes <= 1) & high)
    share = recording.blocked.mean(axis=(1, 2))
    np.testing.assert_array_equal(circuit.blocked_share(recording), share)


def test_edges_of_a_readout_that_are_no_steps_are_told():
    circuit = circuit_with(nt.FirstSpikeReadout(2, resolution_ms=0.25))
    with pytest.raises(nt.InvalidInput, match="readout's bins"):
        simulated(circuit)


def test_a_recording_of_trajectories_has_no_choices():
    recording = simulated(circuit_with(nt.RateTrajectoryReadout(2)))
    assert recording.readout.shape == (3, 5, 0)
    assert (recording.decisions == -1).all()
