"""Transforms: increasing, within their range for any coordinate, and inverted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurotrain.errors import InvalidInput
from neurotrain.parameters.transforms import (
    Bounded,
    Exponential,
    Identity,
    Softplus,
    make_transform,
)

TRANSFORMS = [Identity(), Softplus(2.0), Exponential(1e-9), Bounded(-3e-9, 2e-9)]
coordinates = st.floats(-1e6, 1e6)


@pytest.mark.parametrize("transform", TRANSFORMS)
@given(x=st.floats(-15, 15))
def test_the_inverse_and_the_slope_are_those_of_the_transform(transform, x):
    value = transform.apply(np.array(x))
    assert transform.invert(value) == pytest.approx(x, rel=1e-6, abs=1e-8)
    step = 1e-5 * max(1.0, abs(x))
    difference = (transform.apply(np.array(x + step)) - transform.apply(np.array(x - step))) / (
        2 * step
    )
    assert transform.slope(x) == pytest.approx(float(difference), rel=1e-3, abs=1e-12)


@pytest.mark.parametrize("transform", TRANSFORMS)
@given(one=coordinates, other=coordinates)
def test_values_are_finite_and_never_decrease(transform, one, other):
    low, high = transform.apply(np.array(sorted([one, other])))
    assert np.isfinite([low, high]).all()
    assert low <= high


@given(x=coordinates, low=st.floats(-10, 9), width=st.floats(1e-3, 10))
def test_no_value_lies_outside_of_its_bounds(x, low, width):
    bounded = Bounded(low, low + width)
    assert low <= bounded.apply(np.array(x)) <= low + width
    assert Softplus(1.0).apply(np.array(x)) >= 0
    assert Exponential(1.0).apply(np.array(x)) >= 0


def test_rounding_does_not_lead_out_of_the_bounds():
    low, high = (-0.933, 0.715)
    assert low + (high - low) > high
    assert Bounded(low, high).apply(np.array(1e3)) == high


def test_values_in_closed_form():
    assert Softplus(2.0).apply(np.array(0.0)) == pytest.approx(2 * np.log(2))
    assert Exponential(3.0).apply(np.array(1.0)) == pytest.approx(3 * np.e)
    assert Bounded(2.0, 4.0).apply(np.array(np.log(3))) == pytest.approx(2 + 2 * 0.75)


def test_there_is_no_coordinate_outside_of_the_range():
    for transform in (Softplus(1.0), Exponential(1.0)):
        assert not np.isfinite(transform.invert(np.array([0.0, -1.0]))).any()
    assert not np.isfinite(Bounded(0, 1).invert(np.array([0.0, 1.0, -1.0, 2.0]))).any()


def test_a_scale_is_set_once():
    assert make_transform("softplus").resolved(3.0) == Softplus(3.0)
    assert Softplus(2.0).resolved(3.0) == Softplus(2.0)
    assert make_transform("exp").resolved(3.0) == Exponential(3.0)
    assert Bounded(0, 1).resolved(3.0) == Bounded(0, 1)


@pytest.mark.parametrize("bounds", [(1, 1), (2, 1), (0, np.inf), (np.nan, 1), ("a", 1)])
def test_bounds_must_be_in_order(bounds):
    with pytest.raises(InvalidInput, match="low < high|must be a number"):
        Bounded(*bounds)


@pytest.mark.parametrize("scale", [0.0, -1.0, np.inf, np.nan, "a"])
def test_scales_must_be_positive(scale):
    for kind in (Softplus, Exponential):
        with pytest.raises(InvalidInput, match="must be positive|must be a number"):
            kind(scale)
