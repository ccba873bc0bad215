"""One suite over all executions: a circuit of several groups, with delays, sums and noise."""

from importlib.util import find_spec

import numpy as np
import pytest
from brian2 import (
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
    PoissonInput,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    ms,
)

import neurotrain as nt
from neurotrain.description import NOISE_SEED
from neurotrain.errors import InvalidInput
from neurotrain.executions.fused import kernel
from neurotrain.simulation import EXECUTIONS
from neurotrain.trials import Trials

# PyTorch is an extra; what needs a GPU has test_cuda_execution.py and test_fused_cuda.py.
ON_PROCESSORS = [one for one in EXECUTIONS if "cuda" not in one]
INSTALLED = [one for one in ON_PROCESSORS if not one.startswith("torch") or find_spec("torch")]
STATES = ("v", "g")
DURATION_MS = 40.0


class Groups:
    """Excitatory and inhibitory neurons that spike, with delays, and a gap in between.

    With `noise`, white noise, a shower of Poisson spikes and a group of Poisson neurons.
    """

    def __init__(self, noise=False, dt=0.1, n=12, stimulus="stimulus : 1"):
        drive = "- v + 0.3*xi*(10*ms)**0.5" if noise else "- v"
        self.e = NeuronGroup(
            n,
            f"""dv/dt = (bias + stimulus + g - h + gap {drive})/(10*ms) : 1 (unless refractory)
            dg/dt = -g/(4*ms) : 1
            dh/dt = -h/(6*ms) : 1
            gap : 1
            bias : 1
            {stimulus}""",
            threshold="v > 1", reset="v = 0", refractory=1 * ms, method="euler", dt=0.1 * ms,
            name="excitatory*",
        )  # fmt: skip
        self.i = NeuronGroup(
            5, "dv/dt = (0.8 + gain*g - v)/(6*ms) : 1\ndg/dt = -g/(3*ms) : 1\ngain : 1",
            threshold="v > 1", reset="v = 0.1", method="exact", dt=dt * ms, name="inhibitory*",
        )  # fmt: skip
        self.e.bias, self.i.gain = np.linspace(0.8, 1.6, n), 1
        self.ee = self.synapses(self.e, self.e, "g_post += w", "(i + 2*j) % 3 != 0")
        self.ee.delay = "0.1*ms*(1 + (i + 3*j) % 25)"
        self.ei = self.synapses(self.e, self.i, "g_post += w", "(i + j) % 2 == 0", 1.5 * ms)
        self.ie = self.synapses(self.i, self.e, "h_post += w", "True", 0.5 * ms)
        self.gap = Synapses(
            self.i, self.e, "w : 1\ngap_post = w*(v_pre - v_post) : 1 (summed)", name="gap*"
        )
        self.gap.connect(condition="i == j % 5")
        self.gap.w = 0.1
        self.members = [self.e, self.i, self.ee, self.ei, self.ie, self.gap]
        if noise:
            source = PoissonGroup(6, 80 * Hz, name="source*")
            self.members += [
                source, self.synapses(source, self.e, "g_post += w", "i == j % 6", 1 * ms),
                PoissonInput(self.i, "g", 20, 20 * Hz, weight=0.05),
            ]  # fmt: skip

    @staticmethod
    def synapses(source, target, on_pre, condition, delay=None):
        options = {"on_pre": on_pre, "delay": delay, "name": "pathway*"}
        made = Synapses(source, target, "w : 1", **options)
        made.connect(condition=condition)
        made.w = 0.2
        return made


def make(groups, **options):
    i, trained = groups.i.name, {"neurons.bias": None, "input.weight": nt.Normal(0, 0.3)}
    trained |= {f"{one.name}.w": nt.Normal(0.2, 0.1) for one in (groups.ee, groups.ie, groups.gap)}
    defaults = {
        "inputs": nt.Input("stimulus", 2), "readout": nt.GradedReadout("v", 2),
        "train": trained | {f"{i}.gain": nt.Uniform(0.5, 1.5)},
        "initial": {"v": nt.Uniform(0, 1), f"{i}.v": nt.Uniform(0, 1), f"{i}.g": nt.Normal(0, 0.1)},
        "namespace": {},
    }  # fmt: skip
    return nt.Circuit(*groups.members, **(defaults | options))


def make_trials(n_trials, chosen=slice(None)):
    inputs = np.random.default_rng(0).normal(size=(n_trials, round(DURATION_MS / 2), 2))[chosen]
    decision = {"decision": (10.0, DURATION_MS)}
    return Trials(inputs, 2.0, np.zeros(len(inputs), dtype=int), decision)


def draw(circuit, n_candidates=2, n_trials=3):
    rng = np.random.default_rng(1)
    candidates = np.array([circuit.parameters.draw(rng) for _ in range(n_candidates)])
    return candidates, circuit.draw_initial_state(n_trials, rng)


def simulate(circuit, candidates, initial, chosen=slice(None), **options):
    n_trials = len(initial["v"])
    initial = {name: values[chosen] for name, values in initial.items()}
    options = {"states": STATES, "bins_ms": np.arange(0, DURATION_MS, 5)} | options
    return circuit.simulate(candidates, make_trials(n_trials, chosen), initial, **options)


def same_bits(one, other):
    for field in ("spike_count", "readout", "failed"):
        np.testing.assert_array_equal(getattr(one, field), getattr(other, field), strict=True)
    for field in ("average", "state"):
        for name, values in getattr(one, field).items():
            np.testing.assert_array_equal(values, getattr(other, field)[name], strict=True)


# --- without noise


@pytest.mark.parametrize("dt", [0.1, 0.05, 0.2])
def test_executions_agree_on_several_groups(dt):
    """The second group may have steps of its own."""
    circuit = make(Groups(dt=dt))
    candidates, initial = draw(circuit)
    reference, double, single = (
        simulate(circuit, candidates, initial, execution=execution)
        for execution in ("brian2", "fused-float64", "fused")
    )
    assert reference.spike_count.sum() > 100
    assert len(np.unique(reference.spike_count.sum(axis=(2, 3)))) > 3
    assert (single.spike_count == reference.spike_count).mean() > 0.99
    doubles = [double]
    if "torch" in INSTALLED:
        doubles.append(simulate(circuit, candidates, initial, execution="torch"))
    for name in STATES:
        options = {"rtol": 1e-9, "atol": 1e-12}
        for one in doubles:
            np.testing.assert_array_equal(one.spike_count, reference.spike_count)
            np.testing.assert_allclose(one.readout, reference.readout, rtol=1e-9)
            np.testing.assert_allclose(one.state[name], reference.state[name], **options)
            np.testing.assert_allclose(one.average[name], reference.average[name], **options)
        mean = reference.state[name][:, :, 100:].mean(axis=2)
        np.testing.assert_allclose(reference.average[name], mean, **options)


def test_what_is_trained_in_any_group_becomes_plain_brian2():
    circuit = make(Groups())
    candidates, initial = draw(circuit)
    recorded = simulate(circuit, candidates, initial, execution="fused-float64")
    input_weight = circuit.parameters.split(candidates)["input.weight"][1]
    circuit.apply(candidates[1])
    # The same network by hand, in which a TimedArray gives the input.
    groups = Groups(stimulus="stimulus = given(t, i) : 1")
    for own, other in zip(groups.members, (circuit.neurons, *circuit.others), strict=True):
        for name in {"bias", "gain", "w"} & set(own.variables):
            own.variables[name].set_value(other.variables[name].get_value())
    i = circuit.others[0].name
    groups.e.v, groups.i.v, groups.i.g = (initial[name][2] for name in ("v", f"{i}.v", f"{i}.g"))
    given = TimedArray(make_trials(3).inputs[2] @ input_weight.T, dt=2 * ms)
    spikes, trace = SpikeMonitor(groups.e), StateMonitor(groups.e, STATES, record=True)
    plain = Network(*groups.members, spikes, trace)
    plain.run(DURATION_MS * ms, namespace={"given": given})
    np.testing.assert_array_equal(recorded.spike_count[1, 2].sum(axis=0), spikes.count)
    for name in STATES:
        expected = np.array(getattr(trace, name)).T
        np.testing.assert_allclose(recorded.state[name][1, 2], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("execution", INSTALLED)
def test_a_state_of_any_group_that_is_no_number_fails_its_trial_alone(execution):
    circuit = make(Groups())
    candidates, initial = draw(circuit, n_trials=4)
    clean = simulate(circuit, candidates, initial, execution=execution)
    assert not clean.failed.any()
    initial[f"{circuit.others[0].name}.g"][2, 1] = np.nan
    with np.errstate(all="ignore"):
        spoiled = simulate(circuit, candidates, initial, execution=execution)
    np.testing.assert_array_equal(spoiled.failed, np.arange(4) == 2 + np.zeros((2, 1)))
    healthy = [0, 1, 3]
    np.testing.assert_array_equal(spoiled.spike_count[:, healthy], clean.spike_count[:, healthy])
    np.testing.assert_array_equal(spoiled.readout[:, healthy], clean.readout[:, healthy])


# --- with noise


@pytest.mark.parametrize("execution", ["fused", "fused-float64"])
def test_a_trial_has_the_same_bits_whatever_else_is_in_the_batch(execution):
    circuit = make(Groups(noise=True))
    candidates, initial = draw(circuit, n_candidates=3, n_trials=70)
    whole = simulate(circuit, candidates, initial, execution=execution, threads=1)
    assert whole.spike_count.sum() > 5000
    for threads in (2, 3, None):
        options = {"execution": execution, "threads": threads}
        same_bits(simulate(circuit, candidates, initial, **options), whole)
    tilings, item = set(), 4 if execution == "fused" else 8
    for size in (3, 13):  # narrower vectors, and fewer of them
        tilings.add(kernel._tiling(circuit.n_neurons, size, item))
        trial = np.random.default_rng(size).permutation(70)[:size]
        for candidate in ([0, 1, 2], [1]):
            part = simulate(circuit, candidates[candidate], initial, trial, execution=execution)
            np.testing.assert_array_equal(part.spike_count, whole.spike_count[candidate][:, trial])
            np.testing.assert_array_equal(part.readout, whole.readout[candidate][:, trial])
            for name in STATES:
                expected = whole.state[name][candidate][:, trial]
                np.testing.assert_array_equal(part.state[name], expected)
    assert len(tilings) == 2


@pytest.mark.parametrize("execution", INSTALLED)
def test_noise_is_the_same_for_all_candidates_and_another_for_each_seed(execution):
    circuit = make(Groups(noise=True))
    candidates, initial = draw(circuit)
    alike = {name: np.repeat(values[:1], 3, axis=0) for name, values in initial.items()}
    alike[NOISE_SEED] = np.array([5, 5, 6], np.uint64)
    trials = Trials(np.zeros((3, 20, 2)), 2.0, np.zeros(3, int), {"decision": (10.0, DURATION_MS)})
    v = circuit.simulate(
        candidates[[0, 0]], trials, alike, execution=execution, states=("v",)
    ).state["v"]
    np.testing.assert_array_equal(v[0], v[1])
    np.testing.assert_array_equal(v[0, 0], v[0, 1])
    assert (v[0, 0] != v[0, 2]).any(axis=0).all()


def test_executions_agree_in_distribution_under_noise():
    """Three means differ by 4.5 standard errors, of 30 trials, once in about 3,000 seeds."""
    circuit = make(Groups(noise=True))
    (candidate,), initial = draw(circuit, n_candidates=1, n_trials=600)

    def seen(execution, trials, vector):
        got = simulate(circuit, vector[np.newaxis], initial, trials, execution=execution)
        counts = got.spike_count[0].sum(axis=(1, 2))
        return np.stack(
            [counts, got.average["v"][0].mean(axis=1), got.average["g"][0].mean(axis=1)]
        )

    def apart(one, other):
        spread = one.var(axis=1) / one.shape[1] + other.var(axis=1) / other.shape[1]
        return np.abs(one.mean(axis=1) - other.mean(axis=1)) / np.sqrt(spread)

    reference = seen("brian2", slice(0, 30), candidate)
    assert apart(seen("fused", slice(60, 600), candidate), reference).max() < 4.5
    stronger = {name: values.copy() for name, values in circuit.parameters.split(candidate).items()}
    stronger["neurons.bias"] += 0.2
    vector = circuit.parameters.join(stronger)
    assert apart(seen("fused", slice(60, 600), vector), reference).max() > 4.5


# --- what is told


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"train": ["{i}.gian", "input.weight"]}, "did you mean '{i}.gain'"),
        ({"train": ["{i}.v", "input.weight"]}, "trained variable"),
        ({"train": ["recurrent.w", "input.weight"]}, "trained variable"),
        ({"initial": {"{i}.vv": nt.Normal(0, 1)}}, "did you mean '{i}.v'"),
        ({"initial": {"inhibition.v": nt.Normal(0, 1)}}, "did you mean '{i}.v'"),
        ({"inputs": nt.Input("gain", 2)}, "parameter of '{e}'"),
        ({"readout": nt.GradedReadout("gain", 2)}, "variable to record"),
    ],
)
def test_wrong_names_in_several_groups_are_told(options, told):
    groups = Groups()
    names = {"e": groups.e.name, "i": groups.i.name}

    def filled(one):
        if isinstance(one, list):
            return [text.format(**names) for text in one]
        return {key.format(**names): v for key, v in one.items()} if isinstance(one, dict) else one

    with pytest.raises(InvalidInput) as caught:
        make(groups, **{key: filled(value) for key, value in options.items()})
    assert told.format(**names) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "shape", "told"),
    [
        ("{i}.v", (3, 12), "(trial, neuron) = (3, 5)"),
        ("v", (3, 5), "(trial, neuron) = (3, 12)"),
        (NOISE_SEED, (3, 12), "(trial,) = (3,)"),
        ("{i}.gain", (3, 5), "state variable"),
    ],
)
def test_wrong_shapes_of_initial_states_are_told(name, shape, told):
    circuit = make(Groups(noise=True))
    candidates, initial = draw(circuit)
    initial[name.format(i=circuit.others[0].name)] = np.zeros(shape)
    with pytest.raises(InvalidInput) as caught:
        circuit.simulate(candidates, make_trials(3), initial)
    assert told in str(caught.value)
