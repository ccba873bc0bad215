"""Statistics of spike counts: beside SciPy and scikit-learn, by hand, and on known processes."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedKFold, cross_val_score, permutation_test_score
from sklearn.neighbors import KNeighborsClassifier

import neurotrain as nt
from neurotrain.errors import InvalidInput
from neurotrain.seeding import generator

analysis = nt.analysis
EDGES = np.array([0, 10, 20, 40.0])


def rng(seed=0):
    return np.random.default_rng(seed)


class TestRates:
    def test_by_hand(self):
        counts = np.array([[[1, 0], [2, 0], [1, 4]]])  # one trial, three bins, two neurons
        np.testing.assert_allclose(analysis.firing_rates(counts, EDGES), [[100, 100]])
        np.testing.assert_allclose(analysis.population_rates(counts, EDGES), [[50, 100, 125]])

    @given(st.integers(0, 99))
    def test_of_neurons_and_of_the_population_have_the_same_mean(self, seed):
        counts = rng(seed).poisson(1.5, (4, 3, 5))
        of_neurons = analysis.firing_rates(counts, EDGES).mean(axis=1)
        of_bins = analysis.population_rates(counts, EDGES) @ np.diff(EDGES) / EDGES[-1]
        np.testing.assert_allclose(of_neurons, of_bins)

    def test_intervals_are_those_within_a_trial(self):
        counts = np.zeros((2, 100, 2), int)
        counts[0, [0, 10, 30, 40, 80], 0] = 1
        counts[1, [50, 60, 70], 0] = 1
        counts[:, [3, 4], 1] = 1
        edges = np.arange(101.0)
        intervals = np.array([10, 20, 10, 40])
        expected = [[intervals.std() / 20, np.nan], [0, np.nan]]
        np.testing.assert_allclose(analysis.interval_cv(counts, edges), expected)
        local = np.mean([2 * 10 / 30, 2 * 10 / 30, 2 * 30 / 50])
        np.testing.assert_allclose(
            analysis.interval_cv2(counts, edges), [[local, np.nan], [0, np.nan]]
        )

    def test_intervals_need_times(self):
        with pytest.raises(InvalidInput, match="count spikes in every step"):
            analysis.interval_cv(np.full((1, 3, 1), 2), EDGES)


class TestRebin:
    @given(st.integers(1, 12), st.integers(0, 99))
    def test_spikes_of_whole_windows_are_kept(self, per_window, seed):
        counts, edges = rng(seed).poisson(1.0, (2, 12, 3)), 5.0 + np.arange(13) * 0.1
        windows, window_edges = analysis.rebin(counts, edges, 0.1 * per_window)
        n_windows = 12 // per_window
        whole = counts[:, : n_windows * per_window].reshape(2, n_windows, per_window, 3)
        np.testing.assert_array_equal(windows, whole.sum(axis=2))
        np.testing.assert_allclose(window_edges, edges[: n_windows * per_window + 1 : per_window])

    @pytest.mark.parametrize(
        ("window_ms", "message"),
        [(50.0, "No window of 50 ms"), (15.0, "begin and end with a bin"), (0.0, "window_ms")],
    )
    def test_other_windows_are_refused(self, window_ms, message):
        with pytest.raises(InvalidInput, match=message):
            analysis.rebin(np.zeros((2, 3, 1)), EDGES, window_ms)


class TestPsth:
    def test_mean_and_standard_error_are_those_of_scipy(self):
        counts, values = rng().poisson(2.0, (30, 3, 4)), rng(1).choice(["left", "right"], 30)
        found = analysis.psth(counts, EDGES, values)
        assert found.value.tolist() == ["left", "right"]
        for k, value in enumerate(found.value):
            rates = counts[values == value] / np.array([0.01, 0.01, 0.02])[:, np.newaxis]
            assert found.n[k] == len(rates)
            np.testing.assert_allclose(found.rate_hz[k], rates.mean(axis=0))
            np.testing.assert_allclose(found.standard_error_hz[k], scipy.stats.sem(rates))

    def test_without_a_condition_all_trials_are_one(self):
        counts = rng().poisson(2.0, (5, 3, 4))
        found = analysis.psth(counts, EDGES)
        assert (found.n.tolist(), found.rate_hz.shape) == ([5], (1, 3, 4))

    def test_a_single_trial_has_no_standard_error(self):
        found = analysis.psth(np.ones((3, 3, 1)), EDGES, [0, 1, 1])
        assert np.isnan(found.standard_error_hz[0]).all()
        np.testing.assert_array_equal(found.standard_error_hz[1], 0)

    def test_smoothing_lowers_the_error_of_a_rate_that_changes_slowly(self):
        times = (np.arange(100) + 0.5) * 10
        rate_hz = 30 + 20 * np.sin(2 * np.pi * times / 1000)
        counts = rng().poisson(rate_hz[:, np.newaxis] * 0.01, (20, 100, 5))
        edges = np.arange(101) * 10.0
        rough, smoothed = (
            np.abs(analysis.psth(counts, edges, smoothing_ms=s).rate_hz[0].T - rate_hz).mean()
            for s in (0.0, 30.0)
        )
        # An average over about 10 bins has a third of the error of one.
        assert smoothed < 0.45 * rough

    def test_bins_of_different_durations_are_not_smoothed(self):
        with pytest.raises(InvalidInput, match="last 10 to 20 ms; take others with rebin"):
            analysis.psth(np.zeros((2, 3, 1)), EDGES, smoothing_ms=20.0)


class TestTuning:
    @given(st.integers(0, 99), st.integers(2, 5))
    def test_is_the_analysis_of_variance_of_scipy(self, seed, n_values):
        values = np.append(np.arange(n_values), rng(seed).integers(0, n_values, 20))
        rates = rng(seed).gamma(2.0, 5.0, (len(values), 6)) + 3.0 * values[:, np.newaxis]
        found = analysis.tuning(rates, values)
        groups = [rates[values == v] for v in range(n_values)]
        expected = scipy.stats.f_oneway(*groups)
        np.testing.assert_allclose(found.f, expected.statistic)
        np.testing.assert_allclose(found.p_value, expected.pvalue)
        between = [
            np.sum(values == v) * (g.mean(0) - rates.mean(0)) ** 2 for v, g in enumerate(groups)
        ]
        total = ((rates - rates.mean(axis=0)) ** 2).sum(axis=0)
        np.testing.assert_allclose(found.eta_squared, np.sum(between, axis=0) / total)

    def test_finds_the_direction_that_a_neuron_prefers(self):
        directions = np.repeat(np.arange(8) * 45.0, 10)
        preferred = np.array([0.0, 90.0, 225.0])
        rate = 20 + 15 * np.cos(np.deg2rad(directions[:, np.newaxis] - preferred))
        found = analysis.tuning(rng().normal(rate, 3.0), directions)
        np.testing.assert_array_equal(found.preferred, preferred)
        # Variances 15**2/2 of the tuning and 3**2 of the noise.
        np.testing.assert_allclose(found.eta_squared, 112.5 / 121.5, atol=0.04)
        assert found.rate_hz.shape == found.standard_error_hz.shape == (8, 3)

    def test_untuned_neurons_are_as_good_as_told(self):
        """p values are uniform; eta squared is on average (4 - 1)/(40 - 1)."""
        found = analysis.tuning(rng().normal(10, 2, (40, 2000)), np.arange(40) % 4)
        assert scipy.stats.kstest(found.p_value, "uniform").pvalue > 0.01
        assert found.eta_squared.mean() == pytest.approx(3 / 39, abs=0.005)

    def test_a_neuron_without_variance_has_no_tuning_and_one_without_noise_all_of_it(self):
        values = np.array([0, 0, 1, 1])
        found = analysis.tuning(np.stack([np.full(4, 0.1), values], axis=1), values)
        assert np.isnan([found.eta_squared[0], found.f[0], found.p_value[0]]).all()
        assert (found.eta_squared[1], found.f[1], found.p_value[1]) == (1, np.inf, 0)

    @pytest.mark.parametrize(
        ("rates", "values", "message"),
        [
            (np.ones((4, 2)), np.zeros(4), "at least 2 different values"),
            (np.ones((4, 2)), np.arange(4), "put neighbors together"),
            (np.ones((4, 2)), [0, 1, np.nan, 1], "leave out the trials"),
            (np.full((4, 2), np.nan), [0, 1, 0, 1], "Rates must be finite"),
            (np.ones((4, 2)), [0, 1, 1], "one value for each of the 4 trials"),
        ],
    )
    def test_what_cannot_be_told_is_refused(self, rates, values, message):
        with pytest.raises(InvalidInput, match=message):
            analysis.tuning(rates, np.array(values))


class TestPopulationTrajectories:
    def test_finds_the_plane_in_which_activity_turns(self):
        angle = np.linspace(0, 2 * np.pi, 50)
        circle = np.stack(
            [np.stack([np.cos(angle + p), 0.5 * np.sin(angle + p)], 1) for p in (0, 1)]
        )
        basis = np.linalg.qr(rng().normal(size=(8, 2)))[0].T
        activity = 10 + 4 * circle @ basis
        found = analysis.population_trajectories(activity, 3)
        ratio = found.explained_variance_ratio
        assert ratio[:2].sum() == pytest.approx(1) and ratio[0] > ratio[1]
        assert ratio[0] == pytest.approx(0.8, abs=0.02)
        # The components span the plane, and what was turned is still there.
        np.testing.assert_allclose(abs(np.linalg.det(found.component[:2] @ basis.T)), 1)
        back = found.trajectory @ found.component + found.mean
        np.testing.assert_allclose(back, activity, atol=1e-10)
        np.testing.assert_allclose(found.project(activity), found.trajectory, atol=1e-10)

    @given(st.integers(0, 99))
    def test_variances_are_those_of_the_singular_values(self, seed):
        activity = rng(seed).normal(size=(2, 7, 4))
        found = analysis.population_trajectories(activity, 4)
        centered = activity.reshape(-1, 4) - activity.mean(axis=(0, 1))
        squared = np.linalg.svd(centered, compute_uv=False) ** 2
        np.testing.assert_allclose(found.explained_variance_ratio, squared / squared.sum())
        np.testing.assert_allclose(found.component @ found.component.T, np.eye(4), atol=1e-12)

    @pytest.mark.parametrize(
        ("activity", "message"),
        [
            (np.ones((2, 3, 4)), "the same in all"),
            (rng().normal(size=(2, 3, 2)), "2 neurons in 6 conditions and bins have no 3"),
            (rng().normal(size=(6, 4)), "must be finite, .value, bin, neuron."),
            (np.full((2, 3, 4), np.inf), "must be finite"),
        ],
    )
    def test_what_has_no_components_is_refused(self, activity, message):
        with pytest.raises(InvalidInput, match=message):
            analysis.population_trajectories(activity, 3)

    def test_other_neurons_are_not_projected(self):
        found = analysis.population_trajectories(rng().normal(size=(2, 5, 4)), 2)
        with pytest.raises(InvalidInput, match="of 4 neurons"):
            found.project(np.zeros((5, 3)))


class TestDecode:
    def test_labels_are_decoded_when_they_are_there_and_not_before(self):
        labels = np.repeat(["left", "right"], 30)
        rates = np.full((60, 2, 6), 4.0)
        rates[labels == "right", 1, :3] = 9.0
        found = analysis.decode(rng().poisson(rates), labels, permutations=20, seed=3)
        assert found.chance == 0.5
        assert found.accuracy[1] > 0.9 and found.p_value[1] == 1 / 21
        # Of 60 trials at chance the standard deviation is 0.065.
        assert abs(found.accuracy[0] - 0.5) < 0.2 and found.p_value[0] > 0.05
        assert found.permuted.shape == (20, 2)
        assert abs(found.permuted.mean() - 0.5) < 0.05

    def test_is_the_cross_validation_of_scikit_learn(self):
        activity, labels = rng().normal(size=(30, 2, 4)), rng(1).integers(0, 3, 30)
        nearest = KNeighborsClassifier(3)
        found = analysis.decode(activity, labels, permutations=3, seed=5, decoder=nearest)
        of_folds, of_permutations = generator(5, "decoding").integers(2**31, size=2).tolist()
        folds = StratifiedKFold(5, shuffle=True, random_state=of_folds)
        for k in range(2):
            scores = cross_val_score(nearest, activity[:, k], labels, cv=folds)
            np.testing.assert_allclose(found.accuracy[k], scores.mean())
            how = {"cv": folds, "n_permutations": 3, "random_state": of_permutations}
            _, permuted, p_value = permutation_test_score(nearest, activity[:, k], labels, **how)
            np.testing.assert_allclose(found.permuted[:, k], permuted)
            assert found.p_value[k] == p_value

    def test_folds_and_permutations_follow_from_the_seed(self):
        activity, labels = rng().normal(size=(40, 1, 3)), np.arange(40) % 2
        one, same, other = (
            analysis.decode(activity, labels, permutations=5, seed=seed) for seed in (1, 1, 2)
        )
        np.testing.assert_array_equal(one.permuted, same.permuted)
        np.testing.assert_array_equal(one.accuracy, same.accuracy)
        assert (one.permuted != other.permuted).any()

    def test_a_condition_of_floats_is_a_label(self):
        labels = np.repeat([0.25, 0.5], 10)
        activity = labels[:, np.newaxis, np.newaxis] * np.ones((1, 1, 2))
        assert analysis.decode(activity, labels, permutations=1).accuracy == [1.0]

    @pytest.mark.parametrize(
        ("labels", "settings", "message"),
        [
            (np.zeros(10), {}, "at least 2 different values"),
            (np.arange(10) > 7, {}, "Label True has 2 trials, fewer than the 5 folds"),
            (np.arange(10) % 2, {"folds": 1}, "folds must be a whole number of at least 2"),
            (np.arange(10) % 2, {"permutations": 0}, "permutations must be a whole number"),
            (np.arange(9) % 2, {}, "one value for each of the 10 trials"),
        ],
    )
    def test_what_cannot_be_decoded_is_refused(self, labels, settings, message):
        with pytest.raises(InvalidInput, match=message):
            analysis.decode(np.ones((10, 2, 3)), labels, **settings)


@pytest.mark.parametrize(
    ("counts", "edges", "message"),
    [
        (np.zeros((1, 2, 3, 4)), EDGES, "take one candidate"),
        (np.zeros((2, 4, 1)), EDGES, "with 3 bins"),
        (np.zeros((0, 3, 1)), EDGES, "at least one trial"),
        (np.full((2, 3, 1), -1), EDGES, "not below zero"),
        (np.full((2, 3, 1), np.nan), EDGES, "must be finite"),
        (np.zeros((2, 3, 1)), EDGES[::-1], "increasing times"),
    ],
)
def test_what_is_no_count_is_refused(counts, edges, message):
    for measure in (
        analysis.firing_rates,
        analysis.population_rates,
        analysis.interval_cv,
        analysis.psth,
    ):
        with pytest.raises(InvalidInput, match=message):
            measure(counts, edges)
