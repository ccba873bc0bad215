"""Models that the fused execution does not cover: the way out that its refusal promises is true."""

import gc
from dataclasses import dataclass

import numpy as np
import pytest
from brian2 import (
    Function,
    Network,
    NeuronGroup,
    PoissonGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    check_units,
    linked_var,
    ms,
    mV,
)

import neurotrain as nt
from neurotrain.errors import InvalidInput, UnsupportedModel
from neurotrain.trials import Trials

EQUATIONS = """dv/dt = (bias + g + stimulus - v)/(10*ms) : 1
dg/dt = -g/tau : 1
bias : 1
stimulus : 1
threshold : 1
"""
PLASTIC = """weight : 1
strength : 1
dtrace/dt = -trace/(5*ms) : 1 (clock-driven)
drecent/dt = -recent/(4*ms) : 1 (event-driven)
"""
# Everything that a trial leaves behind: a variable that evolves in the synapses, one that decays
# between events, a parameter that events change, and spikes under way at the trial's end.
ON_PRE = """g_post += weight*strength*(1 + trace + recent)
trace += 0.5
recent += 0.1
strength *= 0.95"""
NAMES = {"tau": 5 * ms}


def group(equations=EQUATIONS, n=4, **options):
    code = {"threshold": "v > 1 + threshold", "reset": "v = 0\nthreshold += 0.02"}
    options = {**code, "refractory": 1 * ms, "method": "euler", "dt": 0.1 * ms} | options
    made = NeuronGroup(n, equations, name="cells*", **options)
    if "bias" in made.variables:
        made.bias = np.linspace(0.9, 2.5, n)
    return made


def synapses(neurons, model=PLASTIC, on_pre=ON_PRE, delays=True, **options):
    made = Synapses(neurons, neurons, model, on_pre=on_pre, name="connections*", **options)
    made.connect(condition="i != j")
    if "weight" in made.variables:
        made.weight = np.linspace(-0.5, 0.8, len(made))
    if "strength" in made.variables:
        made.strength = 1
    if delays and on_pre:
        made.delay = np.linspace(0, 15, len(made)) * ms
    return made


def network():
    neurons = group()
    return neurons, synapses(neurons, method="euler")


def make(neurons, *connections, **options):
    defaults = {
        "inputs": nt.Input("stimulus", 2),
        "readout": nt.SpikeCountReadout(2),
        "train": ["recurrent.weight", "input.weight"],
        "namespace": NAMES,
    }
    return nt.Circuit(neurons, *connections, **(defaults | options))


def make_trials(n_trials=3, bins=20, chosen=slice(None)):
    inputs = np.random.default_rng(0).normal(size=(n_trials, bins, 2))[chosen]
    return Trials(inputs, 2.0, np.zeros(len(inputs), dtype=int), {"decision": (10.0, 40.0)})


def draw(circuit, n_candidates=2, n_trials=3):
    rng = np.random.default_rng(0)
    candidates = np.array([circuit.parameters.draw(rng) for _ in range(n_candidates)])
    return candidates, circuit.draw_initial_state(n_trials, rng)


def simulate(circuit, candidates, initial, chosen=slice(None), **options):
    initial = {name: values[chosen] for name, values in initial.items()}
    options = {"execution": "brian2", "states": ("v", "g")} | options
    return circuit.simulate(candidates, make_trials(chosen=chosen), initial, **options)


def same(one, other):
    np.testing.assert_array_equal(one.spike_count, other.spike_count)
    for name, values in one.state.items():
        np.testing.assert_array_equal(values, other.state[name])


def refused(act, kind=UnsupportedModel):
    with pytest.raises(kind) as caught:
        act()
    assert "\n" not in str(caught.value)
    return str(caught.value)


# --- simulating


def test_trials_depend_neither_on_what_ran_before_nor_on_their_order():
    circuit = make(*network(), initial={"v": nt.Uniform(0, 1)})
    candidates, initial = draw(circuit)
    recorded = simulate(circuit, candidates, initial)
    assert recorded.spike_count.sum() > 100
    same(simulate(circuit, candidates, initial), recorded)
    order = np.array([2, 0, 1])
    turned = simulate(circuit, candidates[::-1], initial, chosen=order)
    np.testing.assert_array_equal(turned.spike_count, recorded.spike_count[::-1][:, order])
    np.testing.assert_array_equal(turned.state["v"], recorded.state["v"][::-1][:, order])


def test_a_trial_is_what_a_plain_brian2_script_does():
    circuit = make(*network(), initial={"v": nt.Uniform(0, 1)})
    candidates, initial = draw(circuit)
    recorded = simulate(circuit, candidates, initial)
    blocks = circuit.parameters.split(candidates)
    for p, b in ((0, 0), (1, 2)):
        # In the script a TimedArray gives the input.
        per_bin = make_trials().inputs[b] @ blocks["input.weight"][p].T
        given = TimedArray(per_bin, dt=2 * ms)
        neurons = group(EQUATIONS.replace("stimulus : 1", "stimulus = given(t, i) : 1"))
        connections = synapses(neurons, method="euler")
        connections.weight = blocks["recurrent.weight"][p]
        neurons.v = initial["v"][b]
        spikes, trace = SpikeMonitor(neurons), StateMonitor(neurons, ["v", "g"], record=True)
        plain = Network(neurons, connections, spikes, trace)
        plain.run(40 * ms, namespace=NAMES | {"given": given})
        np.testing.assert_array_equal(recorded.spike_count[p, b].sum(axis=0), spikes.count)
        np.testing.assert_allclose(recorded.state["v"][p, b], trace.v.T, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(recorded.state["g"][p, b], trace.g.T, rtol=1e-9, atol=1e-12)


def test_the_objects_stay_as_they_were_with_the_spikes_under_way():
    def ran(simulates):
        neurons, connections = network()
        own = Network(neurons, connections)
        own.run(20 * ms, namespace=NAMES)
        if simulates:
            circuit = make(neurons, connections)
            before = [one.get_states(units=False) for one in (neurons, connections)]
            simulate(circuit, *draw(circuit))
            for one, states in zip((neurons, connections), before, strict=True):
                for name, values in one.get_states(units=False).items():
                    np.testing.assert_array_equal(values, states[name], err_msg=name)
        trace = StateMonitor(neurons, ["v", "g"], record=True)
        own.add(trace)
        own.run(20 * ms, namespace=NAMES)
        return np.array([trace.v, trace.g])

    np.testing.assert_array_equal(ran(True), ran(False))


# --- training


@dataclass(frozen=True)
class Sides:
    """Which of two channels is on."""

    name: str = "sides"
    channels: int = 2
    classes: int = 2

    def draw(self, n_trials, rng):
        labels = rng.integers(2, size=n_trials)
        inputs = np.repeat(np.eye(2)[labels][:, np.newaxis], 5, axis=1)
        return Trials(inputs, 2.0, labels, {"decision": (0.0, 10.0)})

    def score(self, decisions, trials):
        return (decisions == trials.labels).mean(axis=-1)


TINY = {
    "generations": 2, "trials": 2, "validation_trials": 2, "validation_every": 2,
    "test_trials": 2, "progress": False, "optimizer_options": {"population_size": 4},
}  # fmt: skip


def test_training_works_by_the_way_out(tmp_path):
    results = [
        nt.train(make(*network()), Sides(), out=tmp_path / run, execution="brian2", **TINY)
        for run in ("one", "other")
    ]
    assert len(results[0].metrics) == 2
    assert results[0].metrics[0]["failed_share"] == 0
    losses = [[m["loss"] for m in result.metrics] for result in results]
    assert losses[0] == losses[1]


def test_training_by_the_fused_execution_tells_the_way_out_and_writes_nothing(tmp_path):
    message = refused(lambda: nt.train(make(*network()), Sides(), out=tmp_path / "run", **TINY))
    assert "on_pre" in message
    assert "execution='brian2'" in message
    assert not (tmp_path / "run").exists()


# --- what is refused, and when


def on_pre():
    return network()


def synaptic_dynamics():
    neurons = group()
    model = "ds/dt = -s/ms : 1 (clock-driven)\nweight : 1\ng_post = s*weight : 1 (summed)"
    neurons = group(EQUATIONS.replace("dg/dt = -g/tau : 1", "g : 1"))
    return neurons, synapses(neurons, model, None, method="euler")


def no_product():
    neurons = group(EQUATIONS.replace("dg/dt = -g/tau : 1", "g : 1"))
    return neurons, synapses(neurons, "weight : 1\ng_post = tanh(weight*v_pre) : 1 (summed)", None)


def part_of_the_group():
    neurons = group()
    made = Synapses(neurons[:2], neurons[1:], "weight : 1", on_pre="g_post += weight")
    made.connect()
    made.weight = np.linspace(0, 1, len(made))
    return neurons, made


def with_plain_synapses(neurons):
    return neurons, synapses(neurons, "weight : 1", "g_post += weight")


def run_regularly():
    neurons, made = with_plain_synapses(group())
    neurons.run_regularly("bias *= 0.99", dt=1 * ms)
    made.run_regularly("weight *= 0.99", dt=1 * ms)
    return neurons, made


def custom_event():
    neurons, made = with_plain_synapses(group(events={"high": "v > 0.5"}))
    neurons.run_on_event("high", "g *= 0.9")
    return neurons, made


def constant_over_dt():
    extra = "h = v**2 : 1 (constant over dt)"
    return with_plain_synapses(group(EQUATIONS.replace("bias + g", "bias + h + g") + extra))


def timed_array():
    given = {"given": TimedArray([0.1, 0.2], dt=1 * ms)}
    return with_plain_synapses(group(EQUATIONS.replace("bias +", "given(t) +"), namespace=given))


@check_units(x=1, result=1)
def doubled(x):
    return 2 * x


def user_function():
    function = Function(doubled, arg_units=[1], return_unit=1)
    given = {"doubled": function}
    return with_plain_synapses(group(EQUATIONS.replace("bias +", "doubled(g) +"), namespace=given))


UNCOVERED = {
    on_pre: "on_pre", synaptic_dynamics: "(summed)", no_product: "tanh(weight*v_pre)",
    part_of_the_group: "one NeuronGroup", run_regularly: "CodeRunner", custom_event: "'high'",
    constant_over_dt: "SubexpressionUpdater", timed_array: "on_pre", user_function: "on_pre",
}  # fmt: skip


@pytest.mark.parametrize("build", UNCOVERED, ids=lambda build: build.__name__)
def test_the_way_out_is_true_where_the_fused_execution_refuses(build):
    circuit = make(*build())
    candidates, initial = draw(circuit)
    for act in (
        lambda: simulate(circuit, candidates, initial, execution="fused"),
        lambda: circuit.lower(),
        lambda: circuit.explain(),
    ):
        message = refused(act)
        assert UNCOVERED[build] in message
        assert "execution='brian2'" in message
    recorded = simulate(circuit, candidates, initial, states=("v",))
    assert not recorded.failed.any()
    assert np.ptp(recorded.state["v"]) > 0
    same(simulate(circuit, candidates, initial, states=("v",)), recorded)
    assert make(*build()).fingerprint == circuit.fingerprint


def noise_in(place):
    neurons, model, action = group(), "weight : 1", "g_post += weight"
    if place == "equations":
        neurons = group(EQUATIONS.replace("- v)/(10*ms)", "- v)/(10*ms) + xi*second**-0.5"))
    elif place == "reset":
        neurons = group(reset="v = rand()")
    elif place == "run_regularly":
        neurons.run_regularly("v = v + poisson(bias)", dt=1 * ms)
    elif place == "on_pre":
        action = "g_post += weight*randn()"
    elif place == "synapses":
        model += "\ndx/dt = -x/ms + xi*ms**-0.5 : 1 (clock-driven)"
    elif place == "what may be observed":
        neurons = group(EQUATIONS + "h = rand() : 1 (constant over dt)")
    elif place == "covered otherwise":
        neurons, action = group(EQUATIONS.replace("dg/dt = -g/tau", "g")), None
        model += "\ng_post = weight*rand()*v_pre : 1 (summed)"
    return neurons, synapses(neurons, model, action, delays=False)


PLACES = ("equations", "reset", "run_regularly", "on_pre", "synapses", "what may be observed")


@pytest.mark.parametrize("place", [*PLACES, "covered otherwise"])
def test_noise_is_refused_at_once_without_a_way_out(place):
    message = refused(lambda: make(*noise_in(place)))
    assert "contains noise" in message
    assert "no execution covers yet" in message
    assert "brian2" not in message


def other_target():
    neurons, others = group(), group()
    return neurons, Synapses(neurons, others, on_pre="g_post += 1")


def other_source():
    neurons, others = group(), group()
    return neurons, Synapses(others, neurons, on_pre="g_post += 1")


def no_synapses():
    return group(), PoissonGroup(3, 1 / ms)


def linked():
    source = group("u : 1", threshold=None, reset=None, refractory=False)
    neurons = group(EQUATIONS + "other : 1 (linked)")
    neurons.other = linked_var(source, "u")
    return with_plain_synapses(neurons)


def linked_to_what_is_gone():
    built = linked()
    gc.collect()
    return built


REFUSED = [other_target, other_source, no_synapses, linked, linked_to_what_is_gone]


@pytest.mark.parametrize("build", REFUSED, ids=lambda build: build.__name__)
def test_more_than_one_group_is_refused_at_once_without_a_way_out(build):
    neurons, connections = build()
    message = refused(lambda: make(neurons, connections))
    assert "one NeuronGroup" in message
    assert neurons.name in message or connections.name in message
    assert "brian2" not in message


WRONG = {
    "equation": ({"equations": EQUATIONS.replace("- v", "- v*mV")}, {}, "'v'"),
    "threshold": ({"threshold": "v > 1*mV"}, {}, "'v > 1*mV'"),
    "reset": ({"reset": "v = 1*mV"}, {}, "v = 1*mV"),
    "refractory": ({"refractory": "v > 1*mV"}, {}, "cells"),
    "unknown name": ({"threshold": "v > theta"}, {}, '"theta"'),
    "unknown in equation": ({"equations": EQUATIONS.replace("- v", "- theta")}, {}, '"theta"'),
    "on_pre": ({}, {"on_pre": "g_post += 1*mV"}, "g_post += 1*mV"),
    "unknown in on_pre": ({}, {"on_pre": "g_post += theta"}, '"theta"'),
    "synapses": ({}, {"model": "dx/dt = -x*mV/ms : 1 (clock-driven)\nweight : 1"}, "variable 'x'"),
    "unknown in synapses": ({}, {"model": "dx/dt = -x/tau_x : 1 (clock-driven)"}, '"tau_x"'),
}


@pytest.mark.parametrize("case", WRONG)
def test_units_and_names_are_checked_at_once_all_the_same(case):
    options, of_synapses, named = WRONG[case]
    of_synapses = {
        "model": "weight : 1",
        "on_pre": "g_post += weight",
        "delays": False,
    } | of_synapses
    neurons = group(**options)
    assert named in refused(lambda: make(neurons, synapses(neurons, **of_synapses)), InvalidInput)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"train": ["recurrent.wait"]}, "did you mean 'recurrent.weight'"),
        ({"train": ["neurons.threshold"]}, "trained variable"),
        ({"train": ["neurons.g"]}, "trained variable"),
        ({"inputs": nt.Input("stimulos", 2)}, "did you mean 'stimulus'"),
        ({"inputs": nt.Input("g", 2)}, "parameter"),
        ({"initial": {"vv": nt.Normal(0, 1)}}, "did you mean 'v'"),
        ({"initial": {"v": nt.Normal(0 * mV, 1 * mV)}}, "unit"),
        ({"readout": nt.GradedReadout("vv", 2)}, "did you mean 'v'"),
        ({"blocked": nt.Blocked("vv", 0.0)}, "did you mean 'v'"),
    ],
)
def test_wrong_parts_of_such_a_circuit_are_told(options, told):
    assert told in refused(lambda: make(*network(), **options), InvalidInput)


def test_what_cannot_be_recorded_or_run_is_told():
    circuit = make(*network())
    act = lambda: simulate(circuit, *draw(circuit), states=("vv",))  # noqa: E731
    assert "did you mean 'v'" in refused(act, InvalidInput)
    neurons = group(method="gsl_rk2")
    # The tests generate numpy code, for which Brian2 has no such method.
    message = refused(lambda: make(*with_plain_synapses(neurons)), InvalidInput)
    assert "GSL" in message


def test_states_are_what_the_network_changes():
    circuit = make(*network())
    assert circuit.states == ("g", "lastspike", "not_refractory", "threshold", "v")


# --- fingerprints


CHANGES = {
    "equations": lambda: make(*with_other(EQUATIONS.replace("10*ms", "11*ms"))),
    "threshold": lambda: make(*with_other(threshold="v > 1.1")),
    "reset": lambda: make(*with_other(reset="v = 0.1")),
    "refractory": lambda: make(*with_other(refractory=2 * ms)),
    "method": lambda: make(*with_other(method="rk2")),
    "event": lambda: make(*with_other(events={"high": "v > 0.5"})),
    "constant": lambda: make(*network(), namespace={"tau": 6 * ms}),
    "on_pre": lambda: make(*with_synapses(on_pre=ON_PRE.replace("0.95", "0.9"))),
    "synaptic equations": lambda: make(*with_synapses(PLASTIC.replace("5*ms", "6*ms"))),
    "event-driven": lambda: make(*with_synapses(PLASTIC.replace("4*ms", "6*ms"))),
    "delays": lambda: make(*with_synapses(delays=False)),
    "one delay": lambda: make(*with_synapses(delays=False, delay=2 * ms)),
    "on_post": lambda: make(*with_synapses(on_post="trace += 0.1")),
    "trained": lambda: make(*network(), train=["input.weight"]),
}


def with_other(equations=EQUATIONS, **options):
    neurons = group(equations, **options)
    return neurons, synapses(neurons, method="euler")


def with_synapses(model=PLASTIC, **options):
    neurons = group()
    return neurons, synapses(neurons, model, method="euler", **options)


def test_the_fingerprint_changes_with_what_matters():
    prints = {name: change().fingerprint for name, change in CHANGES.items()}
    assert len({make(*network()).fingerprint, *prints.values()}) == len(CHANGES) + 1


def test_the_fingerprint_sees_the_values_of_a_timed_array():
    prints = set()
    for value in (0.1, 0.1, 0.3):
        given = {"given": TimedArray([value, 0.2], dt=1 * ms)}
        neurons = group(EQUATIONS.replace("bias +", "given(t) +"), namespace=given)
        prints.add(make(*with_plain_synapses(neurons)).fingerprint)
    assert len(prints) == 2


def test_running_makes_no_other_circuit():
    circuit = make(*network())
    before = circuit.fingerprint
    simulate(circuit, *draw(circuit))
    circuit.apply(circuit.parameters.draw(np.random.default_rng(1)))
    assert circuit.fingerprint == before
    Network(circuit.neurons, *circuit.synapses).run(20 * ms, namespace=NAMES)
    assert circuit.fingerprint == before
