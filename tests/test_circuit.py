"""Circuits: what the user's Brian2 objects become, and that they stay the user's."""

import numpy as np
import pytest
from brian2 import Network, NeuronGroup, SpikeMonitor, Synapses, ms, mV, nS, pA, pF

import neurotrain as nt
from neurotrain.errors import InvalidInput, NeurotrainError
from neurotrain.trials import Trials

pytestmark = pytest.mark.usefixtures("compiled_quickly")

EQUATIONS = "dv/dt = (k*bias + drive + stimulus - v)/tau : 1\nbias : 1\ndrive : 1\nstimulus : 1"
SUMMED = "weight : 1\nfixed : 1\ndrive_post = weight*fixed*tanh(v_pre) : 1 (summed)"
NAMES = {"k": 1.5, "tau": 8 * ms}


def objects(n=4, equations=EQUATIONS, **options):
    options = {"threshold": "v > 0.5", "reset": "v = 0", "method": "euler"} | options
    neurons = NeuronGroup(n, equations, dt=0.1 * ms, name="cells*", **options)
    neurons.bias = np.linspace(0.3, 0.9, n)
    neurons.v = np.linspace(-0.2, 0.4, n)
    recurrent = Synapses(neurons, neurons, SUMMED, name="connections*")
    recurrent.connect(condition="i != j")
    recurrent.weight = np.linspace(-1, 1, len(recurrent))
    recurrent.fixed = 0.5
    return neurons, recurrent


def make(neurons, *connections, **options):
    defaults = {
        "inputs": nt.Input("stimulus", 2),
        "readout": nt.SpikeCountReadout(1),
        "train": ["recurrent.weight", "input.weight"],
        "namespace": NAMES,
    }
    return nt.Circuit(neurons, *connections, **(defaults | options))


def make_trials(n_trials=2, channels=2, bins=10, bin_ms=1.0, decision=None, seed=0):
    inputs = np.random.default_rng(seed).normal(size=(n_trials, bins, channels))
    decision = decision or (0.0, bins * bin_ms)
    return Trials(inputs, bin_ms, np.zeros(n_trials, dtype=int), {"decision": decision})


def draw(circuit, n_candidates=2, n_trials=2, seed=0):
    rng = np.random.default_rng(seed)
    candidates = np.array([circuit.parameters.draw(rng) for _ in range(n_candidates)])
    return candidates, circuit.draw_initial_state(n_trials, rng)


def agree(circuit, channels=2, spikes=True, **options):
    """Simulate with Brian2 and in double precision; return the latter."""
    candidates, initial = draw(circuit)
    trials = make_trials(channels=channels, bins=40)
    reference, fused = (
        circuit.simulate(candidates, trials, initial, execution=execution, states=("v",))
        for execution in ("brian2", "fused-float64")
    )
    assert reference.spike_count.any() == spikes
    np.testing.assert_array_equal(fused.spike_count, reference.spike_count)
    np.testing.assert_allclose(fused.state["v"], reference.state["v"], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(fused.readout, reference.readout, rtol=1e-9)
    return fused


# --- applying and restoring


def test_apply_writes_trained_values_into_the_objects_and_nothing_else():
    neurons, recurrent = objects()
    circuit = make(neurons, recurrent, train=["recurrent.weight", "neurons.bias", "input.weight"])
    vector = np.random.default_rng(3).normal(size=circuit.parameters.size)
    blocks = circuit.parameters.split(vector)
    circuit.apply(vector)
    np.testing.assert_array_equal(recurrent.weight, blocks["recurrent.weight"])
    np.testing.assert_array_equal(neurons.bias, blocks["neurons.bias"])
    np.testing.assert_array_equal(recurrent.fixed, 0.5)
    np.testing.assert_array_equal(neurons.v, np.linspace(-0.2, 0.4, 4))


def test_applied_weights_make_plain_brian2_spike_like_the_recording():
    neurons, recurrent = objects()
    circuit = make(neurons, recurrent, inputs=None, train=["recurrent.weight"])
    candidates, initial = draw(circuit, n_trials=1)
    trials = make_trials(1, 0, bins=30)
    recorded = circuit.simulate(candidates, trials, initial, execution="fused-float64")
    circuit.apply(candidates[1])
    monitor = SpikeMonitor(neurons)
    Network(neurons, recurrent, monitor).run(30 * ms, namespace=NAMES)
    assert np.sum(monitor.count) > 0
    np.testing.assert_array_equal(recorded.spike_count[1, 0].sum(axis=0), monitor.count)


def test_the_reference_leaves_the_objects_exactly_as_they_were():
    neurons, recurrent = objects(refractory=2 * ms)
    circuit = make(neurons, recurrent, train=["recurrent.weight", "neurons.bias", "input.weight"])
    owners = (neurons, recurrent)
    before = [
        {name: np.array(v) for name, v in one.get_states(units=False).items()} for one in owners
    ]
    candidates, initial = draw(circuit)
    circuit.simulate(candidates, make_trials(), initial, execution="brian2")
    for one, states in zip(owners, before, strict=True):
        after = one.get_states(units=False)
        for name, values in states.items():
            if not name.startswith("t"):  # the clock, which the next Network sets
                np.testing.assert_array_equal(after[name], values, err_msg=name)
    plain = Network(neurons, recurrent)
    plain.run(1 * ms, namespace=NAMES)
    assert plain.t == 1 * ms


def test_the_reference_restores_the_objects_after_an_error_too():
    neurons, recurrent = objects()
    circuit = make(neurons, recurrent)
    candidates, initial = draw(circuit)
    circuit.namespace.clear()
    with pytest.raises(Exception, match="tau|k|resolve"):
        circuit.simulate(candidates, make_trials(), initial, execution="brian2")
    np.testing.assert_array_equal(recurrent.weight, np.linspace(-1, 1, 12))
    Network(neurons, recurrent).run(0.1 * ms, namespace=NAMES)


# --- names


def test_names_come_from_the_frame_that_makes_the_circuit():
    k, tau = 1.5, 8 * ms  # noqa: F841
    neurons, recurrent = objects()
    found = nt.Circuit(
        neurons, recurrent, inputs=nt.Input("stimulus", 2), readout=nt.SpikeCountReadout(1),
        train=["recurrent.weight"] + ["input.weight"],
    )  # fmt: skip
    given = make(neurons, recurrent)
    assert found.lower().constant_values() == given.lower().constant_values()
    assert sorted(found.lower().constant_values().values()) == [0.008, 1.5]
    agree(found)


def test_a_name_without_value_is_told():
    message = refused(lambda: make(*objects(), namespace={"k": 1.0}))
    assert '"tau"' in message


def refused(act, kind=InvalidInput):
    with pytest.raises(kind) as caught:
        act()
    assert isinstance(caught.value, NeurotrainError)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("train", "told"),
    [
        (["recurrent.wait"], "did you mean 'recurrent.weight'"),
        (["recurent.weight"], "did you mean 'recurrent.weight'"),
        (["S.weight"], "recurrent.weight; or make"),
        (["S.weight"], "with name='S'"),
        (["input.wait"], "did you mean 'input.weight'"),
        (["neurons.v"], "trained variable"),
        (["neurons.drive"], "trained variable"),
        (["neurons.stimulus"], "trained variable"),
        (["neurons.label"], "trained variable"),
        (["neurons.everywhere"], "trained variable"),
        (["weight"], "trained variable"),
        ([], "Nothing is trained"),
        (["recurrent.weight", "connections.weight"], "train only one"),
        ({"recurrent.weight": nt.Normal(0 * mV, 1 * mV)}, "unit"),
        ({"recurrent.weight": np.zeros(3)}, "shape"),
        ({"recurrent.weight": np.full(12, np.nan)}, "NaN"),
        ({"neurons.bias": nt.Normal(1, 0)}, "scale"),
    ],
)
def test_what_cannot_be_trained_is_told(train, told):
    equations = EQUATIONS + "\nlabel : integer\neverywhere : 1 (shared, constant)"
    neurons, recurrent = objects(equations=equations)
    if isinstance(train, list):
        train = [name.replace("connections", recurrent.name) for name in train]
    options = {"inputs": None} if train == [] else {}
    message = refused(lambda: make(neurons, recurrent, train=train, **options))
    assert told in message


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"initial": {"vv": nt.Normal(0, 1)}}, "did you mean 'v'"),
        ({"initial": {"bias": nt.Normal(0, 1)}}, "state variable"),
        ({"initial": {"v": nt.Normal(0 * mV, 1 * mV)}}, "unit"),
        ({"inputs": nt.Input("stimulos", 2)}, "did you mean 'stimulus'"),
        ({"readout": nt.GradedReadout("vv", 2)}, "did you mean 'v'"),
        ({"readout": nt.SpikeCountReadout(5)}, "5 pools"),
        ({"blocked": nt.Blocked("vv", 0.0)}, "did you mean 'v'"),
        ({"train": ["recurrent.weight"]}, "input weights are not trained"),
        ({"train": [], "inputs": nt.Input("stimulus", 2, np.ones((2, 4)))}, "shape"),
        ({"train": [], "inputs": nt.Input("stimulus", 2, np.full((4, 2), np.nan))}, "NaN"),
        ({"train": [], "inputs": nt.Input("stimulus", 2, np.ones((4, 2)) * mV)}, "unit"),
    ],
)  # fmt: skip
def test_wrong_parts_of_a_circuit_are_told(options, told):
    if options.get("train") == []:
        options = options | {"train": ["recurrent.weight"]}
    assert told in refused(lambda: make(*objects(), **options))


def test_unconnected_synapses_are_told():
    neurons, _ = objects()
    empty = Synapses(neurons, neurons, SUMMED)
    assert "connect()" in refused(lambda: make(neurons, empty))


# --- simulating


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"trials": make_trials(channels=3)}, "3 input channels"),
        ({"trials": make_trials(bin_ms=1.03)}, "whole number of steps"),
        ({"trials": make_trials(decision=(0.0, 0.55))}, "decision period"),
        ({"bins_ms": [0.25]}, "bin's edge"),
        ({"bins_ms": np.arange(3) * mV}, "without a unit"),
        ({"bins_ms": [-1.0, 5.0]}, "within the trial"),
        ({"bins_ms": [5.0, 11.0]}, "within the trial"),
        ({"bins_ms": [np.nan]}, "whole number"),
        ({"sample_ms": 0.25, "states": ("v",)}, "time per sample"),
        ({"sample_ms": 0.0, "states": ("v",)}, "positive"),
        ({"sample_ms": -1.0, "states": ("v",)}, "positive"),
        ({"execution": "fuse"}, "did you mean 'fused'"),
        ({"states": ("vv",)}, "did you mean 'v'"),
        ({"candidates": np.zeros((2, 3))}, "20 parameters"),
        ({"candidates": np.full((2, 20), np.nan)}, "NaN"),
        ({"candidates": np.zeros((2, 2, 20))}, "(candidate, parameter)"),
        ({"candidates": np.zeros((0, 20))}, "(candidate, parameter)"),
        ({"trials": make_trials(n_trials=0)}, "no trials"),
        ({"trials": make_trials(n_trials=3)}, "(trial, neuron) = (3, 4)"),
        ({"threads": 0}, "threads"),
        ({"threads": -2}, "threads"),
        ({"initial_state": {}}, "lacks 'v'"),
        ({"initial_state": {"v": np.zeros((2, 4)), "u": np.zeros((2, 4))}}, "'u'"),
        ({"initial_state": {"v": np.zeros((2, 5))}}, "(2, 5)"),
    ],
)
def test_what_cannot_be_simulated_is_told(change, told):
    circuit = make(*objects())
    candidates, initial = draw(circuit)
    arguments = {"candidates": candidates, "trials": make_trials(), "initial_state": initial}
    assert told in refused(lambda: circuit.simulate(**(arguments | change)))


def test_channels_without_an_input_are_told():
    neurons, recurrent = objects()
    circuit = make(neurons, recurrent, inputs=None, train=["recurrent.weight"])
    candidates, initial = draw(circuit)
    act = lambda: circuit.simulate(candidates, make_trials(channels=3), initial)  # noqa: E731
    assert "3 input channels and the circuit 0" in refused(act)


def test_bins_are_those_asked_for_and_those_of_the_decision_period():
    circuit = make(*objects())
    candidates, initial = draw(circuit)
    trials = make_trials(bins=40, decision=(10.0, 30.0))
    few = circuit.simulate(candidates, trials, initial)
    np.testing.assert_allclose(few.bin_edges_ms, [0, 10, 30, 40])
    many = circuit.simulate(candidates, trials, initial, bins_ms=np.arange(0, 41, 2.0))
    assert many.spike_count.shape == (2, 2, 20, 4)
    for k, (start, stop) in enumerate([(0, 5), (5, 15), (15, 20)]):
        total = many.spike_count[:, :, start:stop].sum(axis=2)
        np.testing.assert_array_equal(few.spike_count[:, :, k], total)
    assert few.spike_count.sum() > 0
    np.testing.assert_array_equal(few.readout[..., 0], few.spike_count[:, :, 1].sum(axis=-1))
    np.testing.assert_array_equal(many.readout, few.readout)


def test_averages_are_means_of_the_trace_over_the_decision_period():
    circuit = make(*objects(), readout=nt.GradedReadout("v", 2))
    candidates, initial = draw(circuit)
    trials = make_trials(decision=(2.0, 7.0))
    for execution in ("brian2", "fused", "fused-float64"):
        got = circuit.simulate(candidates, trials, initial, execution=execution, states=("v",))
        mean = got.state["v"][:, :, 20:70].mean(axis=2)
        np.testing.assert_allclose(got.average["v"], mean, rtol=1e-5, atol=1e-6)
        assert got.sample_ms[70] == pytest.approx(7.0)


# --- many shapes of network


def test_several_synapses_are_trained_by_their_own_names():
    neurons, first = objects(
        equations=EQUATIONS.replace("+ drive", "+ drive + other") + "\nother : 1"
    )
    second = Synapses(neurons, neurons, "weight : 1\nother_post = weight*v_pre**2 : 1 (summed)")
    second.connect(i=[0, 1, 3, 3], j=[2, 2, 0, 0])
    circuit = make(
        neurons, first, second,
        train={f"{second.name}.weight": nt.Normal(0, 1), "neurons.bias": nt.Normal(1, 1),
               "input.weight": nt.Normal(0, 1)},
    )  # fmt: skip
    assert circuit.parameters.blocks[0].shape == (4,)
    agree(circuit)
    assert "recurrent" not in circuit.objects
    assert "trained variable" in refused(
        lambda: make(neurons, first, second, train=["recurrent.weight"])
    )


def test_two_synapses_may_add_to_different_variables_with_conductances():
    """Conductance-based synapses: the driving force is a postsynaptic factor."""
    neurons = NeuronGroup(
        4,
        """dv/dt = (g_L*(E_L - v) + I_syn + I_inh + I_0 + stimulus)/C : volt
        I_syn : amp
        I_inh : amp
        I_0 : amp
        stimulus : amp""",
        threshold="v > -50*mV",
        reset="v = -65*mV",
        refractory=2 * ms,
        method="rk2",
        dt=0.1 * ms,
        namespace={"C": 200 * pF, "g_L": 10 * nS, "E_L": -65 * mV},
        name="conductances*",
    )
    neurons.v, neurons.I_0 = -60 * mV, 180 * pA
    names = {"E": 0 * mV, "E_i": -80 * mV, "g": 3 * nS, "th": -55 * mV, "s": 4 * mV}
    release = "1/(1 + exp(-(v_pre - th)/s))"
    excitatory = Synapses(
        neurons, neurons, f"w : 1\nI_syn_post = g*w*{release}*(E - v_post) : amp (summed)"
    )
    inhibitory = Synapses(
        neurons, neurons, f"w : siemens\nI_inh_post = w*{release}*(E_i - v_post) : amp (summed)"
    )
    excitatory.connect()
    inhibitory.connect(condition="i < j")
    inhibitory.w = 2 * nS
    circuit = make(
        neurons, excitatory, inhibitory, inputs=nt.Input("stimulus", 2, nt.Normal(0 * pA, 50 * pA)),
        train={f"{excitatory.name}.w": nt.Uniform(0, 1), "input.weight": None}, namespace=names,
        initial={"v": nt.Normal(-60 * mV, 5 * mV)},
    )  # fmt: skip
    agree(circuit)
    explained = circuit.explain()
    for one, target in ((excitatory, "I_syn"), (inhibitory, "I_inh")):
        assert f"{one.name}: {target} by " in explained
    assert "synapse by synapse" not in explained


def test_fixed_input_weights_are_the_array():
    weight = np.random.default_rng(5).normal(size=(4, 2))
    circuit = make(*objects(), train=["recurrent.weight"], inputs=nt.Input("stimulus", 2, weight))
    fixed = agree(circuit)
    trained = make(*objects(), train={"input.weight": weight, "recurrent.weight": None})
    candidates, initial = draw(trained)
    vector = trained.parameters.join(
        {
            "recurrent.weight": np.tile(np.linspace(-1, 1, 12), (2, 1)),
            "input.weight": np.stack([weight] * 2),
        }
    )
    same = trained.simulate(
        vector, make_trials(bins=40), initial, execution="fused-float64", states=("v",)
    )
    np.testing.assert_array_equal(fixed.state["v"], same.state["v"])


def test_training_starts_where_the_user_says():
    circuit = make(
        *objects(),
        readout=nt.GradedReadout("v", 2),
        train={"readout.weight": nt.Uniform(5, 6), "recurrent.weight": None,
               "input.weight": nt.Normal(7, 0.1)},
    )  # fmt: skip
    blocks = circuit.parameters.split(circuit.parameters.draw(np.random.default_rng(0)))
    assert (blocks["readout.weight"] >= 5).all()
    assert (blocks["input.weight"] > 6).all()
    np.testing.assert_array_equal(blocks["recurrent.weight"], np.linspace(-1, 1, 12))


def test_untrained_states_begin_where_the_objects_have_them():
    circuit = make(*objects(refractory=1 * ms), initial={"v": nt.Uniform(2, 3)})
    _, initial = draw(circuit, n_trials=5)
    assert ((initial["v"] >= 2) & (initial["v"] < 3)).all()
    assert len(np.unique(initial["v"])) == 20
    assert initial["not_refractory"].all()
    assert set(initial) == {"v", "lastspike", "not_refractory"}


def test_a_state_can_begin_every_trial_at_one_value():
    _, initial = draw(make(*objects(), initial={"v": 0.5}), n_trials=3)
    assert initial["v"].shape == (3, 4) and (initial["v"] == 0.5).all()


@pytest.mark.parametrize("given", [np.zeros(4), None, "0*mV", True])
def test_what_no_trial_can_begin_at_is_refused(given):
    with pytest.raises(InvalidInput, match="'v' of initial must begin at a Normal, a Uniform"):
        make(*objects(), initial={"v": given})


# --- fingerprints


CHANGES = {
    "threshold": lambda: make(*objects(threshold="v > 0.6")),
    "constant": lambda: make(*objects(), namespace=NAMES | {"k": 1.6}),
    "size": lambda: make(*objects(n=5)),
    "trained": lambda: make(*objects(), train=["input.weight"]),
    "readout": lambda: make(*objects(), readout=nt.SpikeCountReadout(2)),
    "channels": lambda: make(*objects(), inputs=nt.Input("stimulus", 3)),
    "initial": lambda: make(*objects(), initial={"v": nt.Normal(0, 1)}),
    "method": lambda: make(*objects(method="rk2")),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_fingerprint_changes_with_what_matters(change):
    assert CHANGES[change]().fingerprint != make(*objects()).fingerprint


def test_the_fingerprint_sees_connections_and_what_is_not_trained():
    prints = {make(*objects()).fingerprint}
    neurons, recurrent = objects()
    neurons.bias = 1.0
    prints.add(make(neurons, recurrent).fingerprint)
    neurons, recurrent = objects()
    recurrent.fixed = 0.6
    prints.add(make(neurons, recurrent).fingerprint)
    neurons, _ = objects()
    other = Synapses(neurons, neurons, SUMMED)
    other.connect(i=[0] * 12, j=[1] * 12)
    prints.add(make(neurons, other).fingerprint)
    for weight in (np.ones((4, 2)), np.zeros((4, 2))):
        options = {"train": ["recurrent.weight"], "inputs": nt.Input("stimulus", 2, weight)}
        prints.add(make(*objects(), **options).fingerprint)
    assert len(prints) == 6


def test_the_fingerprint_is_that_of_the_network_not_of_its_state_or_training():
    circuit = make(*objects())
    fingerprint = circuit.fingerprint
    assert make(*objects()).fingerprint == fingerprint
    circuit.apply(circuit.parameters.draw(np.random.default_rng(1)))
    candidates, initial = draw(circuit)
    circuit.simulate(candidates, make_trials(), initial, states=("v",))
    assert circuit.fingerprint == fingerprint
    Network(circuit.neurons, *circuit.synapses).run(1 * ms, namespace=NAMES)
    assert circuit.fingerprint == fingerprint


def test_explain_names_every_object_term_and_block():
    neurons, recurrent = objects()
    text = make(neurons, recurrent).explain()
    assert f"neurons (NeuronGroup '{neurons.name}'): 4 elements, dt 0.1 ms" in text
    assert f"recurrent (Synapses '{recurrent.name}'): 12 elements" in text
    assert "recurrent: drive by matrix product (12 of 16 connections)" in text
    # In the lines of a step, the words of `train` alone.
    assert neurons.name not in text.split("in every step:")[1]
    assert "trained: recurrent.weight (12,)" in text
    assert "trained: input.weight (4, 2)" in text


def test_explain_says_which_neurons_of_a_group_send_spikes():
    neurons = NeuronGroup(5, "v : 1\nstimulus : 1", threshold="v > 1", reset="v = 0", name="cells")
    first, last = (
        Synapses(part, neurons, "w : 1", on_pre="v_post += w", name=name)
        for part, name in ((neurons[:3], "first"), (neurons[3:], "last"))
    )
    first.connect()
    last.connect()
    circuit = make(neurons, first, last, train={"first.w": nt.Normal(0, 1), "input.weight": None})
    text = circuit.explain()
    assert "neurons (NeuronGroup 'cells'): 5 elements" in text
    assert "first, pre: code for the synapses that 'spike' of 'neurons[0:3]' reaches" in text
    assert "last, pre: code for the synapses that 'spike' of 'neurons[3:5]' reaches" in text


def test_blocked_share_counts_depolarized_neurons_that_do_not_spike():
    circuit = make(*objects(), blocked=nt.Blocked("v", 0.4))
    candidates, initial = draw(circuit)
    got = circuit.simulate(candidates, make_trials(), initial)
    by_hand = [
        np.mean([
            got.average["v"][p, b, i] > 0.4 and got.spike_count[p, b, :, i].sum() <= 1
            for b in range(2) for i in range(4)
        ])
        for p in range(2)
    ]  # fmt: skip
    np.testing.assert_allclose(circuit.blocked_share(got), by_hand)
    assert make(*objects()).blocked_share(got).tolist() == [0, 0]
