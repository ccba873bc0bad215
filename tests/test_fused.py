"""The fused execution against Brian2, and each trial against all that it may not depend on."""

import numpy as np
import pytest
from brian2 import NeuronGroup, Synapses, ms, mV, uA
from brian2 import cm as centimeter
from one_group import run_group

import neurotrain as nt
from neurotrain.executions.fused import kernel
from neurotrain.models import PARAMETER_SETS, morris_lecar
from neurotrain.trials import Trials

METHODS = ("euler", "rk2", "rk4", "exponential_euler")
# Injected current at which single neurons of each set fire.
CURRENT = {"network": 50, "snlc": 50, "hopf": 110, "homoclinic": 40.5, "barnacle": 300}


def make_trials(n_trials, channels, duration_ms=200.0, seed=0, strength=1.0, bin_ms=5.0):
    rng = np.random.default_rng(seed)
    bins = round(duration_ms / bin_ms)
    return Trials(
        inputs=strength * rng.normal(size=(n_trials, bins, channels)),
        bin_ms=bin_ms,
        labels=np.zeros(n_trials, dtype=int),
        periods={"decision": (duration_ms / 2, duration_ms)},
    )


def subset(trials, chosen):
    return Trials(trials.inputs[chosen], trials.bin_ms, trials.labels[chosen], trials.periods)


def draw(circuit, n_candidates, n_trials, seed=0):
    rng = np.random.default_rng(seed)
    candidates = np.array([circuit.parameters.draw(rng) for _ in range(n_candidates)])
    return candidates, circuit.draw_initial_state(n_trials, rng)


def simulate(circuit, candidates, trials, initial, trial=slice(None), **options):
    initial = {name: values[trial] for name, values in initial.items()}
    return circuit.simulate(candidates, subset(trials, trial), initial, **options)


def same_bits(one, other):
    for field in ("spike_count", "readout", "failed"):
        np.testing.assert_array_equal(getattr(one, field), getattr(other, field), strict=True)
    for field in ("average", "state"):
        for name, values in getattr(one, field).items():
            np.testing.assert_array_equal(values, getattr(other, field)[name], strict=True)


def morris_lecar_circuit(parameter_set="network", method="rk2", neurons=5, **options):
    current = (CURRENT[parameter_set] - 3.675) * uA / centimeter**2  # the bias adds the rest
    options = {"dt": 0.1 * ms, "I_0": current, "channels": 3} | options
    return morris_lecar(neurons, parameter_set=parameter_set, method=method, **options)


def linear_circuit(method, refractory, n=6):
    """Integrate-and-fire neurons, whose equations can be solved exactly."""
    neurons = NeuronGroup(
        n,
        """dv/dt = (drive + stimulus - v)/(10*ms) : 1
        drive : 1
        stimulus : 1""",
        threshold="v > 1",
        reset="v = v - 1",
        refractory=refractory,
        method=method,
        dt=0.1 * ms,
        name=f"linear_{method}*",
    )
    recurrent = Synapses(neurons, neurons, "weight : 1\ndrive_post = weight*v_pre : 1 (summed)")
    recurrent.connect(condition="i != j")
    return nt.Circuit(
        neurons,
        recurrent,
        inputs=nt.Input("stimulus", 3, nt.Normal(1.0, 0.8)),
        readout=nt.SpikeCountReadout(2),
        train={"recurrent.weight": nt.Normal(0.0, 0.3), "input.weight": nt.Normal(0.8, 0.8)},
        initial={"v": nt.Uniform(-0.5, 1.2)},
        namespace={},
    )


def check_against_brian2(circuit, states, tolerance, n_steps=2000, strength=1.0, spikes=6):
    trials = make_trials(3, circuit.channels, 0.1 * n_steps, strength=strength)
    candidates, initial = draw(circuit, 2, 3)
    options = {"states": states, "bins_ms": np.arange(0, 0.1 * n_steps + 0.5, 1.0)}
    batch = simulate(circuit, candidates, trials, initial, execution="fused-float64", **options)
    reference = simulate(
        circuit, candidates[1:], trials, initial, [2], execution="brian2", **options
    )
    assert reference.spike_count.sum() >= spikes
    assert not reference.failed.any()
    np.testing.assert_array_equal(batch.spike_count[1, 2], reference.spike_count[0, 0])
    np.testing.assert_array_equal(batch.bin_edges_ms, reference.bin_edges_ms)
    np.testing.assert_array_equal(batch.sample_ms, reference.sample_ms)
    np.testing.assert_allclose(batch.readout[1, 2], reference.readout[0, 0], atol=1e-9)
    for name, bound in zip(states, tolerance, strict=True):
        error = np.abs(batch.state[name][1, 2] - reference.state[name][0, 0]).max()
        assert error < bound, f"{name} is off by {error}"
    for name, values in batch.average.items():
        np.testing.assert_allclose(values[1, 2], reference.average[name][0, 0], atol=1e-9)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("parameter_set", PARAMETER_SETS)
def test_morris_lecar_agrees_with_brian2_on_every_spike_and_to_a_nanovolt(parameter_set, method):
    circuit = morris_lecar_circuit(parameter_set, method)
    # The barnacle muscle oscillates above -20 mV, and so counts as refractory after one spike.
    spikes = 3 if parameter_set == "barnacle" else 6
    check_against_brian2(circuit, ("v", "w"), (1e-9, 1e-8), spikes=spikes)


@pytest.mark.parametrize(
    ("method", "refractory"),
    [("exact", False), ("linear", 3 * ms), ("exact", "v > 0.7"), ("euler", "2.05*ms")],
)
def test_linear_neurons_with_reset_agree_with_brian2(method, refractory):
    circuit = linear_circuit(method, refractory)
    check_against_brian2(circuit, ("v",), (1e-9,), strength=2.0)


@pytest.mark.parametrize("method", ["euler", "rk4"])
def test_time_is_the_same_in_every_part_of_a_step(method):
    """Equations, threshold, reset, source, gain and what is observed all depend on t."""
    neurons = NeuronGroup(
        4,
        """dv/dt = (2*cos(t/ms) + drive - v)/(2*ms) : 1
        wave = v*sin(t/ms) : 1
        drive : 1""",
        threshold="v > 0.3 + 0.2*sin(3*t/ms)",
        reset="v = -0.3*cos(t/ms)",
        refractory="0.5*ms*(2 + sin(t/ms))",
        method=method,
        dt=0.1 * ms,
        name="waving*",
    )
    recurrent = Synapses(
        neurons,
        neurons,
        """weight : 1
        drive_post = weight*tanh(v_pre)*sin(t/ms)*(1 + v_post*cos(2*t/ms)) : 1 (summed)""",
    )
    recurrent.connect()
    circuit = nt.Circuit(
        neurons,
        recurrent,
        readout=nt.GradedReadout("wave", 2),
        train={"recurrent.weight": nt.Normal(0, 1)},
        initial={"v": nt.Normal(0, 0.3)},
        namespace={},
    )
    check_against_brian2(circuit, ("v", "wave"), (1e-12, 1e-12), n_steps=300)


def test_single_precision_counts_the_spikes_of_double_precision():
    circuit = morris_lecar_circuit(neurons=30, channels=10)
    trials = make_trials(40, 10, 400.0)
    candidates, initial = draw(circuit, 4, 40)
    single = simulate(circuit, candidates, trials, initial)
    double = simulate(circuit, candidates, trials, initial, execution="fused-float64")
    assert double.spike_count.sum() > 10_000
    assert (single.spike_count == double.spike_count).mean() >= 0.999
    # A count that differs does so because a spike fell on the other side of a bin's edge.
    assert np.abs(single.spike_count - double.spike_count).max() <= 1
    assert single.readout.dtype == np.float64


EVERYTHING = """product = v*u : 1
dv/dt = (drive + stimulus - tanh(v) - 0.1*v**3 + a*sin(t/ms)*exp(-u))/(5*ms) : 1
du/dt = (cosh(0.3*v) - u*(1 + 0.2*stimulus**2) + v*u*0.01)/(20*ms) : 1
a : 1
drive : 1
stimulus : 1"""


def contracting_circuit(n=7):
    """Sums of products everywhere: what a compiler may contract to one rounding in many ways."""
    neurons = NeuronGroup(
        n, EVERYTHING, threshold="v*u + 0.1*v > 0.8", reset="v = v*0.3 - u*0.2",
        refractory=1 * ms, method="rk2", dt=0.1 * ms, name="contracting*",
    )  # fmt: skip
    recurrent = Synapses(
        neurons,
        neurons,
        "weight : 1\n"
        "drive_post = weight*(v_pre*u_pre + v_pre)*(1 + 0.1*v_post*u_post) : 1 (summed)",
    )
    recurrent.connect()
    return nt.Circuit(
        neurons,
        recurrent,
        inputs=nt.Input("stimulus", 5),
        readout=nt.GradedReadout("product", 2),
        train={"recurrent.weight": nt.Normal(0, 0.3), "input.weight": nt.Normal(0, 1),
               "neurons.a": nt.Normal(1, 1)},
        initial={"v": nt.Normal(0, 1), "u": nt.Uniform(0, 2)},
        namespace={},
    )  # fmt: skip


@pytest.mark.parametrize("execution", ["fused", "fused-float64"])
def test_a_trial_has_the_same_bits_whatever_else_is_in_the_batch(execution):
    circuit = contracting_circuit()
    trials = make_trials(70, 5, 30.0, bin_ms=1.0, strength=2.0)
    candidates, initial = draw(circuit, 3, 70)
    options = {"execution": execution, "states": ("v", "u"), "sample_ms": 1.0}
    whole = simulate(circuit, candidates, trials, initial, **options)
    assert whole.spike_count.sum() > 100
    tilings = set()
    item = 4 if execution == "fused" else 8
    for size in (1, 2, 3, 4, 6, 8, 13, 16, 33):  # every tiling, and none of them full
        tilings.add(kernel._tiling(circuit.n_neurons, size, item))
        part = slice(70 - size, 70)
        for chosen in (slice(0, 3), slice(1, 2)):
            alone = simulate(circuit, candidates[chosen], trials, initial, part, **options)
            np.testing.assert_array_equal(alone.spike_count, whole.spike_count[chosen, part])
            np.testing.assert_array_equal(alone.readout, whole.readout[chosen, part])
            for name in ("v", "u"):
                np.testing.assert_array_equal(alone.state[name], whole.state[name][chosen, part])
    assert len(tilings) >= 2


@pytest.mark.parametrize("execution", ["fused", "fused-float64"])
def test_threads_do_not_change_a_bit(execution):
    circuit = contracting_circuit()
    trials = make_trials(70, 5, 20.0, bin_ms=1.0)
    candidates, initial = draw(circuit, 3, 70)
    one, *others = (
        simulate(circuit, candidates, trials, initial, execution=execution, threads=threads)
        for threads in (1, 2, 3, None)
    )
    for other in others:
        same_bits(one, other)


@pytest.mark.parametrize("execution", ["fused", "fused-float64", "brian2"])
def test_a_failure_in_the_very_last_step_is_found(execution):
    neurons = NeuronGroup(
        1, "dv/dt = exp(1000*int(t > 3.65*ms))*bias/ms : 1\nbias : 1", method="euler",
        dt=0.1 * ms, name="late*",
    )  # fmt: skip
    circuit = nt.Circuit(
        neurons, readout=nt.GradedReadout("v", 1), train={"neurons.bias": nt.Normal(1, 1)},
        namespace={},
    )  # fmt: skip
    candidates, initial = draw(circuit, 1, 1)
    for steps, expected in ((36, False), (38, True)):
        trials = make_trials(1, 0, 0.1 * steps, bin_ms=0.1)
        with np.errstate(all="ignore"):
            got = simulate(circuit, candidates, trials, initial, execution=execution)
        assert got.failed.item() == expected


@pytest.mark.parametrize("execution", ["fused", "fused-float64", "brian2"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_non_finite_trial_fails_alone(execution, value):
    circuit = contracting_circuit(4)
    trials = make_trials(5, 5, 10.0, bin_ms=1.0)
    candidates, initial = draw(circuit, 2, 5)
    clean = simulate(circuit, candidates, trials, initial, execution=execution)
    assert not clean.failed.any()
    initial["u"][3, 1] = value
    with np.errstate(all="ignore"):
        spoiled = simulate(circuit, candidates, trials, initial, execution=execution)
    np.testing.assert_array_equal(spoiled.failed, np.arange(5) == 3 + np.zeros((2, 1)))
    assert np.isnan(spoiled.readout[:, 3]).all()
    assert (spoiled.decisions[:, 3] == -1).all()
    healthy = [0, 1, 2, 4]
    for field in ("spike_count", "readout", "decisions"):
        spoiled_part = getattr(spoiled, field)[:, healthy]
        np.testing.assert_array_equal(spoiled_part, getattr(clean, field)[:, healthy])


def exploding_circuit():
    neurons = NeuronGroup(
        3,
        "dv/dt = (exp(v) - v + bias)/(10*ms) : 1\nbias : 1",
        threshold="v > 5",
        method="euler",
        dt=0.1 * ms,
        name="exploding*",
    )
    return nt.Circuit(
        neurons,
        readout=nt.SpikeCountReadout(1),
        train={"neurons.bias": nt.Normal(0, 1)},
        initial={"v": nt.Normal(-2, 0)},
        namespace={},
    )


@pytest.mark.parametrize("execution", ["fused", "fused-float64", "brian2"])
def test_an_exponential_neuron_without_reset_explodes_and_spares_the_other_candidate(execution):
    circuit = exploding_circuit()
    trials = make_trials(2, 0, 40.0)
    _, initial = draw(circuit, 1, 2)
    candidates = np.array([[-3.0, -3, -3], [-3, 5, -3]])
    with np.errstate(all="ignore"):
        both = simulate(circuit, candidates, trials, initial, execution=execution, states=("v",))
        alone = simulate(
            circuit, candidates[:1], trials, initial, execution=execution, states=("v",)
        )
    np.testing.assert_array_equal(both.failed, [[False, False], [True, True]])
    np.testing.assert_array_equal(both.decisions, [[0, 0], [-1, -1]])
    np.testing.assert_array_equal(np.isnan(both.readout[..., 0]), both.failed)
    np.testing.assert_array_equal(both.state["v"][0], alone.state["v"][0])
    # How far a failed trial went before it was ended is not shown.
    assert np.isnan(both.state["v"][1]).all()
    assert (both.spike_count[1] == 0).all()


def test_an_infinity_that_does_not_last_is_found_by_both_executions_or_neither():
    neurons = NeuronGroup(
        1,
        "dv/dt = 0/second : 1\nbias : 1",
        threshold="v > 1",
        reset="v = 0",
        refractory="t < 4*ms and v > 1",
        method="euler",
        dt=0.1 * ms,
        name="recovering*",
    )
    circuit = nt.Circuit(
        neurons, readout=nt.SpikeCountReadout(1), train={"neurons.bias": nt.Normal(0, 1)},
        namespace={},
    )  # fmt: skip
    initial = {
        "v": np.full((1, 1), np.inf),
        "lastspike": np.zeros((1, 1)),
        "not_refractory": np.zeros((1, 1), bool),
    }
    for execution in ("brian2", "fused", "fused-float64"):
        got = circuit.simulate(
            np.zeros((1, 1)), make_trials(1, 0, 10.0), initial, execution=execution
        )
        assert got.failed.all(), execution


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_spikes_averages_and_samples_lie_where_they_are_asked_for(precision):
    """A clock counts steps: every number is known without a simulator."""
    group = NeuronGroup(
        2,
        "dx/dt = 1/(0.1*ms) : 1\nperiod : 1\nseconds = t/second : 1",
        threshold="int(x + 0.5) % int(period) == 0",
        method="euler",
        dt=0.1 * ms,
        name="counting*",
    )
    group.period = [1, 3]
    ran = run_group(
        group, ("x", "seconds"), 10, precision=precision,
        bin_stops=(4, 7, 10), average=(3, 7), sample_every=4,
    )  # fmt: skip
    np.testing.assert_array_equal(ran.spike_count.T, [[4, 3, 3], [1, 1, 1]])
    np.testing.assert_allclose(ran.samples["x"], [[0, 0], [4, 4], [8, 8]], rtol=1e-6)
    np.testing.assert_allclose(ran.samples["seconds"][:, 0], [0, 4e-4, 8e-4], rtol=1e-6)
    np.testing.assert_allclose(ran.average["x"], [4.5, 4.5], rtol=1e-6)
    np.testing.assert_allclose(ran.final["x"], [10, 10], rtol=1e-6)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_refractory_period_lasts_its_steps_also_late_and_at_tiny_dt(precision):
    """A neuron always above threshold spikes once a refractory period."""
    for dt_ms, steps, expected in ((0.1, 50_000, 2500), (0.001, 4000, 2)):
        group = NeuronGroup(
            1, "x : 1", threshold="x > -1", refractory=2 * ms, dt=dt_ms * ms, name="periodic*"
        )
        states = {"lastspike": [-1e4], "not_refractory": [True]}
        ran = run_group(
            group, n_steps=steps, precision=precision, bin_stops=(steps,), values=states
        )
        assert ran.spike_count.item() == expected


def test_reset_applies_statement_by_statement_to_spiking_neurons_alone():
    group = NeuronGroup(
        4,
        "v : 1\nn_spikes : integer\nw : 1\nflag : boolean",
        threshold="v > 1",
        reset="half = v*0.5\nv = half - 1\nw += v\nn_spikes += 2\nflag = not flag",
        dt=0.1 * ms,
        name="resetting*",
    )
    group.v = [0.5, 1.0, 3.0, 5.0]
    observe = ("v", "w", "n_spikes", "flag")
    ran = run_group(group, observe, 2, bin_stops=(1, 2))
    np.testing.assert_array_equal(ran.spike_count, [[0, 0, 1, 1], [0, 0, 0, 1]])
    np.testing.assert_array_equal(ran.final["v"], [0.5, 1, 0.5, -0.25])
    np.testing.assert_array_equal(ran.final["w"], [0, 0, 0.5, 1.25])
    np.testing.assert_array_equal(ran.final["n_spikes"], [0, 0, 2, 4])
    np.testing.assert_array_equal(ran.final["flag"], [0, 0, 1, 0])


def test_threshold_is_strict_and_in_millivolts():
    group = NeuronGroup(3, "v : volt", threshold="v > -50*mV", dt=0.1 * ms, name="strict*")
    group.v = np.array([-50.0, np.nextafter(-50.0, 0), -50.1]) * mV
    group.v[1] = np.nextafter(float(group.v[0]), 0) * 1000 * mV
    ran = run_group(group, bin_stops=(1,))
    np.testing.assert_array_equal(ran.spike_count[0], [0, 1, 0])


def test_candidates_that_differ_in_the_readout_alone_share_their_activity():
    neurons = NeuronGroup(
        4, "dv/dt = (1 - v)/(10*ms) : 1", method="exact", dt=0.1 * ms, name="reservoir*"
    )
    circuit = nt.Circuit(neurons, readout=nt.GradedReadout("v", 2), train=[], namespace={})
    candidates, initial = draw(circuit, 3, 2)
    got = simulate(circuit, candidates, make_trials(2, 0, 10.0), initial)
    assert got.spike_count.shape == (3, 2, 2, 4)
    assert got.failed.shape == (3, 2)
    expected = candidates[:, :8].reshape(3, 2, 4) @ got.average["v"][0, 0] + candidates[:, 8:]
    np.testing.assert_allclose(got.readout[:, 0], expected, rtol=1e-6)
