"""Lyapunov exponents against systems whose exponents are known."""

import numpy as np
import pytest
from brian2 import NeuronGroup, Synapses, ms

import neurotrain as nt
from neurotrain.errors import InvalidInput, UnsupportedModel
from neurotrain.gradients.lyapunov import LyapunovExponents, lyapunov_exponents
from neurotrain.models import MODELS
from neurotrain.trials import Trials

pytestmark = pytest.mark.usefixtures("compiled_quickly")


def trials_of(bins, bin_ms, n_trials=1, channels=0, rng=None):
    inputs = np.zeros((n_trials, bins, channels))
    if rng is not None:
        inputs = rng.normal(size=inputs.shape)
    return Trials(inputs, bin_ms, np.zeros(n_trials, int), {"decision": (0.0, bins * bin_ms)})


def circuit_of(equations, train, neurons=1, dt=1 * ms, initial=None, method="euler", **more):
    group = NeuronGroup(neurons, equations, method=method, dt=dt)
    others = more.pop("others", lambda group: ())(group)
    readout = nt.GradedReadout("x", 2)
    names = {**(initial or {"x": nt.Normal(0, 1)})}
    return nt.Circuit(
        group, *others, readout=readout, train=train, initial=names, namespace={}, **more
    )


def candidate_of(circuit, **blocks):
    drawn = circuit.parameters.split(circuit.parameters.draw(np.random.default_rng(0)))
    return circuit.parameters.join(drawn | blocks)


def exponents(circuit, candidate, trials, after_ms=0.0, **options):
    rng = np.random.default_rng(1)
    state = circuit.draw_initial_state(trials.n_trials, rng)
    return lyapunov_exponents(circuit, candidate, trials, state, rng, **options).exponents(after_ms)


LORENZ = """
dx/dt = 10*(y - x)/second : 1
dy/dt = (x*(rho - z) - y)/second : 1
dz/dt = (x*y - 8.0/3*z)/second : 1
rho : 1
"""


def test_lorenz():
    """0.9056, 0 and -14.5723 (Sprott 2003), whose sum is exactly the divergence, -41/3."""
    start = {"x": nt.Normal(5, 1), "y": nt.Normal(5, 1), "z": nt.Normal(25, 1)}
    circuit = circuit_of(LORENZ, ["neurons.rho"], dt=10 * ms, initial=start, method="rk4")
    trials = trials_of(1200, 100.0, n_trials=8)
    chaotic = candidate_of(circuit, **{"neurons.rho": np.array([28.0])})
    found = exponents(circuit, chaotic, trials, 20_000, count=3, bins_per_segment=2).mean(axis=0)
    assert found == pytest.approx([0.9056, 0, -14.5723], abs=0.03)
    assert found.sum() == pytest.approx(-41 / 3, abs=2e-3)
    calm = candidate_of(circuit, **{"neurons.rho": np.array([10.0])})
    # At rest in (sqrt(24), sqrt(24), 9): the roots of l^3 + 41/3 l^2 + 8/3 (10 + 10) l + 480.
    at_rest = np.sort(np.roots([1, 41 / 3, 160 / 3, 480]).real)[::-1]
    found = exponents(circuit, calm, trials, 60_000, count=3, bins_per_segment=2)
    assert found == pytest.approx(np.tile(at_rest, (8, 1)), abs=3e-3)


def test_logistic_map():
    """x -> 4x(1 - x) doubles perturbations in every step, on average."""
    # The refinement keeps Brian2 from multiplying the step out of the equation.
    equations = "dx/dt = (r*x*(1 - x) - x)/(1*ms) : 1\nr : 1"
    circuit = circuit_of(equations, ["neurons.r"], initial={"x": nt.Uniform(0.1, 0.9)})
    trials = trials_of(4000, 1.0, n_trials=4)
    chaotic = candidate_of(circuit, **{"neurons.r": np.array([4.0])})
    found = exponents(circuit, chaotic, trials, bins_per_segment=4)
    assert found == pytest.approx(np.log(2) * 1e3, rel=0.01)
    # A fixed point in 1 - 1/r with slope 2 - r.
    calm = candidate_of(circuit, **{"neurons.r": np.array([2.8])})
    found = exponents(circuit, calm, trials, 500, bins_per_segment=4)
    assert found == pytest.approx(np.log(0.8) * 1e3, rel=1e-4)


def test_all_exponents_of_a_linear_network_with_input():
    """Those of the matrix 1 + dt (W - 1)/tau, whatever the input is."""
    neurons = 4

    def synapses(group):
        made = Synapses(group, group, "weight : 1\ndrive_post = weight*x_pre : 1 (summed)")
        made.connect()
        return (made,)

    equations = "dx/dt = (drive + stimulus - x)/(10*ms) : 1\ndrive : 1\nstimulus : 1"
    circuit = circuit_of(
        equations,
        ["recurrent.weight", "input.weight"],
        neurons,
        others=synapses,
        inputs=nt.Input("stimulus", 3),
    )
    rng = np.random.default_rng(3)
    rotation = np.linalg.qr(rng.normal(size=(neurons, neurons)))[0]
    matrix = rotation @ np.diag([1.3, 0.9, 0.2, -0.5]) @ rotation.T
    # A weight of each synapse, in the order of Brian2: by the presynaptic neuron.
    weight = matrix.T.ravel()
    candidate = candidate_of(circuit, **{"recurrent.weight": weight})
    trials = trials_of(300, 2.0, n_trials=2, channels=3, rng=rng)
    found = exponents(circuit, candidate, trials, 200, count=4)
    expected = np.log(1 + 0.1 * (np.array([1.3, 0.9, 0.2, -0.5]) - 1)) * 1e3
    assert found == pytest.approx(np.tile(expected, (2, 1)), rel=1e-4)


def test_growth_follows_the_input_of_the_trial():
    """Of one unit it is the product of the derivatives of all steps, here done by hand."""
    equations = "dx/dt = (5*sin(3*x) + stimulus)/second : 1\nstimulus : 1"
    circuit = circuit_of(
        equations, ["input.weight"], dt=10 * ms, inputs=nt.Input("stimulus", 1), method="euler"
    )
    rng = np.random.default_rng(5)
    trials = trials_of(30, 20.0, n_trials=2, channels=1, rng=rng)
    state = circuit.draw_initial_state(2, rng)
    weight = 8.0
    candidate = candidate_of(circuit, **{"input.weight": np.array([[weight]])})
    found = lyapunov_exponents(circuit, candidate, trials, state, rng, bins_per_segment=3)
    x, logs = state["x"][:, 0], []
    for step in range(60):
        logs.append(np.log(np.abs(1 + 0.15 * np.cos(3 * x))))
        x = x + 0.05 * np.sin(3 * x) + 0.01 * weight * trials.inputs[:, step // 2, 0]
    expected = np.reshape(logs, (10, 6, 2)).sum(axis=1) / 0.06
    assert found.growth[..., 0] == pytest.approx(expected, rel=1e-4, abs=1e-4)
    assert found.stop_ms.tolist() == [60.0 * k for k in range(1, 11)]


def test_uncoupled_neurons_that_fire_regularly_do_not_part():
    """On a limit cycle the largest exponent is zero: the phase neither grows nor shrinks."""
    circuit = MODELS["morris-lecar"](3, channels=2, classes=2, dt=0.1 * ms)
    quiet = {name: 0.0 for name in ("recurrent.weight", "input.weight")}
    blocks = circuit.parameters.split(circuit.parameters.draw(np.random.default_rng(0)))
    blocks |= {name: 0 * blocks[name] for name in quiet} | {"neurons.bias": np.full(3, 0.4)}
    candidate = circuit.parameters.join(blocks)
    found = exponents(circuit, candidate, trials_of(2000, 4.0, 2, 2), 2000)
    # It is about +8/s in a coupled network, and -30/s and less across the cycle.
    assert np.abs(found).max() < 0.5


def test_growth_in_the_course_of_a_trial():
    growth = np.array([[[4.0]], [[2.0]], [[1.0]]])
    found = LyapunovExponents(growth, np.array([10.0, 20.0, 40.0]))
    assert found.exponents()[0, 0] == pytest.approx((40 + 20 + 20) / 40)
    assert found.exponents(15)[0, 0] == 1
    with pytest.raises(InvalidInput, match="begins at 20 ms"):
        found.exponents(30)


def test_exploding_states_are_not_a_number():
    circuit = circuit_of("dx/dt = r*x**3/second : 1\nr : 1", ["neurons.r"], dt=10 * ms)
    candidate = candidate_of(circuit, **{"neurons.r": np.array([50.0])})
    assert np.isnan(exponents(circuit, candidate, trials_of(100, 100.0))).all()


def test_what_is_not_smooth_is_refused():
    rng = np.random.default_rng(0)
    spiking = MODELS["leaky-integrate-and-fire"](4, channels=2, classes=2)
    trials = trials_of(10, 5.0, channels=2)
    with pytest.raises(UnsupportedModel, match="graded coupling"):
        lyapunov_exponents(
            spiking,
            spiking.parameters.draw(rng),
            trials,
            spiking.draw_initial_state(1, rng),
            rng,
        )
    refused = {
        "dx/dt = (p - x)/second + xi*second**-0.5 : 1\np : 1": "noise",
        "dx/dt = (p - x)/second*sin(t/second) : 1\np : 1": "'t'",
    }
    for equations, message in refused.items():
        circuit = circuit_of(equations, ["neurons.p"])
        with pytest.raises(UnsupportedModel, match=message):
            exponents(circuit, circuit.parameters.draw(rng), trials_of(4, 2.0))


def test_bad_input_is_refused():
    circuit = circuit_of("dx/dt = (p - x)/second : 1\np : 1", ["neurons.p"])
    candidate = circuit.parameters.draw(np.random.default_rng(0))
    with pytest.raises(InvalidInput, match="2 exponents of 1"):
        exponents(circuit, candidate, trials_of(10, 2.0), count=2)
    with pytest.raises(InvalidInput, match="longer than the trial"):
        exponents(circuit, candidate, trials_of(10, 2.0), bins_per_segment=11)
