"""Smoothing in time, against SciPy's filters away from the ends, and what must hold at the ends."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter1d, uniform_filter1d

from neurotrain.errors import InvalidInput
from neurotrain.rate_smoothing import smooth

VALUES = np.random.default_rng(0).poisson(2.0, (3, 80, 2))
KERNELS = pytest.mark.parametrize("kernel", ["gaussian", "boxcar"])


def test_inside_a_trial_it_is_the_filter_of_scipy():
    inside = slice(20, -20)
    of_scipy = gaussian_filter1d(VALUES.astype(float), 15 / 5, axis=1)
    np.testing.assert_allclose(smooth(VALUES, 15, 5)[:, inside], of_scipy[:, inside])
    of_scipy = uniform_filter1d(VALUES.astype(float), 7, axis=1)
    ours = smooth(VALUES, 35, 5, kernel="boxcar")
    np.testing.assert_allclose(ours[:, inside], of_scipy[:, inside])


def test_a_box_of_an_even_number_of_bins_lies_around_the_middle():
    impulse = np.zeros((9, 1))
    impulse[4] = 1
    smoothed = smooth(impulse, 2.0, 1.0, kernel="boxcar")[:, 0]
    np.testing.assert_allclose(smoothed, [0, 0, 0, 0.25, 0.5, 0.25, 0, 0, 0], atol=1e-12)


@KERNELS
@given(st.floats(0, 300), st.floats(-5, 5))
def test_a_constant_stays_that_constant_up_to_the_ends(kernel, width_ms, constant):
    smoothed = smooth(np.full((2, 12, 3), constant), width_ms, 10.0, kernel=kernel)
    np.testing.assert_allclose(smoothed, constant, atol=1e-12)


@KERNELS
def test_trials_and_neurons_are_not_mixed(kernel):
    together = smooth(VALUES, 20, 5, kernel=kernel)
    alone = smooth(VALUES[1:2, :, :1], 20, 5, kernel=kernel)
    np.testing.assert_allclose(together[1:2, :, :1], alone)


def test_no_width_is_no_smoothing():
    np.testing.assert_array_equal(smooth(VALUES, 0, 5), VALUES)


@pytest.mark.parametrize(
    ("values", "settings", "message"),
    [
        (VALUES, {"width_ms": -1.0}, "width_ms must be a finite number of at least 0"),
        (VALUES, {"bin_ms": 0.0}, "bin_ms must be a finite number above 0"),
        (VALUES, {"kernel": "gauss"}, "did you mean 'gaussian'"),
        (VALUES[0, :, 0], {}, r"must be \(..., time, neuron\)"),
    ],
)
def test_what_cannot_be_smoothed_is_refused(values, settings, message):
    with pytest.raises(InvalidInput, match=message):
        smooth(values, **{"width_ms": 10.0, "bin_ms": 5.0, **settings})
