"""Every task keeps the rules of a task, broken ones are found; stimulus integration is exact."""

import itertools
import json
import pickle
import subprocess
import sys
import tomllib
from dataclasses import dataclass, fields, replace
from zlib import crc32

import numpy as np
import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from neurotrain.drawn import Between
from neurotrain.encoders import PoissonSpikes, PopulationCode
from neurotrain.errors import InvalidInput
from neurotrain.scoring import score_trajectories
from neurotrain.seeding import generator
from neurotrain.task import check_task
from neurotrain.tasks import TASKS, GoNoGo, StimulusIntegration
from neurotrain.training.choices import choose
from neurotrain.trials import Trials

NULL, EOS = 3, 4
SIGNAL_TASKS = [name for name in TASKS if name != "stimulus-integration"]
DURATIONS = [
    (name, field.name)
    for name in SIGNAL_TASKS
    for field in fields(TASKS[name])
    if field.name.endswith("_ms") and field.name != "bin_ms"
]
WITH_CLASSES = [name for name in TASKS if TASKS[name].classes]
VARYING = [name for name in TASKS if getattr(TASKS[name](), "varies", True)]
WITH_DELAY = [name for name, setting in DURATIONS if setting == "delay_ms"]


def rng(seed=0):
    return np.random.default_rng(seed)


def words_of(task, trials):
    """Read the (trial, bin) words back from the inputs."""
    matches = (trials.inputs[:, :, None, :] == task.word_codes).all(axis=-1)
    assert (matches.sum(axis=-1) == 1).all()
    return matches.argmax(axis=-1)


def counts_of(words):
    return (words[:, :, None] == np.arange(3)).sum(axis=1)


def admissible_counts(words, margin):
    """All count vectors whose largest count leads by `margin`, by brute force."""
    return [
        counts
        for counts in itertools.product(range(words + 1), repeat=3)
        if sum(counts) <= words and sorted(counts)[2] - sorted(counts)[1] >= margin
    ]


settings_of_task = st.builds(
    lambda words, share, delay_bins, channels, seed: StimulusIntegration(
        words=words,
        margin=max(1, round(share * words)),
        delay_bins=delay_bins,
        channels=channels,
        seed=seed,
        decision_ms=4.0,
    ),
    words=st.integers(1, 60),
    share=st.floats(0, 1),
    delay_bins=st.integers(0, 5),
    channels=st.integers(3, 20),
    seed=st.integers(0, 1000),
)


class TestEveryTask:
    """What holds for every task of the catalog, from the day on which it is added."""

    # Of what 20 trials hold, in whole thousandths, which are the same on any machine. A task
    # that is new here gets its number from the failing test; one that changes, changed.
    checksums = {
        "context-dependent-integration": 3400894175,
        "delayed-comparison": 691279025,
        "delayed-match-to-sample": 2037657458,
        "go-no-go": 33864218,
        "integration-memory": 3663412856,
        "pattern-generation": 777117287,
        "perceptual-decision": 2667166452,
        "reach": 3097199489,
        "ready-set-go": 2049752327,
        "stimulus-integration": 638761067,
        "temporal-xor": 2621892279,
        "three-bit-memory": 3480026337,
        "two-pool-decision": 4006206689,
        "working-memory": 3899140935,
    }

    @pytest.mark.parametrize("name", TASKS)
    def test_keeps_the_rules(self, name):
        task = TASKS[name]()
        assert task.name == name
        check_task(task)
        assert pickle.loads(pickle.dumps(task)) == task

    @pytest.mark.parametrize("name", TASKS)
    def test_trials_are_those_of_any_machine(self, name):
        assert checksum(TASKS[name]().draw(20, rng(1))) == self.checksums.get(name)

    @pytest.mark.parametrize("name", VARYING)
    def test_training_validation_and_test_have_trials_of_their_own(self, name):
        task = TASKS[name]()
        streams = [("training-trials", 1), ("training-trials", 2), ("validation-trials", 1)]
        streams.append(("test-trials",))
        batches = [task.draw(30, generator(0, *stream)) for stream in streams]
        assert len({checksum(batch) for batch in batches}) == len(streams)

    @pytest.mark.parametrize("name", WITH_CLASSES)
    def test_classes_are_balanced(self, name):
        """Chi-square tests with a false-alarm rate of 1e-4 each, had the seed been another."""
        assert p_value_of_balance(TASKS[name]()) > 1e-4

    def test_negative_control_of_balance(self):
        assert p_value_of_balance(GoNoGo(go_share=0.56)) < 1e-4

    @pytest.mark.parametrize("name", TASKS)
    def test_trial_ends_with_the_decision(self, name):
        task = TASKS[name]()
        trials = task.draw(3, rng())
        assert trials.periods == task.periods
        assert trials.periods["decision"][1] == trials.duration_ms
        assert trials.bin_ms == task.bin_ms

    @pytest.mark.parametrize(("name", "setting"), DURATIONS)
    @pytest.mark.parametrize("value", [17.0, -10.0, np.nan, np.inf, "9", None, True])
    def test_wrong_duration_is_refused_in_one_sentence(self, name, setting, value):
        with pytest.raises(InvalidInput) as error:
            TASKS[name](**{setting: value})
        assert "\n" not in str(error.value)

    @pytest.mark.parametrize("name", WITH_DELAY)
    def test_delay_can_be_drawn(self, name):
        task = TASKS[name](delay_ms=[0.0, 100.0, 500.0])
        trials = task.draw(60, rng(1))
        longest = TASKS[name](delay_ms=500.0).draw(1, rng(1))
        assert trials.periods == longest.periods
        assert trials.duration_ms == longest.duration_ms
        assert set(trials.conditions["delay_ms"]) == {0.0, 100.0, 500.0}
        check_task(task)
        drawn = TASKS[name](delay_ms={"low": 50.0, "high": 500.0}).draw(60, rng(1))
        assert set(drawn.conditions["delay_ms"] % task.bin_ms) == {0.0}
        assert len(set(drawn.conditions["delay_ms"])) > 10

    @pytest.mark.parametrize("name", TASKS)
    @pytest.mark.parametrize("n_trials", [0, -1, 2.5])
    def test_number_of_trials_must_be_positive(self, name, n_trials):
        with pytest.raises(InvalidInput, match="n_trials"):
            TASKS[name]().draw(n_trials, rng())

    @pytest.mark.parametrize("name", TASKS)
    def test_settings_come_back_from_a_run_folder(self, name):
        for task in (TASKS[name](), *variants(name)):
            config = choose("tasks", task, {})[1].config()
            assert not config["in_python"]
            read = tomllib.loads(tomli_w.dumps(config))
            assert choose("tasks", read["name"], read["options"])[0] == task

    @pytest.mark.parametrize("name", TASKS)
    def test_ideal_observer_is_not_better_than_perfect(self, name):
        task = TASKS[name]()
        assert 0.5 < task.ideal_score(task.draw(200, rng(1))) <= 1
        for other in variants(name):
            if any(encoder.is_random for encoder in other.encoder):
                assert other.ideal_score(other.draw(20, rng(1))) is None


def checksum(trials):
    """Return a number for all that trials hold."""
    arrays = [trials.inputs, trials.labels, trials.targets, trials.mask]
    arrays += [trials.conditions[name] for name in sorted(trials.conditions)]
    known = [array for array in arrays if array is not None]
    return crc32(b"".join((array * 1000.0).round().astype("<i8").tobytes() for array in known))


def p_value_of_balance(task):
    labels = task.draw(3000, rng(2)).labels
    return stats.chisquare(np.bincount(labels, minlength=task.classes)).pvalue


def variants(name):
    """Return the task with encoders and drawn delays, where it has them."""
    if name == "stimulus-integration":
        return []
    encoder = [PopulationCode(low=-1.0), PoissonSpikes(rate_hz=50.0)]
    delay = {"delay_ms": Between(0.0, 500.0)} if name in WITH_DELAY else {}
    own = {"target": rng().normal(size=(5, 2))} if name == "pattern-generation" else {}
    return [TASKS[name](encoder=encoder, **delay), TASKS[name](sigma=0.5, encoder="current", **own)]


class TestTrialsOfStimulusIntegration:
    def test_default_is_the_published_task(self):
        task = StimulusIntegration()
        trials = task.draw(7, rng())
        assert trials.inputs.shape == (7, 50, 50)
        assert trials.duration_ms == 200.0
        assert trials.periods == {
            "evidence": (0.0, 196.0),
            "eos": (196.0, 200.0),
            "decision": (190.0, 200.0),
        }
        assert set(np.unique(trials.inputs)) == {0.0, 0.2}

    @settings(max_examples=40, deadline=None)
    @given(task=settings_of_task, seed=st.integers(0, 1000))
    def test_follows_its_settings(self, task, seed):
        check_task(task)
        trials = task.draw(25, rng(seed))
        words = words_of(task, trials)
        counts = counts_of(words)
        lead = np.sort(counts, axis=1)[:, 2] - np.sort(counts, axis=1)[:, 1]
        assert words.shape == (25, task.words + task.delay_bins + 1)
        assert (words[:, -1] == EOS).all()
        assert (words[:, :-1] != EOS).all()
        assert (words[:, task.words : -1] == NULL).all()
        assert (lead >= task.margin).all()
        assert (trials.labels == counts.argmax(axis=1)).all()
        assert (trials.conditions["margin"] == lead).all()
        assert (trials.conditions["evidence"] == counts.sum(axis=1)).all()

    @settings(max_examples=40, deadline=None)
    @given(task=settings_of_task)
    def test_periods_follow_one_another(self, task):
        periods = task.draw(1, rng()).periods
        assert ("delay" in periods) == (task.delay_bins > 0)
        start = 0.0
        for name in [n for n in ("evidence", "delay", "eos") if n in periods]:
            assert periods[name][0] == start
            start = periods[name][1]
        assert start == periods["decision"][1] == task.duration_ms
        decision_ms = periods["decision"][1] - periods["decision"][0]
        assert decision_ms == pytest.approx(task.decision_ms)

    def test_decision_period_may_last_the_whole_trial(self):
        task = StimulusIntegration(words=9, bin_ms=0.1, decision_ms=1.0)
        assert task.draw(1, rng()).periods["decision"] == (0.0, 1.0)

    @settings(max_examples=40, deadline=None)
    @given(task=settings_of_task, seed=st.integers(0, 1000))
    def test_linear_observer_of_summed_inputs_is_always_right(self, task, seed):
        trials = task.draw(50, rng(seed))
        codes = task.word_codes
        # Counts add up to a known number of words, so the null word is the origin.
        summed = trials.inputs.sum(axis=1) - codes[EOS]
        summed = summed - (task.words + task.delay_bins) * codes[NULL]
        evidence = summed @ np.linalg.pinv(codes[:NULL] - codes[NULL])
        assert (task.score(evidence.argmax(axis=1), trials)) == 1


class TestDistributionOfStimulusIntegration:
    """Chi-square tests with a false-alarm rate of 1e-4 each, had the seed been another."""

    task = StimulusIntegration(words=12, channels=3)
    n_trials = 20_000

    def p_value(self, counts):
        cells = {cell: i for i, cell in enumerate(admissible_counts(self.task.words, 1))}
        observed = np.bincount([cells[tuple(c)] for c in counts.tolist()], minlength=len(cells))
        return stats.chisquare(observed).pvalue

    def test_count_vectors_are_uniform(self):
        trials = self.task.draw(self.n_trials, rng(1))
        assert self.p_value(counts_of(words_of(self.task, trials))) > 1e-4

    def test_negative_control_multinomial_counts_are_not(self):
        counts = rng(2).multinomial(self.task.words, [0.25] * 4, size=self.n_trials)[:, :3]
        ordered = np.sort(counts, axis=1)
        assert self.p_value(counts[ordered[:, 2] > ordered[:, 1]]) < 1e-4

    def test_classes_are_balanced(self):
        labels = StimulusIntegration(channels=3).draw(self.n_trials, rng(3)).labels
        assert stats.chisquare(np.bincount(labels, minlength=3)).pvalue > 1e-4

    def test_mean_margin_and_evidence_are_those_of_the_published_task(self):
        counts = np.array(admissible_counts(49, 1))
        ordered = np.sort(counts, axis=1)
        expected = {"margin": ordered[:, 2] - ordered[:, 1], "evidence": counts.sum(axis=1)}
        conditions = StimulusIntegration(channels=3).draw(self.n_trials, rng(4)).conditions
        for name, values in expected.items():
            # |z| > 4 comes up once in 16 000 seeds.
            z = (conditions[name].mean() - values.mean()) / values.std() * self.n_trials**0.5
            assert abs(z) < 4

    @settings(max_examples=20, deadline=None)
    @given(words=st.integers(1, 7), share=st.floats(0, 1))
    def test_exactly_the_admissible_count_vectors_come(self, words, share):
        margin = max(1, round(share * words))
        task = StimulusIntegration(words=words, margin=margin, channels=3, decision_ms=1.0)
        drawn = counts_of(words_of(task, task.draw(4000, rng(5))))
        # At most 93 vectors, so one is missed in less than 1e-16 of all seeds.
        assert set(map(tuple, drawn.tolist())) == set(admissible_counts(words, margin))


class TestOrderOfStimulusIntegration:
    """Every word is equally likely at every position.

    Largest of 196 |z|: above 5.5 in less than 1e-5 of all seeds.
    """

    task = StimulusIntegration(channels=3)

    def largest_z(self, words):
        is_word = (words[:, :49, None] == np.arange(4)).astype(float)
        excess = is_word - is_word.mean(axis=1, keepdims=True)
        z = excess.mean(axis=0) / excess.std(axis=0) * len(words) ** 0.5
        return np.abs(z).max()

    def words(self):
        return words_of(self.task, self.task.draw(4000, rng(1)))

    def test_order_is_shuffled(self):
        assert self.largest_z(self.words()) < 5.5

    def test_negative_control_words_in_order(self):
        assert self.largest_z(np.sort(self.words()[:, :49], axis=1)) > 5.5

    def test_negative_control_one_order_for_all_trials(self):
        in_order = np.sort(self.words()[:, :49], axis=1)
        assert self.largest_z(in_order[:, rng(2).permutation(49)]) > 5.5


@pytest.mark.parametrize(
    ("margin", "expected"),
    [(1, {1: 0.55, 5: 0.71, 10: 0.79, 25: 0.90}), (10, {1: 0.64, 5: 0.84, 10: 0.93, 25: 0.99})],
)
def test_accuracy_of_an_observer_with_short_memory_is_as_documented(margin, expected):
    """Within 0.015, which is four standard errors of 20 000 trials and the rounding."""
    task = StimulusIntegration(margin=margin, channels=3)
    trials = task.draw(20_000, rng(1))
    words = words_of(task, trials)
    for n_last, accuracy in expected.items():
        seen = counts_of(words[:, 49 - n_last : 49])
        decisions = (seen + rng(2).uniform(0, 0.5, seen.shape)).argmax(axis=1)
        assert task.score(decisions, trials) == pytest.approx(accuracy, abs=0.015)


class TestWordCodes:
    @settings(max_examples=60, deadline=None)
    @given(channels=st.integers(3, 60), seed=st.integers(0, 10_000))
    def test_words_are_distinct_scaled_and_not_zero(self, channels, seed):
        codes = StimulusIntegration(channels=channels, seed=seed).word_codes
        assert codes.shape == (5, channels)
        assert len(np.unique(codes, axis=0)) == 5
        assert codes.any(axis=1).all()
        assert set(np.unique(codes)) == {0.0, 1 / np.sqrt(channels / 2)}

    def test_codes_follow_the_seed_and_not_the_trials(self):
        codes = StimulusIntegration(seed=3).word_codes
        assert np.array_equal(codes, StimulusIntegration(seed=3, words=20, margin=4).word_codes)
        assert not np.array_equal(codes, StimulusIntegration(seed=4).word_codes)

    def test_codes_are_those_of_another_process(self):
        code = (
            "from neurotrain.tasks import StimulusIntegration as S; print(S().word_codes.tolist())"
        )
        command = [sys.executable, "-c", code]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert json.loads(printed) == StimulusIntegration().word_codes.tolist()

    def test_counts_can_be_read_from_few_channels_with_every_seed(self):
        for seed in range(200):
            codes = StimulusIntegration(channels=3, seed=seed).word_codes
            assert np.linalg.matrix_rank(codes[:NULL] - codes[NULL]) == 3

    def test_half_of_the_channels_are_on(self):
        is_on = StimulusIntegration(channels=20_000).word_codes > 0
        # A false alarm, |z| > 4.5, once in 150 000 seeds.
        assert abs(is_on.sum() - 50_000) < 4.5 * np.sqrt(100_000 / 4)

    def test_codes_cannot_be_changed_by_accident(self):
        with pytest.raises(ValueError, match="read-only"):
            StimulusIntegration().word_codes[0, 0] = 1


class TestScore:
    task = StimulusIntegration()
    trials = task.draw(10, rng())

    def test_is_the_share_of_correct_choices(self):
        decisions = np.tile(self.trials.labels, (2, 3, 1))
        decisions[0, 1, :4] = -1
        assert np.array_equal(self.task.score(decisions, self.trials), [[1, 0.6, 1], [1, 1, 1]])

    @pytest.mark.parametrize("shape", [(), (1,), (10, 3), (9,)])
    def test_wrong_number_of_choices_is_refused(self, shape):
        with pytest.raises(InvalidInput, match="one choice for each of the 10 trials"):
            self.task.score(np.zeros(shape, dtype=int), self.trials)


@pytest.mark.parametrize(
    "wrong",
    [{name: value} for name in ("words", "margin") for value in (0, -1, 2.5, "9", None, True)]
    + [{name: value} for name in ("delay_bins", "seed") for value in (-1, 0.5, None)]
    + [{"channels": value} for value in (0, 2, 4.0)]
    + [{n: v} for n in ("bin_ms", "decision_ms") for v in (0, -1.0, np.nan, np.inf, "4", None)],
)
def test_setting_out_of_range_is_refused_by_name(wrong):
    with pytest.raises(InvalidInput, match=next(iter(wrong))) as error:
        StimulusIntegration(**wrong)
    assert "\n" not in str(error.value)


def test_settings_that_contradict_each_other_are_refused():
    with pytest.raises(InvalidInput, match="at most the number of words, 9, got 10"):
        StimulusIntegration(words=9, margin=10)
    with pytest.raises(InvalidInput, match="duration of the trial, 40 ms, got 41 ms"):
        StimulusIntegration(words=9, decision_ms=41)


@dataclass(frozen=True)
class CoinTask:
    """The smallest task that keeps the rules; below, each rule is broken once."""

    name = "coin"
    channels = 1
    classes = 2

    def draw(self, n_trials, rng):
        labels = rng.integers(2, size=n_trials)
        inputs = labels[:, None, None].astype(float)
        return Trials(inputs, 10.0, labels, {"decision": (0.0, 10.0)}, {"side": labels * 1})

    def score(self, decisions, trials):
        return (decisions == trials.labels).mean(axis=-1)


def test_smallest_task_keeps_the_rules():
    check_task(CoinTask())


class NoScore:
    name, channels, classes = "no score", 1, 2

    def draw(self, n_trials, rng):
        return CoinTask().draw(n_trials, rng)


class NotADataclass(NoScore):
    def score(self, decisions, trials):
        return CoinTask().score(decisions, trials)


@dataclass
class NotFrozen(NotADataclass):
    pass


class NoName(CoinTask):
    name = ""


class OneTrialTooMany(CoinTask):
    def draw(self, n_trials, rng):
        return super().draw(n_trials + 1, rng)


class AlwaysTwentyTrials(CoinTask):
    def draw(self, n_trials, rng):
        return super().draw(20, rng)


class WrongChannels(CoinTask):
    channels = 2


class WithDrawn(CoinTask):
    def draw(self, n_trials, rng):
        trials = super().draw(n_trials, rng)
        return replace(trials, **self.change(trials))


class InfiniteInputs(WithDrawn):
    def change(self, trials):
        return {"inputs": np.where(trials.inputs > 0, np.inf, 0.0)}


class WholeInputs(WithDrawn):
    def change(self, trials):
        return {"inputs": trials.inputs.astype(int)}


class FloatLabels(WithDrawn):
    def change(self, trials):
        return {"labels": trials.labels.astype(float)}


class LabelTooLarge(WithDrawn):
    def change(self, trials):
        return {"labels": trials.labels + 1}


class NegativeLabel(WithDrawn):
    def change(self, trials):
        return {"labels": trials.labels - 1}


class HiddenRandomness(WithDrawn):
    def change(self, trials):
        return {"inputs": np.random.default_rng().random(trials.inputs.shape)}


class HiddenConditions(WithDrawn):
    def change(self, trials):
        return {"conditions": {"side": np.random.default_rng().random(trials.n_trials)}}


class IgnoresTheGenerator(CoinTask):
    def draw(self, n_trials, rng):
        return super().draw(n_trials, np.random.default_rng(0))


class ScoreOfAllTrials(CoinTask):
    def score(self, decisions, trials):
        return (decisions == trials.labels).mean()


class ScoreKeepsTheAxis(CoinTask):
    def score(self, decisions, trials):
        return np.atleast_1d(super().score(decisions, trials))


class ScoreIsLoss(CoinTask):
    def score(self, decisions, trials):
        return (decisions != trials.labels).mean(axis=-1)


class ScoreForgivesNoChoice(CoinTask):
    def score(self, decisions, trials):
        return ((decisions == trials.labels) | (decisions < 0)).mean(axis=-1)


class ScoreIsAllOrNothing(CoinTask):
    def score(self, decisions, trials):
        return (decisions == trials.labels).all(axis=-1)


@dataclass(frozen=True)
class EchoTask:
    """The smallest task of a trajectory: the output is to be what the input is."""

    name = "echo"
    channels = 1
    classes = 0
    outputs = 1

    def draw(self, n_trials, rng):
        inputs = rng.normal(size=(n_trials, 5, 1))
        mask = np.broadcast_to(np.arange(5) > 1, (n_trials, 5))
        return Trials(inputs, 10.0, None, {"decision": (0.0, 50.0)}, {}, inputs * 1, mask)

    def score(self, output, trials):
        return score_trajectories(output, trials)


def test_smallest_task_of_a_trajectory_keeps_the_rules():
    check_task(EchoTask())


class NoOutputs(EchoTask):
    outputs = 2


class NoTargets(EchoTask):
    def draw(self, n_trials, rng):
        trials = super().draw(n_trials, rng)
        return replace(trials, targets=None, labels=np.zeros(n_trials, dtype=int))


class OneClass(CoinTask):
    classes = 1


class NoLabels(CoinTask):
    def draw(self, n_trials, rng):
        trials = super().draw(n_trials, rng)
        return replace(trials, targets=trials.inputs, labels=None)


class HiddenTargets(EchoTask):
    def draw(self, n_trials, rng):
        targets = np.random.default_rng().normal(size=(n_trials, 5, 1))
        return replace(super().draw(n_trials, rng), targets=targets)


class HiddenMask(EchoTask):
    def draw(self, n_trials, rng):
        mask = np.random.default_rng().random((n_trials, 5)) < 0.5
        return replace(super().draw(n_trials, rng), mask=mask)


class ScoreIgnoresTheMask(EchoTask):
    def score(self, output, trials):
        return score_trajectories(output, replace(trials, mask=None))


class ScoreIsError(EchoTask):
    def score(self, output, trials):
        return 1 - super().score(output, trials)


class ScoreOfAllCandidates(EchoTask):
    def score(self, output, trials):
        return super().score(output, trials).mean()


class ScoreForgivesFailure(EchoTask):
    def score(self, output, trials):
        return super().score(np.where(np.isnan(output), trials.targets, output), trials)


class ScoreIsConstant(EchoTask):
    def score(self, output, trials):
        return np.ones(len(output))


class BetterThanPerfect(CoinTask):
    def ideal_score(self, trials):
        return 1.5


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (NoOutputs, "it has 2 outputs, but its targets have 1"),
        (NoTargets, "needs? targets"),
        (OneClass, "2 or more, or 0"),
        (NoLabels, "needs? labels"),
        (HiddenTargets, "same seed"),
        (HiddenMask, "same seed"),
        (ScoreIgnoresTheMask, "must be 1 where"),
        (ScoreIsError, "must be 1 where"),
        (ScoreOfAllCandidates, r"\(candidate,\)"),
        (ScoreForgivesFailure, "less than 1"),
        (ScoreIsConstant, "less than 1"),
        (BetterThanPerfect, "0 to 1, or None, got 1.5"),
        (NoScore, "'score'"),
        (NotADataclass, "frozen dataclass"),
        (NotFrozen, "frozen dataclass"),
        (NoName, "name must be"),
        (OneTrialTooMany, "asked for 1 trials it drew 2"),
        (AlwaysTwentyTrials, "asked for 1 trials it drew 20"),
        (WrongChannels, "2 channels"),
        (InfiniteInputs, "finite"),
        (WholeInputs, "floating-point"),
        (FloatLabels, "whole numbers"),
        (LabelTooLarge, "0 to 1"),
        (NegativeLabel, "0 to 1"),
        (HiddenRandomness, "same seed"),
        (HiddenConditions, "same seed"),
        (IgnoresTheGenerator, "different generators"),
        (ScoreOfAllTrials, "scoring choices"),
        (ScoreKeepsTheAxis, "one number"),
        (ScoreIsLoss, "share of choices"),
        (ScoreForgivesNoChoice, "share of choices"),
        (ScoreIsAllOrNothing, "share of choices"),
    ],
)
def test_check_task_names_the_rule_that_is_broken(broken, said):
    with pytest.raises(InvalidInput, match=said):
        check_task(broken())
