"""Unchanged Brian2 scripts under set_device('neurotrain') against the same under 'runtime'."""

import numpy as np
import pytest
from brian2 import (
    Network,
    NeuronGroup,
    PopulationRateMonitor,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    defaultclock,
    magic_network,
    ms,
    network_operation,
    run,
    set_device,
    start_scope,
)

import neurotrain.device  # noqa: F401
from neurotrain.errors import UnsupportedModel

EQUATIONS = """dv/dt = (k*bias + drive - v)/(10*ms) : 1
dw/dt = (v - w)/(20*ms) : 1
total = v + drive : 1
bias : 1
drive : 1
n_spikes : integer"""
SUMMED = "weight : 1\ndrive_post = weight*tanh(v_pre)*(1 - 0.2*v_post) : 1 (summed)"


@pytest.fixture(autouse=True)
def restored_device():
    start_scope()
    yield
    set_device("runtime")
    defaultclock.dt = 0.1 * ms
    start_scope()


def build(n=5, **options):
    options = {
        "threshold": "v > 0.6", "reset": "v = 0.1\nn_spikes += 1", "refractory": 1.5 * ms,
        "method": "rk2",
    } | options  # fmt: skip
    neurons = NeuronGroup(n, EQUATIONS, **options)
    neurons.v = np.linspace(-0.5, 0.5, n)
    neurons.bias = np.linspace(0.6, 1.1, n)
    recurrent = Synapses(neurons, neurons, SUMMED)
    recurrent.connect(condition="i != j")
    recurrent.weight = np.linspace(-0.5, 0.5, len(recurrent))
    return neurons, recurrent


def monitors(neurons):
    traced = ["v", "w", "drive", "total", "n_spikes"]
    traced += ["not_refractory"] if "not_refractory" in neurons.variables else []
    return {
        "spikes": SpikeMonitor(neurons),
        "counts": SpikeMonitor(neurons, record=False),
        "trace": StateMonitor(neurons, traced, record=[0, 3]),
        "coarse": StateMonitor(neurons, "v", record=True, dt=0.5 * ms),
        "one": StateMonitor(neurons, "drive", record=2),
    }


def results(neurons, recorded, clock=None):
    found = {"state": {n: np.array(v) for n, v in neurons.get_states(units=False).items()}}
    for name in ("spikes", "counts"):
        monitor = recorded[name]
        found[name] = {"count": np.array(monitor.count), "N": np.array(monitor.num_spikes)}
    found["spikes"] |= {name: np.array(getattr(recorded["spikes"], name)) for name in ("i", "t_")}
    for name in ("trace", "coarse", "one"):
        monitor = recorded[name]
        names = ("t_", *monitor.record_variables)
        found[name] = {one: np.array(getattr(monitor, one)) for one in names}
    return found


def same(one, other):
    for part, values in other.items():
        assert one[part].keys() == values.keys()
        for name, value in values.items():
            got = one[part][name]
            assert got.dtype == value.dtype, (part, name)
            np.testing.assert_allclose(
                got, value, rtol=1e-9, atol=1e-12, err_msg=f"{part}.{name}", strict=True
            )


def on_both(script):
    """Run a script on either device; return its results on ours after comparing them."""
    found = {}
    for device in ("runtime", "neurotrain"):
        set_device(device)
        start_scope()
        defaultclock.dt = 0.1 * ms
        found[device] = script()
    same(found["neurotrain"], found["runtime"])
    return found["neurotrain"]


def test_magic_run_of_a_whole_script():
    def script():
        k = 1.2  # noqa: F841
        neurons, recurrent = build()  # noqa: RUF059
        spikes, counts = SpikeMonitor(neurons), SpikeMonitor(neurons, record=False)
        trace = StateMonitor(
            neurons, ["v", "w", "drive", "total", "not_refractory", "n_spikes"], record=[0, 3]
        )
        coarse = StateMonitor(neurons, "v", record=True, dt=0.5 * ms)
        one = StateMonitor(neurons, "drive", record=2)
        run(30 * ms)
        assert magic_network.t == 30 * ms
        recorded = {
            "spikes": spikes, "counts": counts, "trace": trace, "coarse": coarse, "one": one,
        }  # fmt: skip
        return results(neurons, recorded)

    found = on_both(script)
    assert found["spikes"]["N"] > 5
    assert found["trace"]["v"].shape == (2, 300)
    assert found["coarse"]["t_"].shape == (60,)
    assert not found["trace"]["not_refractory"].all()


@pytest.mark.parametrize("refractory", [False, "v > 0.3", "(1 + i)*ms"])
def test_network_objects_several_runs_and_an_explicit_namespace(refractory):
    def script():
        neurons, recurrent = build(refractory=refractory)
        recorded = monitors(neurons)
        network = Network(neurons, recurrent, *recorded.values())
        network.run(7.3 * ms, namespace={"k": 1.1})
        neurons.bias = 1.3
        recurrent.weight = "weight*0.5"
        network.run(0 * ms, namespace={"k": 1.1})
        network.run(12.7 * ms, namespace={"k": 0.9})
        assert network.t == 20 * ms
        assert neurons.clock.t == 20 * ms
        return results(neurons, recorded)

    found = on_both(script)
    assert found["spikes"]["N"] > 5
    assert found["trace"]["t_"].shape == (200,)
    assert found["coarse"]["t_"].shape == (40,)


def test_group_with_a_clock_of_its_own():
    def script():
        neurons, recurrent = build(dt=0.25 * ms)
        recorded = monitors(neurons)
        recorded["trace"] = StateMonitor(neurons, ["v", "total"], record=[1], dt=0.25 * ms)
        recorded["coarse"] = StateMonitor(neurons, "v", record=True, dt=1 * ms)
        recorded["one"] = StateMonitor(neurons, "w", record=2, dt=0.25 * ms)
        network = Network(neurons, recurrent, *recorded.values())
        network.run(10 * ms, namespace={"k": 1.2})
        network.run(10 * ms, namespace={"k": 1.2})
        return results(neurons, recorded)

    assert on_both(script)["spikes"]["N"] > 3


def test_time_goes_on_between_runs():
    def script():
        neurons = NeuronGroup(2, "dv/dt = cos(t/ms)/ms : 1\ns = sin(t/ms) : 1", method="euler")
        trace = StateMonitor(neurons, ["v", "s"], record=True)
        network = Network(neurons, trace)
        network.run(3 * ms)
        network.run(4 * ms)
        return {"trace": {name: np.array(getattr(trace, name)) for name in ("t_", "v", "s")}}

    found = on_both(script)["trace"]
    np.testing.assert_allclose(found["s"][0], np.sin(found["t_"] * 1e3), atol=1e-12)


def test_a_neuron_that_becomes_nan_leaves_what_brian2_leaves():
    def script():
        neurons = NeuronGroup(3, "dv/dt = v*v/ms : 1", threshold="v > 1", reset="", method="euler")
        neurons.v = [0.01, 1e200, 0.5]
        spikes, trace = SpikeMonitor(neurons), StateMonitor(neurons, "v", record=True)
        with np.errstate(all="ignore"):
            Network(neurons, spikes, trace).run(20 * ms)
        return {
            "trace": {"v": np.array(trace.v)[[0, 2]][:, :20], "t_": np.array(trace.t_)},
            "first": {"v": np.isfinite(np.array(trace.v))},
            "spikes": {"count": np.array(spikes.count)},
        }

    assert not on_both(script)["first"]["v"][1, -1]


def test_store_and_restore():
    def script():
        neurons, recurrent = build()
        recorded = monitors(neurons)
        network = Network(neurons, recurrent, *recorded.values())
        network.run(5 * ms, namespace={"k": 1.2})
        network.store()
        network.run(9 * ms, namespace={"k": 3.0})
        network.restore()
        network.run(9 * ms, namespace={"k": 1.0})
        return results(neurons, recorded)

    assert on_both(script)["trace"]["t_"].shape == (140,)


def refused_objects():
    neurons, recurrent = build()
    yield "PopulationRateMonitor", (neurons, PopulationRateMonitor(neurons))
    yield "SpikeGeneratorGroup", (neurons, SpikeGeneratorGroup(1, [0], [1] * ms))
    yield "NetworkOperation", (neurons, network_operation(lambda: None))
    yield "2 NeuronGroups", (neurons, NeuronGroup(1, "v : 1"))
    yield "0 NeuronGroups", ()
    yield "on_pre", (neurons, recurrent_on_pre(neurons))
    yield "records more than spikes", (neurons, SpikeMonitor(neurons, variables="v"))
    yield "slot 'end'", (neurons, StateMonitor(neurons, "v", record=True, when="end"))
    yield "not a multiple", (neurons, StateMonitor(neurons, "v", record=True, dt=0.25 * ms))
    yield (
        "does not record from",
        (neurons, recurrent, StateMonitor(recurrent, "weight", record=True)),
    )
    yield "does not record from", (neurons, SpikeMonitor(neurons[:2]))


def recurrent_on_pre(neurons):
    made = Synapses(neurons, neurons, on_pre="v_post += 0.1")
    made.connect()
    return made


def test_what_the_device_does_not_cover_is_refused_before_anything_runs():
    set_device("neurotrain")
    for told, objects in refused_objects():
        network = Network(*objects)
        with pytest.raises(UnsupportedModel) as caught:
            network.run(1 * ms, namespace={"k": 1.0})
        message = str(caught.value)
        assert told in message
        assert "\n" not in message
        assert "set_device('runtime')" in message
    neurons, recurrent = build()
    with pytest.raises(UnsupportedModel, match="report"):
        Network(neurons, recurrent).run(1 * ms, report="text", namespace={"k": 1.0})
    np.testing.assert_array_equal(neurons.v, np.linspace(-0.5, 0.5, 5))


def test_runtime_is_back_after_the_device():
    set_device("neurotrain")
    set_device("runtime")
    neurons = NeuronGroup(1, "dv/dt = -v/ms : 1", threshold="v > 1", reset="", method="exact")
    rate = PopulationRateMonitor(neurons)
    Network(neurons, rate).run(1 * ms)
    assert len(rate.t) == 10
