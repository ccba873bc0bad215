"""Measures of signals and of subspaces, beside formulas and other libraries."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.decomposition import TruncatedSVD

from neurotrain.errors import InvalidInput
from neurotrain.rate_to_spike.measures import (
    nmse,
    principal_angles,
    trial_to_trial_variability,
    variance_curve,
)
from neurotrain.rate_to_spike.signals import Signals

SEEDS = st.integers(0, 2**32 - 1)


def drawn(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


class TestNmse:
    @given(SEEDS, st.lists(st.integers(1, 5), min_size=1, max_size=4))
    def test_is_the_formula_trial_by_trial(self, seed, steps):
        rng = np.random.default_rng(seed)
        n = sum(steps)
        targets, outputs = rng.normal(size=(2, n, 3))
        scored = rng.random(n) < 0.7
        signals = Signals(targets, scored=scored, steps=steps)
        start = 0
        for length, each in zip(steps, nmse(outputs, signals, [0, 2]), strict=True):
            z, f = (x[start : start + length][scored[start : start + length]][:, [0, 2]]
                    for x in (outputs, targets))  # fmt: skip
            expected = ((z - f) ** 2).sum() / (f**2).sum() if f.size else np.nan
            np.testing.assert_allclose(each, expected)
            start += length

    def test_of_silence_is_1_and_of_targets_0(self):
        signals = Signals(drawn(1, 20, 2), steps=[5, 15])
        np.testing.assert_array_equal(nmse(signals.outputs, signals), 0)
        np.testing.assert_array_equal(nmse(0 * signals.outputs, signals), 1)
        # Means are not subtracted.
        constant = Signals(np.full((10, 1), 3.0))
        np.testing.assert_allclose(nmse(np.full((10, 1), 2.0), constant), 1 / 9)

    def test_of_targets_of_zero_is_no_number(self):
        signals = Signals(np.r_[np.zeros((3, 1)), np.ones((2, 1))], steps=[3, 2])
        assert np.isnan(nmse(np.ones((5, 1)), signals)).tolist() == [True, False]

    @pytest.mark.parametrize("channels", [[], [2], [-1]])
    def test_channels_that_are_not_there_are_refused(self, channels):
        signals = Signals(np.ones((3, 2)))
        with pytest.raises(InvalidInput, match="channels must be some of 0 to 1"):
            nmse(signals.outputs, signals, channels)

    def test_outputs_of_another_shape_are_refused(self):
        with pytest.raises(InvalidInput, match=r"Outputs must have shape \(time, output\)"):
            nmse(np.ones((3, 1)), Signals(np.ones((3, 2))))


class TestVarianceCurve:
    @given(SEEDS)
    def test_agrees_with_scikit_learn(self, seed):
        values = drawn(seed, 40, 6) * [5, 3, 1, 1, 0.2, 0.1] + 2
        known = TruncatedSVD(5, algorithm="arpack").fit(values).singular_values_ ** 2
        expected = np.cumsum(known) / (values**2).sum()
        np.testing.assert_allclose(variance_curve(values)[:5], expected, rtol=1e-9)

    def test_rises_to_1_and_counts_components(self):
        values = drawn(2, 100, 3) @ drawn(3, 3, 8)
        curve = variance_curve(values)
        assert (np.diff(curve) >= -1e-12).all()
        np.testing.assert_allclose(curve[2:], 1)
        assert curve[1] < 0.999

    def test_the_mean_counts(self):
        values = drawn(4, 1000, 4) * 0.01 + 1
        assert variance_curve(values)[0] > 0.999

    @pytest.mark.parametrize("values", [np.zeros((5, 2)), np.full((5, 2), np.nan), np.ones(3)])
    def test_nothing_to_look_at_is_refused(self, values):
        with pytest.raises(InvalidInput):
            variance_curve(values)


class TestPrincipalAngles:
    @given(SEEDS, st.integers(1, 4), st.floats(0, 90))
    def test_finds_a_known_angle(self, seed, components, degrees):
        # Two orthonormal sets of time courses, one of them turned by the angle out of the other.
        base = np.linalg.qr(drawn(seed, 30, 2 * components))[0]
        angle = np.radians(degrees)
        one = base[:, :components]
        turned = np.cos(angle) * one + np.sin(angle) * base[:, components:]
        mixing = (drawn(seed + k, components, 9 + k) for k in (1, 2))
        activity = [courses @ mixed for courses, mixed in zip((one, turned), mixing, strict=True)]
        found = principal_angles(*activity, components)
        np.testing.assert_allclose(found, degrees, atol=1e-4)

    def test_rise_and_are_alike_both_ways(self):
        one, other = drawn(1, 50, 12), drawn(2, 50, 15)
        angles = principal_angles(one, other, 5)
        assert (np.diff(angles) >= 0).all()
        np.testing.assert_allclose(principal_angles(other, one, 5), angles)

    def test_of_a_network_with_itself_are_0(self):
        one = drawn(3, 60, 12)
        np.testing.assert_allclose(principal_angles(one, -3 * one[:, ::-1]), 0, atol=1e-4)

    def test_only_leading_components_count(self):
        courses = np.linalg.qr(drawn(4, 80, 6))[0]
        shared, own = courses[:, :2] * 10, courses[:, 2:4]
        one = np.c_[shared, own]
        other = np.c_[shared, courses[:, 4:]]
        assert principal_angles(one, other, 2).max() < 1e-4
        assert principal_angles(one, other, 4).max() > 89

    @pytest.mark.parametrize(
        ("other", "components", "message"),
        [
            (np.ones((9, 4)), 2, "seen at the same times, got 10 and 9"),
            (np.ones((10, 4)), 2, "has fewer than 2 components"),
            (drawn(1, 10, 4), 5, "5 components cannot be taken of 4 neurons"),
            (drawn(1, 10, 4), 0, "components must be a whole number"),
        ],
    )
    def test_what_cannot_be_compared_is_refused(self, other, components, message):
        with pytest.raises(InvalidInput, match=message):
            principal_angles(drawn(2, 10, 6), other, components)


class TestVariability:
    def test_of_equal_trials_is_0_and_of_noise_nearly_1(self):
        one = drawn(1, 1, 30, 2)
        assert trial_to_trial_variability(np.repeat(one, 4, axis=0)) == pytest.approx(0)
        assert trial_to_trial_variability(drawn(2, 200, 30, 2)) == pytest.approx(1, abs=0.02)

    def test_of_signal_and_noise_of_equal_power_is_a_half(self):
        signal = np.sqrt(2) * np.sin(np.linspace(0, 2 * np.pi, 400, endpoint=False))[:, np.newaxis]
        values = signal + drawn(3, 300, 400, 1)
        assert trial_to_trial_variability(values) == pytest.approx(0.5, abs=0.02)

    @pytest.mark.parametrize("values", [np.ones((1, 3, 1)), np.ones((3, 1)), np.zeros((2, 3, 1))])
    def test_too_little_is_refused(self, values):
        with pytest.raises(InvalidInput):
            trial_to_trial_variability(values)
