"""SGD and ClipUp against their updates written out, and what follows them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurotrain.errors import InvalidInput
from neurotrain.optimizers.clipup import ClipUp
from neurotrain.optimizers.descent import Descent
from neurotrain.optimizers.gradient_optimizers import gradient_optimizer_maker
from neurotrain.optimizers.schedules import falling_sigma
from neurotrain.optimizers.sgd import SGD

OPTIONS = {"momentum": 0.8, "beta1": 0.7, "beta2": 0.9}
gradients = st.lists(
    st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3).map(np.array), min_size=1, max_size=20
)


@given(gradients)
def test_sgd_is_its_textbook_form(gradients):
    sgd, velocity = SGD(3, 0.8), np.zeros(3)
    for gradient in gradients:
        velocity = 0.8 * velocity + gradient
        np.testing.assert_array_equal(sgd.direction(gradient), velocity)


@given(gradients, st.floats(0.01, 10))
def test_clipup_is_the_published_update(gradients, step_size):
    clipup, velocity, max_speed = ClipUp(3, 0.9), np.zeros(3), 2 * step_size
    for gradient in gradients:
        length = np.linalg.norm(gradient)
        velocity = 0.9 * velocity + step_size * (gradient / length if length else 0 * gradient)
        speed = np.linalg.norm(velocity)
        velocity = velocity * max_speed / speed if speed > max_speed else velocity
        direction = clipup.direction(gradient)
        np.testing.assert_allclose(step_size * direction, velocity, rtol=1e-9, atol=1e-12)
        assert np.linalg.norm(direction) <= 2 * (1 + 1e-12)


def test_clipup_reaches_its_maximum_speed_and_loses_it_without_gradient():
    clipup = ClipUp(2, 0.9)
    speeds = [np.linalg.norm(clipup.direction(np.array([3e-5, -4e-5]))) for _ in range(5)]
    np.testing.assert_allclose(speeds, [1, 1.9, 2, 2, 2])
    np.testing.assert_allclose(np.linalg.norm(clipup.direction(np.zeros(2))), 1.8)


@pytest.mark.parametrize("name", ["adam", "clipup", "rmsprop", "sgd"])
def test_state_is_all_that_is_remembered(name):
    make = gradient_optimizer_maker(name, **OPTIONS)
    one, other = make(4), make(4)
    rng = np.random.default_rng(1)
    for _ in range(3):
        one.direction(rng.standard_normal(4))
    other.restore({key: np.array(value) for key, value in one.state().items()})
    gradient = rng.standard_normal(4)
    np.testing.assert_array_equal(one.direction(gradient), other.direction(gradient))
    assert all(key.startswith(name) for key in one.state())


def test_unknown_names_and_bad_momenta_are_refused():
    with pytest.raises(InvalidInput, match="no gradient optimizer called 'adan'; did you mean"):
        gradient_optimizer_maker("adan", **OPTIONS)
    for name in ("clipup", "sgd"):
        make = gradient_optimizer_maker(name, **{**OPTIONS, "momentum": 1.0})
        with pytest.raises(InvalidInput, match="momentum must be .* at least 0 and below 1"):
            make(3)


def test_descent_decays_apart_from_the_gradient():
    start, scale = np.array([2.0, -1.0]), np.array([1.0, 10.0])
    descent = Descent(
        start,
        scale,
        SGD(2, 0.0),
        learning_rate=0.1,
        schedule=lambda generation: 1 / (1 + generation),
        weight_decay=0.5,
    )
    descent.follow(np.array([1.0, 3.0]), 1)
    np.testing.assert_allclose(
        descent.guess, start - 0.05 * scale * [1.0, 3.0] - 0.05 * 0.5 * start
    )


def test_sigma_falls_to_its_end():
    sigma = falling_sigma("linear", 4, 0.8, 0.4)
    np.testing.assert_allclose([sigma(g) for g in (0, 1, 4, 9)], [0.8, 0.7, 0.4, 0.4])
    tenth = falling_sigma("cosine", 4, 0.8, None)
    np.testing.assert_allclose([tenth(g) for g in (0, 2, 4)], [0.8, 0.44, 0.08])
    assert falling_sigma("constant", None, 0.8, 0.1)(7) == 0.8
    with pytest.raises(InvalidInput, match="final_sigma must be a finite number above 0"):
        falling_sigma("linear", 4, 0.8, 0.0)
