"""Constraints on the variables of Brian2 objects, from a circuit to a run folder and back."""

import numpy as np
import pytest
from brian2 import NeuronGroup, Synapses, ms, mV, nS, siemens

import neurotrain as nt
from neurotrain.errors import InvalidInput, RunFolderError
from neurotrain.tasks import StimulusIntegration

EQUATIONS = """
dv/dt = (bias + drive + stimulus - v)/(8*ms) : 1
bias : 1
drive : 1
stimulus : 1
polarity : 1
g : siemens
"""
N = 6
TASK = StimulusIntegration(words=4, channels=4, bin_ms=1.0, decision_ms=1.0)
SMALL = {
    "generations": 4,
    "trials": 4,
    "validation_trials": 8,
    "validation_every": 2,
    "test_trials": 8,
    "checkpoint_every": 2,
    "optimizer_options": {"population_size": 4},
    "progress": False,
}


def make(train, **options):
    """Return a circuit of neurons of whose first four excite."""
    neurons = NeuronGroup(
        N, EQUATIONS, threshold="v > 0.5", reset="v = 0", method="euler", dt=0.5 * ms
    )
    neurons.bias = 0.7
    neurons.polarity = [1, 1, 1, 1, -1, -1]
    recurrent = Synapses(neurons, neurons, "weight : 1\ndrive_post = weight*v_pre : 1 (summed)")
    recurrent.connect()
    readout = nt.GradedReadout("v", 3)
    given = None if "input.weight" in train else np.ones((N, 4))
    inputs = nt.Input("stimulus", 4, given)
    return nt.Circuit(neurons, recurrent, inputs=inputs, readout=readout, train=train, **options)


def constrained():
    return make(
        {
            "recurrent.weight": nt.Parameter(dale="polarity", autapses=False, mask=0.8),
            "input.weight": nt.Parameter(encoding=nt.RandomSubspace(5), seed=1),
            "neurons.bias": nt.Parameter(nt.Normal(0.7, 0.1), transform=nt.Bounded(0, 2)),
            "readout.weight": nt.Parameter(fixed=True),
        }
    )


def values_of(circuit, seed=0):
    return circuit.parameters.split(circuit.parameters.draw(np.random.default_rng(seed)))


def test_synapses_are_columns_of_their_presynaptic_neurons():
    circuit = make({"recurrent.weight": nt.Parameter(dale="polarity", autapses=False)})
    weights, synapses = values_of(circuit)["recurrent.weight"], circuit.synapses[0]
    pre, post = np.array(synapses.i), np.array(synapses.j)
    assert (weights[pre == post] == 0).all()
    assert (weights[(pre < 4) & (pre != post)] > 0).all()
    assert (weights[(pre >= 4) & (pre != post)] < 0).all()
    assert circuit.parameters.size == N * (N - 1) + 3 * N + 3


def test_a_matrix_is_to_rows_from_columns():
    mask = np.zeros((N, N), dtype=bool)
    mask[2, 4] = True
    circuit = make({"recurrent.weight": nt.Parameter(nt.Normal(1, 0.1), mask=mask)})
    weights, synapses = values_of(circuit)["recurrent.weight"], circuit.synapses[0]
    (only,) = np.flatnonzero(weights)
    assert (synapses.i[only], synapses.j[only]) == (4, 2)


def test_subgroups_know_their_neurons():
    neurons = NeuronGroup(N, EQUATIONS, threshold="v > 0.5", method="euler", dt=0.5 * ms)
    neurons.polarity = [1, 1, 1, 1, -1, -1]
    part = Synapses(neurons[3:], neurons, "w : 1\ndrive_post = w*v_pre : 1 (summed)", name="part")
    part.connect()
    circuit = nt.Circuit(
        neurons,
        part,
        readout=nt.SpikeCountReadout(2),
        train={"part.w": nt.Parameter(dale="polarity", autapses=False)},
    )
    weights = values_of(circuit)["part.w"]
    pre, post = np.array(part.i) + 3, np.array(part.j)
    assert ((weights == 0) == (pre == post)).all()
    assert (weights[(pre == 3) & (post != 3)] > 0).all()
    assert (weights[(pre > 3) & (pre != post)] < 0).all()


def test_units_of_bounds_are_those_of_the_variable():
    start = nt.Uniform(1 * nS, 3 * nS)
    circuit = make({"neurons.g": nt.Parameter(start, transform=nt.Bounded(0 * nS, 5 * nS))})
    values = values_of(circuit)["neurons.g"]
    assert ((values > 1e-9) & (values < 3e-9)).all()
    far = circuit.parameters.split(np.full(circuit.parameters.size, 1e9))["neurons.g"]
    assert (far == float(5 * nS)).all()
    for bounds, message in [
        ((0 * mV, 5 * mV), "unit"),
        ((0, 5), "give Bounded"),
    ]:
        with pytest.raises(InvalidInput, match=message):
            make({"neurons.g": nt.Parameter(start, transform=nt.Bounded(*bounds))})
    with pytest.raises(InvalidInput, match="'neurons.g' has the unit siemens, got Normal.mean=1, "):
        make({"neurons.g": nt.Normal(1, 0.1)})
    make({"neurons.g": nt.Normal(0, 1 * nS)})
    with pytest.raises(InvalidInput, match="unit"):
        make({"neurons.g": nt.Parameter(start, transform=nt.Softplus(1 * mV))})
    with pytest.raises(InvalidInput, match="unit"):
        make({"neurons.g": nt.Parameter(start, mask=0.9, masked_value=1 * mV)})
    make({"neurons.g": nt.Parameter(start, mask=0.9, masked_value=1 * siemens)})


def test_a_parameter_without_options_is_the_short_form():
    short = make(["recurrent.weight", "input.weight"])
    long = make({"recurrent.weight": nt.Parameter(), "input.weight": None})
    assert short.fingerprint == long.fingerprint
    one, other = (c.parameters.draw(np.random.default_rng(1)) for c in (short, long))
    np.testing.assert_array_equal(one, other)
    with pytest.raises(InvalidInput, match="Say where 'recurrent.weight' starts"):
        make({"recurrent.weight": 3.0})


def test_fixed_values_are_those_in_the_objects():
    circuit = make({"neurons.bias": nt.Parameter(fixed=True), "recurrent.weight": None})
    assert (values_of(circuit)["neurons.bias"] == 0.7).all()


def test_readouts_and_inputs_have_presynaptic_neurons_too():
    circuit = make(
        {
            "input.weight": nt.Parameter(dale=[1, -1, 1, -1]),
            "readout.weight": nt.Parameter(dale="polarity"),
            "readout.bias": nt.Parameter(fixed=True),
        }
    )
    values = values_of(circuit)
    assert (values["input.weight"] * [1, -1, 1, -1] > 0).all()
    assert (values["readout.weight"] * np.array(circuit.neurons.polarity) > 0).all()
    assert (values["readout.bias"] == 0).all()
    for train, message in [
        ({"input.weight": nt.Parameter(dale="polarity")}, "give the signs as an array"),
        ({"recurrent.weight": nt.Parameter(dale="polarty")}, "did you mean 'polarity'"),
        ({"readout.bias": nt.Parameter(dale=0.5)}, "no weights, leave out dale"),
        ({"neurons.bias": nt.Parameter(np.ones(6) * mV, mask=0.9)}, "unit"),
    ]:
        with pytest.raises(InvalidInput, match=message):
            make(train)


CHANGES = [
    {},
    {"dale": 0.5},
    {"dale": 0.5, "transform": "exp"},
    {"mask": 0.5},
    {"mask": 0.5, "seed": 1},
    {"mask": 0.5, "masked_value": 1.0},
    {"autapses": False},
    {"shared": np.arange(36) % 5},
    {"shared": np.arange(36) % 6},
    {"encoding": nt.LowRank(2)},
    {"encoding": nt.LowRank(3)},
    {"encoding": nt.RandomSubspace(5)},
    {"encoding": nt.RandomSubspace(5, seed=1)},
    {"fixed": True, "initial": nt.Normal(0, 1)},
    {"fixed": True, "initial": nt.Normal(0, 1), "seed": 1},
]


def test_every_constraint_is_in_the_fingerprint():
    found = [make({"recurrent.weight": nt.Parameter(**change)}).fingerprint for change in CHANGES]
    assert len(set(found)) == len(CHANGES)
    again = [make({"recurrent.weight": nt.Parameter(**change)}).fingerprint for change in CHANGES]
    assert again == found


def test_explain_tells_the_coordinates():
    lines = constrained().explain().splitlines()
    assert "trained: input.weight (6, 4), 5 coordinates" in lines
    assert "trained: readout.weight (3, 6), fixed" in lines


def test_a_run_is_resumed_and_loaded_with_its_constraints(tmp_path):
    settings = {**SMALL, "seed": 2}
    whole = nt.train(constrained(), TASK, out=tmp_path / "whole", **settings)
    circuit, calls = constrained(), []
    simulate = circuit.simulate

    def interrupted(*args, **options):
        calls.append(args)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return simulate(*args, **options)

    circuit.simulate = interrupted
    with pytest.raises(KeyboardInterrupt, match="Stopped after generation"):
        nt.train(circuit, TASK, out=tmp_path / "part", **settings)
    with pytest.raises(RunFolderError, match="not the one that was trained"):
        nt.resume(tmp_path / "part", circuit=make(["recurrent.weight"]), progress=False)
    resumed = nt.resume(tmp_path / "part", circuit=constrained(), progress=False)
    for name in ("metrics.jsonl", "weights.npz"):
        assert (tmp_path / "part" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert whole.summary["parameters"] == resumed.weights.size == constrained().parameters.size
    loaded = nt.Result.load(tmp_path / "part", circuit=constrained())
    for name, values in whole.parameters.items():
        np.testing.assert_array_equal(values, loaded.parameters[name])
    with np.load(tmp_path / "part" / "weights.npz") as file:
        np.testing.assert_array_equal(file["readout.weight"], whole.parameters["readout.weight"])
        sizes = {name: file[name].size for name in file.files}
    # The projection of the subspace lies in no file.
    assert max(sizes.values()) < 4 * 24
    loaded.apply()
    neurons, recurrent = loaded.circuit.neurons, loaded.circuit.synapses[0]
    weights = np.array(recurrent.weight)
    assert (weights * np.array(neurons.polarity)[np.array(recurrent.i)] >= 0).all()
    assert ((np.array(neurons.bias) > 0) & (np.array(neurons.bias) < 2)).all()


@pytest.mark.nightly
def test_with_dales_law_the_default_task_is_learned(tmp_path):
    circuit = nt.models.morris_lecar(64, dale=0.8)
    settings = {"generations": 120, "seed": 1, "progress": False}
    result = nt.train(circuit, "stimulus-integration", out=tmp_path / "run", **settings)
    # Chance is 1/3; 600 generations give 0.89.
    assert result.test_accuracy > 0.75
    signs = np.where(np.array(circuit.synapses[0].i) < 51, 1, -1)
    assert (result.parameters["recurrent.weight"] * signs >= 0).all()
