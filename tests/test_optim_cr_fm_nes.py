"""CR-FM-NES against dense matrices: its covariance, its Fisher matrix, its update written out."""

import numpy as np
import pytest

from neurotrain.errors import InvalidInput
from neurotrain.optimizers.cr_fm_nes import CRFMNES, distance_weight, natural_gradient
from neurotrain.optimizers.recombination import effective_number, log_weights
from neurotrain.seeding import generator


def ellipsoid(candidates, condition=1e4):
    return (candidates**2 * np.geomspace(1, condition, candidates.shape[-1])).sum(axis=-1)


def after(generations, d=7, seed=3, **options):
    optimizer = CRFMNES(np.ones(d), np.geomspace(0.5, 2, d), seed=seed, **options)
    for _ in range(generations):
        optimizer.tell(ellipsoid(optimizer.ask()))
    return optimizer


def dense_covariance(state):
    v, deviation = state["direction"], np.diag(state["deviation"])
    matrix = deviation @ (np.eye(len(v)) + np.outer(v, v)) @ deviation
    return float(state["size"]) ** 2 * matrix


class Identity:
    """A generator whose noise is the identity matrix."""

    row = 0

    def standard_normal(self, out):
        self.row += len(out)
        out[:] = np.eye(out.shape[1])[self.row - len(out) : self.row]


def test_candidates_have_the_covariance_of_the_paper():
    """Offsets are a linear map of the noise, whose square must be the covariance matrix."""
    d = 7
    optimizer = after(30, d, population_size=2 * d)
    state = optimizer.state_dict()
    size = np.full(d, optimizer._size)
    parts = [part for _, part in optimizer._fill(Identity(), np.empty((d, d)), size)]
    columns = np.concatenate(parts)
    np.testing.assert_allclose(columns.T @ columns, dense_covariance(state), rtol=1e-12)


def test_candidates_are_mirrored():
    optimizer = after(4)
    candidates = optimizer.ask()
    middle = (candidates[0::2] + candidates[1::2]) / 2
    np.testing.assert_allclose(middle, np.broadcast_to(optimizer.guess, middle.shape), atol=1e-12)


def derivatives(v):
    """Return those of the matrix ``D (1 + v v.T) D`` at D = 1, for each of D, then of v."""
    d, unit = len(v), np.eye(len(v))
    inner = unit + np.outer(v, v)
    of_scales = [np.outer(e, e) @ inner + inner @ np.outer(e, e) for e in unit]
    return np.array(of_scales + [np.outer(e, v) + np.outer(v, e) for e in unit[:d]])


def dense_natural_gradient(offsets, weights, v):
    """Solve with the Fisher matrix of a Gaussian: half the traces of products of derivatives."""
    inverse = np.linalg.inv(np.eye(len(v)) + np.outer(v, v))
    parts = [inverse @ one for one in derivatives(v)]
    fisher = np.array([[np.trace(one @ other) / 2 for other in parts] for one in parts])
    gradient = np.zeros(2 * len(v))
    for y, weight in zip(offsets, weights, strict=True):
        score = [y @ one @ inverse @ y / 2 - np.trace(one) / 2 for one in parts]
        gradient += weight * np.array(score)
    return np.split(np.linalg.solve(fisher, gradient), 2)


@pytest.mark.parametrize("length", [0.3, 1.0, 4.0])
def test_natural_gradient_is_that_of_the_dense_fisher_matrix(length):
    """A vector with about equal entries needs no damping of the Fisher matrix."""
    rng = np.random.default_rng(1)
    d = 12
    v = rng.choice([-1, 1], d) * rng.uniform(0.9, 1.1, d)
    v *= length / np.linalg.norm(v)
    offsets, weights = rng.standard_normal((20, d)), rng.uniform(-1, 1, 20)
    change, turn = natural_gradient(offsets, weights, v)
    dense_change, dense_turn = dense_natural_gradient(offsets, weights, v)
    np.testing.assert_allclose(change, dense_change, atol=1e-10)
    np.testing.assert_allclose(turn, dense_turn, atol=1e-10)


def test_natural_gradient_vanishes_on_average():
    """At the offsets of the distribution itself, damped or not.

    Each of the 16 means lies within 5.5 standard errors of 0; false alarms: below one in a
    million.
    """
    rng = np.random.default_rng(2)
    v = np.array([3.0, 0.1, -0.2, 0.0, 0.5, 0.1, 0.1, 0.2])
    root = np.linalg.cholesky(np.eye(8) + np.outer(v, v))
    samples = [
        np.concatenate(natural_gradient((root @ rng.standard_normal(8))[None], np.ones(1), v))
        for _ in range(4000)
    ]
    errors = np.std(samples, axis=0) / np.sqrt(len(samples))
    assert (np.abs(np.mean(samples, axis=0)) < 5.5 * errors).all()


def updated(old, z, losses):
    """Return the phase and the new state by dense matrices and sums over all candidates."""
    number, d = z.shape
    v, scales, sigma = old["direction"], old["deviation"], float(old["size"])
    y = z @ (np.eye(d) + (np.sqrt(1 + v @ v) - 1) * np.outer(v, v) / (v @ v))
    order = np.argsort(losses)
    z, y, losses = z[order], y[order], losses[order]
    raw = np.maximum(0, np.log(number / 2 + 1) - np.log(np.arange(1, number + 1)))
    raw = np.array([raw[losses == loss].mean() for loss in losses])
    ranked = raw / raw.sum()
    effective = effective_number(log_weights(number))
    c_s = (effective + 2) / (d + effective + 5)
    new = {"size_path": (1 - c_s) * old["size_path"]}
    new["size_path"] += np.sqrt(c_s * (2 - c_s) * effective) * ranked @ z
    progress = np.linalg.norm(new["size_path"]) / (np.sqrt(d) * (1 - 1 / (4 * d) + 1 / (21 * d**2)))
    weights, moves = ranked - 1 / number, progress >= 1
    if moves:
        alpha = distance_weight(d) * min(1, np.sqrt(number / d))
        far = raw * np.exp(alpha * np.linalg.norm(z, axis=1))
        weights = far / far.sum() - 1 / number
    of_sigma = weights @ [np.trace(np.outer(s, s) - np.eye(d)) for s in z] / d
    if moves:
        phase, rate = ("grows", 1) if of_sigma >= 0 else ("keeps its size", 0)
    elif progress >= 0.1:
        phase, rate = "stagnates", np.tanh((0.024 * number + 0.7 * d + 20) / (d + 12))
    else:
        phase, rate = "converges", 2 * np.tanh((0.025 * number + 0.75 * d + 10) / (d + 4))
    step = weights @ (y * scales)
    new["mean"] = old["mean"] + sigma * step
    c_c = (4 + effective / d) / (d + 4 + 2 * effective / d)
    new["shape_path"] = (1 - c_c) * old["shape_path"]
    new["shape_path"] += np.sqrt(c_c * (2 - c_c) * effective) * step
    eta = np.tanh((min(0.02 * number, 3 * np.log(d)) + 5) / (0.23 * d + 25))
    c_1 = 2 / ((d + 1.3) ** 2 + effective) * (d - 5) / 6
    everything = np.vstack([y, new["shape_path"] / scales])
    change, turn = natural_gradient(everything, np.append(eta * weights, moves * c_1), v)
    new["direction"], new["deviation"] = v + turn, scales * (1 + change)
    new["size"] = sigma * np.exp(rate / 2 * of_sigma) * root_of_determinant(scales, v)
    new["deviation"] = new["deviation"] / root_of_determinant(new["deviation"], v + turn)
    return phase, new


def root_of_determinant(scales, v):
    dense = np.diag(scales) @ (np.eye(len(v)) + np.outer(v, v)) @ np.diag(scales)
    return np.linalg.det(dense) ** (1 / (2 * len(v)))


def test_updates_are_the_formulas_in_all_phases():
    d, number, seed, phases = 7, 8, 3, set()
    optimizer = CRFMNES(np.full(d, 10.0), np.ones(d), seed=seed, population_size=number)
    for generation in range(200):
        half = generator(seed, "optimizer", generation).standard_normal((number // 2, d))
        z = np.stack([half, -half], axis=1).reshape(number, d)
        losses = ellipsoid(optimizer.ask(), 10)
        if 80 < generation < 100:  # both signs are equally good, which is no progress
            losses = np.repeat(ellipsoid(half), 2)
        old = {name: value.copy() for name, value in optimizer.state_dict().items()}
        optimizer.tell(losses)
        phase, new = updated(old, z, losses)
        phases.add(phase)
        state = optimizer.state_dict()
        for name, expected in new.items():
            np.testing.assert_allclose(state[name], expected, rtol=1e-7, atol=1e-10, err_msg=name)
    assert phases == {"grows", "keeps its size", "stagnates", "converges"}


@pytest.mark.parametrize("d", [2, 50, 1000])
def test_distance_weight_is_the_inverse_of_the_formula(d):
    a = distance_weight(d)
    assert (1 + a**2) * np.exp(a**2 / 2) / 0.24 - 10 == pytest.approx(d)


def test_scales_stay_positive_with_few_parameters_and_many_candidates():
    for d, number in ((2, 4), (2, 200), (3, 64), (6, 300)):
        for seed in range(5):
            optimizer = after(60, d=d, seed=seed, population_size=number)
            assert (optimizer.state_dict()["deviation"] > 0).all()


@pytest.mark.parametrize(
    ("size", "options", "words"),
    [(3, {"population_size": 7}, "even, got 7"), (1, {}, "at least 2 parameters")],
)
def test_what_it_cannot_do_is_refused(size, options, words):
    with pytest.raises(InvalidInput, match=words):
        CRFMNES(np.zeros(size), np.ones(size), seed=1, **options)


def test_default_number_of_candidates_is_even():
    numbers = [CRFMNES(np.zeros(d), np.ones(d), seed=1).population_size for d in (2, 10, 100)]
    assert numbers == [6, 10, 18]
