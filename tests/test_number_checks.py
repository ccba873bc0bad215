"""Numbers that users give: what is accepted, and what is told of the others."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurotrain.errors import InvalidInput, require_number

BOUNDS = st.none() | st.floats(-5, 5)


def is_accepted(value, **bounds):
    try:
        require_number("x", value, **bounds)
    except InvalidInput:
        return False
    return True


@given(st.floats(), BOUNDS, BOUNDS, BOUNDS, BOUNDS)
def test_a_finite_number_within_all_bounds_is_accepted(value, least, above, most, below):
    given = {"least": least, "above": above, "most": most, "below": below}
    wanted = math.isfinite(value) and all(
        (
            least is None or value >= least,
            above is None or value > above,
            most is None or value <= most,
            below is None or value < below,
        )
    )
    bounds = {name: bound for name, bound in given.items() if bound is not None}
    assert is_accepted(value, **bounds) == wanted


@pytest.mark.parametrize(
    "value", [True, "1", None, [1], np.ones(1), 1j, np.nan, np.inf, -np.inf, 10**400, -(10**400)]
)
def test_what_is_no_finite_number_is_refused_without_bounds_too(value):
    assert not is_accepted(value)


@pytest.mark.parametrize("value", [0, -3, 10**300, np.float32(2.5), np.int64(3)])
def test_numbers_of_all_kinds_are_accepted(value):
    require_number("x", value)


@pytest.mark.parametrize(
    ("bounds", "told"),
    [
        ({}, "sigma must be a finite number, got 'a'."),
        ({"above": 0}, "sigma must be a finite number above 0, got 'a'."),
        ({"least": 0, "below": 1}, "sigma must be a finite number of at least 0 and below 1, got"),
        ({"least": 0.5, "most": math.inf}, "sigma must be a finite number of at least 0.5, got"),
    ],
)
def test_the_bounds_are_told(bounds, told):
    with pytest.raises(InvalidInput) as refusal:
        require_number("sigma", "a", **bounds)
    assert str(refusal.value).startswith(told)
