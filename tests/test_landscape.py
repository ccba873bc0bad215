"""Losses along lines and planes, against polynomials; and through a circuit, in chunks."""

import numpy as np
import pytest
from brian2 import ms
from hypothesis import given
from hypothesis import strategies as st

from neurotrain.errors import InvalidInput
from neurotrain.gradients.landscape import draw_directions, loss_landscape, smoothed
from neurotrain.gradients.simulated_loss import SimulatedLoss
from neurotrain.losses import CrossEntropy
from neurotrain.models import MODELS
from neurotrain.tasks import StimulusIntegration

LINE = np.linspace(-1, 1, 41)


def quadratic(candidates):
    return 0.5 * (candidates**2).sum(axis=1)


@given(st.integers(1, 6), st.integers(0, 99))
def test_a_quadratic_along_a_line_and_on_a_plane(parameters, seed):
    rng = np.random.default_rng(seed)
    center, scale = rng.normal(size=parameters), rng.uniform(0.1, 3, parameters)
    (one,) = draw_directions(scale, 1, rng)
    line = loss_landscape(quadratic, center, one, LINE)
    expected = quadratic(center[None]) + LINE * (center @ one) + LINE**2 / 2 * (one @ one)
    assert line.losses == pytest.approx(expected, abs=1e-12)
    middle = (LINE[1:] + LINE[:-1]) / 2
    assert line.slopes == pytest.approx(center @ one + middle * (one @ one), abs=1e-9)
    two = rng.normal(size=(2, parameters))
    other = np.array([0.0, 0.3, 2.0])
    plane = loss_landscape(quadratic, center, two, LINE, other)
    at = center + LINE[7] * two[0] + other[2] * two[1]
    assert plane.losses.shape == (41, 3)
    assert plane.losses[7, 2] == pytest.approx(quadratic(at[None])[0])
    assert plane.total_variation.shape == (41,)


def test_directions_are_orthogonal_in_units_of_the_scale():
    scale = np.array([0.1, 1.0, 10.0, 2.0])
    directions = draw_directions(scale, 2, np.random.default_rng(0)) / scale
    assert directions @ directions.T == pytest.approx(np.eye(2), abs=1e-12)
    with pytest.raises(InvalidInput, match="5 directions of 4"):
        draw_directions(scale, 5, np.random.default_rng(0))


def test_total_variation_counts_every_bump():
    def jagged(x):
        return x[:, 0] + 0.5 * (np.arange(len(x)) % 2)

    smooth = loss_landscape(lambda x: np.abs(x[:, 0]), np.zeros(1), np.ones(1), LINE)
    assert smooth.total_variation == pytest.approx(2)
    bumpy = loss_landscape(jagged, np.zeros(1), np.ones(1), LINE)
    assert bumpy.total_variation == pytest.approx(40 * 0.5)


def test_what_failed_is_counted_and_left_out():
    def partly(x):
        return np.where(np.abs(x[:, 0]) > 0.5, np.inf, x[:, 0])

    line = loss_landscape(partly, np.zeros(1), np.ones(1), LINE)
    assert line.non_finite_share == pytest.approx(20 / 41)
    assert line.total_variation == pytest.approx(1)
    mean = smoothed(line.losses, LINE, 0.2)
    assert np.isfinite(mean[np.abs(LINE) < 0.6]).all()
    assert np.isnan(smoothed(np.full(41, np.inf), LINE, 0.2)).all()


def test_smoothing_against_the_mean_over_normal_noise():
    offsets = np.linspace(-8, 8, 801)
    inner = np.abs(offsets) < 4
    waves = smoothed(np.sin(3 * offsets), offsets, 0.5)
    assert waves[inner] == pytest.approx(np.sin(3 * offsets[inner]) * np.exp(-(1.5**2) / 2))
    parabola = smoothed(offsets**2, offsets, 0.5)
    assert parabola[inner] == pytest.approx(offsets[inner] ** 2 + 0.25)


@pytest.mark.parametrize(
    ("center", "directions", "offsets", "message"),
    [
        (np.zeros(3), np.ones(2), [LINE], r"\(1, 2\) and \(3,\)"),
        (np.zeros(2), np.ones((3, 2)), [LINE] * 3, "one direction or two"),
        (np.zeros(2), np.ones((2, 2)), [LINE], "offsets for 1"),
        (np.zeros(2), np.ones(2), [LINE[::-1]], "increasing"),
        (np.zeros(2), np.ones(2), [LINE[:1]], "increasing"),
    ],
)
def test_what_does_not_fit_is_refused(center, directions, offsets, message):
    with pytest.raises(InvalidInput, match=message):
        loss_landscape(quadratic, center, directions, *offsets)


def test_losses_of_a_circuit_do_not_depend_on_the_chunk():
    rng = np.random.default_rng(1)
    task = StimulusIntegration(words=4, channels=5)
    circuit = MODELS["morris-lecar"](6, channels=5, dt=0.4 * ms)
    trials, state = task.draw(3, rng), circuit.draw_initial_state(3, rng)
    losses = [
        SimulatedLoss(circuit, trials, state, CrossEntropy(), chunk=chunk) for chunk in (2, 100)
    ]
    space = circuit.parameters
    offsets = np.linspace(-2, 2, 7)
    center, direction = space.draw(rng), draw_directions(space.scale, 1, rng)
    few, many = (loss_landscape(loss, center, direction, offsets).losses for loss in losses)
    assert np.isfinite(few).all() and np.ptp(few) > 0
    assert (few == many).all()
    recording = circuit.simulate(
        center[None] + offsets[5] * direction, trials, state, execution="fused-float64"
    )
    assert few[5] == CrossEntropy()(recording, trials)[0]
    with pytest.raises(InvalidInput, match="chunk"):
        SimulatedLoss(circuit, trials, state, CrossEntropy(), chunk=0)
