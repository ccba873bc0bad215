"""Losses of choices against scikit-learn and plain loops, and what they do with bad recordings."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import log_softmax
from sklearn.metrics import log_loss

from neurotrain.errors import InvalidInput
from neurotrain.losses import (
    LOSSES,
    FirstSpikeLatency,
    Loss,
    SpikeCountCrossEntropy,
    SpikeCountMargin,
    make_loss,
)
from neurotrain.losses.base import MeanOverTrials
from neurotrain.recording import Recording
from neurotrain.trials import Trials

CHOICES = [name for name, loss in LOSSES.items() if issubclass(loss, MeanOverTrials)]
ALL = pytest.mark.parametrize("name", CHOICES)


def suited(name, readout):
    """Return the readout shifted to below zero for a loss of first spikes, which are negative."""
    shift = 10.0 if LOSSES[name].readout == "first-spike" else 0.0
    return np.asarray(readout) - shift


def recording_of(readout):
    n_candidates, n_trials, _ = readout.shape
    return Recording(
        spike_count=np.zeros((n_candidates, n_trials, 1, 1), dtype=int),
        bin_edges_ms=np.array([0.0, 10.0]),
        readout=readout,
        failed=np.zeros((n_candidates, n_trials), dtype=bool),
    )


def trials_of(labels):
    inputs = np.zeros((len(labels), 1, 1))
    return Trials(inputs, 10.0, np.asarray(labels), {"decision": (0.0, 10.0)})


@st.composite
def cases(draw, values):
    """A recording of P candidates, B trials and C classes, down to P = 1 and B = 1."""
    n_candidates, n_trials = draw(st.integers(1, 4)), draw(st.integers(1, 6))
    n_classes = draw(st.integers(2, 4))
    readout = draw(arrays(float, (n_candidates, n_trials, n_classes), elements=values))
    labels = draw(arrays(int, n_trials, elements=st.integers(0, n_classes - 1)))
    return recording_of(readout), trials_of(labels)


graded = cases(st.floats(-1000, 1000))
counts = cases(st.integers(0, 12).map(float))


def softmax_log_loss(readout, labels):
    """Mean cross-entropy of one candidate, by scikit-learn."""
    exponentials = np.exp(readout)
    shares = exponentials / exponentials.sum(axis=1, keepdims=True)
    return log_loss(labels, shares, labels=np.arange(readout.shape[1]))


class TestOracles:
    @settings(max_examples=60, deadline=None)
    @given(case=cases(st.floats(-8, 8)))
    def test_cross_entropy_is_the_log_loss_of_scikit_learn(self, case):
        recording, trials = case
        expected = [softmax_log_loss(readout, trials.labels) for readout in recording.readout]
        assert np.allclose(make_loss("cross-entropy")(recording, trials), expected)

    @settings(max_examples=60, deadline=None)
    @given(case=graded)
    def test_cross_entropy_is_the_log_softmax_of_scipy_over_a_wide_range(self, case):
        recording, trials = case
        share = log_softmax(recording.readout, axis=-1)
        expected = [
            -sum(candidate[i, label] for i, label in enumerate(trials.labels)) / trials.n_trials
            for candidate in share
        ]
        assert np.allclose(make_loss("cross-entropy")(recording, trials), expected)

    @settings(max_examples=60, deadline=None)
    @given(case=counts, temperature=st.floats(1.0, 5.0))
    def test_spike_count_cross_entropy_is_the_log_loss_of_scaled_counts(self, case, temperature):
        recording, trials = case
        expected = [
            softmax_log_loss(readout / temperature, trials.labels) for readout in recording.readout
        ]
        loss = SpikeCountCrossEntropy(temperature)(recording, trials)
        assert np.allclose(loss, expected)

    @settings(max_examples=60, deadline=None)
    @given(case=counts, margin=st.floats(0.5, 5))
    def test_spike_count_margin_is_that_of_a_plain_loop(self, case, margin):
        recording, trials = case
        expected = []
        for candidate in recording.readout:
            losses = []
            for label, n in zip(trials.labels, candidate, strict=True):
                others = max(n[k] for k in range(len(n)) if k != label)
                losses.append(max(0, margin - (n[label] - others)))
            expected.append(sum(losses) / len(losses))
        assert np.allclose(SpikeCountMargin(margin)(recording, trials), expected)

    @settings(max_examples=60, deadline=None)
    @given(case=st.one_of(counts, graded))
    def test_zero_one_is_the_share_of_wrong_decisions(self, case):
        recording, trials = case
        wrong = recording.decisions != trials.labels
        assert np.array_equal(make_loss("zero-one")(recording, trials), wrong.mean(axis=1))

    @settings(max_examples=60, deadline=None)
    @given(case=cases(st.integers(-30, 0).map(float)))
    def test_first_spike_order_is_that_of_a_plain_loop(self, case):
        recording, trials = case
        expected = []
        for candidate in recording.readout:
            shares = []
            for label, minus_latency in zip(trials.labels, candidate, strict=True):
                others = [t for k, t in enumerate(-minus_latency) if k != label]
                shares.append(np.mean([t <= -minus_latency[label] for t in others]))
            expected.append(np.mean(shares))
        assert np.allclose(make_loss("first-spike-order")(recording, trials), expected)

    @settings(max_examples=60, deadline=None)
    @given(case=cases(st.integers(-30, 0).map(float)), temperature=st.floats(1.0, 20.0))
    def test_first_spike_latency_is_the_log_loss_of_scaled_latencies(self, case, temperature):
        recording, trials = case
        expected = [
            softmax_log_loss(readout / temperature, trials.labels) for readout in recording.readout
        ]
        assert np.allclose(FirstSpikeLatency(temperature)(recording, trials), expected)

    def test_values_by_hand(self):
        recording = recording_of(np.array([[[4.0, 1.0, 0.0], [2.0, 2.0, 0.0], [0.0, 3.0, 0.0]]]))
        trials = trials_of([0, 0, 2])
        assert make_loss("zero-one")(recording, trials) == pytest.approx([2 / 3])
        assert make_loss("spike-count-margin")(recording, trials) == pytest.approx([(2 + 5) / 3])


@ALL
class TestEveryLoss:
    @pytest.fixture
    def readout(self, name):
        candidates = [[3, 1], [0, 2], [5, 5]], [[0, 1], [4, 0], [1, 0]]
        return suited(name, candidates)

    trials = trials_of([0, 1, 0])

    def test_is_a_loss_under_its_name(self, name):
        loss = make_loss(name)
        assert isinstance(loss, Loss)
        assert loss.name == name
        assert loss.readout in (None, "graded", "spike-count", "first-spike")

    def test_does_not_depend_on_the_order_of_trials(self, readout, name):
        order = np.array([2, 0, 1])
        loss = make_loss(name)
        shuffled = loss(recording_of(readout[:, order]), trials_of(self.trials.labels[order]))
        assert np.allclose(shuffled, loss(recording_of(readout), self.trials))

    def test_does_not_depend_on_other_candidates(self, readout, name):
        loss = make_loss(name)
        together = loss(recording_of(readout), self.trials)
        alone = [loss(recording_of(r[None]), self.trials)[0] for r in readout]
        assert np.array_equal(together, alone)

    def test_is_smaller_for_right_choices(self, name):
        labels = self.trials.labels
        right = suited(name, 9.0 * np.eye(2)[labels])
        wrong = suited(name, 9.0 * np.eye(2)[1 - labels])
        losses = make_loss(name)(recording_of(np.stack([right, wrong])), self.trials)
        assert losses[0] < losses[1]

    def test_is_infinite_for_a_candidate_with_a_failed_trial(self, readout, name):
        readout = readout.copy()
        readout[0, 2] = np.nan
        failed = np.isnan(readout).any(axis=-1)
        recording = replace(recording_of(readout), failed=failed)
        expected = make_loss(name)(recording_of(readout), self.trials)
        assert make_loss(name)(recording, self.trials).tolist() == [np.inf, expected[1]]

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_is_infinite_for_a_readout_that_is_not_finite(self, readout, name, value):
        readout = readout.copy()
        readout[1, 0, 1] = value
        assert make_loss(name)(recording_of(readout), self.trials)[1] == np.inf

    def test_is_infinite_for_a_failed_trial_with_a_finite_readout(self, readout, name):
        failed = np.array([[False, True, False], [False, False, False]])
        recording = replace(recording_of(readout), failed=failed)
        losses = make_loss(name)(recording, self.trials)
        assert np.isinf(losses).tolist() == [True, False]

    def test_takes_whole_and_single_precision_readouts(self, readout, name):
        expected = make_loss(name)(recording_of(readout), self.trials)
        for dtype in (np.int64, np.int32, np.float32):
            losses = make_loss(name)(recording_of(readout.astype(dtype)), self.trials)
            assert losses.dtype == float
            assert np.array_equal(losses, expected)

    def test_refuses_trials_of_another_recording(self, readout, name):
        with pytest.raises(InvalidInput, match="2 trials"):
            make_loss(name)(recording_of(readout), trials_of([0, 1]))

    @pytest.mark.parametrize("label", [-1, 2])
    def test_refuses_labels_that_the_readout_does_not_have(self, readout, name, label):
        with pytest.raises(InvalidInput, match="2 classes"):
            make_loss(name)(recording_of(readout), trials_of([0, 1, label]))

    def test_refuses_a_readout_of_one_class(self, readout, name):
        with pytest.raises(InvalidInput, match="2 or more classes"):
            make_loss(name)(recording_of(readout[:, :, :1]), trials_of([0, 0, 0]))


@ALL
def test_discrete_means_constant_under_small_changes_of_the_readout(name):
    if LOSSES[name].readout in ("spike-count", "first-spike"):
        assert LOSSES[name].discrete, "spikes jump, so what is computed from them does too"
        return
    trials = trials_of([0, 1])
    readout = np.array([[[1.0, 0.5], [1.0, 0.5]]])
    loss = make_loss(name)
    changed = loss(recording_of(readout * 1.001), trials) != loss(recording_of(readout), trials)
    assert changed.item() == (not loss.discrete)


def test_cross_entropy_does_not_overflow():
    recording = recording_of(np.array([[[1e5, 0.0]], [[0.0, 1e5]]]))
    assert make_loss("cross-entropy")(recording, trials_of([0])).tolist() == [0.0, 1e5]


@pytest.mark.parametrize("name", ["first-spike-order", "first-spike-latency"])
def test_first_spike_losses_refuse_another_readout(name):
    with pytest.raises(InvalidInput, match="first spikes"):
        make_loss(name)(recording_of(np.array([[[0.5, -2.0]]])), trials_of([0]))


@ALL
def test_trials_without_labels_are_told(name):
    trials = replace(trials_of([0]), labels=None, targets=np.zeros((1, 1, 1)))
    with pytest.raises(InvalidInput, match="'trajectory-error'"):
        make_loss(name)(recording_of(np.array([[[-1.0, -2.0]]])), trials)


@pytest.mark.parametrize("name", ["spike-count-margin", "spike-count-cross-entropy"])
@pytest.mark.parametrize("value", [0.5, -1.0])
def test_spike_count_losses_refuse_a_graded_readout(name, value):
    with pytest.raises(InvalidInput, match="spike counts"):
        make_loss(name)(recording_of(np.array([[[value, 2.0]]])), trials_of([0]))


class TestMakeLoss:
    def test_sets_options(self):
        assert make_loss("spike-count-margin", margin=3) == SpikeCountMargin(margin=3)

    def test_unknown_loss(self):
        with pytest.raises(InvalidInput, match="did you mean 'cross-entropy'"):
            make_loss("crossentropy")

    def test_unknown_option(self):
        with pytest.raises(InvalidInput, match="did you mean 'margin'"):
            make_loss("spike-count-margin", margins=3)
        with pytest.raises(InvalidInput, match="'zero-one' called 'margin'; leave it out"):
            make_loss("zero-one", margin=3)

    @pytest.mark.parametrize("value", [0, -1.0, np.nan, np.inf, "2", None, True])
    @pytest.mark.parametrize(
        ("name", "option"),
        [
            ("spike-count-margin", "margin"),
            ("spike-count-cross-entropy", "temperature"),
            ("first-spike-latency", "temperature_ms"),
            ("van-rossum", "tau_ms"),
            ("victor-purpura", "cost_per_ms"),
            ("rate-matching", "tau_ms"),
            ("rate-band", "lowest_hz"),
            ("rate-band", "highest_hz"),
        ],
    )
    def test_option_out_of_range(self, name, option, value):
        with pytest.raises(InvalidInput, match=f"'{option}' of loss '{name}'"):
            make_loss(name, **{option: value})
