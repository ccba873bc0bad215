"""The networks that ship: neither silent nor saturated, Dale's law, synapses as written."""

import numpy as np
import pytest

import neurotrain as nt
from neurotrain import catalog
from neurotrain.errors import InvalidInput
from neurotrain.models import MODELS, morris_lecar_conductance
from neurotrain.models.excitation_inhibition import excitatory_count
from neurotrain.trials import Trials

# The same on every Python.
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("compiled_quickly")]

SPIKING = sorted(set(MODELS) - {"rate"})
BALANCED = sorted(set(MODELS) - {"rate", "morris-lecar"})


def quiet_trials(circuit, duration_ms, n_trials=1):
    """Return trials without input; the decision period is their second half."""
    return Trials(
        np.zeros((n_trials, 1, circuit.channels)),
        duration_ms,
        np.zeros(n_trials, int),
        {"decision": (duration_ms / 2, duration_ms)},
    )


def simulate(circuit, candidates, trials, initial, execution="fused-float64"):
    """Simulate with one state traced, so that the tests of a network share what is compiled."""
    state = "x" if "x" in circuit.states else "v"
    states = (state, "s") if "s" in circuit.states else (state,)
    return circuit.simulate(candidates, trials, initial, execution=execution, states=states)


def drawn(circuit, seed=0, **changes):
    """Return one candidate (1, parameter) with some of its blocks replaced."""
    vector = circuit.parameters.draw(np.random.default_rng(seed))
    blocks = circuit.parameters.split(vector[np.newaxis])
    for name, change in changes.items():
        blocks[name.replace("_", ".")] = change(blocks[name.replace("_", ".")])
    return circuit.parameters.join(blocks)


@pytest.mark.parametrize("name", SPIKING)
def test_networks_are_awake_before_training(name):
    circuit = MODELS[name](50, readout="spike-count")
    rng = np.random.default_rng(0)
    trials = quiet_trials(circuit, 1000.0, 2)
    initial = circuit.draw_initial_state(2, rng)
    got = simulate(circuit, drawn(circuit), trials, initial)
    rates = got.spike_count[0, :, 1] / 0.5  # Hz
    assert not got.failed.any()
    assert 5 < rates.mean() < 40
    assert rates.max() < 80
    assert (rates == 0).mean() < 0.35


@pytest.mark.parametrize("name", MODELS)
def test_the_fused_execution_runs_networks_as_brian2_does(name):
    circuit = MODELS[name](10, channels=4, **({} if name == "rate" else {"readout": "spike-count"}))
    rng = np.random.default_rng(0)
    trials = Trials(rng.normal(size=(1, 6, 4)), 10.0, np.zeros(1, int), {"decision": (30.0, 60.0)})
    initial = circuit.draw_initial_state(1, rng)
    got, reference = (
        simulate(circuit, drawn(circuit), trials, initial, execution)
        for execution in ("fused-float64", "brian2")
    )
    assert not reference.failed.any()
    np.testing.assert_allclose(got.readout, reference.readout, rtol=1e-9, atol=1e-12)
    for state, trace in reference.state.items():
        np.testing.assert_allclose(got.state[state], trace, atol=1e-9)
    if name != "rate":
        np.testing.assert_array_equal(got.spike_count, reference.spike_count)
        assert reference.spike_count.sum() > 5


@pytest.mark.parametrize("readout", ["graded", "spike-count"])
@pytest.mark.parametrize("name", MODELS)
def test_networks_are_built_by_name_for_a_task(name, readout):
    options = {"neurons": 10, "channels": 7, "classes": 2, "readout": readout}
    if name == "rate" and readout == "spike-count":
        with pytest.raises(InvalidInput, match="do not spike"):
            catalog.build("models", name, **options)
        return
    circuit = catalog.build("models", name, **options)
    assert circuit.channels == 7
    assert circuit.readout.classes == 2
    assert circuit.readout.kind == readout
    assert {"input.weight", "neurons.bias"} < set(circuit.parameters.names)
    assert catalog.summary("models", name).startswith("Return a")


@pytest.mark.parametrize("name", BALANCED)
def test_signs_of_weights_are_without_meaning(name):
    """Dale's law: no candidate can turn excitation into inhibition."""
    circuit = MODELS[name](10, channels=1, inhibitory_share=0.3, readout="spike-count")
    rng = np.random.default_rng(1)

    def flip(weights):
        return weights * rng.choice([-1, 1], weights.shape)

    plain = drawn(circuit)
    flipped = drawn(circuit, excitatory_weight=flip, inhibitory_weight=flip)
    assert (plain != flipped).any()
    initial = circuit.draw_initial_state(1, rng)
    both = np.concatenate([plain, flipped])
    got = simulate(circuit, both, quiet_trials(circuit, 100.0), initial)
    np.testing.assert_array_equal(got.state["v"][0], got.state["v"][1])


@pytest.mark.parametrize("name", BALANCED)
def test_excitation_raises_and_inhibition_lowers_the_potential(name):
    """Stronger synapses of one kind onto neuron 0, which all others reach; w_ij is to i from j."""
    circuit = MODELS[name](10, channels=1, inhibitory_share=0.3, readout="spike-count")
    targets = [np.array(one.j) for one in circuit.synapses]

    def stronger(kind):
        def change(weights):
            return np.where(targets[kind] == 0, 2 * weights, weights)

        return change

    candidates = np.concatenate(
        [
            drawn(circuit),
            drawn(circuit, excitatory_weight=stronger(0)),
            drawn(circuit, inhibitory_weight=stronger(1)),
        ]
    )
    initial = circuit.draw_initial_state(1, np.random.default_rng(2))
    got = simulate(circuit, candidates, quiet_trials(circuit, 60.0), initial)
    v = got.state["v"][:, 0, :, 0]  # (candidate, step)
    for candidate, sign in ((1, 1), (2, -1)):
        parted = np.flatnonzero(np.abs(v[candidate] - v[0]) > 1e-7)[:5]
        assert len(parted) == 5
        assert (sign * (v[candidate] - v[0])[parted] > 0).all()


def test_no_neuron_reaches_itself_and_every_one_all_others():
    circuit = MODELS["leaky-integrate-and-fire"](10, inhibitory_share=0.3)
    pairs = set()
    for first, synapses in zip((0, 7), circuit.synapses, strict=True):
        pairs |= {(int(i) + first, int(j)) for i, j in zip(synapses.i, synapses.j, strict=True)}
    assert pairs == {(i, j) for i in range(10) for j in range(10) if i != j}


def test_shares_that_leave_no_neurons_of_a_kind_are_told():
    assert excitatory_count(50, 0.2) == 40
    for share in (0.0, 1.0, 0.01):
        with pytest.raises(InvalidInput, match="at least one must excite and one inhibit"):
            MODELS["adex"](10, inhibitory_share=share)
    with pytest.raises(InvalidInput, match="from 0 to 1"):
        MODELS["adex"](10, inhibitory_share=1.5)


# Morris-Lecar with kinetic synapses.


# Destexhe et al. (1994), of excitatory receptors: opening and closing, 1/ms, and a value that the
# gating variables of all neurons exceed.
RECEPTORS = {"AMPA": (1.1, 0.19, 0.5), "NMDA": (0.072, 0.0066, 0.1)}


def kinetic_by_hand(v, weight, bias, inhibits, receptor, n_steps, dt):
    """Integrate the printed equations by Euler's method; mV, ms, uA/cm2, mS/cm2.

    Weights are w_ij, to i from j. Returns the traces of v and of the gating variable, (step, i).
    """
    w, s = np.full_like(v, 0.014173), np.zeros_like(v)
    # The inhibitory ones: GABA_A, the same source.
    alpha, beta = np.where(inhibits, 5.0, receptor[0]), np.where(inhibits, 0.18, receptor[1])
    traces = []
    for _ in range(n_steps):
        traces.append((v, s))
        g_e, g_i = weight[:, ~inhibits] @ s[~inhibits], weight[:, inhibits] @ s[inhibits]
        m_inf = (1 + np.tanh((v + 1.2) / 18)) / 2
        w_inf = (1 + np.tanh((v - 12) / 17)) / 2
        ionic = 4 * m_inf * (v - 120) + 8 * w * (v + 84) + 2 * (v + 60)
        synaptic = g_e * (v - 0) + g_i * (v + 80)
        release = 1 / (1 + np.exp(-(v - 2) / 5))
        v, w, s = (
            v + dt / 20 * (39.9 + 36.75 * bias - ionic - synaptic),
            w + dt / 15 * np.cosh((v - 12) / 34) * (w_inf - w),
            s + dt * (alpha * release * (1 - s) - beta * s),
        )
    return (np.array(one) for one in zip(*traces, strict=True))


@pytest.mark.parametrize("receptor", RECEPTORS)
def test_kinetic_synapses_act_as_the_printed_equations_do(receptor):
    circuit = morris_lecar_conductance(
        10, channels=1, inhibitory_share=0.3, receptor=receptor, method="euler"
    )
    candidate = drawn(circuit)
    initial = circuit.draw_initial_state(1, np.random.default_rng(0))
    got = simulate(circuit, candidate, quiet_trials(circuit, 200.0), initial)
    blocks = circuit.parameters.split(candidate)
    weight = np.zeros((10, 10))
    for first, synapses in zip((0, 7), circuit.synapses, strict=True):
        pairs = np.array(synapses.j), np.array(synapses.i) + first
        weight[pairs] = np.abs(blocks[f"{synapses.name}.weight"][0])
    v, s = kinetic_by_hand(
        initial["v"][0] * 1e3,
        weight,
        blocks["neurons.bias"][0],
        np.arange(10) >= 7,
        RECEPTORS[receptor],
        1000,
        0.2,
    )
    np.testing.assert_allclose(got.state["v"][0, 0] * 1e3, v, atol=1e-6)
    np.testing.assert_allclose(got.state["s"][0, 0], s, atol=1e-8)
    assert s.max(axis=0).min() > RECEPTORS[receptor][2]


def test_kinetic_synapses_rest_on_the_sets_of_the_graded_network():
    with pytest.raises(InvalidInput, match="did you mean 'hopf'"):
        morris_lecar_conductance(10, parameter_set="hopff")
    assert isinstance(morris_lecar_conductance(10, parameter_set="hopf"), nt.Circuit)
    with pytest.raises(InvalidInput, match="no receptor called 'NMD'; did you mean 'NMDA'"):
        morris_lecar_conductance(10, receptor="NMD")


@pytest.mark.parametrize("name", sorted(MODELS))
def test_any_block_of_a_model_can_be_trained_alone(name):
    whole, circuit = MODELS[name](10), MODELS[name](10)
    for chosen in whole.parameters.names:
        circuit.train_only(chosen)
        vector = circuit.parameters.draw(np.random.default_rng(0))
        first, second = (circuit.parameters.split(one) for one in (vector, vector + 0.1))
        assert tuple(first) == whole.parameters.names
        changed = {block for block in first if not np.array_equal(first[block], second[block])}
        assert changed == {chosen}
        assert circuit.fingerprint != whole.fingerprint
    circuit.train_only(*whole.parameters.names)
    assert circuit.parameters.size == whole.parameters.size


def test_training_one_block_leaves_all_others(tmp_path):
    circuit = MODELS["leaky-integrate-and-fire"](10, channels=4)
    circuit.train_only("input.weight")
    before = circuit.parameters.split(circuit.parameters.draw(np.random.default_rng(0)))
    settings = {"trials": 4, "validation_trials": 4, "test_trials": 4, "progress": False}
    task = nt.tasks.StimulusIntegration(words=3, channels=4, bin_ms=2.0, decision_ms=4.0)
    result = nt.train(circuit, task, generations=2, out=tmp_path / "run", **settings)
    assert len(result.weights) == 40
    for name, values in result.parameters.items():
        assert np.array_equal(values, before[name]) == (name != "input.weight"), name


def test_a_block_that_is_not_there_is_told():
    with pytest.raises(InvalidInput, match="did you mean 'input.weight'"):
        MODELS["rate"](4).train_only("input.wieght")
