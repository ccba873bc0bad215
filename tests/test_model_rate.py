"""The rate network does what theory says: fixed points, eigenvalues, the onset of chaos."""

import numpy as np
import pytest
from brian2 import ms
from scipy.optimize import brentq, fsolve

from neurotrain.errors import InvalidInput
from neurotrain.models import rate, rate_units
from neurotrain.models.rate import NONLINEARITIES
from neurotrain.trials import Trials

# The same on every Python.
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("compiled_quickly")]

TAU = 10.0  # ms


def network(n, **options):
    """Return a fast network without input."""
    return rate(n, channels=1, **{"tau": TAU * ms, "dt": 1 * ms, **options})


def simulate(circuit, weight, bias, start, duration_ms, n_trials=1):
    """Return the trace of x, (trial, step, unit), without input."""
    blocks = circuit.parameters.split(circuit.parameters.draw(np.random.default_rng(0))[np.newaxis])
    blocks["recurrent.weight"][0] = weight_of_synapses(circuit, weight)
    blocks["neurons.bias"][0] = bias
    trials = Trials(
        np.zeros((n_trials, 1, circuit.channels)),
        duration_ms,
        np.zeros(n_trials, int),
        {"decision": (0.0, duration_ms)},
    )
    initial = {"x": np.broadcast_to(start, (n_trials, circuit.n_neurons)).copy()}
    got = circuit.simulate(
        circuit.parameters.join(blocks), trials, initial, execution="fused-float64", states=("x",)
    )
    return got.state["x"][0]


def weight_of_synapses(circuit, matrix):
    """Return the weights of the synapses from a matrix w_ij, to i from j."""
    synapses = circuit.synapses[0]
    return matrix[np.array(synapses.j), np.array(synapses.i)]


def random_network(n, gain, seed=0):
    return np.random.default_rng(seed).normal(0, gain / np.sqrt(n), (n, n))


@pytest.mark.parametrize(
    ("nonlinearity", "response"),
    [
        ("tanh", np.tanh),
        ("rectified-linear", lambda x: np.maximum(x, 0)),
        ("logistic", lambda x: 1 / (1 + np.exp(-x))),
    ],
)
def test_units_settle_at_the_fixed_point(nonlinearity, response):
    n = 20
    weight = random_network(n, 0.4)
    bias = np.random.default_rng(1).normal(size=n)
    circuit = network(n, nonlinearity=nonlinearity)
    x = simulate(circuit, weight, bias, 0.0, 400.0)[0, -1]
    expected = fsolve(lambda x: -x + weight @ response(x) + bias, np.zeros(n), xtol=1e-12)
    np.testing.assert_allclose(x, expected, atol=1e-9)
    assert nonlinearity in NONLINEARITIES


def test_initial_weights_have_the_gain():
    """Of 10,000 weights the standard deviation is known to 0.7 %."""
    circuit = network(100, gain=1.5)
    blocks = circuit.parameters.split(circuit.parameters.draw(np.random.default_rng(0)))
    assert np.std(blocks["recurrent.weight"]) == pytest.approx(1.5 / 10, rel=0.03)


@pytest.mark.parametrize("gain", [0.7, 1.3])
def test_small_activity_follows_the_eigenvalues(gain):
    """Near rest dx/dt = (W - 1)*x/tau: one eigenvector decays or grows by its own factor."""
    n = 50
    values, vectors = np.linalg.eigh((lambda w: (w + w.T) / 2)(random_network(n, gain)))
    weight = vectors @ np.diag(values) @ vectors.T
    circuit = network(n, dt=0.1 * ms)
    x = simulate(circuit, weight, 0.0, 1e-6 * vectors[:, -1], 50.0)[0]
    along = x @ vectors[:, -1]
    euler = 1 + 0.1 / TAU * (values[-1] - 1)
    np.testing.assert_allclose(along[1:] / along[:-1], euler, rtol=1e-7)


def test_rest_is_lost_where_the_spectrum_crosses_one():
    """Sompolinsky et al. (1988): at g = 1, in a finite network where max Re(eigenvalue) is 1."""
    n = 100
    weight = random_network(n, 1.0)
    weight /= np.linalg.eigvals(weight).real.max()
    start = 1e-3 * np.random.default_rng(1).normal(size=n)
    circuit = network(n)
    quiet, active = (
        np.abs(simulate(circuit, scale * weight, 0.0, start, 2000.0)[0, -1]).max()
        for scale in (0.9, 1.1)
    )
    assert quiet < 1e-6
    assert active > 0.05


def lyapunov_exponent(gain, n=200):
    """Return how fast (1/ms) two trajectories part that begin 1e-8 from each other."""
    rng = np.random.default_rng(3)
    circuit = network(n)
    settled = simulate(circuit, random_network(n, gain), 0.0, rng.normal(size=n), 500.0)[0, -1]
    start = settled + np.array([[0.0], [1e-8]]) * rng.normal(size=n)
    x = simulate(circuit, random_network(n, gain), 0.0, start, 300.0, n_trials=2)
    distance = np.linalg.norm(x[0] - x[1], axis=1)
    return np.polyfit(np.arange(50, 300), np.log(distance[50:]), 1)[0]


def test_chaos_begins_above_a_gain_of_one():
    assert lyapunov_exponent(0.8) < -0.01
    assert lyapunov_exponent(3.0) > 0.01


def test_chaotic_activity_has_the_variance_of_mean_field_theory():
    """Sompolinsky et al. (1988), the potential of equation 8 has equal value at both ends.

    For tanh this is D**2/2 = g**2*Var[log(cosh(sqrt(D)*z))] with z normal. In a network of 500
    units, time and disorder leave a standard deviation of 2.6 % of sqrt(D) (twenty networks), so
    that one in 500 fails; at a gain of 1.8 sqrt(D) is 14 % less.
    """
    gain, n = 2.0, 500
    z, p = np.polynomial.hermite_e.hermegauss(120)
    p /= p.sum()

    def balance(variance):
        potential = np.log(np.cosh(np.sqrt(variance) * z))
        spread = (p * potential**2).sum() - (p * potential).sum() ** 2
        return variance**2 / 2 - gain**2 * spread

    expected = np.sqrt(brentq(balance, 0.1, 20))
    start = np.random.default_rng(1).normal(size=(2, n))
    x = simulate(network(n), random_network(n, gain), 0.0, start, 2500.0, n_trials=2)
    assert np.sqrt((x[:, 500:] ** 2).mean()) == pytest.approx(expected, rel=0.08)


def test_what_rate_units_cannot_do_is_told_in_one_line():
    for act, told in (
        (lambda: rate(4, readout="spike-count"), "do not spike"),
        (lambda: rate(4, nonlinearity="tan"), "did you mean 'tanh'"),
        (lambda: rate_units(0), "0"),
    ):
        with pytest.raises(InvalidInput) as caught:
            act()
        assert told in str(caught.value)
        assert "\n" not in str(caught.value)
