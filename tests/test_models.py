"""Morris-Lecar neurons show what is known of each of their parameter sets."""

import numpy as np
import pytest
from brian2 import Quantity, cm, ms, mV, uA
from scipy.optimize import brentq

import neurotrain as nt
from neurotrain.errors import InvalidInput
from neurotrain.models import PARAMETER_SETS, morris_lecar, morris_lecar_neurons
from neurotrain.trials import Trials

pytestmark = pytest.mark.usefixtures("compiled_quickly")

DENSITY = uA / cm**2


def steady_current(v, parameter_set):
    """The current (uA/cm2) that holds a neuron at v (mV): its equations, at rest."""
    p = PARAMETER_SETS[parameter_set]

    def density(name):
        return float(p[name] / (1e-3 * DENSITY / mV)) * 1e-3

    def volt(name):
        return float(p[name] / mV)

    m = 0.5 * (1 + np.tanh((v - volt("V1")) / volt("V2")))
    w = 0.5 * (1 + np.tanh((v - volt("V3")) / volt("V4")))
    return (
        density("g_Ca") * m * (v - volt("E_Ca"))
        + density("g_K") * w * (v - volt("E_K"))
        + density("g_L") * (v - volt("E_L"))
    )


def firing(parameter_set, currents, duration_ms=3000.0, settle_ms=1000.0, states=(), **options):
    """Simulate one neuron for each current (uA/cm2); return rates in Hz after settling."""
    options = {"dt": 0.1 * ms} | options
    neurons = morris_lecar_neurons(
        len(currents), parameter_set=parameter_set, I_0=0 * DENSITY, **options
    )
    return simulate_currents(neurons, currents, duration_ms, settle_ms, states)


def simulate_currents(neurons, currents, duration_ms, settle_ms, states):
    """Simulate each neuron at its current (uA/cm2); return rates, and the trace of v (step, i)."""
    circuit = nt.Circuit(
        neurons, readout=nt.SpikeCountReadout(1), train=["neurons.bias"], namespace={}
    )
    bins = round(duration_ms / 100)
    trials = Trials(
        np.zeros((1, bins, 0)), 100.0, np.zeros(1, dtype=int),
        {"decision": (settle_ms, duration_ms)},
    )  # fmt: skip
    initial = circuit.draw_initial_state(1, np.random.default_rng(0))
    got = circuit.simulate(
        np.array([currents]) / 36.75, trials, initial, states=states, sample_ms=0.5
    )
    rates = got.spike_count[0, 0, 1] / (duration_ms - settle_ms) * 1e3
    return (rates, got.state["v"][0, 0]) if states else rates


@pytest.mark.parametrize(("parameter_set", "onset"), [("network", 39.577), ("snlc", 39.963)])
def test_type_one_neurons_begin_to_fire_at_the_saddle_node(parameter_set, onset):
    """The onset is the local maximum of the steady current, found without a simulation."""

    def slope(v):
        return steady_current(v + 1e-4, parameter_set) - steady_current(v - 1e-4, parameter_set)

    knee = brentq(slope, -40, -25)
    assert steady_current(knee, parameter_set) == pytest.approx(onset, abs=5e-4)
    below, above = firing(parameter_set, [onset - 0.1, onset + 0.15], duration_ms=4000.0)
    assert below == 0
    assert 0.5 < above < 4  # arbitrarily slow firing, as befits a saddle-node on a limit cycle


def test_frequency_against_current_of_the_network_neuron():
    rates = firing("network", [43.6, 50, 80, 120], duration_ms=11_000.0)
    # One spike more or less in 10 s is 0.1 Hz.
    np.testing.assert_allclose(rates[:3], [9.16, 13.5, 21.6], atol=0.11)
    assert rates[3] == 0


def test_the_network_neuron_is_blocked_and_not_at_rest_at_high_current():
    rates, v = firing("network", [120.0], states=("v",))
    assert rates[0] == 0
    assert v[2000:].min() * 1e3 > -10  # depolarized throughout
    assert np.ptp(v[-1000:]) < 1e-4


def test_snlc_fires_as_published_constants_have_it():
    np.testing.assert_allclose(firing("snlc", [43.6], duration_ms=11_000.0), [8.81], atol=0.11)


def test_hopf_neurons_jump_into_firing_and_are_silent_below():
    silent, firing_rate = firing("hopf", [60.0, 90.0], duration_ms=6000.0)
    assert silent == 0
    assert firing_rate == pytest.approx(9.7, abs=0.25)


def trace_of_jacobian(v):
    """The trace (1/ms) of the linear equations around rest at v (mV), of the set 'hopf'."""
    w = (1 + np.tanh((v - 2) / 30)) / 2

    def ionic(v):
        m = (1 + np.tanh((v + 1.2) / 18)) / 2
        return 4.4 * m * (v - 120) + 8 * w * (v + 84) + 2 * (v + 60)

    slope = (ionic(v + 1e-4) - ionic(v - 1e-4)) / 2e-4
    return -slope / 20 - 0.04 * np.cosh((v - 2) / 60)


@pytest.mark.parametrize(
    ("current", "inwards", "near"), [(93.86, 1, (-35, -20)), (212.02, -1, (0, 15))]
)
def test_hopf_neurons_lose_rest_at_the_hopf_bifurcation(current, inwards, near):
    """The current is known without a simulation; small oscillations decay outside, grow inside."""
    onset = brentq(trace_of_jacobian, *near)
    assert steady_current(onset, "hopf") == pytest.approx(current, abs=5e-3)
    currents = current + inwards * np.array([-0.1, 0.1])
    rest = np.array(
        [brentq(lambda v, one=one: steady_current(v, "hopf") - one, *near) for one in currents]
    )
    neurons = morris_lecar_neurons(2, parameter_set="hopf", I_0=0 * DENSITY, dt=0.1 * ms)
    neurons.v = (rest + 0.05) * mV
    neurons.w = (1 + np.tanh((rest - 2) / 30)) / 2
    _, v = simulate_currents(neurons, currents, 8000.0, 1000.0, states=("v",))
    first, last = np.ptp(v[:400], axis=0), np.ptp(v[-400:], axis=0)
    assert last[0] < 0.5 * first[0]
    assert last[1] > 2 * first[1]


def test_homoclinic_neurons_jump_to_forty_hertz_and_are_blocked_soon_after():
    rates = firing("homoclinic", [40.0, 42.0, 45.0], duration_ms=6000.0)
    assert rates[0] == pytest.approx(41.5, abs=0.6)
    assert rates[1:].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("parameter_set", "current"),
    [("network", 60.0), ("snlc", 60.0), ("hopf", 150.0), ("homoclinic", 40.0), ("barnacle", 300.0)],
)
def test_every_upward_crossing_of_zero_is_one_spike(parameter_set, current):
    rates, v = firing(parameter_set, [current], duration_ms=6000.0, states=("v",))
    settled = v[2000:]  # 5 s in steps of 0.5 ms
    crossings = ((settled[:-1] < 0) & (settled[1:] >= 0)).sum(axis=0) / 5.0
    assert crossings[0] > 10
    # The counting begins at another moment: one crossing more or less.
    assert rates[0] == pytest.approx(crossings[0], abs=0.41)


def test_barnacle_muscle_oscillates_as_morris_and_lecar_show():
    """Their figure 9: a limit cycle at 300 uA/cm2, rest at 60."""
    _, v = firing("barnacle", [60.0, 300.0], states=("v",))
    rest, cycle = np.ptp(v[-1000:], axis=0) * 1e3
    assert rest < 0.01
    assert cycle > 15


def test_methods_agree_on_the_rate():
    rates = [
        firing("network", [50.0], duration_ms=6000.0, method=method)
        for method in ("rk2", "rk4", "exponential_euler")
    ]
    np.testing.assert_allclose(rates, 13.5, atol=0.25)


@pytest.mark.parametrize("readout", ["graded", "spike-count"])
@pytest.mark.parametrize("parameter_set", PARAMETER_SETS)
def test_every_set_builds_a_circuit_that_runs(parameter_set, readout):
    circuit = morris_lecar(6, channels=4, readout=readout, parameter_set=parameter_set)
    assert {"recurrent.weight", "input.weight", "neurons.bias"} <= set(circuit.parameters.names)
    rng = np.random.default_rng(0)
    trials = Trials(
        rng.normal(size=(3, 10, 4)), 2.0, np.zeros(3, dtype=int), {"decision": (10.0, 20.0)}
    )
    got = circuit.simulate(
        circuit.parameters.draw(rng)[np.newaxis], trials, circuit.draw_initial_state(3, rng)
    )
    assert got.readout.shape == (1, 3, 3)
    assert not got.failed.any()
    assert np.isfinite(got.readout).all()


def test_coupling_moves_the_postsynaptic_neuron_alone():
    """Neuron 0 drives neuron 1: w_ij is to i from j."""
    circuit = morris_lecar(2, channels=1, readout="spike-count", classes=1)
    rng = np.random.default_rng(0)
    blocks = circuit.parameters.split(circuit.parameters.draw(rng)[np.newaxis])
    blocks = {name: np.zeros_like(values) for name, values in blocks.items()}
    blocks["neurons.bias"][:] = 0.1
    synapses = circuit.synapses[0]
    to_one = (np.array(synapses.i) == 0) & (np.array(synapses.j) == 1)
    trials = Trials(np.zeros((1, 20, 1)), 5.0, np.zeros(1, int), {"decision": (0.0, 100.0)})
    initial = circuit.draw_initial_state(1, rng)
    blocks["recurrent.weight"] = np.stack([np.zeros(4), np.where(to_one, 2.0, 0.0)])
    blocks = {name: np.broadcast_to(v, (2, *v.shape[1:])) for name, v in blocks.items()}
    v = circuit.simulate(circuit.parameters.join(blocks), trials, initial, states=("v",)).state[
        "v"
    ][:, 0]
    np.testing.assert_array_equal(v[0, :, 0], v[1, :, 0])
    assert (v[1, 50:, 1] > v[0, 50:, 1]).any()


@pytest.mark.parametrize("neurons", [10, 64])
def test_with_dales_law_neurons_excite_or_inhibit_and_begin_in_balance(neurons):
    circuit = morris_lecar(neurons, channels=1, readout="spike-count", dale=0.8)
    vector = circuit.parameters.draw(np.random.default_rng(0))
    pre = np.array(circuit.synapses[0].i)
    signs = np.where(pre < {10: 8, 64: 51}[neurons], 1, -1)
    for candidate in (vector, 50 * vector):
        weights = circuit.parameters.split(candidate)["recurrent.weight"]
        assert (weights * signs >= 0).all()
    weights = circuit.parameters.split(vector)["recurrent.weight"]
    rows = np.bincount(np.array(circuit.synapses[0].j), weights)
    np.testing.assert_allclose(rows, 0, atol=1e-12)


def test_unknown_sets_parameters_and_readouts_are_told_in_one_line():
    for act, told in (
        (lambda: morris_lecar_neurons(4, parameter_set="hopff"), "did you mean 'hopf'"),
        (lambda: morris_lecar_neurons(4, g_CA=1 * uA), "did you mean 'g_Ca'"),
        (lambda: morris_lecar(4, readout="grated"), "did you mean 'graded'"),
        (lambda: morris_lecar_neurons(0), "0"),
        (lambda: morris_lecar_neurons(2.5), "2.5"),
    ):
        with pytest.raises(InvalidInput) as caught:
            act()
        assert told in str(caught.value)
        assert "\n" not in str(caught.value)


def test_parameter_sets_are_quantities_that_nobody_can_change():
    for values in PARAMETER_SETS.values():
        assert all(isinstance(one, Quantity) for one in values.values())
    with pytest.raises(TypeError):
        PARAMETER_SETS["network"] = {}
