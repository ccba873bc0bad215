"""What lowers, what is refused and how, and that a program depends on nothing by accident."""

import gc
import os
import subprocess
import sys

import numpy as np
import pytest
from brian2 import (
    Function,
    Network,
    NeuronGroup,
    PoissonInput,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    check_units,
    get_device,
    implementation,
    kHz,
    linked_var,
    ms,
    network_operation,
)
from brian2_versions import linked_by_name

from neurotrain.errors import InvalidInput, NeurotrainError, UnsupportedModel
from neurotrain.executions.fused.source import generate_source
from neurotrain.lowering.network import lower
from neurotrain.lowering.program import Log, Propagation, Reaction, Sample, Sum, Threshold, Update

EQUATIONS = "dv/dt = (bias + drive - v)/(10*ms) : 1\nbias : 1\ndrive : 1\n"
SUMMED = "weight : 1\ndrive_post = weight*v_pre : 1 (summed)"


def group(equations=EQUATIONS, n=3, **options):
    options = {"threshold": "v > 1", "reset": "v = 0", "method": "euler"} | options
    return NeuronGroup(n, equations, dt=0.1 * ms, name="cells*", **options)


def synapses(neurons, model=SUMMED, connect=True, **options):
    made = Synapses(neurons, neurons, model, name="connections*", **options)
    if connect is True:
        made.connect()
    elif connect:
        made.connect(**connect)
    return made


def lowered(*objects, namespace=None, **options):
    return lower(Network(*objects), namespace or {}, **options)


def refusal(kind, *objects, namespace=None, **options):
    with pytest.raises(kind) as caught:
        lowered(*objects, namespace=namespace, **options)
    return one_line(caught.value)


def one_line(error: NeurotrainError) -> str:
    message = str(error)
    assert "\n" not in message
    assert message.endswith((".", "?")), message
    return message


# --- what is refused


def doubled(text=None, **implemented):
    function = Function(check_units(x=1, result=1)(lambda x: 2 * x), arg_units=[1], return_unit=1)
    if text or implemented:
        function.implementations.add_implementation("cpp", text, **implemented)
    return group(EQUATIONS.replace("bias +", "doubled(bias) +"), namespace={"doubled": function})


def python_function():
    return (doubled(),)


def function_with_arrays():
    code = "double doubled(double x) { return _values[0]*x; }"
    return (doubled(code, namespace={"_values": np.ones(3)}),)


def function_with_hidden_code():
    return (doubled({"support_code": "", "hashdefine_code": "#define TWO 2"}),)


def operation():
    return group(), network_operation(lambda: None, name="operation*")


def gsl():
    return (group(method="gsl_rk2"),)


def gsl_in_synapses():
    neurons = group()
    return neurons, synapses(neurons, "ds/dt = -s/ms : 1 (clock-driven)", method="gsl")


def position_that_changes():
    source = NeuronGroup(3, "u : 1")
    neurons = group("dv/dt = (u - v)/ms : 1\nu : 1 (linked)\nto : integer", reset="to = 1 - to")
    neurons.u = linked_var(source, "u", index="to")
    return source, neurons


def truth_values():
    return (group(EQUATIONS + "a : boolean\nb : boolean", reset="v = (a - b)*bias"),)


REFUSED = {
    python_function: "'doubled'", function_with_arrays: "'doubled'",
    function_with_hidden_code: "'hashdefine_code'", operation: "operation", gsl: "gsl_rk2",
    gsl_in_synapses: "'gsl'", position_that_changes: "'to'", truth_values: "a - b",
}  # fmt: skip


def cases(builders):
    """Return parameters of a test, with a reason where this Brian2 cannot build one."""
    marks = {position_that_changes: [linked_by_name]}
    return [pytest.param(one, id=one.__name__, marks=marks.get(one, [])) for one in builders]


@pytest.mark.parametrize("build", cases(REFUSED))
def test_what_is_not_covered_is_refused_by_name_with_a_way_out(build):
    objects = build()
    message = refusal(UnsupportedModel, *objects)
    assert REFUSED[build] in message
    assert any(one.name in message for one in objects)
    assert "Use execution='brian2'" in message


DESCRIBED = (python_function, function_with_arrays, gsl, gsl_in_synapses, position_that_changes)


@pytest.mark.parametrize("build", cases(DESCRIBED))
def test_what_only_brian2_runs_is_described_all_the_same(build):
    program = lowered(*build(), strict=False).program
    assert {"v", "s"} & {symbol.split("_")[0] for symbol in program.symbols("state")}
    prints = {lowered(*build(), strict=False).program.fingerprint for _ in range(2)}
    assert len(prints) == 1


WRONG = {
    "equation": ({"equations": EQUATIONS.replace("- v", "- v*mV")}, "'v'"),
    "threshold": ({"threshold": "v > 1*mV"}, "'v > 1*mV'"),
    "reset": ({"reset": "v = 1*mV"}, "v = 1*mV"),
    "refractory": ({"refractory": "v > 1*mV"}, "cells"),
    "unknown name": ({"threshold": "v > theta"}, '"theta"'),
    "unknown in reset": ({"reset": "v = theta"}, '"theta"'),
    "unknown in equation": ({"equations": EQUATIONS.replace("- v", "- theta")}, '"theta"'),
    "unknown in refractory": ({"refractory": "v > theta"}, '"theta"'),
    "not linear": ({"equations": EQUATIONS.replace("- v", "- v**2"), "method": "exact"}, "'v'"),
    "shared in reset": ({"equations": EQUATIONS + "n : 1 (shared)", "reset": "n += 1"}, "'n'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_units_and_names_that_do_not_fit_are_told_with_their_place(case):
    options, named = WRONG[case]
    neurons = group(**options)
    message = refusal(InvalidInput, neurons)
    assert named in message
    assert neurons.name in message


@pytest.mark.parametrize(
    ("expression", "named"), [("weight*v_pre*mV", "Units"), ("weight*q*v_pre", '"q"')]
)
def test_a_wrong_summed_expression_is_told_with_its_place(expression, named):
    neurons = group()
    made = synapses(neurons, f"weight : 1\ndrive_post = {expression} : 1 (summed)")
    message = refusal(InvalidInput, neurons, made)
    assert named in message
    assert made.name in message


def test_wrong_code_of_pathways_and_of_regular_runs_is_told_with_its_place():
    neurons = group()
    made = synapses(neurons, "weight : 1", on_pre="v_post += weight*mV")
    assert made.name in refusal(InvalidInput, neurons, made)
    neurons = group(EQUATIONS + "total : 1 (shared)")
    neurons.run_regularly("total += v", dt=1 * ms)
    assert "'total'" in refusal(InvalidInput, neurons)
    neurons = group()
    made = synapses(neurons, "weight : 1", on_pre="v_post += weight", connect=False)
    assert "connect()" in refusal(InvalidInput, neurons, made)


def test_a_link_to_what_is_gone_is_told():
    source = NeuronGroup(3, "u : 1")
    neurons = group(EQUATIONS.replace("bias : 1", "bias : 1 (linked)"))
    neurons.bias = linked_var(source, "u")
    del source
    gc.collect()
    assert "'u' belongs to an object that no longer exists" in refusal(InvalidInput, neurons)


def test_a_variable_cannot_be_input_and_changed_by_the_network():
    neurons = group()
    made = synapses(neurons)
    message = refusal(InvalidInput, neurons, made, main=neurons, inputs=("drive",))
    assert "'drive'" in message
    assert made.name in message
    neurons = group(reset="v = 0\nbias *= 0.9")
    message = refusal(InvalidInput, neurons, main=neurons, inputs=("bias",))
    assert "'bias'" in message
    assert neurons.name in message


def test_a_generator_gives_all_its_spikes_after_lowering_at_a_later_time():
    neurons = group()
    given = SpikeGeneratorGroup(1, [0, 0], [1, 3] * ms, dt=0.1 * ms, name="given*")
    pathway = Synapses(given, neurons, on_pre="v_post += 0.1", name="pathway*")
    pathway.connect()
    Network(SpikeGeneratorGroup(1, [], [] * ms, clock=given.clock)).run(2 * ms)
    assert given.clock.t == 2 * ms
    lowered(neurons, given, pathway)
    spikes = SpikeMonitor(given)
    Network(neurons, given, pathway, spikes).run(4 * ms, namespace={})
    np.testing.assert_allclose(spikes.t / ms, [1, 3])


def test_the_device_and_the_objects_are_as_before_also_after_a_refusal():
    device = get_device()
    neurons = group(refractory=2 * ms)
    neurons.v = "0.1*i"
    made = synapses(neurons)
    made.weight = "i + j"
    pathway = synapses(neurons, "w : 1", on_pre="v_post += 0.01", delay=0.3 * ms)
    monitors = SpikeMonitor(neurons), StateMonitor(neurons, "v", record=True)
    objects = (neurons, made, pathway, *monitors)
    for theta in ({"theta": 1.0}, {}):
        neurons.run_regularly("v += 0.01*theta", dt=1 * ms)
        if theta:
            lowered(*objects, namespace=theta)
        else:
            refusal(InvalidInput, *objects)
        assert get_device() is device
    np.testing.assert_array_equal(neurons.v, [0, 0.1, 0.2])
    np.testing.assert_array_equal(made.weight, [0, 1, 2, 1, 2, 3, 2, 3, 4])
    assert neurons.state_updater.codeobj is None
    Network(*objects).run(1 * ms, namespace={"theta": 1.0})
    assert monitors[1].v.shape == (3, 10)


# --- what becomes of coupling


def sums(expression, weight="weight : 1", connect=True, **options):
    neurons = group(**options)
    model = f"{weight}\ndrive_post = {expression} : 1 (summed)"
    made = synapses(neurons, model, connect)
    found = lowered(neurons, made, namespace={"k": 3.0}).program.operations
    return [one for one in found if isinstance(one, Sum)]


def products(*given, **options):
    (one,) = sums(*given, **options)
    return one.terms


def test_expressions_split_into_as_few_products_as_they_have():
    (term,) = products("weight*v_pre")
    assert [one.expression for one in term.weight.vector] == ["weight"]
    assert term.gain is None
    (term,) = products("k*weight*exp(v_pre)*(1 + v_post)**2")
    assert term.gain is not None
    (term,) = products("weight*(exp(v_pre) + v_pre**2)*(v_post - 2)")
    assert len(products("weight*(v_pre - v_post)")) == 2
    assert len(products("weight*v_pre + 0.1*v_pre*v_post")) == 2
    assert len(products("weight*v_pre*sin(t/ms)")) == 1


def test_what_is_no_sum_of_products_is_summed_synapse_by_synapse():
    assert products("tanh(weight*v_pre)") == ()
    assert products("sin(weight*t/ms)*v_pre") == ()
    assert products("weight*rand()*v_pre") == ()
    assert products("weight*v_pre/(1 + abs(v_pre - v_post))") == ()


def test_few_connections_are_summed_row_by_row_and_many_as_a_matrix():
    assert sums("weight*v_pre", n=10)[0].layout == "dense"
    assert sums("weight*v_pre", n=10, connect={"i": [0, 1], "j": [2, 3]})[0].layout == "sparse"
    assert sums("tanh(weight*v_pre)", n=10)[0].layout == "sparse"


def test_weights_that_change_are_no_weights():
    neurons = group()
    made = synapses(neurons, SUMMED, on_pre="weight *= 0.9")
    (found,) = (one for one in lowered(neurons, made).program.operations if isinstance(one, Sum))
    assert found.terms == ()


# --- what a program is


def test_roles_say_who_sets_a_variable():
    neurons = group(EQUATIONS + "gate : boolean\nn : integer\nto : integer\nx = gate*v : 1",
                    refractory=2 * ms, reset="n += 1")  # fmt: skip
    monitor = StateMonitor(neurons, ["x", "to"], record=True)
    program = lowered(
        neurons, synapses(neurons), monitor, main=neurons, inputs=("bias",), averaged=monitor
    ).program
    names = ("drive_0", "lastspike_0", "n_0", "not_refractory_0", "v_0")
    assert program.symbols("state") == names
    assert program.symbols("input") == ("bias_0",)
    assert set(program.symbols("parameter")) >= {"gate_0"}
    assert set(program.symbols("index")) >= {"to_0"}
    kinds = {array.symbol: array.kind for array in program.arrays}
    assert kinds["n_0"] == "integer"
    assert kinds["not_refractory_0"] == "boolean"
    assert program.counted == "spike_0"
    assert program.averaged == 0
    assert not program.is_stochastic


@pytest.mark.parametrize(
    "place", ["equations", "reset", "on_pre", "run_regularly", "summed", "PoissonInput", "none"]
)
def test_a_program_knows_whether_it_draws_random_numbers(place):
    neurons = group(
        EQUATIONS.replace("- v)", "- v + xi*ms**0.5)") if place == "equations" else EQUATIONS,
        reset="v = rand()" if place == "reset" else "v = 0",
    )
    model = SUMMED.replace("*v_pre", "*v_pre*randn()" if place == "summed" else "*v_pre")
    made = synapses(neurons, model, on_pre="v += poisson(2)" if place == "on_pre" else None)
    if place == "run_regularly":
        neurons.run_regularly("v += randn()", dt=1 * ms)
    objects = [neurons, made]
    if place == "PoissonInput":
        objects.append(PoissonInput(neurons, "v", 5, 1 * kHz, weight=0.1))
    assert lowered(*objects).program.is_stochastic == (place != "none")


def test_operations_are_in_the_order_of_brian2s_step():
    neurons = group(refractory=1 * ms)
    made = synapses(neurons, SUMMED, on_pre="v += 0.1", on_post="v_pre -= 0.1")
    monitors = StateMonitor(neurons, "v", record=True), SpikeMonitor(neurons)
    program = lowered(neurons, made, *monitors).program
    kinds = [type(one) for one in program.operations]
    assert kinds == [Sample, Sum, Update, Threshold, Log, Propagation, Propagation, Reaction]
    network = Network(neurons, made, *monitors)
    network.schedule = ["start", "resets", "synapses", "thresholds", "groups", "end"]
    kinds = [type(one) for one in lower(network, {}).program.operations]
    assert kinds == [Sample, Reaction, Propagation, Propagation, Threshold, Log, Sum, Update]


@implementation("cpp", "double tripled(double x) { return 3*x; }")
@check_units(x=1, result=1)
def tripled(x):
    return 3 * x


def everything():
    """Objects whose code Brian2 gives names that count."""
    neurons = group(EQUATIONS + "u = tripled(v)/N : 1", refractory="v > 0.5",
                    namespace={"tripled": tripled})  # fmt: skip
    made = synapses(neurons, "weight : 1\ndrive_post = k*weight*u_pre*v_post : 1 (summed)")
    pathway = synapses(neurons, "w : 1", on_pre="v_post += w*u_pre/N_incoming")
    showers = [PoissonInput(neurons, "bias", 5, k * kHz, weight=0.1) for k in (1, 2)]
    monitors = StateMonitor(neurons, ["v", "u"], record=True), SpikeMonitor(neurons, "u")
    return neurons, made, pathway, *showers, *monitors


def test_programs_do_not_count_brian2_objects():
    sources, alive = set(), []
    for _ in range(3):
        alive.append(everything())
        program = lowered(*alive[-1], namespace={"k": 2.0, "tripled": tripled}).program
        sources.add((program.fingerprint, generate_source(program)))
    assert len(sources) == 1


def test_values_are_no_part_of_the_program():
    prints = set()
    for value, n in ((1.0, 3), (2.5, 7)):
        neurons = group(EQUATIONS.replace("bias +", "k*bias +"), n=n)
        neurons.bias, neurons.v = value, value
        made = synapses(neurons, SUMMED.replace("weight*", "k*weight*"))
        made.weight = value
        pathway = synapses(neurons, "w : 1", on_pre="v += w", delay=value * ms)
        found = lowered(neurons, made, pathway, namespace={"k": value})
        prints.add(found.program.fingerprint)
        assert value in found.constant_values().values()
    assert len(prints) == 1
    changed = lowered(group(threshold="v >= 1")).program.fingerprint
    assert changed != lowered(group()).program.fingerprint


SCRIPT = """
from brian2 import BrianLogger, Network, NeuronGroup, StateMonitor, Synapses, ms
BrianLogger.log_level_error()
from neurotrain.executions.fused.source import generate_source
from neurotrain.lowering.network import lower
from hashlib import sha256
group = NeuronGroup(3, '''dv/dt = (a*bias + b*drive + c*other - v*exp(-u))/(d*ms) : 1
    du/dt = (e1*v - u)/ms + xi*ms**-0.5 : 1
    bias : 1
    drive : 1
    other : 1''', threshold='v > a and u > b', reset='v = c', refractory=2*ms, method='heun')
synapses = Synapses(group, group, '''weight : 1
    drive_post = a*weight*(v_pre - v_post)*u_pre : 1 (summed)
    other_post = b*c*weight*exp(v_pre)*u_post : 1 (summed)''', on_pre={'pre': 'u += a*weight',
    'late': 'bias_post += b'}, on_post='weight *= c')
synapses.connect()
network = Network(group, synapses, StateMonitor(group, ['v', 'u', 'drive'], record=True))
program = lower(network, dict(a=1.0, b=2.0, c=3.0, d=4.0, e1=5.0)).program
print(program.fingerprint, sha256(generate_source(program).encode()).hexdigest())
"""


def test_processes_with_other_hash_seeds_generate_the_same_source(top):
    outputs = set()
    for seed in ("0", "4242"):
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(top)}
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", SCRIPT],
            env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        outputs.add(done.stdout)
    assert len(outputs) == 1
    assert len(outputs.pop().split()) == 2
