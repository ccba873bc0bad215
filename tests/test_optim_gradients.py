"""Estimates of gradients against those of a quadratic loss, which Gaussian smoothing leaves alone.

Means over runs of different seeds are compared by Hotelling's statistic, which for so many
runs follows the chi-squared distribution; a false alarm comes in one of a million tests. The
negative control, a gradient that is a tenth longer, must be told apart.
"""

import numpy as np
import pytest
from scipy import stats

from neurotrain.optimizers import make_optimizer

START = np.array([1.0, -0.5, 0.25, 2.0])
SCALE = np.array([1.0, 0.5, 2.0, 1.0])
CURVATURE = np.array([[2, 0.5, 0, 0], [0.5, 1, 0, 0.2], [0, 0, 0.5, 0], [0, 0.2, 0, 1.5]])
SIGMA, RUNS = 0.4, 3000
STEEPEST = {"gradient_optimizer": "sgd", "momentum": 0.0, "learning_rate": 1.0}
GRADIENT = SCALE * (CURVATURE @ START)


def loss(candidates):
    return 0.5 * np.einsum("pi,ij,pj->p", candidates, CURVATURE, candidates) - 1.0


def estimates(name, **options):
    """Return a step against the gradient of every run, in units of scale, (run, parameter)."""
    steps = []
    for seed in range(RUNS):
        optimizer = make_optimizer(
            name, START, SCALE, seed=seed, sigma=SIGMA, shaping="raw", **STEEPEST, **options
        )
        optimizer.tell(loss(optimizer.ask()))
        steps.append((START - optimizer.guess) / SCALE)
    return np.array(steps)


def differs(samples, expected):
    """Return whether the mean of samples (run, parameter) is not the expected one."""
    error = samples.mean(axis=0) - expected
    statistic = error @ np.linalg.solve(np.cov(samples.T) / len(samples), error)
    return statistic > stats.chi2.isf(1e-6, df=len(expected))


@pytest.mark.parametrize(
    ("name", "options", "factor"),
    [
        ("openai-es", {"population_size": 8}, 1),
        ("openai-es", {"population_size": 33, "mirrored": False}, 1),
        ("openai-es", {"population_size": 16, "rank": 1, "shapes": [(2, 2)]}, 1),
        # The unperturbed candidate counts, though it tells nothing.
        ("song", {"population_size": 65}, 64 / 65),
        ("pgpe", {"population_size": 8}, SIGMA**2),
        # Without a guide the covariance is sigma**2 / d in all directions.
        ("guided-es", {"population_size": 8, "beta": 3.0}, 3 / 4),
        ("persistent-es", {"population_size": 8}, 1),
        ("noise-reuse-es", {"population_size": 8}, 1),
    ],
)
def test_estimates_have_the_expected_mean(name, options, factor):
    samples = estimates(name, **options)
    assert not differs(samples, factor * GRADIENT)
    assert differs(samples, 1.1 * factor * GRADIENT)


def test_guided_estimates_have_the_covariance_times_the_gradient_as_mean():
    gradients = np.array([[1.0, 0, 0.5, 0], [0, 2.0, 0, -1.0]])
    samples = []
    for seed in range(RUNS):
        optimizer = make_optimizer(
            "guided-es", START, SCALE, seed=seed, sigma=SIGMA, alpha=0.3, beta=1.0, **STEEPEST
        )
        optimizer.guide(gradients)
        optimizer.tell(loss(optimizer.ask()))
        samples.append((START - optimizer.guess) / SCALE)
    basis, _ = np.linalg.qr((gradients * SCALE).T)
    covariance = 0.3 / 4 * np.eye(4) + 0.7 / 2 * basis @ basis.T
    assert not differs(np.array(samples), covariance @ GRADIENT)
    assert differs(np.array(samples), covariance @ GRADIENT * 1.1)
    assert differs(np.array(samples), GRADIENT / 4)


def test_pgpe_widths_follow_the_curvature():
    """The mean gradient of a width is sigma**3 A_ii, less what the baseline takes of it."""
    samples = []
    for seed in range(RUNS):
        optimizer = make_optimizer(
            "pgpe",
            START,
            SCALE,
            seed=seed,
            population_size=8,
            sigma=SIGMA,
            sigma_learning_rate=1e-3,
            shaping="raw",
        )
        optimizer.tell(loss(optimizer.ask()))
        samples.append((SIGMA - optimizer.sigmas) / 1e-3)
    expected = (1 - 1 / 4) * SIGMA**3 * np.diag(CURVATURE) * SCALE**2
    assert not differs(np.array(samples), expected)
    assert differs(np.array(samples), 1.2 * expected)
