"""Networks of every kind: both executions give the same; where one refuses, its way out is true."""

import gc
from dataclasses import dataclass

import numpy as np
import pytest
from brian2 import (
    Function,
    Network,
    NeuronGroup,
    PoissonGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    check_units,
    linked_var,
    ms,
    mV,
)
from brian2.core.base import BrianObjectException

import neurotrain as nt
from neurotrain.description import NOISE_SEED
from neurotrain.errors import InvalidInput, UnsupportedModel
from neurotrain.trials import Trials

pytestmark = pytest.mark.usefixtures("compiled_quickly")

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


def agree(one, other):
    np.testing.assert_array_equal(one.spike_count, other.spike_count)
    for name, values in one.state.items():
        np.testing.assert_allclose(values, other.state[name], rtol=1e-9, atol=1e-12)


def refused(act, kind=UnsupportedModel):
    with pytest.raises(kind) as caught:
        act()
    assert "\n" not in str(caught.value)
    return str(caught.value)


# --- simulating


BOTH = pytest.mark.parametrize("execution", ["brian2", "fused-float64"])


@BOTH
def test_trials_depend_neither_on_what_ran_before_nor_on_their_order(execution):
    circuit = make(*network(), initial={"v": nt.Uniform(0, 1)})
    candidates, initial = draw(circuit)
    recorded = simulate(circuit, candidates, initial, execution=execution)
    assert recorded.spike_count.sum() > 100
    same(simulate(circuit, candidates, initial, execution=execution), recorded)
    order = np.array([2, 0, 1])
    turned = simulate(circuit, candidates[::-1], initial, chosen=order, execution=execution)
    np.testing.assert_array_equal(turned.spike_count, recorded.spike_count[::-1][:, order])
    np.testing.assert_array_equal(turned.state["v"], recorded.state["v"][::-1][:, order])


@BOTH
def test_a_trial_is_what_a_plain_brian2_script_does(execution):
    circuit = make(*network(), initial={"v": nt.Uniform(0, 1)})
    candidates, initial = draw(circuit)
    recorded = simulate(circuit, candidates, initial, execution=execution)
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


@BOTH
def test_the_objects_stay_as_they_were_with_the_spikes_under_way(execution):
    def ran(simulates):
        neurons, connections = network()
        own = Network(neurons, connections)
        own.run(20 * ms, namespace=NAMES)
        if simulates:
            circuit = make(neurons, connections)
            before = [one.get_states(units=False) for one in (neurons, connections)]
            simulate(circuit, *draw(circuit), execution=execution)
            for one, states in zip((neurons, connections), before, strict=True):
                for name, values in one.get_states(units=False).items():
                    np.testing.assert_array_equal(values, states[name], err_msg=name)
        trace = StateMonitor(neurons, ["v", "g"], record=True)
        own.add(trace)
        own.run(20 * ms, namespace=NAMES)
        return np.array([trace.v, trace.g])

    np.testing.assert_array_equal(ran(True), ran(False))


def test_trials_begin_with_the_spikes_that_are_under_way():
    neurons, connections = network()
    fresh = make(neurons, connections)
    candidates, initial = draw(fresh)
    without = simulate(fresh, candidates, initial)
    Network(neurons, connections).run(20 * ms, namespace=NAMES)
    connections.strength, connections.trace, connections.recent = 1, 0, 0
    circuit = make(neurons, connections)
    initial = {**initial, "lastspike": draw(circuit)[1]["lastspike"]}
    recorded = simulate(circuit, candidates, initial)
    agree(simulate(circuit, candidates, initial, execution="fused-float64"), recorded)
    assert not np.array_equal(recorded.state["g"][:, :, 1], without.state["g"][:, :, 1])


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


def test_training_is_the_same_by_either_execution(tmp_path):
    results = [
        nt.train(make(*network()), Sides(), out=tmp_path / str(k), execution=execution, **TINY)
        for k, execution in enumerate(("brian2", "brian2", "fused-float64"))
    ]
    assert len(results[0].metrics) == 2
    assert results[0].metrics[0]["failed_share"] == 0
    losses = [[m["loss"] for m in result.metrics] for result in results]
    assert losses[0] == losses[1]
    np.testing.assert_allclose(losses[2], losses[0], rtol=1e-9)


def test_training_where_the_fused_execution_refuses_tells_the_way_out(tmp_path):
    circuit = make(*user_function())
    message = refused(lambda: nt.train(circuit, Sides(), out=tmp_path / "run", **TINY))
    assert "'doubled'" in message
    assert "execution='brian2'" in message
    assert not (tmp_path / "run").exists()
    result = nt.train(circuit, Sides(), out=tmp_path / "run", execution="brian2", **TINY)
    assert result.metrics[0]["failed_share"] == 0


# --- what both executions run


def on_pre():
    return network()


def synaptic_dynamics():
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


def tick_in_between():
    neurons, made = with_plain_synapses(group())
    neurons.run_regularly("bias *= 0.99", dt=0.25 * ms)
    return neurons, made


def constant_over_dt():
    extra = "h = v**2 : 1 (constant over dt)"
    return with_plain_synapses(group(EQUATIONS.replace("bias + g", "bias + h + g") + extra))


def timed_array():
    given = {"given": TimedArray([0.1, 0.2], dt=1 * ms)}
    return with_plain_synapses(group(EQUATIONS.replace("bias +", "given(t) +"), namespace=given))


COVERED = [
    on_pre, synaptic_dynamics, no_product, part_of_the_group, run_regularly, custom_event,
    tick_in_between, constant_over_dt, timed_array,
]  # fmt: skip


@pytest.mark.parametrize("build", COVERED, ids=lambda build: build.__name__)
def test_both_executions_give_the_same(build):
    circuit = make(*build(), initial={"v": nt.Uniform(0, 1)})
    candidates, initial = draw(circuit)
    recorded = simulate(circuit, candidates, initial)
    assert not recorded.failed.any()
    assert recorded.spike_count.any()
    assert np.ptp(recorded.state["v"]) > 0
    fused = simulate(circuit, candidates, initial, execution="fused-float64")
    agree(fused, recorded)
    same(simulate(circuit, candidates, initial, execution="fused-float64", threads=1), fused)
    same(simulate(circuit, candidates, initial), recorded)
    assert all(one.name in circuit.explain() for one in (circuit.neurons, *circuit.others))
    assert make(*build(), initial={"v": nt.Uniform(0, 1)}).fingerprint == circuit.fingerprint


# --- what only Brian2 runs


@check_units(x=1, result=1)
def doubled(x):
    return 2 * x


def user_function():
    function = Function(doubled, arg_units=[1], return_unit=1)
    given = {"doubled": function}
    return with_plain_synapses(group(EQUATIONS.replace("bias +", "doubled(g) +"), namespace=given))


def truth_values():
    neurons = group()
    return neurons, synapses(
        neurons, "weight : 1", "g_post += weight*int((v_post > 0.5) + (v_pre > 0.1))"
    )


def gsl():
    return with_plain_synapses(group(method="gsl_rk2"))


def uneven_clocks():
    neurons, made = with_plain_synapses(group())
    neurons.run_regularly("bias *= 0.99", dt=0.2317 * ms)
    return neurons, made


UNCOVERED = {
    user_function: "'doubled'", truth_values: "truth values", uneven_clocks: "0.2317 ms",
}  # fmt: skip


@pytest.mark.parametrize("build", UNCOVERED, ids=lambda build: build.__name__)
def test_the_way_out_is_true_where_the_fused_execution_refuses(build):
    circuit = make(*build())
    candidates, initial = draw(circuit)
    acts = [lambda: simulate(circuit, candidates, initial, execution="fused")]
    if build is not uneven_clocks:  # the dt of clocks is no part of what is lowered
        acts += [circuit.lower, circuit.explain]
    for act in acts:
        message = refused(act)
        assert UNCOVERED[build] in message
        assert "execution='brian2'" in message
    recorded = simulate(circuit, candidates, initial, states=("v",))
    assert not recorded.failed.any()
    assert np.ptp(recorded.state["v"]) > 0
    same(simulate(circuit, candidates, initial, states=("v",)), recorded)
    assert make(*build()).fingerprint == circuit.fingerprint


def test_equations_for_the_gnu_scientific_library_are_left_to_brian2():
    circuit = make(*gsl())
    candidates, initial = draw(circuit)
    for act in (lambda: simulate(circuit, candidates, initial, execution="fused"), circuit.lower):
        message = refused(act)
        assert "GNU Scientific Library" in message
        assert "execution='brian2'" in message
    assert make(*gsl()).fingerprint == circuit.fingerprint
    # The tests generate numpy code, for which Brian2 has no such method.
    with pytest.raises(BrianObjectException) as caught:
        simulate(circuit, candidates, initial)
    assert "GSL" in str(caught.value.__cause__)


# --- noise


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


UNSEEN = ("synapses", "what may be observed")  # by what is recorded below


@BOTH
@pytest.mark.parametrize("place", [*PLACES, "covered otherwise"])
def test_noise_is_that_of_the_trials_seed_and_of_nothing_else(place, execution):
    circuit = make(*noise_in(place))
    assert circuit.is_stochastic
    candidates, initial = draw(circuit)
    assert len(np.unique(initial[NOISE_SEED])) == 3
    recorded = simulate(circuit, candidates, initial, execution=execution)
    assert not recorded.failed.any()
    again = simulate(circuit, candidates[:1], initial, execution=execution)
    np.testing.assert_array_equal(again.state["v"], recorded.state["v"][:1])
    order = np.array([2, 0])
    turned = simulate(circuit, candidates[::-1], initial, chosen=order, execution=execution)
    np.testing.assert_array_equal(turned.state["v"], recorded.state["v"][::-1][:, order])
    other = {**initial, NOISE_SEED: initial[NOISE_SEED] + np.uint64(1)}
    changed = simulate(circuit, candidates[:1], other, execution=execution)
    differs = (changed.state["v"] != recorded.state["v"][:1]).any(axis=(2, 3))
    assert (differs != (place in UNSEEN)).all()


def test_a_trial_of_a_network_with_noise_needs_its_seed():
    circuit = make(*noise_in("equations"))
    candidates, initial = draw(circuit)
    del initial[NOISE_SEED]
    assert NOISE_SEED in refused(lambda: simulate(circuit, candidates, initial), InvalidInput)
    assert NOISE_SEED not in draw(make(*network()))[1]


def scores(values):
    """Return standard scores of mean, variance and products of successive trials (trial, i).

    For independent numbers from a normal distribution with what Euler's method makes of the
    Ornstein-Uhlenbeck process below in its stationary state: mean 0, variance
    (2*dt/tau) / (1 - (1 - dt/tau)**2).
    """
    values = values / np.sqrt(0.04 / (1 - 0.98**2))
    n, products = values.size, values[1:] * values[:-1]
    return np.array([
        values.sum() / np.sqrt(n), (values**2 - 1).sum() / np.sqrt(2 * n),
        products.sum() / np.sqrt(products.size),
    ])  # fmt: skip


@pytest.mark.parametrize(("execution", "n_trials"), [("brian2", 8), ("fused", 100)])
def test_noise_follows_its_law_and_is_independent_between_trials(execution, n_trials):
    """False alarms: below 0.1 % for all scores together, if the noise is right."""
    equations = "dv/dt = (stimulus - v)/(5*ms) + xi*(2/(5*ms))**0.5 : 1\nstimulus : 1"
    neurons = group(equations, 50, threshold=None, reset=None, refractory=False)
    circuit = make(neurons, train={"input.weight": nt.Normal(0, 1e-9)})
    candidates, initial = draw(circuit, n_trials=n_trials)
    trials = Trials(
        np.zeros((n_trials, 20, 2)), 2.0, np.zeros(n_trials, dtype=int), {"decision": (0.0, 40.0)}
    )

    def last(initial):
        options = {"execution": execution, "states": ("v",)}
        return circuit.simulate(candidates, trials, initial, **options).state["v"][:, :, -1]

    ends = last(initial)
    assert np.abs(scores(ends[0])).max() < 4
    # Candidates are compared on the same noise.
    np.testing.assert_array_equal(ends[0], ends[1])
    alike = {**initial, NOISE_SEED: np.full_like(initial[NOISE_SEED], 1)}
    assert np.abs(scores(last(alike)[0])).max() > 4


# --- several groups


def other_target():
    neurons, others = group(), group()
    made = Synapses(neurons, others, "weight : 1", on_pre="g_post += weight")
    made.connect()
    made.weight = 0.3
    return neurons, others, made


def other_source():
    neurons, others = group(), group()
    made = Synapses(others, neurons, "weight : 1", on_pre="g_post += weight")
    made.connect()
    made.weight = 0.3
    return neurons, others, made


def linked():
    source = group("du/dt = (1 - u)/(10*ms) : 1", threshold=None, reset=None, refractory=False)
    neurons = group(EQUATIONS.replace("bias +", "bias + other +") + "other : 1 (linked)")
    neurons.other = linked_var(source, "u")
    return neurons, source, with_plain_synapses(neurons)[1]


def given_spikes():
    neurons = group()
    source = SpikeGeneratorGroup(3, [0, 1, 2, 0], [1, 5, 5, 9] * ms)
    made = Synapses(source, neurons, "weight : 1", on_pre="g_post += weight")
    made.connect()
    made.weight = 0.7
    return neurons, source, made


SEVERAL = [other_target, other_source, linked, given_spikes]


@pytest.mark.parametrize("build", SEVERAL, ids=lambda build: build.__name__)
def test_both_executions_give_the_same_for_several_groups(build):
    circuit = make(*build(), initial={"v": nt.Uniform(0, 1)})
    candidates, initial = draw(circuit)
    recorded = simulate(circuit, candidates, initial)
    assert recorded.spike_count.any()
    agree(simulate(circuit, candidates, initial, execution="fused-float64"), recorded)


def test_spikes_are_given_from_the_beginning_of_a_trial_whatever_time_the_clock_shows():
    Network(NeuronGroup(1, "x : 1")).run(5 * ms)
    circuit = make(*given_spikes(), initial={"v": nt.Uniform(0, 1)})
    candidates, initial = draw(circuit)
    recorded = simulate(circuit, candidates, initial)
    agree(simulate(circuit, candidates, initial, execution="fused-float64"), recorded)


@pytest.mark.parametrize("build", SEVERAL, ids=lambda build: build.__name__)
def test_a_group_that_is_not_passed_is_told(build):
    neurons, missing, connections = build()
    message = refused(lambda: make(neurons, connections), InvalidInput)
    assert f"'{missing.name}'" in message
    assert f"'{neurons.name}'" in message or f"'{connections.name}'" in message
    assert "pass it to Circuit(...) too" in message


def test_a_link_to_what_is_gone_is_told():
    neurons, _, connections = linked()
    gc.collect()
    message = refused(lambda: make(neurons, connections), InvalidInput)
    assert "'other'" in message
    assert neurons.name in message


def test_objects_that_are_no_part_of_a_circuit_are_told():
    neurons, connections = network()
    monitor = SpikeMonitor(neurons)
    message = refused(lambda: make(neurons, connections, monitor))
    assert monitor.name in message
    assert "SpikeMonitor" in message
    assert "PoissonGroup" in message  # among those that can be
    source = PoissonGroup(3, 1 / ms)
    assert "NeuronGroup that inputs reach" in refused(lambda: make(source))


def test_poisson_neurons_make_a_circuit_stochastic():
    neurons, source = group(), PoissonGroup(3, 1 / ms)
    made = Synapses(source, neurons, "weight : 1", on_pre="g_post += weight")
    made.connect()
    made.weight = 0.2
    circuit = make(neurons, source, made)
    assert circuit.is_stochastic
    candidates, initial = draw(circuit)
    for execution in ("brian2", "fused-float64"):
        recorded = simulate(circuit, candidates, initial, execution=execution)
        same(simulate(circuit, candidates, initial, execution=execution), recorded)
        # About 3 spikes of 0.2 arrive in each ms, which decays with 5 ms: on average 3.
        assert recorded.state["g"][:, :, 200:].mean() == pytest.approx(3, abs=0.6)


# --- what is refused at once


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


def test_what_cannot_be_recorded_is_told():
    circuit = make(*network())
    act = lambda: simulate(circuit, *draw(circuit), states=("vv",))  # noqa: E731
    assert "did you mean 'v'" in refused(act, InvalidInput)


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


def test_running_leaves_the_garbage_collector_as_it_was():
    circuit = make(*network())
    candidates, initial = draw(circuit)
    held = gc.get_freeze_count()
    try:
        gc.unfreeze()
        simulate(circuit, candidates, initial)
        assert gc.get_freeze_count() == 0
        gc.freeze()
        frozen = gc.get_freeze_count()
        simulate(circuit, candidates, initial)
        # Some of what is frozen is freed, as objects always are when nothing refers to them.
        assert 0.9 * frozen < gc.get_freeze_count() <= frozen
    finally:
        gc.unfreeze()
        if held:
            gc.freeze()
