"""xNES against its update written out, and against rotations."""

import numpy as np
import pytest
from scipy.linalg import expm
from scipy.stats import ortho_group

from neurotrain.errors import InvalidInput
from neurotrain.optimizers.cma_es import CMAES
from neurotrain.optimizers.sep_cma_es import SepCMAES
from neurotrain.optimizers.xnes import LARGEST, XNES
from neurotrain.seeding import generator


def ellipsoid(candidates, condition=1e4):
    return (candidates**2 * np.geomspace(1, condition, candidates.shape[-1])).sum(axis=-1)


def test_updates_are_the_formulas():
    """Written with covariance factors and sums over candidates, as published."""
    d, number, seed = 3, 8, 5
    start, scale = np.array([1.0, -2.0, 0.5]), np.array([0.5, 2.0, 1.0])
    optimizer = XNES(start, scale, seed=seed, population_size=number, sigma=0.3)
    raw = [max(0, np.log(number / 2 + 1) - np.log(k)) for k in range(1, number + 1)]
    utilities = [value / sum(raw) - 1 / number for value in raw]
    rate = (9 + 3 * np.log(d)) / (5 * d * np.sqrt(d))
    mean, sigma, shape = start, 0.3, np.eye(d)
    for generation in range(6):
        noise = generator(seed, "optimizer", generation).standard_normal((number, d))
        expected = np.array([mean + sigma * scale * (shape @ s) for s in noise])
        np.testing.assert_allclose(optimizer.ask(), expected, rtol=1e-12)
        losses = ellipsoid(expected)
        optimizer.tell(losses)
        ranked = noise[np.argsort(losses)]
        of_mean = sum(u * s for u, s in zip(utilities, ranked, strict=True))
        of_matrix = sum(
            u * (np.outer(s, s) - np.eye(d)) for u, s in zip(utilities, ranked, strict=True)
        )
        of_sigma = np.trace(of_matrix) / d
        of_shape = of_matrix - of_sigma * np.eye(d)
        mean = mean + sigma * scale * (shape @ of_mean)
        sigma = sigma * np.exp(rate / 2 * of_sigma)
        shape = shape @ expm(rate / 2 * of_shape)
        np.testing.assert_allclose(optimizer.guess, mean, rtol=1e-12)
    assert np.abs(shape - np.diag(np.diag(shape))).max() > 0.01


@pytest.mark.parametrize("method", [XNES, CMAES])
def test_rotated_losses_end_as_low_to_within_chance(method):
    """Among 20 seeds each, the mean logarithms of the loss differ by at most 5 standard errors.

    False alarms: below one in a million. The negative control is the next test: a method that
    is not invariant.
    """
    assert abs(difference(method)) < 5


def test_diagonal_methods_are_found_out():
    assert abs(difference(SepCMAES)) > 5


def difference(method, d=5, seeds=20, generations=150) -> float:
    """Return how many standard errors apart the losses with and without rotation end."""
    rotation = ortho_group.rvs(d, random_state=np.random.default_rng(1))
    ends = {}
    for name, matrix in (("straight", np.eye(d)), ("rotated", rotation)):
        ends[name] = []
        for seed in range(seeds):
            optimizer = method(np.ones(d) @ matrix.T, np.ones(d), seed=seed)
            for _ in range(generations):
                optimizer.tell(ellipsoid(optimizer.ask() @ matrix))
            ends[name].append(np.log(ellipsoid(optimizer.guess @ matrix)))
    one, other = (np.array(values) for values in ends.values())
    return (one.mean() - other.mean()) / np.sqrt((one.var() + other.var()) / (seeds - 1))


def test_noise_rotated_with_the_losses_rotates_the_run():
    d, rotation = 6, ortho_group.rvs(6, random_state=np.random.default_rng(2))

    class Turned:
        def __init__(self, rng):
            self.rng = rng

        def standard_normal(self, out):
            out[:] = self.rng.standard_normal(out.shape) @ rotation.T

    class Rotated(XNES):
        def _fill(self, rng, noise, spread):
            return super()._fill(Turned(rng), noise, spread)

    straight = XNES(np.ones(d), np.ones(d), seed=1)
    rotated = Rotated(rotation @ np.ones(d), np.ones(d), seed=1)
    for _ in range(60):
        straight.tell(ellipsoid(straight.ask()))
        rotated.tell(ellipsoid(rotated.ask() @ rotation))
    np.testing.assert_allclose(rotated.guess, rotation @ straight.guess, atol=1e-9)


def test_shape_keeps_its_determinant():
    optimizer = XNES(np.ones(6), np.ones(6), seed=1)
    for _ in range(200):
        optimizer.tell(ellipsoid(optimizer.ask()))
    shape = optimizer.state_dict()["shape"]
    assert np.linalg.cond(shape) > 20
    np.testing.assert_allclose(np.linalg.det(shape), 1, rtol=1e-9)


def test_too_many_parameters_are_refused_with_alternatives():
    with pytest.raises(InvalidInput, match=f"{LARGEST} parameters at most, got 301: choose snes"):
        XNES(np.zeros(301), np.ones(301), seed=1)
