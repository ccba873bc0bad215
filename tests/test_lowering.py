"""What lowers, what is refused and how, and that a program depends on nothing by accident."""

import gc
import os
import subprocess
import sys

import numpy as np
import pytest
from brian2 import (
    Function,
    NeuronGroup,
    Synapses,
    TimedArray,
    check_units,
    linked_var,
    ms,
)

from neurotrain.errors import InvalidInput, NeurotrainError, UnsupportedModel
from neurotrain.executions.fused.source import generate_source
from neurotrain.lowering.network import lower

EQUATIONS = "dv/dt = (bias + drive - v)/(10*ms) : 1\nbias : 1\ndrive : 1\n"
SUMMED = "weight : 1\ndrive_post = weight*v_pre : 1 (summed)"


def group(equations=EQUATIONS, n=3, **options):
    options = {"threshold": "v > 1", "reset": "v = 0", "method": "euler"} | options
    return NeuronGroup(n, equations, dt=0.1 * ms, name="cells*", **options)


def synapses(neurons, model=SUMMED, **options):
    made = Synapses(neurons, neurons, model, name="connections*", **options)
    made.connect()
    return made


def refusal(kind, neurons, *connections, namespace=None, **options):
    with pytest.raises(kind) as caught:
        lower(neurons, connections, namespace=namespace or {}, **options)
    return one_line(caught.value)


def one_line(error: NeurotrainError) -> str:
    message = str(error)
    assert "\n" not in message
    assert message.endswith((".", "?")), message
    return message


@check_units(x=1, result=1)
def doubled(x):
    return 2 * x


def noisy():
    return group(EQUATIONS.replace("- v)/(10*ms)", "- v)/(10*ms) + xi*second**-0.5")), ()


def on_pre():
    neurons = group()
    return neurons, (synapses(neurons, "weight : 1", on_pre="v_post += weight"),)


def on_pre_beside_summed():
    neurons = group()
    return neurons, (synapses(neurons, SUMMED, on_pre="v_post += weight"),)


def other_target():
    neurons, others = group(), group()
    return neurons, (Synapses(neurons, others, SUMMED, name="connections*"),)


def part_of_the_group():
    neurons = group(n=4)
    return neurons, (Synapses(neurons[:2], neurons, SUMMED, name="connections*"),)


def sum_over_post():
    neurons = group()
    return neurons, (synapses(neurons, "weight : 1\ndrive_pre = weight*v_post : 1 (summed)"),)


def synaptic_dynamics():
    neurons = group()
    model = "ds/dt = -s/ms : 1 (clock-driven)\ndrive_post = s*v_pre : 1 (summed)"
    return neurons, (synapses(neurons, model, method="euler"),)


def nothing_summed():
    neurons = group()
    return neurons, (synapses(neurons, "weight : 1"),)


def synapses_run_regularly():
    neurons = group()
    made = synapses(neurons)
    made.run_regularly("weight *= 0.9", dt=1 * ms)
    return neurons, (made,)


def run_regularly():
    neurons = group()
    neurons.run_regularly("v = 0", dt=1 * ms)
    return neurons, ()


def custom_event():
    return group(events={"high": "v > 0.5"}), ()


def constant_over_dt():
    return group(EQUATIONS + "h = v**2 : 1 (constant over dt)"), ()


def linked():
    source = group("u : 1", threshold=None, reset=None)
    neurons = group(EQUATIONS.replace("bias : 1", "bias : 1 (linked)"))
    neurons.bias = linked_var(source, "u")
    return neurons, ()


def linked_to_what_is_gone():
    built = linked()
    gc.collect()
    return built


def random_numbers():
    return group(reset="v = rand()"), ()


def random_weights():
    neurons = group()
    model = "weight : 1\ndrive_post = weight*rand()*v_pre : 1 (summed)"
    return neurons, (synapses(neurons, model),)


def timed_array():
    given = {"given": TimedArray([1, 2], dt=1 * ms)}
    return group(EQUATIONS.replace("bias +", "bias + given(t) +"), namespace=given), ()


def timed_array_in_synapses():
    neurons, given = group(), {"given": TimedArray([1, 2], dt=1 * ms)}
    model = "weight : 1\ndrive_post = weight*given(t)*v_pre : 1 (summed)"
    return neurons, (synapses(neurons, model, namespace=given),)


def user_function():
    namespace = {"doubled": Function(doubled, arg_units=[1], return_unit=1)}
    return group(EQUATIONS.replace("bias +", "doubled(bias) +"), namespace=namespace), ()


def number_of_the_step():
    return group(EQUATIONS.replace("bias +", "bias*t_in_timesteps +")), ()


def shared_and_changing():
    return group(EQUATIONS + "total : 1 (shared)", reset="total += 1\nv = 0"), ()


def no_product():
    neurons = group()
    return neurons, (synapses(neurons, "weight : 1\ndrive_post = tanh(weight*v_pre) : 1 (summed)"),)


def weight_in_time():
    neurons = group()
    return neurons, (synapses(neurons, "w : 1\ndrive_post = sin(w*t/ms)*v_pre : 1 (summed)"),)


def other_clock_in_coupling():
    neurons = group()
    model = "weight : 1\ndrive_post = weight*v_pre*sin(t/ms) : 1 (summed)"
    return neurons, (synapses(neurons, model, dt=0.2 * ms),)


def coupling_of_the_coupled():
    neurons = group()
    return neurons, (synapses(neurons, "weight : 1\ndrive_post = weight*drive_pre : 1 (summed)"),)


def gain_of_the_coupled():
    neurons = group(EQUATIONS + "other : 1")
    model = "weight : 1\nother_post = weight*v_pre*drive_post : 1 (summed)"
    return neurons, (synapses(neurons), synapses(neurons, model))


def reset_of_the_coupled():
    neurons = group(reset="v = 0\ndrive = 0")
    return neurons, (synapses(neurons),)


def gsl():
    return group(method="gsl_rk2"), ()


REFUSED = {
    noisy: "noise (xi)", on_pre: "on_pre", on_pre_beside_summed: "on_pre",
    other_target: "one NeuronGroup", part_of_the_group: "one NeuronGroup",
    sum_over_post: "drive_pre", synaptic_dynamics: "(summed)", nothing_summed: "(summed)",
    synapses_run_regularly: "connections", run_regularly: "CodeRunner", custom_event: "'high'",
    constant_over_dt: "SubexpressionUpdater", linked: "'bias'",
    linked_to_what_is_gone: "'bias'", random_numbers: "'rand'",
    random_weights: "'rand'", timed_array: "'given'", timed_array_in_synapses: "'given'",
    user_function: "'doubled'", number_of_the_step: "'t_in_timesteps'",
    shared_and_changing: "'total'", no_product: "tanh(weight*v_pre)",
    weight_in_time: "sin(w*t/ms)*v_pre", other_clock_in_coupling: "same dt",
    coupling_of_the_coupled: "'drive'", gain_of_the_coupled: "'drive'",
    reset_of_the_coupled: "writes to 'drive'", gsl: "gsl_rk2",
}  # fmt: skip


@pytest.mark.parametrize("build", REFUSED, ids=lambda build: build.__name__)
def test_what_is_not_covered_is_refused_by_name_with_a_way_out(build):
    neurons, connections = build()
    message = refusal(UnsupportedModel, neurons, *connections)
    assert REFUSED[build] in message
    assert neurons.name in message or any(one.name in message for one in connections)
    assert "Use execution='brian2'" in message


def test_observing_what_is_driven_within_the_step_is_refused():
    neurons = group(EQUATIONS + "total = drive + bias : 1")
    for name in ("drive", "total"):
        message = refusal(UnsupportedModel, neurons, synapses(neurons), observe=(name,))
        assert "'drive'" in message
    message = refusal(UnsupportedModel, neurons, inputs=("bias",), observe=("total",))
    assert "'bias'" in message


WRONG = {
    "equation": ({"equations": EQUATIONS.replace("- v", "- v*mV")}, "'v'"),
    "threshold": ({"threshold": "v > 1*mV"}, "'v > 1*mV'"),
    "reset": ({"reset": "v = 1*mV"}, "v = 1*mV"),
    "refractory": ({"refractory": "v > 1*mV"}, "'v'"),
    "subexpression": ({"equations": EQUATIONS + "h = v + 1*mV : 1"}, "subexpression h"),
    "unknown name": ({"threshold": "v > theta"}, '"theta"'),
    "unknown in reset": ({"reset": "v = theta"}, '"theta"'),
    "unknown in equation": ({"equations": EQUATIONS.replace("- v", "- theta")}, '"theta"'),
    "unknown in refractory": ({"refractory": "v > theta"}, '"theta"'),
    "not linear": ({"equations": EQUATIONS.replace("- v", "- v**2"), "method": "exact"}, "'v'"),
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
    assert f"drive_post = {expression}" in message
    assert made.name in message


def test_a_variable_cannot_be_input_and_coupled_and_unknown_inputs_are_told():
    neurons = group()
    message = refusal(InvalidInput, neurons, synapses(neurons), inputs=("drive",))
    assert "'drive'" in message
    assert "did you mean 'bias'" in refusal(InvalidInput, neurons, inputs=("bios",))
    assert "did you mean 'bias'" in refusal(InvalidInput, neurons, observe=("bios",))
    refusal(InvalidInput, neurons, observe=("v*v",))
    neurons = group(EQUATIONS + "total = v + 1 : 1\ngate : boolean\nall_of : 1 (shared)")
    for name in ("v", "total", "gate", "all_of", "i"):
        assert "parameter" in refusal(InvalidInput, neurons, inputs=(name,))


def products(expression, weight="weight : 1"):
    neurons = group()
    made = synapses(neurons, f"{weight}\ndrive_post = {expression} : 1 (summed)")
    return lower(neurons, (made,), namespace={"k": 3.0}).program.terms


def test_expressions_split_into_as_few_products_as_they_have():
    (term,) = products("weight*v_pre")
    assert (term.weight, term.gain) == ("weight", None)
    (term,) = products("k*weight*exp(v_pre)*(1 + v_post)**2")
    assert term.gain is not None
    (term,) = products("weight*(exp(v_pre) + v_pre**2)*(v_post - 2)")
    assert len(products("weight*(v_pre - v_post)")) == 2
    assert len(products("weight*v_pre + 0.1*v_pre*v_post")) == 2


def test_roles_say_who_sets_a_variable():
    neurons = group(EQUATIONS + "gate : boolean\nn : integer\n", refractory=2 * ms, reset="n += 1")
    program = lower(neurons, (synapses(neurons),), inputs=("bias",)).program
    assert program.names("state") == ("lastspike", "n", "not_refractory", "v")
    assert program.names("coupled") == ("drive",)
    assert program.names("input") == ("bias",)
    kinds = {variable.name: variable.kind for variable in program.variables}
    assert kinds["n"] == "integer"
    assert kinds["not_refractory"] == "boolean"


def test_programs_do_not_count_brian2_objects():
    sources = set()
    for _ in range(3):
        neurons = group(refractory="v > 0.5")
        made = synapses(neurons, "weight : 1\ndrive_post = k*weight*v_pre*v_post : 1 (summed)")
        program = lower(neurons, (made,), observe=("v",), namespace={"k": 2.0}).program
        sources.add((program.fingerprint, generate_source(program)))
    assert len(sources) == 1


def test_values_are_no_part_of_the_program():
    prints = set()
    for value, n in ((1.0, 3), (2.5, 7)):
        neurons = group(EQUATIONS.replace("bias +", "k*bias +"), n=n)
        neurons.bias, neurons.v = value, value
        made = synapses(neurons, SUMMED.replace("weight*", "k*weight*"))
        made.weight = value
        lowered = lower(neurons, (made,), namespace={"k": value})
        prints.add(lowered.program.fingerprint)
        assert value in lowered.constant_values().values()
    assert len(prints) == 1
    changed = lower(group(threshold="v >= 1")).program.fingerprint
    assert changed != lower(group()).program.fingerprint


SCRIPT = """
from brian2 import BrianLogger, NeuronGroup, Synapses, ms
BrianLogger.log_level_error()
from neurotrain.executions.fused.source import generate_source
from neurotrain.lowering.network import lower
from hashlib import sha256
group = NeuronGroup(3, '''dv/dt = (a*bias + b*drive + c*other - v*exp(-u))/(d*ms) : 1
    du/dt = (e1*v - u)/ms : 1
    bias : 1
    drive : 1
    other : 1''', threshold='v > a and u > b', reset='v = c', refractory=2*ms, method='rk4')
synapses = Synapses(group, group, '''weight : 1
    drive_post = a*weight*(v_pre - v_post)*u_pre : 1 (summed)
    other_post = b*c*weight*exp(v_pre)*u_post : 1 (summed)''')
synapses.connect()
program = lower(group, (synapses,), observe=('v', 'u'),
                namespace=dict(a=1.0, b=2.0, c=3.0, d=4.0, e1=5.0)).program
print(program.fingerprint, sha256(generate_source(program).encode()).hexdigest())
"""


def test_processes_with_other_hash_seeds_generate_the_same_source(top):
    outputs = set()
    for seed in ("0", "1", "4242"):
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(top)}
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", SCRIPT],
            env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        outputs.add(done.stdout)
    assert len(outputs) == 1
    assert len(outputs.pop().split()) == 2


def test_lowering_leaves_the_objects_alone():
    neurons = group(refractory=2 * ms)
    neurons.v = "0.1*i"
    made = synapses(neurons)
    made.weight = "i + j"
    lower(neurons, (made,), observe=("v",))
    np.testing.assert_array_equal(neurons.v, [0, 0.1, 0.2])
    np.testing.assert_array_equal(made.weight, [0, 1, 2, 1, 2, 3, 2, 3, 4])
