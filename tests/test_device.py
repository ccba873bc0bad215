"""Unchanged Brian2 scripts under set_device('neurotrain') against the same under 'runtime'."""

import gc
import time

import numpy as np
import pytest
from brian2 import (
    Clock,
    EventMonitor,
    Function,
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
    PoissonInput,
    PopulationRateMonitor,
    SpatialNeuron,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    check_units,
    defaultclock,
    implementation,
    kHz,
    linked_var,
    magic_network,
    ms,
    network_operation,
    run,
    second,
    seed,
    set_device,
    start_scope,
    um,
)
from brian2 import Soma as Cylinder
from brian2.core.variables import ArrayVariable
from brian2_versions import linked_by_name

import neurotrain.device  # noqa: F401
from neurotrain.errors import InvalidInput, UnsupportedModel

pytestmark = pytest.mark.usefixtures("compiled_quickly")


@pytest.fixture(autouse=True)
def restored_device():
    gc.collect()  # Brian2 names objects by how many there are
    start_scope()
    yield
    set_device("runtime")
    defaultclock.dt = 0.1 * ms
    start_scope()


def arrays(objects):
    """Return every array that a user can see: states, parameters, what monitors recorded."""
    return {
        f"{k} {type(one).__name__}.{name}": np.array(variable.get_value())
        for k, one in enumerate(objects)
        for name, variable in getattr(one, "variables", {}).items()
        if isinstance(variable, ArrayVariable)
        and not (name.startswith("_") or isinstance(variable.owner, Clock))
    }


def same(got, expected):
    assert got.keys() == expected.keys()
    for name, values in expected.items():
        if values.dtype.kind == "f":
            np.testing.assert_allclose(
                got[name], values, rtol=1e-9, atol=1e-12, err_msg=name, strict=True
            )
        else:
            np.testing.assert_array_equal(got[name], values, err_msg=name, strict=True)


def ran(script, devices):
    """Run what `script` builds 7.3 ms on one device and 12.7 ms on the next."""
    set_device("runtime" if "runtime" in devices else "neurotrain")
    gc.collect()
    start_scope()
    np.random.seed(0)
    objects, names = script()
    network = Network(*objects)
    for device, duration in zip(devices, (7.3, 12.7), strict=True):
        set_device(device)
        network.run(duration * ms, namespace=names)
    assert network.t == 20 * ms
    return arrays(objects)


def spikes_of(found):
    return sum(
        values.sum() for name, values in found.items() if name.endswith("SpikeMonitor.count")
    )


# --- networks that hold, each in one compilation, what issues of Brian2 users' scripts hold


def summed_coupling():
    """Groups, subgroups and sums of every form: products, sums of them, and neither."""
    e = NeuronGroup(
        8,
        """dv/dt = (bias + g*(2 - v) + g_i*(-1 - v) + gap - v)/(10*ms) : 1
        g : 1
        g_i : 1
        gap : 1
        mean : 1
        mean_of_few : 1
        bias : 1""",
        threshold="v > 0.9", reset="v = 0", refractory="v > 1", method="rk2",
    )  # fmt: skip
    i = NeuronGroup(
        5, "du/dt = (1.3 + drive + back - u)/(6*ms) : 1\ndrive : 1\nback : 1",
        threshold="u > 1", reset="u = -0.2", refractory=1 * ms, method="euler",
    )  # fmt: skip
    e.v, e.bias, i.u = np.linspace(-0.5, 0.5, 8), np.linspace(0.5, 1.6, 8), "0.1*i"
    ee = Synapses(
        e, e,
        """weight : 1
        g_post = weight*tanh(v_pre) : 1 (summed)
        gap_post = 0.1*weight*(v_pre - v_post) + 0.01*sin(weight*v_pre)*v_post : 1 (summed)""",
    )  # fmt: skip
    ee.connect(condition="i != j", p=0.6)
    ee.weight = "0.05*(i + 1)"
    parts = Synapses(e[2:6], i[1:4], "w : 1\ndrive_post = w*(v_pre - u_post) : 1 (summed)")
    parts.connect()
    parts.w = "0.02*(i + j)"
    ie = Synapses(
        i, e,
        """w : 1
        half = 0.5*w : 1
        g_i_post = half*exp(u_pre) : 1 (summed)
        mean_of_few_post = u_pre/N_incoming : 1 (summed)""",
    )  # fmt: skip
    ie.connect(i=[0, 0, 4, 4, 2], j=[1, 1, 7, 3, 5])
    ie.w = [0.1, 0.2, 0.3, 0.4, 0.5]
    back = Synapses(i, e[:3], "w : 1\nback_pre = w*v_post : 1 (summed)")
    back.connect(j="k for k in range(i % 3)")
    back.w = "0.1*(j + 1)"
    # Some have no synapse, and divide by zero if anybody asks.
    averaged = Synapses(i, e, "mean_post = u_pre/N_incoming : 1 (summed)")
    averaged.connect(condition="j > 3")
    monitors = (
        SpikeMonitor(e), SpikeMonitor(i[1:3]), PopulationRateMonitor(e[3:]),
        StateMonitor(e, ["g", "g_i", "gap", "mean", "mean_of_few", "v"], record=True),
        StateMonitor(i, True, record=[0, 4]), StateMonitor(i[1:], "u", record=True),
        StateMonitor(ee, "weight", record=[0, 2, 5]),
    )  # fmt: skip
    return (e, i, ee, parts, ie, back, averaged, *monitors), {}


def sums_into_many():
    """Sums over many and over few synapses into more neurons than are multiplied at once."""
    e = NeuronGroup(
        67, "dv/dt = (2.5 + g + g_i*(1 + v) - v)/(10*ms) : 1\ng : 1\ng_i : 1",
        threshold="v > 1", reset="v = 0", method="euler",
    )  # fmt: skip
    e.v = "0.9*i/N"
    many = Synapses(e, e, "w : 1\ng_post = w*tanh(v_pre) : 1 (summed)")
    many.connect()
    many.w = "0.02*cos(i + 2*j)"
    few = Synapses(e, e, "w : 1\ng_i_post = w*v_pre : 1 (summed)")
    few.connect(condition="(i + 3*j) % 11 == 0")
    few.w = "-0.01*(i % 5)"
    monitors = SpikeMonitor(e), StateMonitor(e, ["g", "g_i", "v"], record=True)
    return (e, many, few, *monitors), {}


def sums_of_synaptic_states():
    """Sums that evolve in the synapses, and two into disjoint parts of one group."""
    e = NeuronGroup(
        6, "dv/dt = (1.2 + g + drive - v)/(10*ms) : 1\ng : 1\ndrive : 1",
        threshold="v > 1", reset="v = 0", method="euler",
    )  # fmt: skip
    e.v = "0.15*i"
    nmda = Synapses(
        e, e,
        """ds/dt = -s/(5*ms) + 2*x*(1 - s)/ms : 1 (clock-driven)
        dx/dt = -x/(2*ms) : 1 (clock-driven)
        w : 1
        g_post = w*s : 1 (summed)""",
        on_pre="x += 1", method="euler",
    )  # fmt: skip
    nmda.connect(p=0.5)
    nmda.w = 0.2
    first = Synapses(e, e[:3], "w : 1\ndrive_post = w*v_pre : 1 (summed)")
    first.connect()
    first.w = 0.02
    rest = Synapses(e, e[3:], "w : 1\ndrive_post = w*v_pre*int(v_pre > v_post) : 1 (summed)")
    rest.connect(condition="i != j")
    rest.w = 0.03
    none = Synapses(e, e, "w : 1", on_pre="v += w")
    none.connect(condition="i > 10")
    monitors = (
        SpikeMonitor(e), StateMonitor(e, True, record=True), StateMonitor(nmda, True, record=True),
        StateMonitor(e, "v", record=[]),
    )  # fmt: skip
    return (e, nmda, first, rest, none, *monitors), {}


def plasticity_and_delays():
    """Pathways each with their delays, some longer than the first run; plastic synapses."""
    e = NeuronGroup(
        6,
        """dv/dt = (bias + g - v)/(10*ms) : 1 (unless refractory)
        dg/dt = -g/(4*ms) : 1
        bias : 1
        n : integer""",
        threshold="v > 0.9", reset="v = 0\nn += 1", refractory=1.5 * ms, method="exact",
    )  # fmt: skip
    i = NeuronGroup(
        4, "dv/dt = (1.4 + g - v)/(8*ms) : 1\ndg/dt = -g/(6*ms) : 1",
        threshold="v > 1", reset="v = 0", method="euler",
    )  # fmt: skip
    e.bias, e.v, i.v = np.linspace(0.8, 2, 6), "0.1*i", "0.2*i"
    stdp = Synapses(
        e, e,
        """w : 1
        dpre_trace/dt = -pre_trace/(5*ms) : 1 (event-driven)
        dpost_trace/dt = -post_trace/(7*ms) : 1 (event-driven)
        ds/dt = -s/(3*ms) : 1 (clock-driven)
        flips : integer
        on : boolean""",
        on_pre={
            "pre": "g_post += w*(1 + s)\npre_trace += 0.1\n"
            "w = clip(w + post_trace, 0, 1)\ns += 0.05",
            "up": "g_post += 0.01\nflips += 1\non = not on",
        },
        on_post="post_trace -= 0.05\nw = clip(w + pre_trace, 0, 1)", method="exact",
    )  # fmt: skip
    stdp.connect(condition="i != j")
    stdp.w, stdp.pre.delay = "0.05*(i + j)", "0.1*ms*(i + 2*j)"
    stdp.up.delay, stdp.post.delay = 8 * ms, 0.3 * ms
    depressing = Synapses(
        e[1:5], i,
        "dx/dt = (1 - x)/(20*ms) : 1 (event-driven)\ndu/dt = -u/(10*ms) : 1 (event-driven)\nw : 1",
        on_pre="u += 0.2*(1 - u)\ng_post += w*u*x\nx *= 1 - u", delay=2 * ms, method="exact",
    )  # fmt: skip
    depressing.connect(j="k for k in range(i, N_post)", n=2)
    depressing.w, depressing.x = np.linspace(0.1, 0.4, len(depressing)), 1
    back = Synapses(
        i, e[:3], on_pre="g -= 0.1*N_incoming/4 + 0.01*i + 0.001*j", on_post="g_pre += 0.02"
    )
    back.connect(p=0.7)
    back.delay = "rand()*12*ms"
    within = Synapses(i, i, on_pre={
        "first": "v_post = v_post*0.99 + 0.01*factor*v_pre", "then": "v_post *= 0.98",
    }, namespace={"factor": 0.3})  # fmt: skip
    within.connect()
    within.then.order, within.then.delay = -2, 1 * ms
    monitors = (
        SpikeMonitor(e), SpikeMonitor(i), SpikeMonitor(e, variables=["v", "g"]),
        SpikeMonitor(e[2:4], variables="n", record=False),
        StateMonitor(e, ["g", "v", "n", "not_refractory"], record=True),
        StateMonitor(stdp, ["w", "pre_trace", "s"], record=True),
        StateMonitor(stdp, ["flips", "on"], record=[1, 3], dt=0.5 * ms),
        StateMonitor(depressing, ["x", "u", "lastupdate"], record=True),
    )  # fmt: skip
    return (e, i, stdp, depressing, back, within, *monitors), {}


def parts_of_neurons():
    """Custom events, flags of equations, links, run_regularly, whole numbers and truth values."""
    # Of equal order, Brian2 sorts by names, which count the groups made before.
    source = NeuronGroup(2, "du/dt = -u/(3*ms) + 1/ms*int(t > 2*ms) : 1", method="euler", order=-1)
    e = NeuronGroup(
        6,
        """dv/dt = (bias + h + total*0.001 + u - v)/(10*ms) : 1 (unless refractory)
        h = 0.2*tanh(v) : 1 (constant over dt)
        dw/dt = (v - w)/(5*ms) : 1
        bias : 1 (constant)
        total : 1 (shared)
        count : integer (shared)
        gain : 1 (shared, constant)
        gate : boolean
        n : integer
        u : 1 (linked)
        x = gain*v*int(gate) + t_in_timesteps + 0.1*i/N : 1""",
        threshold="v > 0.9 + 0.01*n", reset="v = 0\nn += 1", refractory="1*ms + 0.1*ms*n",
        method="rk4", events={"high": "v > 0.5 and not gate", "low": "v < 0.2"},
    )  # fmt: skip
    e.u = linked_var(source, "u", index=[0, 0, 1, 1, 0, 1])
    e.bias, e.gain, e.v = np.linspace(0.5, 2, 6), 2, "0.15*i"
    e.run_on_event("high", "gate = True\nw += 0.1")
    e.run_on_event("low", "gate = False", when="resets", order=1)
    e.run_regularly("total += 1\ncount += 2\none = 1\nv += 0.01*i*one", dt=0.7 * ms)
    e.run_regularly("w *= 0.9", when="end")
    s = Synapses(
        e, e, "weight : 1\nlast : second", on_pre="w_post += 0.01*weight\nlast = t",
        on_event={"pre": "high"},
    )  # fmt: skip
    s.connect(condition="i < j")
    s.weight = 1
    s.run_regularly("weight *= 0.95", dt=1 * ms)
    monitors = (
        SpikeMonitor(e), EventMonitor(e, "high", variables=["v", "i"]),
        EventMonitor(e, "low", record=False), StateMonitor(e, True, record=True),
        StateMonitor(source, "u", record=True, when="end"),
        StateMonitor(e, ["v", "h", "total"], record=[1, 4], when="before_synapses", dt=0.3 * ms),
        StateMonitor(s, "weight", record=True, when="after_synapses"),
    )  # fmt: skip
    return (source, e, s, *monitors), {}


def sources_of_spikes():
    """Sources whose numbers are certain: spikes of probability 0 and 1 are no matter of chance."""
    names = {
        "given": TimedArray([0.1, 0.9, 0.3, 1.2], dt=1.3 * ms),
        "table": TimedArray(np.random.rand(5, 3), dt=2 * ms),
        "rate": TimedArray(np.array([[0, 1e4], [1e4, 0]]) * Hz, dt=3.1 * ms),
    }
    e = NeuronGroup(
        3,
        """dv/dt = (given(t) + table(t, i) + given(t - 1*ms) + g - v)/(5*ms) : 1
        dg/dt = -g/(5*ms) : 1
        later = table(t + 0.5*ms, 2 - i) : 1""",
        threshold="v > 1", reset="v = 0", method="euler",
    )  # fmt: skip
    once = SpikeGeneratorGroup(4, [0, 1, 1, 3, 2], [0, 1, 2, 8, 15] * ms)
    again = SpikeGeneratorGroup(2, [0, 1, 0], [0.5, 1, 2] * ms, period=2.5 * ms)
    timed = PoissonGroup(2, rates="rate(t, i)")
    steady = PoissonGroup(3, rates=[0, 1e4, 0] * Hz)
    shower = PoissonInput(e, "g", 3, 10 * kHz, weight="0.001*(1 + v)")
    on_some = PoissonInput(e[:2], "g", 2, 10 * kHz, weight=0.002)
    a = Synapses(once, e, on_pre="g += 0.3", delay=1 * ms)
    a.connect()
    b = Synapses(again, e, on_pre="g += 0.1*(i + 1)")
    b.connect(j="i")
    b.delay = [0.2, 3] * ms
    c = Synapses(timed, e, on_pre="g += 0.003")
    c.connect()
    d = Synapses(steady[1:], e[:2], on_pre="g -= 0.002")
    d.connect()
    monitors = (
        *(SpikeMonitor(one) for one in (e, once, again, timed, steady)),
        PopulationRateMonitor(timed), StateMonitor(timed, "rates", record=True),
        StateMonitor(e, True, record=True),
    )  # fmt: skip
    return (e, once, again, timed, steady, shower, on_some, a, b, c, d, *monitors), names


def several_clocks():
    """Clocks that are multiples of the shortest one, in the midst of a tick between runs."""
    e = NeuronGroup(
        4,
        """dv/dt = (1.5 + g - v)/(10*ms) : 1
        g : 1
        neighbor : 1 (linked)
        follower : 1""",
        threshold="v > 1", reset="v = 0", method="euler",
    )  # fmt: skip
    e.neighbor = linked_var(e, "v", index=[1, 2, 3, 0])
    e.run_regularly("follower = neighbor", when="groups", order=1)  # after the equations
    slow = NeuronGroup(
        3, "dv/dt = (1.6 + drive - v)/(10*ms) : 1\ndrive : 1\nh = v*t/ms : 1",
        threshold="v > 1", reset="v = 0", refractory=2 * ms, method="rk2", dt=0.4 * ms,
    )  # fmt: skip
    e.v, slow.v = "0.2*i", "0.3*i"
    there = Synapses(e, slow, "w : 1", on_pre="drive += w", delay=0.7 * ms)
    there.connect()
    there.w = 0.05
    back = Synapses(slow, e, on_pre="g += 0.1")
    back.connect()
    back.delay = "0.5*ms*(i + j)"  # also half steps
    within = Synapses(
        slow, slow, "dx/dt = (v_pre - x)/(3*ms) : 1 (clock-driven)", on_post="x += 0.1",
        method="euler", dt=0.2 * ms,
    )  # fmt: skip
    within.connect()
    monitors = (
        SpikeMonitor(e), SpikeMonitor(slow), PopulationRateMonitor(slow),
        StateMonitor(e, ["v", "follower"], record=True, dt=1 * ms),
        StateMonitor(slow, True, record=True),
        # Between its ticks, the clock of what `h` belongs to shows the time of the next one.
        StateMonitor(slow, ["v", "h"], record=True, dt=0.1 * ms),
        StateMonitor(within, "x", record=True, dt=0.4 * ms),
    )  # fmt: skip
    return (e, slow, there, back, within, *monitors), {}


def clocks_that_tick_in_between():
    """Clocks of which none is a multiple of another, with spikes from one to the other."""
    e = NeuronGroup(
        5, "dv/dt = (1.4 - v)/(4*ms) : 1", threshold="v > 1", reset="v = 0", method="euler"
    )
    other = NeuronGroup(
        3, "dx/dt = (1.5 + g - x)/(3*ms) : 1\ng : 1",
        threshold="x > 1", reset="x = 0", method="rk2", dt=0.15 * ms,
    )  # fmt: skip
    e.v, other.x = "0.17*i", "0.21*i"
    there = Synapses(e, other, on_pre="g += 0.02", delay=0.5 * ms)
    there.connect()
    back = Synapses(other, e, on_pre="v += 0.05", dt=0.35 * ms)
    back.connect()
    monitors = (
        SpikeMonitor(e), SpikeMonitor(other),
        StateMonitor(e, "v", record=True, dt=0.25 * ms), StateMonitor(other, "x", record=True),
    )  # fmt: skip
    return (e, other, there, back, *monitors), {}


def before_the_threshold():
    """What precedes the threshold sees the spikes of the step before, across runs too."""
    e = NeuronGroup(
        4, "dv/dt = (1.5 - v)/(10*ms) : 1\nlast : 1\nr : 1", threshold="v > 0.9", method="euler"
    )
    e.run_on_event("spike", "r += 0.5\nv = 0", when="start")
    e.v = [0.1, 0.256, 0.4, 0.89]  # the second one spikes in the last step of the first run
    given = SpikeGeneratorGroup(1, [0, 0], [7.2, 12] * ms)
    early = Synapses(e, e, on_pre="last_post += 1")
    early.connect()
    early.pre.when, early.pre.order = "groups", -5
    at_start = Synapses(given, e, on_pre="r += 1")
    at_start.connect()
    at_start.pre.when = "start"
    counting = NeuronGroup(
        2, "dv/dt = (1.2 - v)/(5*ms) : 1\ndn/dt = 0*Hz : 1 (unless refractory)",
        threshold="v > 0.9", reset="v = 0", refractory=1 * ms, method="euler",
    )  # fmt: skip
    always = SpikeGeneratorGroup(1, np.zeros(200, int), 0.1 * np.arange(200) * ms)
    between = Synapses(always, counting, on_pre="n += 1")
    between.connect()
    between.pre.when = "after_groups"
    spikes, rate, of_given = SpikeMonitor(e), PopulationRateMonitor(e), SpikeMonitor(given)
    spikes.when, rate.when, of_given.when = "start", "before_groups", "start"
    monitors = (
        spikes, rate, of_given, SpikeMonitor(e, variables="v"),
        StateMonitor(e, ["last", "r"], record=True),
    )  # fmt: skip
    return (e, given, early, at_start, counting, always, between, *monitors), {}


def methods():
    """Every state updater of Brian2 that gives abstract code."""
    curved = "dv/dt = (a - v**3)/(10*ms) : 1\ndw/dt = (v - w*w)/(5*ms) : 1\na : 1"
    linear = "dv/dt = (a - v)/(10*ms) : 1\ndw/dt = (v - w)/(5*ms) : 1\na : 1"
    apart = "dv/dt = (a - v)/(10*ms) : 1\ndw/dt = -w*w/(5*ms) : 1\na : 1"
    equations = {
        "euler": curved, "rk2": curved, "rk4": curved, "heun": curved, "milstein": curved,
        "exponential_euler": linear, "exact": linear, "linear": linear, "independent": apart,
    }  # fmt: skip
    objects = []
    for method, text in equations.items():
        group = NeuronGroup(2, text, method=method)
        group.v, group.a, group.w = [0.5, -1], [1, 2], 1
        objects += [group, StateMonitor(group, True, record=True)]
    return objects, {}


@implementation("cpp", "double twice(double x) { return 2*x; }")
@check_units(x=1, result=1)
def twice(x):
    return 2 * x


@implementation(
    "cpp",
    "#include <cmath>\ndouble ramp(double x, int n) { return std::fmax(twice(x), 0.0)*n; }",
    dependencies={"twice": twice},
)
@check_units(x=1, n=1, result=1)
def ramp(x, n):
    return np.maximum(twice(x), 0) * n


def user_functions():
    """Functions of the user's in C++, of which one needs the other."""
    group = NeuronGroup(
        3, "dv/dt = (ramp(v - 0.2, 2) - v)/ms : 1\nx = ramp(0.1*i, i) : 1",
        threshold="twice(v) > 1.8", reset="v = -1", method="euler",
    )  # fmt: skip
    group.v = [0.1, 0.5, 0.8]
    monitors = StateMonitor(group, True, record=True), SpikeMonitor(group)
    return (group, *monitors), {"ramp": ramp, "twice": twice}


SCRIPTS = {
    summed_coupling: 10, sums_into_many: 50, sums_of_synaptic_states: 5, plasticity_and_delays: 20,
    parts_of_neurons: 20, sources_of_spikes: 400, several_clocks: 10,
    clocks_that_tick_in_between: 10, before_the_threshold: 5, methods: 0, user_functions: 2,
}  # fmt: skip


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.__name__)
def test_a_script_gives_what_brian2_gives(script):
    expected = ran(script, ("runtime", "runtime"))
    assert spikes_of(expected) >= SCRIPTS[script]
    same(ran(script, ("neurotrain", "neurotrain")), expected)


@pytest.mark.parametrize("devices", [("neurotrain", "runtime"), ("runtime", "neurotrain")])
@pytest.mark.parametrize("script", [plasticity_and_delays, sources_of_spikes, before_the_threshold])
def test_brian2_goes_on_where_the_device_ended_and_the_other_way_round(script, devices):
    same(ran(script, devices), ran(script, ("runtime", "runtime")))


# --- between runs


class Plain:
    """Delayed synapses, sources and monitors, of which every script here is made."""

    def __init__(self):
        self.cells = NeuronGroup(
            3, "dv/dt = (3 + g - v)/(10*ms) : 1\ndg/dt = -g/(5*ms) : 1 (unless refractory)",
            threshold="v > 1", reset="v = 0", refractory=1 * ms, method="euler",
        )  # fmt: skip
        self.cells.v = [0, 0.9, 0.95]
        self.synapses = Synapses(self.cells, self.cells, "w : 1", on_pre="g_post += w")
        self.synapses.connect(condition="i != j")
        self.synapses.w, self.synapses.delay = "0.1*(i + 1)", "2*ms + i*ms"
        self.given = SpikeGeneratorGroup(1, [0] * 4, [1, 3.9, 6, 9] * ms)
        self.again = SpikeGeneratorGroup(2, [0, 1], [0.3, 1.2] * ms, period=2 * ms)
        self.other = Synapses(self.given, self.cells, on_pre="g += 0.1", delay=2 * ms)
        self.other.connect()
        self.spikes, self.rate = SpikeMonitor(self.cells), PopulationRateMonitor(self.cells)
        self.trace = StateMonitor(self.cells, True, record=True, dt=0.7 * ms)
        self.given_spikes, self.again_spikes = SpikeMonitor(self.given), SpikeMonitor(self.again)
        self.objects = list(vars(self).values())
        self.network = Network(*self.objects)


def odd_durations(one):
    for duration in (0.05, 0.1, 0, 0.33, 1.26, 0.7, 3.14159, 2):
        one.network.run(duration * ms)


def other_dt(one):
    # Brian2's own queue loses spikes where the dt grows between runs.
    one.trace.clock.dt = 1 * ms
    for dt in (0.2, 0.1, 0.05):
        defaultclock.dt = dt * ms
        one.network.run(4 * ms)


def other_values_delays_and_spikes(one):
    one.network.run(4 * ms)
    one.cells.v, one.synapses.w, one.synapses.delay = 0.5, "w*2", 1 * ms
    one.given.set_spikes([0, 0], [4.2, 7] * ms)
    one.network.run(4 * ms)
    one.synapses.delay = "7*ms*i"
    one.again.set_spikes([1], [0.5] * ms, period=1 * ms)
    one.network.run(4.4 * ms)
    one.given.set_spikes([0], [1] * ms, period=3 * ms)
    one.network.run(8 * ms)


def store_and_restore(one):
    one.network.run(4 * ms)
    one.network.store("early")
    one.network.run(5 * ms)
    one.network.store("late")
    one.network.restore("early")
    one.network.run(2 * ms)
    one.network.restore("late")
    one.network.run(3 * ms)
    one.network.restore("early")
    one.network.run(6 * ms)


def more_synapses(one):
    one.network.run(4 * ms)
    one.synapses.connect(i=[0, 1], j=[0, 1])
    one.synapses.w[6:], one.synapses.delay[6:] = 0.3, 5 * ms
    one.network.run(8 * ms)


def off_and_on(one):
    one.network.run(4 * ms)
    one.spikes.active = one.rate.active = one.synapses.active = False
    one.network.run(3 * ms)
    one.spikes.active = one.rate.active = one.synapses.active = True
    one.network.run(5 * ms)


def another_schedule(one):
    one.network.schedule = ["start", "resets", "synapses", "groups", "thresholds", "end"]
    one.network.run(8 * ms)
    one.network.run(13 * ms)
    one.network.schedule = ["start", "groups", "synapses", "thresholds", "resets", "end"]
    one.given.set_spikes(np.zeros(80, int), (21 + 0.1 * np.arange(80)) * ms)
    one.network.run(8 * ms)


@pytest.mark.parametrize(
    "act",
    [
        odd_durations, other_dt, other_values_delays_and_spikes, store_and_restore, more_synapses,
        off_and_on, another_schedule,
    ],
    ids=lambda act: act.__name__,
)  # fmt: skip
def test_runs_go_on_from_one_another(act):
    found = []
    for device in ("runtime", "neurotrain"):
        set_device(device)
        start_scope()
        defaultclock.dt = 0.1 * ms
        one = Plain()
        act(one)
        assert one.spikes.num_spikes > 3
        found.append(arrays(one.objects) | {"time": np.array(one.network.t_)})
    same(found[1], found[0])


def test_a_magic_run_takes_names_from_where_it_stands():
    found = []
    for device in ("runtime", "neurotrain"):
        set_device(device)
        start_scope()
        k = 1.2  # noqa: F841
        group = NeuronGroup(
            2, "dv/dt = (k*cos(t/ms) - v)/ms : 1\ns = sin(t/ms) : 1", method="euler"
        )
        trace = StateMonitor(group, ["v", "s"], record=True)
        run(3 * ms)
        run(4 * ms)
        assert magic_network.t == 7 * ms
        found.append(arrays([group, trace]))
    same(found[1], found[0])
    np.testing.assert_allclose(trace.s[0], np.sin(trace.t / ms), atol=1e-12)


def test_a_neuron_that_becomes_nan_leaves_what_brian2_leaves():
    found = []
    for device in ("runtime", "neurotrain"):
        set_device(device)
        neurons = NeuronGroup(3, "dv/dt = v*v/ms : 1", threshold="v > 1", reset="", method="euler")
        neurons.v = [0.01, 1e200, 0.5]
        spikes, trace = SpikeMonitor(neurons), StateMonitor(neurons, "v", record=True)
        with np.errstate(all="ignore"):
            Network(neurons, spikes, trace).run(20 * ms)
        v = np.array(trace.v)
        found.append(
            {"v": v[[0, 2]][:, :20], "finite": np.isfinite(v), "count": np.array(spikes.count)}
        )
    same(found[1], found[0])
    assert not found[1]["finite"][1, -1]


# --- noise


def drawn(seed_of_run, rate=300, n=2000):
    """Return what noise of every kind leaves behind, for many neurons that know of no other.

    Objects have names, by which Brian2 orders them: the order decides which gets which numbers.
    """
    start_scope()
    seed(seed_of_run)
    walk = NeuronGroup(n, "dv/dt = -v/(5*ms) + xi*(2/(5*ms))**0.5 : 1", method="euler", name="walk")
    growth = NeuronGroup(n, "dv/dt = 0.1*v*xi*ms**-0.5 : 1", method="milstein", name="growth")
    growth.v = 1
    events = NeuronGroup(
        n,
        "r : 1\nk : 1\nx : 1",
        threshold="rand() < 0.5",
        reset="r = randn()\nk = poisson(3.0)",
        name="events",
    )
    poisson = PoissonGroup(n, rate * Hz, name="poisson")
    shower = PoissonInput(events, "x", 100, 50 * Hz, weight=1)
    onto = Synapses(poisson, events, "y : 1", on_pre="y = rand()", name="onto")
    onto.connect(j="i")
    spikes = SpikeMonitor(poisson)
    objects = (walk, growth, events, poisson, shower, onto, spikes)
    Network(*objects).run(20 * ms)
    return {
        "walk": walk.v[:], "growth": np.log(growth.v[:]), "normal": events.r[:],
        "poisson": events.k[:], "shower": events.x[:], "spikes": spikes.count[:],
        "uniform": np.array(onto.y),
    }  # fmt: skip


# Mean and variance, of the discrete processes: 200 steps of 0.1 ms.
DECAY = 0.98
# Brian2's equations are Stratonovich's, so that the logarithm of growth has no drift.
LAWS = {
    "growth": (0, 0.2),
    "walk": (0, 0.04 * (1 - DECAY**400) / (1 - DECAY**2)),
    "normal": (0, 1), "poisson": (3, 3), "shower": (100, 100 * (1 - 0.005)),
    "spikes": (6, 6 * (1 - 0.03)), "uniform": (0.5, 1 / 12),
}  # fmt: skip


def worst(found):
    """Return how many standard errors the worst mean lies from its law."""
    off = [
        abs(found[name].mean() - mean) / np.sqrt(variance / len(found[name]))
        for name, (mean, variance) in LAWS.items()
    ]
    return max(off)


def test_noise_follows_its_laws_and_brian2s_seed():
    """Of 7 means one lies beyond 4.5 standard errors once in 20,000 seeds."""
    set_device("neurotrain")
    found = drawn(1)
    assert worst(found) < 4.5
    assert worst(drawn(1, rate=330)) > 4.5
    for name, values in drawn(1).items():
        np.testing.assert_array_equal(values, found[name])
    for name, values in drawn(2).items():
        assert not np.array_equal(values, found[name])
    for name, (_, variance) in LAWS.items():
        assert abs(found[name].var() / variance - 1) < 0.25, name


def test_a_run_without_noise_leaves_the_generator_alone():
    after = []
    for device in ("runtime", "neurotrain"):
        set_device(device)
        seed(5)
        group = NeuronGroup(3, "dv/dt = -v/ms : 1", method="exact")
        Network(group).run(1 * ms)
        group.v = "rand()"
        after.append(np.array(group.v))
    np.testing.assert_array_equal(*after)


# --- reports


def test_a_profile_tells_the_time_of_all_objects():
    set_device("neurotrain")
    network = Network(cells("dv/dt = -v/ms : 1"))
    network.run(1 * ms, profile=True)
    ((name, spent),) = network.profiling_info
    assert name == "fused"
    assert 0 * second < spent < 600 * second
    network.run(1 * ms)
    with pytest.raises(ValueError, match="No profiling info"):
        network.profiling_info  # noqa: B018


def test_a_report_tells_how_far_a_run_has_come(capsys):
    set_device("neurotrain")
    group = NeuronGroup(1, "dv/dt = -v/second + 1/second : 1", method="euler")
    network, told = Network(group), []
    network.run(1 * ms, report="text")
    printed = capsys.readouterr().out
    assert "Starting simulation at t=0. s for a duration of 1. ms" in printed
    assert "1. ms (100%) simulated in" in printed.splitlines()[-1]
    network.run(1 * ms, report="stderr")
    assert "Starting simulation at t=1. ms" in capsys.readouterr().err
    network.run(300 * second, report=lambda *given: told.append(given), report_period=2 * ms)
    elapsed, completed, start, duration = zip(*told, strict=True)
    assert (completed[0], completed[-1]) == (0, 1)
    assert any(0 < part < 1 for part in completed)
    assert list(completed) == sorted(completed)
    assert {float(one) for one in start} == {0.002}
    assert {float(one) for one in duration} == {300}
    assert max(elapsed) < 60 * second
    with pytest.raises(InvalidInput, match="'loud'"):
        network.run(1 * ms, report="loud")


def test_an_interrupted_run_ends_at_once_and_leaves_the_objects_as_they_were():
    set_device("neurotrain")
    group = NeuronGroup(1, "dv/dt = -v/second + 1/second : 1", method="euler")
    network = Network(group)

    def interrupts(elapsed, completed, start, duration):
        if completed > 0:
            raise KeyboardInterrupt

    began = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        network.run(1e6 * second, report=interrupts, report_period=1 * ms)
    assert time.perf_counter() - began < 15  # its 10 billion steps take longer
    assert (network.t, group.v[0]) == (0 * ms, 0)
    network.run(1 * ms)
    assert group.v[0] > 0


# --- what is refused


def cells(equations="dv/dt = (1 - v)/(10*ms) : 1", **options):
    options = {"threshold": "v > 1", "reset": "v = 0", "method": "euler"} | options
    return NeuronGroup(2, equations, **options)


def operation():
    return (cells(), network_operation(lambda: None)), "runs Python", {}


def integrated_elsewhere():
    return (cells(method="gsl_rk2"),), "gsl_rk2", {}


def spatial():
    neuron = SpatialNeuron(Cylinder(30 * um), "Im = 0*amp/meter**2 : amp/meter**2")
    return (neuron,), neuron.name, {}


def other_clock():
    return (cells(), cells(dt=0.1 * 2**0.5 * ms)), "no multiples", {}


def other_clock_of_monitor():
    group = cells()
    return (group, StateMonitor(group, "v", record=True, dt=0.1907 * ms)), "no multiples", {}


def python_function():
    function = Function(check_units(x=1, result=1)(lambda x: x), arg_units=[1], return_unit=1)
    return (cells("dv/dt = -same(v)/ms : 1"),), "'same'", {"same": function}


def truth_values():
    equations = "v : 1\na : boolean\nb : boolean\nx = (a + b)*v : 1"
    return (cells(equations, threshold="x > 1"),), "int(", {}


def position_that_changes():
    group = cells("dv/dt = -v/ms : 1\nx = 1 : 1\nto : integer")
    source = NeuronGroup(2, "u : 1")
    follower = cells("dv/dt = (u - v)/ms : 1\nu : 1 (linked)\nto : integer", reset="to = 1 - to")
    follower.u = linked_var(source, "u", index="to")
    return (source, follower, group), "'to'", {}


REFUSED = [
    operation, integrated_elsewhere, spatial, other_clock, other_clock_of_monitor, python_function,
    truth_values, pytest.param(position_that_changes, marks=linked_by_name),
]  # fmt: skip


@pytest.mark.parametrize("build", REFUSED, ids=lambda build: build.__name__)
def test_what_is_not_covered_is_refused_before_anything_runs_and_runtime_runs_it(build):
    set_device("neurotrain")
    objects, told, names = build()
    network, before = Network(*objects), arrays(objects)
    with pytest.raises(UnsupportedModel) as caught:
        network.run(1 * ms, namespace=names)
    message = str(caught.value)
    assert told in message
    assert "\n" not in message
    assert "Use set_device('runtime')" in message
    assert "execution=" not in message
    assert network.t == 0 * ms
    same(arrays(objects), before)
    # The GNU Scientific Library is for compiled targets, and these tests interpret.
    if build is not integrated_elsewhere:
        set_device("runtime")
        start_scope()
        objects, _, names = build()
        Network(*objects).run(1 * ms, namespace=names)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"reset": "total += 1"}, "'total'"),
        ({"reset": "v = 1*mV"}, "v = 1*mV"),
        ({"threshold": "v > theta"}, '"theta"'),
    ],
)
def test_what_brian2_refuses_is_refused(options, told):
    set_device("neurotrain")
    group = cells("dv/dt = (1 - v)/(10*ms) : 1\ntotal : 1 (shared)", **options)
    with pytest.raises(InvalidInput) as caught:
        Network(group).run(1 * ms, namespace={})
    assert told in str(caught.value)
    assert group.name in str(caught.value)


def test_runtime_is_back_after_the_device():
    set_device("neurotrain")
    set_device("runtime")
    group = cells()
    ticks = []
    Network(group, network_operation(lambda: ticks.append(1))).run(1 * ms)
    assert len(ticks) == 10
