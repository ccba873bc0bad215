"""Each spiking neuron does what is known of it: closed forms, bifurcations, published patterns."""

from types import SimpleNamespace

import numpy as np
import pytest
from brian2 import NeuronGroup, cm, ms, mV, pA, uA
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

import neurotrain as nt
from neurotrain.errors import InvalidInput
from neurotrain.models import (
    adex_neurons,
    hodgkin_huxley_neurons,
    izhikevich_neurons,
    leaky_integrate_and_fire_neurons,
    quadratic_integrate_and_fire_neurons,
    theta_neurons,
    wang_buzsaki_neurons,
)
from neurotrain.models.adex import PARAMETER_SETS as ADEX_SETS
from neurotrain.models.izhikevich import PARAMETER_SETS as IZHIKEVICH_SETS
from neurotrain.models.leaky_integrate_and_fire import PARAMETER_SETS as LEAKY_SETS
from neurotrain.trials import Trials

# The same on every Python.
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("compiled_quickly")]

BUILDERS = {
    "adex": adex_neurons,
    "hodgkin-huxley": hodgkin_huxley_neurons,
    "izhikevich": izhikevich_neurons,
    "leaky integrate-and-fire": leaky_integrate_and_fire_neurons,
    "quadratic integrate-and-fire": quadratic_integrate_and_fire_neurons,
    "theta": theta_neurons,
    "wang-buzsaki": wang_buzsaki_neurons,
}


def simulate(
    neurons: NeuronGroup, duration_ms: float, current: list[float], **initial
) -> SimpleNamespace:
    """Run uncoupled neurons at constant currents, given in units of I_scale.

    Return the times of each neuron's spikes, in ms, and traces (step, neuron) of states.
    """
    circuit = nt.Circuit(
        neurons, readout=nt.SpikeCountReadout(1), train=["neurons.bias"], namespace={}
    )
    trials = Trials(
        np.zeros((1, 1, 0)), duration_ms, np.zeros(1, int), {"decision": (0.0, duration_ms)}
    )
    start = circuit.draw_initial_state(1, np.random.default_rng(0))
    for name, values in initial.items():
        start[name][:] = values
    edges = np.arange(round(duration_ms / circuit.dt_ms)) * circuit.dt_ms
    got = circuit.simulate(
        np.array([current], dtype=float),
        trials,
        start,
        execution="fused-float64",
        # The same for all tests, which so share what is compiled.
        states=[name for name in ("v", "theta", "activity") if name in neurons.variables],
        bins_ms=edges,
    )
    assert not got.failed.any()
    times = [edges[counts > 0] for counts in got.spike_count[0, 0].T]
    return SimpleNamespace(
        times=times,
        intervals=[np.diff(one) for one in times],
        state={name: trace[0, 0] for name, trace in got.state.items()},
    )


def rates(got: SimpleNamespace, after_ms: float) -> list[float]:
    """Return rates in Hz, from whole intervals that begin after `after_ms`."""
    settled = [one[one > after_ms] for one in got.times]
    return [1e3 / np.diff(one).mean() if len(one) > 1 else 0.0 for one in settled]


# Leaky integrate-and-fire.


@pytest.mark.parametrize(
    ("parameter_set", "tau", "t_ref", "to_threshold", "leak"),
    [("vogels-abbott", 20.0, 5.0, 10.0, 10.0), ("potjans-diesmann", 10.0, 2.0, 15.0, 25.0)],
)
def test_leaky_neurons_fire_at_the_closed_form(parameter_set, tau, t_ref, to_threshold, leak):
    """From reset, which is rest, to threshold; ms, mV, nS."""
    rise = to_threshold * np.array([0.999, 1.001, 1.05, 1.5, 4.0])  # of the potential, in the end
    neurons = leaky_integrate_and_fire_neurons(5, parameter_set=parameter_set, I_0=0 * pA)
    got = simulate(neurons, 1500.0, list(leak * rise / 100))
    assert len(got.times[0]) == 0
    period = t_ref + tau * np.log(rise[1:] / (rise[1:] - to_threshold))
    # The method is exact. The step in which the threshold is crossed counts as refractory.
    early = period - np.array([one[-1] for one in got.intervals[1:]])
    assert (early > -1e-9).all() and (early < 0.1 + 1e-9).all()
    assert LEAKY_SETS[parameter_set]["I_0"] / pA == pytest.approx(leak * to_threshold)


# Quadratic integrate-and-fire, theta.


def test_quadratic_neurons_fire_at_the_closed_form():
    bias = np.array([0.02, 0.3, 2.0])
    k = 5 * bias / 15  # I above rheobase over V_t - V_rest
    root = np.sqrt(k)
    peak, reset = (20 + 57.5) / 15, (-80 + 57.5) / 15
    period = 10 / root * (np.arctan(peak / root) - np.arctan(reset / root))
    fine = quadratic_integrate_and_fire_neurons(4, method="rk4", dt=0.01 * ms)
    got = simulate(fine, 1500.0, [-0.02, *bias])
    assert len(got.times[0]) == 0
    for intervals, expected in zip(got.intervals[1:], period, strict=True):
        assert intervals[-1] == pytest.approx(expected, abs=0.015)
    default = simulate(quadratic_integrate_and_fire_neurons(3), 1500.0, list(bias))
    for intervals, expected in zip(default.intervals, period, strict=True):
        assert intervals[-1] == pytest.approx(expected, abs=0.16)


def test_theta_neurons_fire_at_pi_over_the_root_of_the_current():
    current = np.array([0.01, 0.1, 1.0, 4.0])
    got = simulate(theta_neurons(4), 3500.0, list(current))
    for times, expected in zip(got.times, np.pi * 10 / np.sqrt(current), strict=True):
        count = len(times) - 1
        # The ends of the train are known to a step; the rest is the error of the method.
        tolerance = 0.1 / count + 1e-4 * expected
        assert (times[-1] - times[0]) / count == pytest.approx(expected, abs=tolerance)


def test_theta_neurons_rest_at_the_fixed_point():
    current = np.array([-0.05, -1.0])
    got = simulate(theta_neurons(2), 500.0, list(current))
    rest = -np.arccos((1 + current) / (1 - current))
    np.testing.assert_allclose(got.state["theta"][-1], rest, atol=1e-6)
    assert not any(map(len, got.times))


# Adaptive exponential integrate-and-fire.


def adex_onset(p: dict[str, float]) -> tuple[float, float]:
    """Return the current and the potential at which rest is lost (Touboul and Brette 2008)."""
    k, r = p["a"] / p["g_L"], p["C"] / (p["g_L"] * p["tau_w"])
    v = p["V_T"] + p["Delta_T"] * np.log1p(min(k, r))
    current = (p["g_L"] + p["a"]) * (v - p["E_L"] - p["Delta_T"])
    return current + p["Delta_T"] * p["g_L"] * max(k - r, 0), v


# With 'delayed-bursting' a is -g_L, so that there is no rest at a positive current.
@pytest.mark.parametrize("parameter_set", sorted(set(ADEX_SETS) - {"delayed-bursting"}))
def test_adex_neurons_lose_rest_at_the_closed_form(parameter_set):
    p = {name: float(value) for name, value in ADEX_SETS[parameter_set].items()}
    onset, v_onset = adex_onset(p)
    below, above = onset - 2e-12, onset + 2e-12

    def excess(v):
        upstroke = p["g_L"] * p["Delta_T"] * np.exp((v - p["V_T"]) / p["Delta_T"])
        return (p["g_L"] + p["a"]) * (v - p["E_L"]) - upstroke - below

    v = np.array([brentq(excess, p["E_L"] - 0.1, v_onset), v_onset])
    neurons = adex_neurons(2, parameter_set=parameter_set, I_0=0 * pA, dt=0.05 * ms)
    got = simulate(
        neurons,
        3000.0,
        [below / 500e-12, above / 500e-12],
        v=v + 1e-6,
        w=p["a"] * (v - p["E_L"]),
    )
    silent, firing = got.times
    assert len(silent) == 0
    assert got.state["v"][-1, 0] == pytest.approx(v[0], abs=1e-6)
    assert len(firing) > 0


def test_the_default_current_of_adex_is_where_rest_is_lost():
    p = {name: float(value) for name, value in ADEX_SETS["brette-gerstner"].items()}
    assert adex_onset(p)[0] == pytest.approx(p["I_0"], abs=0.5e-12)


def test_adex_neurons_show_the_patterns_of_naud_et_al():
    """Their figure 4: the intervals after a step of current."""
    got = {
        name: simulate(adex_neurons(1, parameter_set=name), 800.0, [0.0])
        for name in set(ADEX_SETS) - {"brette-gerstner"}
    }
    intervals = {name: one.intervals[0] for name, one in got.items()}

    assert np.ptp(intervals["tonic"][10:]) < 0.3
    assert intervals["tonic"][0] > 0.9 * intervals["tonic"][-1]

    adapting = intervals["adapting"]
    assert (np.diff(adapting[:6]) > 0).all()
    assert adapting[-1] > 5 * adapting[0]

    first, later = intervals["initial-burst"][:2], intervals["initial-burst"][2:]
    assert (first < 10).all() and (later > 50).all()

    short = intervals["bursting"] < 10
    assert short[:2].all() and (np.diff(short[2:].astype(int)) != 0).all()  # pairs from then on

    assert got["accelerating"].times[0][0] > 25
    assert (np.diff(intervals["accelerating"]) < 0.11).all()  # to a step
    assert intervals["accelerating"][0] > 1.9 * intervals["accelerating"][-1]

    delayed = intervals["delayed-bursting"]
    assert got["delayed-bursting"].times[0][0] > 50
    assert ((delayed < 10) == (np.arange(len(delayed)) % 4 != 3)).all()  # four in each burst

    assert 0 < len(got["transient"].times[0]) < 5
    assert got["transient"].times[0][-1] < 100

    irregular = intervals["irregular"][4:]
    for period in range(1, 9):
        assert np.abs(irregular[period:] - irregular[:-period]).max() > 3


def test_the_pyramidal_neuron_of_brette_and_gerstner_fires_as_the_printed_equations_do():
    """Their equations 1 to 3 and table 1, integrated by SciPy from spike to spike; mV, ms, pA."""

    def printed(_, y):
        v, w = y
        return [
            (-30 * (v + 70.6) + 60 * np.exp((v + 50.4) / 2) - w + 727) / 281,
            (4 * (v + 70.6) - w) / 144,
        ]

    def peak(_, y):
        return y[0] - 20

    peak.terminal = True
    expected, state = [0.0], [-70.6, 0.0]
    for _ in range(6):
        got = solve_ivp(printed, (0, 300), state, events=peak, rtol=1e-8, atol=1e-8)
        expected.append(expected[-1] + got.t[-1])
        state = [-70.6, got.y[1, -1] + 80.5]
    neurons = adex_neurons(1, dt=0.01 * ms)
    times = simulate(neurons, 600.0, [0.2]).times[0]
    np.testing.assert_allclose(times[:6], expected[1:], rtol=3e-3)
    assert np.diff(expected, 2)[1:4].min() > 10  # adaptation
    default = simulate(adex_neurons(1), 600.0, [0.2]).times[0]
    np.testing.assert_allclose(default[:6], expected[1:], rtol=0.02)


# Izhikevich.


@pytest.mark.parametrize("parameter_set", IZHIKEVICH_SETS)
def test_izhikevich_neurons_lose_rest_at_the_closed_form(parameter_set):
    p = {name: float(value) * 1e-3 for name, value in IZHIKEVICH_SETS[parameter_set].items()}
    a, b = p["a"], p["b"]
    assert a < b  # a Hopf bifurcation

    def at_rest(v):
        return b * v - 0.04 * v**2 - 5 * v - 140

    v_onset = (a - 5) / 0.08
    onset = at_rest(v_onset)
    assert IZHIKEVICH_SETS[parameter_set]["I_0"] / (mV / ms) == pytest.approx(onset, abs=6e-3)
    below, above = onset - 0.1, onset + 0.1
    v = np.array([brentq(lambda v: at_rest(v) - below, -80, v_onset), v_onset])
    neurons = izhikevich_neurons(2, parameter_set=parameter_set, I_0=0 * mV / ms, dt=0.02 * ms)
    got = simulate(neurons, 2000.0, [below / 5, above / 5], v=(v + 0.01) / 1e3, u=b * v)
    silent, firing = got.times
    assert len(silent) == 0
    assert got.state["v"][-1, 0] * 1e3 == pytest.approx(v[0], abs=1e-3)
    assert len(firing) > 0


def kind(name: str, current: float, **initial: float) -> SimpleNamespace:
    neurons = izhikevich_neurons(1, parameter_set=name, I_0=current * mV / ms)
    return simulate(neurons, 500.0, [0.0], **initial)


def test_izhikevich_neurons_show_the_patterns_of_their_kinds():
    """Izhikevich (2003), figure 2: a step of 10."""
    intervals = {name: kind(name, 10).intervals[0] for name in IZHIKEVICH_SETS}

    assert intervals["RS"][1] > 1.5 * intervals["RS"][0]
    assert np.ptp(intervals["RS"][1:]) < 0.5

    burst, later = intervals["IB"][:2], intervals["IB"][3:]
    assert (burst < 6).all() and (later > 25).all() and np.ptp(later) < 0.5

    gaps = np.flatnonzero(intervals["CH"] > 20)
    assert len(gaps) > 5  # bursts
    assert set(np.diff(gaps)) == {5}  # of five spikes
    assert (np.delete(intervals["CH"], gaps) < 8).all()

    assert 1e3 / intervals["FS"][-1] > 100
    assert np.ptp(intervals["FS"][2:]) < 0.5  # no adaptation

    assert intervals["LTS"][0] < 4 and intervals["LTS"][-1] > 3 * intervals["LTS"][0]

    assert np.ptp(intervals["TC"][50:]) < 1  # tonic firing


def test_low_threshold_neurons_fire_where_regular_ones_rest():
    assert len(kind("LTS", 2).times[0]) > 5
    assert len(kind("RS", 2).times[0]) == 0


def test_thalamo_cortical_neurons_burst_upon_release_from_hyperpolarization():
    """Izhikevich (2003), figure 2: TC."""
    v = -87.0
    got = kind("TC", 0, v=v * 1e-3, u=0.25 * v)
    assert len(got.times[0]) >= 2
    assert got.intervals[0].max() < 20
    assert got.times[0][-1] < 100


def test_resonators_oscillate_below_threshold():
    got = kind("RZ", 0.1, v=-62e-3, u=0.26 * -62.5)
    v = got.state["v"][:, 0]
    turns = np.flatnonzero(np.diff(np.sign(np.diff(v)))) * 0.1
    assert len(got.times[0]) == 0
    rest = np.roots([0.04, 5 - 0.26, 140 + 0.1]).min()
    frequency = np.linalg.eigvals([[0.08 * rest + 5, -1], [0.1 * 0.26, -0.1]]).imag.max()
    np.testing.assert_allclose(np.diff(turns[1:6]), np.pi / frequency, rtol=0.03)


# Hodgkin-Huxley, Wang-Buzsaki: the equations as printed, integrated by SciPy.


def traub_miles(v, m, h, n, current):
    """Brette et al. (2007), appendix 2; mV, ms, pA."""
    u = v + 63
    rise_m = 0.32 * (13 - u) / np.expm1((13 - u) / 4)
    fall_m = 0.28 * (u - 40) / np.expm1((u - 40) / 5)
    rise_h, fall_h = 0.128 * np.exp((17 - u) / 18), 4 / (1 + np.exp((40 - u) / 5))
    rise_n, fall_n = 0.032 * (15 - u) / np.expm1((15 - u) / 5), 0.5 * np.exp((10 - u) / 40)
    inward = 10 * (-60 - v) + 20_000 * m**3 * h * (50 - v) + 6000 * n**4 * (-90 - v)
    return [
        (inward + current) / 200,
        rise_m * (1 - m) - fall_m * m,
        rise_h * (1 - h) - fall_h * h,
        rise_n * (1 - n) - fall_n * n,
    ]


def wang_buzsaki(v, h, n, current):
    """Wang and Buzsaki (1996), page 6403; mV, ms, uA/cm2."""
    rise_m = -0.1 * (v + 35) / np.expm1(-0.1 * (v + 35))
    m = rise_m / (rise_m + 4 * np.exp(-(v + 60) / 18))
    rise_h, fall_h = 0.07 * np.exp(-(v + 58) / 20), 1 / (np.exp(-0.1 * (v + 28)) + 1)
    rise_n = -0.01 * (v + 34) / np.expm1(-0.1 * (v + 34))
    fall_n = 0.125 * np.exp(-(v + 44) / 80)
    return [
        0.1 * (-65 - v) + 35 * m**3 * h * (55 - v) + 9 * n**4 * (-90 - v) + current,
        5 * (rise_h * (1 - h) - fall_h * h),
        5 * (rise_n * (1 - n) - fall_n * n),
    ]


def cycle(equations, start, current, threshold):
    """Return rate (Hz), highest and lowest potential (mV) of the limit cycle."""

    def crossing(_, y):
        return y[0] - threshold

    crossing.direction = 1
    crossing.terminal = 12
    got = solve_ivp(
        lambda _, y: equations(*y, current),
        (0, 2000),
        start,
        method="LSODA",
        events=crossing,
        rtol=1e-8,
        atol=1e-9,
        max_step=0.5,
    )
    times = got.t_events[0]
    v = got.y[0][got.t > times[-2]]
    return 1e3 / (times[-1] - times[-2]), v.max(), v.min()


def steady_fold(equations, gates):
    """Return the current (pA or uA/cm2) at which the resting potential ceases to exist."""
    v = np.linspace(-75, -55, 200_001)
    steady = []
    for column in range(gates):
        # A gate's equation is linear in it: at rest it is -f(0)/(f(1) - f(0)).
        zero, one = (np.full((gates, len(v)), value) for value in (0.0, 1.0))
        at_zero = equations(v, *zero, 0.0)[1 + column]
        steady.append(at_zero / (at_zero - equations(v, *one, 0.0)[1 + column]))
    capacitance = 200 if gates == 3 else 1
    holding = -np.array(equations(v, *steady, 0.0)[0]) * capacitance
    return holding[np.flatnonzero(np.diff(holding) < 0)[0]]


def test_traub_miles_neurons_fire_as_the_printed_equations_do():
    current = [0.0, 100.0, 500.0]
    # The step in which -20 mV is crossed is known to 0.02 ms.
    neurons = hodgkin_huxley_neurons(3, method="rk4", dt=0.02 * ms)
    got = simulate(neurons, 600.0, [one / 200 for one in current])
    v = got.state["v"][10_000:] * 1e3
    for column, one in enumerate(current):
        rate, high, low = cycle(traub_miles, [-62, 0.02, 0.98, 0.07], one, -20.0)
        assert rates(got, 100.0)[column] == pytest.approx(rate, rel=2e-3)
        assert v[:, column].max() == pytest.approx(high, abs=0.3)
        assert v[:, column].min() == pytest.approx(low, abs=0.1)


def test_the_default_method_is_near_the_printed_equations():
    got = simulate(hodgkin_huxley_neurons(3), 800.0, [0.0, 0.5, 2.5])
    np.testing.assert_allclose(rates(got, 100.0), [13.85, 31.59, 82.78], rtol=0.05)


def test_traub_miles_neurons_begin_to_fire_at_the_fold():
    fold = steady_fold(traub_miles, 3)
    assert fold == pytest.approx(-31.81, abs=0.01)
    got = simulate(hodgkin_huxley_neurons(2), 1500.0, [(fold - 0.5) / 200, (fold + 0.5) / 200])
    silent, firing = rates(got, 300.0)
    assert silent == 0
    assert 0.5 < firing < 5


def test_wang_buzsaki_neurons_fire_as_the_printed_equations_do():
    current = [0.3, 1.0, 5.0, 20.0]
    neurons = wang_buzsaki_neurons(4, method="rk4", dt=0.02 * ms, I_0=0 * uA / cm**2)
    got = simulate(neurons, 600.0, current)
    v = got.state["v"][10_000:] * 1e3
    for column, one in enumerate(current):
        rate, high, low = cycle(wang_buzsaki, [-64, 0.78, 0.09], one, 0.0)
        assert rates(got, 100.0)[column] == pytest.approx(rate, rel=3e-3)
        assert v[:, column].max() == pytest.approx(high, abs=0.3)
        assert v[:, column].min() == pytest.approx(low, abs=0.1)


def test_wang_buzsaki_neurons_are_fast_spiking():
    """Wang and Buzsaki (1996), figure 1: 400 Hz at 20 uA/cm2; spikes end near -70 mV."""
    neurons = wang_buzsaki_neurons(2, I_0=0 * uA / cm**2)
    got = simulate(neurons, 600.0, [1.0, 20.0])
    assert rates(got, 100.0)[1] == pytest.approx(400, rel=0.05)
    lowest = got.state["v"][4000:, 0].min() * 1e3
    assert -70 < lowest < -65
    # Slower gates overshoot the reversal potential of inhibition (their figure 3).
    slow = simulate(wang_buzsaki_neurons(1, phi=2), 300.0, [1.4])
    assert slow.state["v"][2000:].min() * 1e3 < -75


def test_wang_buzsaki_neurons_begin_to_fire_at_the_fold():
    fold = steady_fold(wang_buzsaki, 2)
    assert fold == pytest.approx(0.1601, abs=1e-4)
    neurons = wang_buzsaki_neurons(2, I_0=0 * uA / cm**2)
    silent, firing = rates(simulate(neurons, 1500.0, [fold - 0.005, fold + 0.005]), 300.0)
    assert silent == 0
    assert 0.5 < firing < 5


# All.


@pytest.mark.parametrize("name", BUILDERS)
def test_builders_tell_of_unknown_sets_and_parameters_in_one_line(name):
    build = BUILDERS[name]
    wrong = [lambda: build(0), lambda: build(2.5), lambda: build(2, I_scales=1 * pA)]
    if name != "theta":
        wrong.append(lambda: build(2, parameter_set="none"))
    for act in wrong:
        with pytest.raises(InvalidInput) as caught:
            act()
        assert "\n" not in str(caught.value)
    with pytest.raises(InvalidInput, match="did you mean 'I_scale'"):
        build(2, I_scales=1 * pA)


@pytest.mark.parametrize("name", sorted(set(BUILDERS) - {"theta"}))
def test_a_graded_readout_reads_a_trace_of_spikes(name):
    """The trace jumps by 1 at a spike and decays with tau_a."""
    got = simulate(BUILDERS[name](1), 300.0, [0.5])
    trace = got.state["activity"][:, 0]
    dt = 300.0 / len(trace)
    # The trace shows the beginnings of steps, the jump is at the end of one.
    since = np.arange(-1, len(trace) - 1)[:, np.newaxis] * dt - got.times[0]
    expected = np.where(since > -1e-9, np.exp(-since / 20), 0).sum(axis=1)
    np.testing.assert_allclose(trace, expected, atol=0.05)
    assert len(got.times[0]) > 1
