"""What of Brian2 the torch execution covers, against Brian2; and what it refuses."""

import numpy as np
import pytest
from brian2 import (
    Hz,
    NeuronGroup,
    PoissonGroup,
    SpikeGeneratorGroup,
    Synapses,
    TimedArray,
    check_units,
    implementation,
    ms,
)

import neurotrain as nt
from neurotrain.errors import UnsupportedModel
from neurotrain.trials import Trials

torch = pytest.importorskip("torch")

N, DURATION_MS = 6, 30.0


def group(equations="", **options):
    text = f"dv/dt = (bias + stimulus + g - v)/(3*ms) : 1 {options.pop('flag', '')}\n"
    text += (
        "g : 1\n" if "g" not in equations.split("=")[0].split() and "dg" not in equations else ""
    )
    defaults = {"threshold": "v > 1", "reset": "v = 0", "method": "euler", "dt": 0.1 * ms}
    made = NeuronGroup(
        N, f"{text}{equations}\nbias : 1\nstimulus : 1", name="main*", **(defaults | options)
    )
    made.bias = np.linspace(0.9, 1.6, N)
    return made


def connected(source, target, model="", connect="i != j", delay=None, **options):
    made = Synapses(
        source, target, f"weight : 1\n{model}", delay=delay, name="coupling*", **options
    )
    made.connect(connect)
    made.weight = "0.05*(1 + i - j)"
    return made


def functions():
    one = group(
        """dg/dt = -g/(5*ms) + (clip(v, -0.2, 0.5) + exprel(-v)*0.1 + (v % 0.3)
            + floor(v*3)*0.01 + abs(v - 0.4) + int(v > 0.6)*0.2 + sqrt(1 + v**2)
            + arctan(v) - log(1 + exp(v)) + tanh(v)**3 + sin(v)*cos(2*v))/(40*ms) : 1"""
    )
    return one, connected(one, one, on_pre="g_post += weight", delay=0.4 * ms)


def refractory():
    one = group("dg/dt = -g/(5*ms) : 1", flag="(unless refractory)", refractory=1.3 * ms)
    # What arrives at a refractory neuron is lost.
    return one, connected(one, one, on_pre="v_post += weight", delay=0.2 * ms)


def custom_event():
    one = group(
        flag="(unless refractory)", refractory=1 * ms, events={"hot": "v > 0.3", "warm": "v > 0.1"}
    )
    one.run_on_event("hot", "v -= 0.004\ng += 0.001")
    # Before the threshold: what the event of the last step does.
    one.run_on_event("warm", "g *= 0.999", when="start")
    return (one,)


def delays():
    one = group("dg/dt = -g/(5*ms) : 1")
    made = connected(one, one, on_pre="g_post += weight", on_post="g_pre -= 0.1*weight")
    made.pre.delay = "0.1*ms*((i + 2*j) % 7)"
    made.post.delay = "0.1*ms*(1 + j)"
    return one, made


def short_term():
    one = group("dg/dt = -g/(5*ms) : 1")
    model = "du/dt = (0.3 - u)/(20*ms) : 1 (clock-driven)\nx : 1"
    on_pre = "u += 0.2*(1 - u)\nx += 0.1\ng_post += weight*u*(1 + x)"
    made = connected(one, one, model, on_pre=on_pre, method="euler", delay=0.3 * ms)
    made.u = 0.3
    return one, made


def plastic():
    one = group("dg/dt = -g/(5*ms) : 1")
    model = "w : 1\ndp/dt = -p/(8*ms) : 1 (event-driven)\ndq/dt = -q/(8*ms) : 1 (event-driven)"
    made = connected(
        one, one, model, on_pre="g_post += weight*w\np += 0.1\nw = clip(w + q, 0, 2)",
        on_post="q -= 0.05\nw = clip(w + p, 0, 2)", delay=0.2 * ms,
    )  # fmt: skip
    made.w = 1
    return one, made


def subgroups():
    one = group("h : 1", dt=0.1 * ms)
    model = "g_post = weight*exp(v_pre) : 1 (summed)"
    return one, connected(one[:4], one[2:], model, connect="True")


def sparse():
    one = group()
    model = "g_post = weight*(v_pre - v_post) : 1 (summed)"
    return one, connected(one, one, model, connect="i == (j + 1) % 6 and j < 4")


def unfactored():
    one = group()
    model = "g_post = weight*tanh(v_pre*weight - v_post) : 1 (summed)"
    return one, connected(one, one, model)


def generator():
    one = group("dg/dt = -g/(5*ms) : 1")
    source = SpikeGeneratorGroup(
        3, [0, 1, 2, 0, 1], [2, 5, 5, 12.5, 20] * ms, dt=0.1 * ms, name="source*"
    )
    return one, source, connected(source, one, on_pre="g_post += weight", connect="True")


def timed():
    one = group("g = drive(t, i) + ramp(t) : 1")
    one.namespace |= {
        "drive": TimedArray(np.random.default_rng(0).normal(size=(20, N)) * 0.3, dt=2 * ms),
        "ramp": TimedArray(np.linspace(0, 0.5, 30), dt=1 * ms),
    }
    return (one,)


def shared():
    one = group("g = level*0.1 : 1\nlevel : 1 (shared)")
    one.run_regularly("level += 0.2", dt=1 * ms)
    return (one,)


def regularly():
    one = group("n : integer")
    one.run_regularly("n = n + 1 + int(v > 0.5)\ng = 0.1*(n % 3)", dt=0.5 * ms)
    return (one,)


def circuit(members):
    trained = {"neurons.bias": None, "input.weight": nt.Normal(0, 0.2)}
    trained |= {f"{m.name}.weight": None for m in members if isinstance(m, Synapses)}
    return nt.Circuit(
        *members, inputs=nt.Input("stimulus", 2), readout=nt.GradedReadout("v", 2),
        train=trained, initial={"v": nt.Uniform(0, 0.9)}, namespace={},
    )  # fmt: skip


COVERED = [
    functions, refractory, custom_event, delays, short_term, plastic, subgroups, sparse,
    unfactored, generator, timed, shared, regularly,
]  # fmt: skip


def recorded(made, execution):
    rng = np.random.default_rng(1)
    candidates = np.array([made.parameters.draw(rng) for _ in range(2)])
    initial = made.draw_initial_state(2, rng)
    inputs = rng.normal(size=(2, round(DURATION_MS / 2), 2))
    trials = Trials(inputs, 2.0, np.zeros(2, int), {"decision": (10.0, DURATION_MS)})
    states = [one for one in ("v", "g", "level", "n") if one in made.neurons.variables]
    return made.simulate(
        candidates, trials, initial, execution=execution, states=tuple(states),
        bins_ms=np.arange(0, DURATION_MS, 2),
    )  # fmt: skip


@pytest.mark.parametrize("make", COVERED)
def test_the_same_as_in_brian2(make):
    made = circuit(make())
    reference, found = (recorded(made, execution) for execution in ("brian2", "torch"))
    assert reference.spike_count.sum() > 30
    np.testing.assert_array_equal(found.spike_count, reference.spike_count)
    for state, expected in reference.state.items():
        assert np.ptp(expected) > 0 or (state, make) == ("g", refractory)
        np.testing.assert_allclose(found.state[state], expected, rtol=1e-8, atol=1e-10)


def test_what_is_refused_says_why():
    @implementation("cpp", "double twice(double x) { return 2*x; }")
    @check_units(x=1, result=1)
    def twice(x):
        return 2 * x

    one = group("g = twice(v)*0.01 : 1")
    one.namespace["twice"] = twice
    with pytest.raises(UnsupportedModel, match="'twice' is a function in C"):
        recorded(circuit((one,)), "torch")
    one = group("g = poisson(2)*0.01 : 1 (constant over dt)")
    with pytest.raises(UnsupportedModel, match="'poisson' has no counterpart"):
        recorded(circuit((one,)), "torch")


def test_noise_depends_on_nothing_but_the_seed():
    one = group("dg/dt = -g/(5*ms) + xi*(2*ms)**-0.5*0.1 : 1")
    source = PoissonGroup(4, 100 * Hz, dt=0.1 * ms, name="source*")
    made = circuit((one, source, connected(source, one, on_pre="g_post += weight", connect="True")))
    found = recorded(made, "torch")
    rng = np.random.default_rng(1)
    candidates = np.array([made.parameters.draw(rng) for _ in range(2)])
    initial = made.draw_initial_state(2, rng)
    inputs = rng.normal(size=(2, round(DURATION_MS / 2), 2))
    for trial in (0, 1):
        part = {name: value[trial : trial + 1] for name, value in initial.items()}
        trials = Trials(inputs[[trial]], 2.0, np.zeros(1, int), {"decision": (10.0, DURATION_MS)})
        own = made.simulate(candidates[1], trials, part, execution="torch", states=("g",))
        np.testing.assert_array_equal(own.state["g"][0, 0], found.state["g"][1, trial])
