"""Gradients estimated from noise, and their cosines, against losses whose gradient is known.

Tests of chance compare a standard normal statistic with 5: one in 1.7 million draws lies beyond.
"""

import numpy as np
import pytest
from brian2 import ms

from neurotrain.errors import InvalidInput
from neurotrain.executions.torch.options import Differentiation
from neurotrain.gradients.differentiation import loss_and_gradient
from neurotrain.gradients.direction import cosine, gradient_cosine
from neurotrain.gradients.simulated_loss import SimulatedLoss
from neurotrain.gradients.smoothing import smoothed_gradient
from neurotrain.losses import CrossEntropy
from neurotrain.models import MODELS
from neurotrain.tasks import StimulusIntegration

PARAMETERS = 30
RNG = np.random.default_rng(0)
GRADIENT, CENTER, UNIT = (RNG.normal(size=PARAMETERS) for _ in range(3))
UNIT /= np.linalg.norm(UNIT)
HESSIAN = RNG.normal(size=(PARAMETERS, PARAMETERS))


def linear(candidates):
    return candidates @ GRADIENT


def estimate(loss, sigma=0.3, pairs=2000, seed=1):
    return smoothed_gradient(loss, CENTER, sigma, pairs, np.random.default_rng(seed))


def deviation(found, gradient, pairs):
    """Return how far an estimate for a linear loss is off, in standard deviations."""
    variance = (GRADIENT @ GRADIENT + (GRADIENT @ UNIT) ** 2) / pairs
    return (found.gradient - gradient) @ UNIT / variance**0.5


def test_a_linear_loss():
    found = estimate(linear)
    assert abs(deviation(found, GRADIENT, 2000)) < 5
    # The control: a gradient that is 30 % too long would be found out.
    assert abs(deviation(found, GRADIENT + 0.3 * np.linalg.norm(GRADIENT) * UNIT, 2000)) > 5
    assert found.pairs == 2000 and found.non_finite_share == 0
    assert found.halves.mean(axis=0) == pytest.approx(found.gradient)


def test_the_variance_is_as_stated():
    z = [deviation(estimate(linear, pairs=50, seed=k), GRADIENT, 50) for k in range(400)]
    # The mean of 400 squares has about a standard deviation of sqrt(2/400) = 0.07.
    assert abs(np.mean(np.square(z)) - 1) < 5 * 0.08


def test_even_parts_cancel_and_curvature_tilts():
    def quadratic(x):
        return linear(x) + np.einsum("ci,ij,cj->c", x - CENTER, HESSIAN, x - CENTER)

    def with_curvature(x):
        return linear(x) + np.einsum("ci,ij,cj->c", x, HESSIAN, x)

    assert estimate(quadratic).gradient == pytest.approx(estimate(linear).gradient)
    tilted = GRADIENT + (HESSIAN + HESSIAN.T) @ CENTER
    along = estimate(lambda x: x @ tilted)
    assert estimate(with_curvature).gradient == pytest.approx(along.gradient)


def test_it_is_the_gradient_of_the_smoothed_loss():
    # Of x^3 it is 3 (x^2 + sigma^2), which for this sigma is not at all that at the center.
    center, sigma, pairs = np.array([0.2]), 0.7, 20_000
    found = smoothed_gradient(
        lambda x: x[:, 0] ** 3, center, sigma, pairs, np.random.default_rng(0)
    )
    odd = np.random.default_rng(0).standard_normal(pairs)
    each = (3 * center**2 * odd + sigma**2 * odd**3) * odd
    assert abs(found.gradient[0] - 3 * (0.2**2 + sigma**2)) < 5 * each.std() / pairs**0.5
    assert abs(3 * 0.2**2 - found.gradient[0]) > 5 * each.std() / pairs**0.5
    assert abs(found.loss - (0.2**3 + 3 * 0.2 * sigma**2)) < 0.1


def test_sigma_of_each_parameter():
    sigma = np.linspace(0.1, 2, PARAMETERS)
    found = estimate(linear, sigma)
    scaled = (GRADIENT * sigma) @ (GRADIENT * sigma)
    variance = ((scaled + (GRADIENT * sigma) ** 2) / sigma**2 / 2000)[3]
    assert abs(found.gradient[3] - GRADIENT[3]) < 5 * variance**0.5


def test_pairs_that_failed_are_left_out():
    def partly(x):
        return np.where(x[:, 0] > CENTER[0] + 0.3, np.nan, linear(x))

    found = estimate(partly)
    assert 0.1 < found.non_finite_share < 0.25
    assert found.pairs < 2000
    assert np.isfinite(found.gradient).all() and np.isfinite(found.loss)
    nothing = estimate(lambda x: np.full(len(x), np.inf), pairs=4)
    assert np.isnan(nothing.gradient).all() and np.isnan(nothing.loss) and nothing.pairs == 0
    assert np.isnan(gradient_cosine(GRADIENT, nothing).measured)


def test_candidates_come_in_pieces():
    sizes = []

    def noted(x):
        sizes.append(len(x))
        return linear(x)

    estimate(noted, pairs=100)
    assert sizes == [64, 64, 36, 36]


@pytest.mark.parametrize(("sigma", "pairs"), [(0, 4), (np.ones(3), 4), (np.nan, 4), (0.1, 1)])
def test_bad_input_is_refused(sigma, pairs):
    with pytest.raises(InvalidInput, match="sigma|pairs"):
        estimate(linear, sigma, pairs)


def test_cosine():
    a, b = np.array([3.0, 4.0]), np.array([4.0, 3.0])
    assert cosine(a, b) == pytest.approx(24 / 25)
    assert cosine(1e250 * a, -1e-250 * b) == pytest.approx(-24 / 25)
    assert np.isnan(cosine(a, 0 * b)) and np.isnan(cosine(a, np.array([np.inf, 1])))


@pytest.mark.parametrize("angle", [0.0, np.pi / 3, np.pi / 2])
def test_cosine_to_an_estimate(angle):
    """Over 100 estimates the mean of the corrected cosine is the cosine, to 5 standard errors."""
    across = UNIT - (UNIT @ GRADIENT) * GRADIENT / (GRADIENT @ GRADIENT)
    across *= np.linalg.norm(GRADIENT) / np.linalg.norm(across)
    other = np.cos(angle) * GRADIENT + np.sin(angle) * across
    found = [gradient_cosine(other, estimate(linear, pairs=60, seed=k)) for k in range(100)]
    measured, corrected = (
        np.array([getattr(one, name) for one in found]) for name in ("measured", "corrected")
    )
    assert found[0].attainable == pytest.approx((1 + 31 / 60) ** -0.5)
    assert abs(measured.mean() - np.cos(angle) * found[0].attainable) < 0.05
    assert abs(corrected.mean() - np.cos(angle)) < 0.05 + 5 * corrected.std() / 10


def test_the_norm_without_noise():
    norms = [estimate(linear, pairs=60, seed=k).norm for k in range(100)]
    assert np.nanmedian(norms) == pytest.approx(np.linalg.norm(GRADIENT), rel=0.1)
    noisy = [np.linalg.norm(estimate(linear, pairs=60, seed=k).gradient) for k in range(100)]
    assert np.median(noisy) > 1.15 * np.linalg.norm(GRADIENT)
    pure_noise = np.random.default_rng(3)
    norms = [estimate(lambda x: pure_noise.normal(size=len(x)), seed=k).norm for k in range(20)]
    assert np.isnan(norms).any()


def test_backpropagation_and_small_noise_agree_on_a_circuit():
    """Of a smooth loss both are the same gradient: the corrected cosine is 1 but for the noise."""
    pytest.importorskip("torch")
    rng = np.random.default_rng(4)
    task = StimulusIntegration(words=5, channels=4)
    circuit = MODELS["morris-lecar"](4, channels=4, dt=0.4 * ms)
    trials, state = task.draw(4, rng), circuit.draw_initial_state(4, rng)
    center, loss = circuit.parameters.draw(rng), CrossEntropy()
    _, (exact,) = loss_and_gradient(
        circuit, center[None], trials, state, loss, Differentiation(surrogate="none")
    )
    losses = SimulatedLoss(circuit, trials, state, loss, threads=1)
    small = 1e-4 * circuit.parameters.scale
    found = smoothed_gradient(losses, center, small, 1000, rng)
    agreement = gradient_cosine(exact, found)
    assert agreement.measured > 0.9 * agreement.attainable
    assert agreement.corrected == pytest.approx(1, abs=0.1)
    # The control: the gradient of other trials is another one.
    _, (other,) = loss_and_gradient(
        circuit, center[None], task.draw(4, rng), state, loss, Differentiation(surrogate="none")
    )
    assert gradient_cosine(other, found).corrected < 0.9
