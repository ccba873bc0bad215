"""Tasks of choices: what is shown when, what is correct, and what the ideal observer scores.

An observer that knows the task decides from the inputs alone. Without noise it must be right on
every trial, which shows that the label follows from what is shown; with noise it must score what
the task says of the ideal observer.
"""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurotrain.errors import InvalidInput
from neurotrain.task import check_task
from neurotrain.tasks import (
    TASKS,
    ContextDependentIntegration,
    DelayedComparison,
    DelayedMatchToSample,
    GoNoGo,
    IntegrationMemory,
    PerceptualDecision,
    StimulusIntegration,
    TemporalXor,
    TwoPoolDecision,
    WorkingMemory,
)

N_TRIALS = 4000


def rng(seed=1):
    return np.random.default_rng(seed)


def mean_in(task, trials, period):
    """Return the mean of each signal in a period, (trial, signal)."""
    return trials.inputs[:, task.timeline.bins(period)].mean(axis=1)


def difference(values):
    return values[:, 1] - values[:, 0]


def match(task, trials):
    seen = [difference(mean_in(task, trials, period)) for period in ("sample", "test")]
    return seen[0] * seen[1] > 0


def comparison(task, trials):
    first, second = (mean_in(task, trials, period)[:, 0] for period in ("first", "second"))
    return first > second


def two_pools(task, trials):
    shown = trials.inputs[:, task.timeline.bins("fixation").stop :].mean(axis=1)
    return difference(shown) > 0


def motion(task, trials):
    return difference(mean_in(task, trials, "stimulus")) > 0


def context(task, trials):
    is_color = difference(mean_in(task, trials, "decision")[:, 4:6]) > 0
    stimulus = mean_in(task, trials, "stimulus")
    return np.where(is_color, difference(stimulus[:, 2:4]), difference(stimulus[:, :2])) > 0


def go(task, trials):
    return difference(mean_in(task, trials, "stimulus")) > 0


def xor(task, trials):
    n_bins = round((task.long_ms - task.short_ms) / task.bin_ms)
    is_long = []
    for period in ("first", "second"):
        start = task.timeline.bins(period).start
        is_long.append(trials.inputs[:, start : start + n_bins, 0].mean(axis=1) > 0.5)
    return is_long[0] != is_long[1]


# The noise makes the ideal observer fallible.
OBSERVERS = {
    "delayed-match-to-sample": (match, {"sigma": 15.0}),
    "working-memory": (match, {"sigma": 8.0}),
    "delayed-comparison": (comparison, {"sigma": 2.5}),
    "two-pool-decision": (two_pools, {"sigma": 10.0}),
    "perceptual-decision": (motion, {"sigma": 4.0, "coherence": 12.8}),
    "context-dependent-integration": (context, {"sigma": 0.7, "coherence": (3.0, 5.0)}),
    "go-no-go": (go, {"sigma": 15.0}),
    "temporal-xor": (xor, {"sigma": 6.0}),
}


@pytest.mark.parametrize("name", OBSERVERS)
def test_label_follows_from_what_is_shown(name):
    task = TASKS[name](sigma=0.0)
    trials = task.draw(500, rng())
    right = OBSERVERS[name][0](task, trials).astype(int) == trials.labels
    tells = trials.conditions.get("coherence", np.ones(500)) > 0
    assert right[tells].all()
    assert tells.mean() > 0.7


@pytest.mark.parametrize("name", OBSERVERS)
def test_ideal_observer_scores_what_the_task_says(name):
    """Within 4.5 standard errors, a false alarm in 150 000 seeds each."""
    observer, noisy = OBSERVERS[name]
    task = TASKS[name](**noisy)
    trials = task.draw(N_TRIALS, rng())
    score = task.score(observer(task, trials).astype(int), trials)
    ideal = task.ideal_score(trials)
    assert 0.55 < ideal < 0.95
    assert abs(score - ideal) < 4.5 * 0.5 / N_TRIALS**0.5
    # Negative control: with half the noise another score is expected.
    other = TASKS[name](**{**noisy, "sigma": 0.5 * noisy["sigma"]})
    assert abs(score - other.ideal_score(trials)) > 4.5 * 0.5 / N_TRIALS**0.5


@pytest.mark.parametrize("name", OBSERVERS)
def test_noise_has_the_size_that_is_stated(name):
    """Standard deviation of a mean over 100 ms; within 4.5 standard errors."""
    for bin_ms in (2.0, 10.0):
        quiet, noisy = (TASKS[name](sigma=sigma, bin_ms=bin_ms) for sigma in (0.0, 3.0))
        # Noise is drawn last, so all else is the same.
        noise = noisy.draw(500, rng()).inputs - quiet.draw(500, rng()).inputs
        n_bins = round(100 / bin_ms)
        means = noise[:, :n_bins].mean(axis=1)
        assert abs(means.std() / 0.3 - 1) < 4.5 / (2 * means.size) ** 0.5


IN_ORDER = [name for name in OBSERVERS if "delay_ms" in TASKS[name].drawn]


@settings(max_examples=15)
@given(name=st.sampled_from(IN_ORDER), bin_ms=st.sampled_from([0.5, 4.0, 10.0]), data=st.data())
def test_periods_have_the_durations_of_the_settings(name, bin_ms, data):
    setting = [f.name for f in fields(TASKS[name]) if f.name.endswith("_ms") and f.name != "bin_ms"]
    bins = {each: data.draw(st.integers(each != "delay_ms", 6), label=each) for each in setting}
    if name == "temporal-xor":
        bins["long_ms"] = bins["short_ms"] + 2
    durations = {each: n * bin_ms for each, n in bins.items()}
    task = TASKS[name](bin_ms=bin_ms, sigma=0.0, **durations)
    check_task(task, n_trials=100)
    found = {period: stop - start for period, (start, stop) in task.periods.items()}
    if name == "temporal-xor":
        assert found.pop("first") == found.pop("second") == pytest.approx(durations["long_ms"])
        del durations["long_ms"], durations["short_ms"]
    expected = {each.removesuffix("_ms"): duration for each, duration in durations.items()}
    assert found == pytest.approx({period: ms for period, ms in expected.items() if ms})


class TestDelayedMatchToSample:
    def test_timing_is_that_of_neurogym(self):
        assert DelayedMatchToSample().periods == {
            "fixation": (0, 300),
            "sample": (300, 800),
            "delay": (800, 1800),
            "test": (1800, 2300),
            "decision": (2300, 3200),
        }

    def test_delay_is_silent_and_as_long_as_drawn(self):
        task = WorkingMemory(delay_ms=(50.0, 100.0, 250.0), stimuli=3)
        trials = task.draw(200, rng())
        on = trials.inputs.any(axis=2)
        test_start = task.timeline.bins("test").start
        for trial, delay_ms in enumerate(trials.conditions["delay_ms"]):
            sample_stop = test_start - round(delay_ms / 10)
            expected = np.zeros(60, dtype=bool)
            expected[sample_stop - 10 : sample_stop] = expected[test_start : test_start + 10] = True
            assert np.array_equal(on[trial], expected)
        shown = trials.inputs[:, test_start].argmax(axis=1)
        assert np.array_equal(shown, trials.conditions["test"])
        same = trials.conditions["sample"] == trials.conditions["test"]
        assert np.array_equal(same, trials.labels == 1)

    def test_all_stimuli_come_as_sample_and_as_test(self):
        trials = DelayedMatchToSample(stimuli=4).draw(500, rng())
        pairs = set(zip(trials.conditions["sample"], trials.conditions["test"], strict=True))
        assert len(pairs) == 16

    def test_ideal_observer_of_many_stimuli_in_noise_is_not_known(self):
        for sigma, ideal in ((0.0, 1.0), (1.0, None)):
            task = DelayedMatchToSample(stimuli=3, sigma=sigma)
            assert task.ideal_score(task.draw(5, rng())) == ideal

    @pytest.mark.parametrize("stimuli", [1, 0, 2.5, None])
    def test_number_of_stimuli_is_checked(self, stimuli):
        with pytest.raises(InvalidInput, match="stimuli must be a whole number of at least 2"):
            DelayedMatchToSample(stimuli=stimuli)


class TestIntegrationMemory:
    def test_words_and_labels_are_those_of_stimulus_integration(self):
        task = IntegrationMemory(delay_ms=(0.0, 250.0), seed=3)
        trials = task.draw(100, rng())
        words = StimulusIntegration(bin_ms=5.0, decision_ms=5.0, seed=3).draw(100, rng())
        assert np.array_equal(trials.labels, words.labels)
        codes = task.integration.word_codes
        for trial, delay_ms in enumerate(trials.conditions["delay_ms"]):
            shift = round((250 - delay_ms) / 5)
            expected = np.tile(codes[3], (101, 1))
            expected[shift : shift + 49] = words.inputs[trial, :49]
            expected[-2:] = codes[4]
            assert np.array_equal(trials.inputs[trial], expected)

    @pytest.mark.parametrize("setting", ["words", "margin", "code_channels", "seed"])
    def test_settings_of_the_words_are_checked(self, setting):
        with pytest.raises(InvalidInput):
            IntegrationMemory(**{setting: -1})


class TestDelayedComparison:
    def test_signal_is_the_scaled_frequency(self):
        task = DelayedComparison(sigma=0.0)
        trials = task.draw(200, rng())
        first, second = (mean_in(task, trials, period)[:, 0] for period in ("first", "second"))
        hz = trials.conditions["first"]
        assert np.allclose(first, 0.5 + (hz - 10) / 48)
        assert np.allclose(second, 0.5 + (hz - trials.conditions["difference"] - 10) / 48)
        pairs = set(zip(hz, hz - trials.conditions["difference"], strict=True))
        assert pairs == {p for a, b in task.pairs for p in ((a, b), (b, a))}

    @pytest.mark.parametrize(
        "pairs", [(), ((10.0, 10.0),), ((10.0,),), 5, ((10.0, -1.0),), ((10.0, "a"),), "ab"]
    )
    def test_pairs_are_checked(self, pairs):
        with pytest.raises(InvalidInput, match="pairs"):
            DelayedComparison(pairs=pairs)


def test_two_pools_get_means_between_0_and_1_until_the_end():
    task = TwoPoolDecision(sigma=0.0)
    trials = task.draw(500, rng())
    assert not trials.inputs[:, :10].any()
    assert np.ptp(trials.inputs[:, 10:], axis=1).max() == 0
    assert 0 <= trials.inputs.min() < 0.01
    assert 0.99 < trials.inputs.max() <= 1
    with pytest.raises(InvalidInput, match="at most 1000 ms, got 1010 ms"):
        TwoPoolDecision(decision_ms=1010.0)


def test_coherence_sets_the_evidence():
    task = PerceptualDecision(sigma=0.0)
    trials = task.draw(500, rng())
    assert set(trials.conditions["coherence"]) == {0.0, 6.4, 12.8, 25.6, 51.2}
    seen = np.abs(difference(mean_in(task, trials, "stimulus")))
    assert np.allclose(seen, trials.conditions["coherence"] / 100)
    with pytest.raises(InvalidInput, match="coherence must be a finite number of at least 0 and"):
        PerceptualDecision(coherence=101.0)


def test_context_decides_what_is_judged():
    task = ContextDependentIntegration(sigma=0.0)
    trials = task.draw(2000, rng())
    stimulus = mean_in(task, trials, "stimulus")
    sides = np.stack([difference(stimulus[:, :2]), difference(stimulus[:, 2:4])], axis=1) > 0
    chosen = trials.conditions["context"]
    assert np.array_equal(sides[np.arange(2000), chosen], trials.labels == 1)
    seen = np.abs([difference(stimulus[:, :2]), difference(stimulus[:, 2:4])])
    assert np.allclose(seen[chosen, np.arange(2000)], trials.conditions["coherence"] / 100)
    # Both coherences are drawn independently: all nine pairs come.
    assert len(set(zip(*seen.round(3), strict=True))) == 9
    congruent = sides[:, 0] == sides[:, 1]
    assert np.array_equal(congruent, trials.conditions["congruent"] == 1)
    # Who ignores the context is right only by chance: |z| > 4.5 once in 150 000 seeds.
    other = sides[np.arange(2000), 1 - chosen] == trials.labels
    assert abs(other.mean() - 0.5) < 4.5 * 0.5 / 2000**0.5
    assert (trials.inputs[:, :, 4:].sum(axis=2) == 1).all()


def test_share_of_go_trials():
    labels = GoNoGo(go_share=0.8).draw(N_TRIALS, rng()).labels
    assert abs((labels == 0).mean() - 0.8) < 4.5 * 0.4 / N_TRIALS**0.5
    task = GoNoGo(go_share=0.8, sigma=1.0)
    assert task.ideal_score(task.draw(5, rng())) is None
    with pytest.raises(InvalidInput, match="go_share must be a finite number of at least 0"):
        GoNoGo(go_share=1.1)


class TestTemporalXor:
    def test_pulses_have_the_drawn_durations_and_end_together(self):
        task = TemporalXor()
        trials = task.draw(200, rng())
        for name in ("first", "second"):
            bins = task.timeline.bins(name)
            shown = trials.inputs[:, bins, 0]
            assert np.array_equal(shown.sum(axis=1) * 10, trials.conditions[f"{name}_ms"])
            assert (shown[:, -10:] == 1).all()
        differ = trials.conditions["first_ms"] != trials.conditions["second_ms"]
        assert np.array_equal(trials.labels == 1, differ)

    def test_one_pulse_tells_nothing(self):
        """|z| above 4.5 once in 150 000 seeds."""
        trials = TemporalXor().draw(N_TRIALS, rng())
        for name in ("first_ms", "second_ms"):
            is_long = trials.conditions[name] == 300
            share = trials.labels[is_long].mean()
            assert abs(share - 0.5) < 4.5 * 0.5 / is_long.sum() ** 0.5

    @pytest.mark.parametrize("short_ms", [0.0, 300.0, 400.0])
    def test_short_must_be_shorter_than_long(self, short_ms):
        with pytest.raises(InvalidInput, match="'short_ms' must be above 0 and less than"):
            TemporalXor(short_ms=short_ms)
