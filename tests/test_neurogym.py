"""Environments of NeuroGym's shape as tasks; test_task_libraries.py has its own."""

import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stand_in_tasks import Continuous, GoNoGo, StandInEnvironment, Timing

import neurotrain as nt
from neurotrain import catalog
from neurotrain.cli import main
from neurotrain.errors import InvalidInput, RunFolderError

STUB = f"{Path(__file__).with_name('stub_circuit.py')}:linear"
SMALL = {
    "generations": 3,
    "trials": 4,
    "validation_trials": 5,
    "test_trials": 5,
    "checkpoint_every": 1,
    "optimizer_options": {"population_size": 4},
    "progress": False,
}


def rng(seed=1):
    return np.random.default_rng(seed)


def same(one, other):
    return np.array_equal(one.inputs, other.inputs) and np.array_equal(one.labels, other.labels)


def logged(env):
    """Make `env` keep every trial that it draws, where no copy of its state reaches."""
    log, new_trial = [], type(env).new_trial

    class Logged(type(env)):
        def new_trial(self):
            told = new_trial(self)
            spans = {name: (self.start_ind[name], self.end_ind[name]) for name in self.periods}
            log.append((self.ob.copy(), self.gt.copy(), spans, told))
            return told

    env.__class__ = Logged
    return log


@settings(max_examples=40)
@given(
    fixation=st.sampled_from([0, 10, 30]),
    shortest=st.integers(0, 40),
    more=st.integers(0, 80),
    dt=st.sampled_from([5, 10]),
)
def test_trials_end_together_and_begin_with_more_fixation(fixation, shortest, more, dt):
    env = StandInEnvironment(dt=dt, delay=(shortest, shortest + more + 1), fixation=fixation)
    task = nt.from_neurogym(env)
    log = logged(env)
    trials = task.draw(6, rng())
    # Those that were not admitted are not longer than the others by chance alone.
    n_bins = trials.inputs.shape[1]
    drawn = [each for each in log if len(each[0]) <= n_bins]
    assert len(drawn) == 6
    assert trials.bin_ms == dt
    assert trials.periods["decision"] == (n_bins * dt - 20, n_bins * dt)
    for inputs, label, (ob, _, spans, told) in zip(
        trials.inputs, trials.labels, drawn, strict=True
    ):
        before = n_bins - len(ob)
        assert np.array_equal(inputs[before:], ob)
        assert label == told["ground_truth"]
        repeated = ob[: spans["fixation"][1]] if fixation else np.zeros((1, 3))
        assert np.array_equal(inputs[:before][::-1], np.resize(repeated[::-1], (before, 3)))


def test_what_a_trial_tells_is_among_its_conditions():
    env = StandInEnvironment()
    task = nt.from_neurogym(env)
    log = logged(env)
    trials = task.draw(40, rng())
    drawn = [each for each in log if len(each[0]) <= trials.inputs.shape[1]]
    assert list(trials.conditions) == ["strength", "delay_ms"]
    assert trials.conditions["strength"].tolist() == [told["strength"] for *_, told in drawn]
    delays = [10.0 * np.diff(spans["delay"])[0] for _, _, spans, _ in drawn]
    assert trials.conditions["delay_ms"].tolist() == delays
    assert len(set(delays)) == 4


def test_a_trial_ends_with_its_decision_period():
    env = StandInEnvironment(delay=(20, 21), reward=70)
    env.periods = (*StandInEnvironment.periods, "reward")
    trials = nt.from_neurogym(env).draw(3, rng())
    assert trials.duration_ms == 90
    assert trials.periods == {
        "fixation": (0, 20),
        "stimulus": (20, 50),
        "delay": (50, 70),
        "decision": (70, 90),
    }


class _Wager(StandInEnvironment):
    """The first trial, and some others, have one more period, beside those of all."""

    def _lay_out(self):
        super()._lay_out()
        if self.n_drawn == 1 or self.rng.uniform() < 0.5:
            self.start_ind["sure"], self.end_ind["sure"] = 5, 6


def test_a_period_of_some_trials_is_none_of_the_others():
    trials = nt.from_neurogym(_Wager(delay=(20, 21))).draw(20, rng())
    assert list(trials.periods) == ["fixation", "stimulus", "delay", "decision"]


def test_decision_periods_of_different_durations_have_their_end_in_common():
    env = StandInEnvironment(delay=(20, 21), decision=lambda: env.rng.choice([20, 50]))
    trials = nt.from_neurogym(env).draw(20, rng())
    assert trials.duration_ms == 120
    assert trials.periods["decision"] == (100, 120)
    assert set(trials.conditions["decision_ms"]) == {20, 50}


def test_what_is_longer_than_all_before_is_drawn_again():
    longest = [60]
    env = StandInEnvironment()
    env.timing["delay"] = lambda: env.rng.choice([20, *longest])
    task = nt.from_neurogym(env)
    longest.append(90)
    assert set(task.draw(60, rng()).conditions["delay_ms"]) == {20, 60}


class _Growing(StandInEnvironment):
    """The delay grows from trial to trial."""

    def __init__(self):
        super().__init__()
        self.timing["delay"] = lambda: 10 * self.n_drawn


def test_trials_that_become_longer_and_longer_are_refused():
    with pytest.raises(InvalidInput, match="become longer and longer"):
        nt.from_neurogym(_Growing()).draw(600, rng())


@pytest.mark.parametrize(
    ("env", "actions"),
    [
        (StandInEnvironment(), (1, 2)),
        (StandInEnvironment(names={}), (1, 2)),
        (StandInEnvironment(names={"fixation": 0, "match": 1, "non-match": 2}), (1, 2)),
        (StandInEnvironment(names={}, n_actions=5), (1, 2, 3, 4)),
        (StandInEnvironment(n_actions=5), (1, 2)),
        (GoNoGo(), (1, 0)),
    ],
)
def test_classes_are_the_choices_then_fixation(env, actions):
    task = nt.from_neurogym(env)
    assert (task.actions, task.classes, task.outputs) == (actions, len(actions), 0)
    labels = task.draw(30, rng()).labels
    assert set(labels) == {0, 1}


def test_doing_nothing_is_the_last_class():
    env = GoNoGo(delay=(20, 21))
    task = nt.from_neurogym(env)
    log = logged(env)
    labels = task.draw(30, rng()).labels
    assert [label == 1 for label in labels] == [not gt.any() for _, gt, *_ in log]


class _WithTest(StandInEnvironment):
    periods = ("fixation", "stimulus", "delay", "test")
    due = "test"


def test_the_only_period_with_a_right_action_is_the_decision():
    task = nt.from_neurogym(_WithTest(delay=(20, 21), test=20))
    assert task.classes == 2
    assert task.draw(2, rng()).periods["decision"] == (70, 90)


@pytest.mark.parametrize("env", [Timing(), Timing(names={})])
def test_right_moments_are_targets(env):
    task = nt.from_neurogym(env)
    assert (task.classes, task.outputs) == (0, 3)
    log = logged(env)
    trials = task.draw(5, rng())
    assert trials.labels is None
    drawn = [each for each in log if len(each[0]) <= trials.inputs.shape[1]]
    for targets, mask, (_, gt, _, _) in zip(trials.targets, trials.mask, drawn, strict=True):
        before = len(mask) - len(gt)
        assert not mask[:before].any()
        assert mask[before:].all()
        assert np.array_equal(targets[before:].argmax(axis=1), gt)
        assert np.array_equal(targets[before:].sum(axis=1), np.ones(len(gt)))


def test_continuous_ground_truth_is_the_target():
    env = Continuous(delay=(20, 21))
    trials = nt.from_neurogym(env).draw(3, rng())
    assert trials.mask is None
    assert trials.targets[:, -1, 0].tolist() == [1, 1, 1]
    assert set(trials.targets[:, -1, 1]) <= {0, 1}


def test_right_actions_of_each_bin_are_targets_if_asked_for():
    task = nt.from_neurogym(StandInEnvironment(), trajectory=True)
    assert (task.classes, task.outputs) == (0, 3)


def test_drawing_follows_from_the_generator_alone():
    env = StandInEnvironment()
    task = nt.from_neurogym(env)
    first = task.draw(8, rng())
    np.random.seed(5)
    env.seed(7)
    env.new_trial()
    task.draw(3, rng(2))
    assert same(first, task.draw(8, rng()))
    assert same(first, nt.from_neurogym(StandInEnvironment()).draw(8, rng()))
    # Negative control: it is not the same for every generator.
    assert not same(first, task.draw(8, rng(2)))


class _Blocks(StandInEnvironment):
    """The right side changes after each five trials; the first block depends on the seed."""

    first = 0

    def seed(self, seed):
        super().seed(seed)
        self.first = seed

    def right(self, n_bins, side):
        return super().right(n_bins, (self.first + (self.n_drawn - 1) // 5) % 2)


def test_blocks_of_trials_begin_with_each_draw():
    env = _Blocks()
    task = nt.from_neurogym(env)
    for _ in range(3):
        env.new_trial()
    labels = {tuple(task.draw(10, rng(seed)).labels) for seed in range(20)}
    assert labels == {(*[0] * 5, *[1] * 5), (*[1] * 5, *[0] * 5)}


def test_an_environment_is_left_as_it_was():
    env = StandInEnvironment()
    env.seed(3)
    env.new_trial()
    before, ob = dict(vars(env)), env.ob.copy()
    state, everyones = env.rng.get_state()[1].copy(), np.random.get_state()[1].copy()
    nt.from_neurogym(env).draw(5, rng())
    assert vars(env).keys() == before.keys()
    assert (env.n_drawn, env.trial) == (1, before["trial"])
    assert np.array_equal(env.ob, ob)
    assert np.array_equal(env.rng.get_state()[1], state)
    assert np.array_equal(np.random.get_state()[1], everyones)
    # It draws durations by a function of its own, not of a copy.
    assert env.timing["delay"].__closure__[-1].cell_contents is env


class _FromAnywhere(StandInEnvironment):
    """Draws the right side from a generator that its seed() does not reach."""

    def __init__(self, sides):
        super().__init__()
        self.sides = sides

    def right(self, n_bins, side):
        sides = np.random if self.sides is None else self.sides
        return super().right(n_bins, int(sides.random() < 0.5))


@pytest.mark.parametrize(
    "sides",
    [
        None,
        np.random.default_rng(1),
        np.random.RandomState(1),
        SimpleNamespace(random=np.random.RandomState(1).random),
        SimpleNamespace(random=[np.random.default_rng(1)][0].random),
    ],
)
def test_other_generators_are_seeded_too(sides):
    task = nt.from_neurogym(_FromAnywhere(sides))
    labels = [task.draw(30, rng(seed)).labels.tolist() for seed in (1, 1, 2)]
    assert labels[0] == labels[1] != labels[2]


def test_an_environment_that_cannot_be_seeded_is_refused():
    hidden = np.random.default_rng(1)
    env = _FromAnywhere(None)
    env.sides = SimpleNamespace(random=lambda: hidden.random())
    with pytest.raises(InvalidInput, match="same seed must give the same trials"):
        nt.from_neurogym(env)


def test_durations_and_choices_are_drawn_apart():
    """|r| < 0.2 for 500 pairs fails by chance once in 100 000 seeds."""

    class WithTiming(StandInEnvironment):
        def __init__(self):
            super().__init__()
            self.durations = np.random.RandomState()
            self.timing["delay"] = lambda: self.durations.uniform(0, 100)

        def seed(self, seed):
            super().seed(seed)
            self.durations = np.random.RandomState(seed)

        def right(self, n_bins, side):
            return super().right(n_bins, int(self.first < 0.5))

        def new_trial(self):
            self.first = self.rng.uniform()
            return super().new_trial()

    env = WithTiming()
    task = nt.from_neurogym(env)
    firsts = [task.draw(1, rng(seed)) for seed in range(500)]
    pairs = [(t.labels[0], t.conditions["delay_ms"][0]) for t in firsts]
    assert abs(np.corrcoef(np.transpose(pairs))[0, 1]) < 0.2
    # Negative control: with the one seed of NeuroGym they are the same number.
    env.seed(3)
    env.new_trial()
    delay = 10 * (env.end_ind["delay"] - env.start_ind["delay"])
    assert delay == 100 * env.first // 10 * 10


class _AllTheSame(StandInEnvironment):
    def new_trial(self):
        self.rng = np.random.RandomState(1)
        return super().new_trial()


def test_trials_may_all_be_the_same():
    """As those of an interval of one duration are."""
    assert not nt.from_neurogym(_AllTheSame(), trajectory=True).varies
    assert nt.from_neurogym(StandInEnvironment(), trajectory=True).varies


class _Wrapper:
    """A wrapper as Gymnasium's are, which passes on what it does not have."""

    def __init__(self, env):
        self.env = env

    def __getattr__(self, name):
        if name.startswith("__") or name == "env":
            raise AttributeError(name)
        return getattr(self.env, name)


class _OnlyOneSide(_Wrapper):
    def new_trial(self):
        while self.env.new_trial()["ground_truth"] != self.env.n_drawn % 2:
            pass
        return self.env.trial


class _Noise(_Wrapper):
    def step(self, action):
        return self.env.step(action)


def test_wrappers_around_trials_are_kept():
    trials = nt.from_neurogym(_Wrapper(_OnlyOneSide(StandInEnvironment()))).draw(10, rng())
    assert trials.inputs.shape[2] == 3
    # Each trial is drawn until it has the side that its turn asks for.
    plain = nt.from_neurogym(_Wrapper(StandInEnvironment())).draw(10, rng())
    assert not same(trials, plain)


class _WithoutGroundTruth(StandInEnvironment):
    def new_trial(self):
        super().new_trial()
        self.gt = None


class _Broken(StandInEnvironment):
    def new_trial(self):
        raise KeyError("stimulus")


class _Uncopyable(StandInEnvironment):
    def __init__(self):
        super().__init__()
        self.trials = (trial for trial in ())


class _NeverVaries(StandInEnvironment):
    def seed(self, seed):
        super().seed(1)
        self.seeded = True

    def new_trial(self):
        self.rng = np.random.RandomState(self.n_drawn)
        return super().new_trial()


@pytest.mark.parametrize(
    ("env", "options", "words"),
    [
        (3, {}, "NeuroGym environment or its id; 3 lacks new_trial"),
        (StandInEnvironment, {}, "class .*StandInEnvironment'> lacks"),
        (_WithoutGroundTruth(), {}, "_WithoutGroundTruth has no ground truth.*'supervised'"),
        (_Broken(), {}, "_Broken cannot draw a trial: KeyError: 'stimulus'"),
        (_Uncopyable(), {}, "_Uncopyable cannot be copied"),
        (_NeverVaries(), {}, "different generators must give different trials"),
        (_Noise(StandInEnvironment()), {}, "wrapper _Noise acts on single steps"),
        (StandInEnvironment(), {"decision": "desision"}, "did you mean 'decision'"),
        (StandInEnvironment(decision=5), {}, "'decision' .* is shorter than a bin"),
        (Timing(), {"trajectory": False}, "In any period .* not one right action out of several"),
        (StandInEnvironment(), {"decision": "stimulus"}, "In the period 'stimulus' .* not one"),
        (Timing(), {"decision": "delay", "trajectory": True}, "leave it out with trajectory=True"),
        (StandInEnvironment(), {"env_options": {"dt": 5}}, "env_options go with the id"),
    ],
)
def test_what_cannot_be_a_task_is_refused_in_one_sentence(env, options, words):
    with pytest.raises(InvalidInput, match=words) as caught:
        nt.from_neurogym(env, **options)
    assert "\n" not in str(caught.value)


def test_a_right_action_that_never_came_before_is_refused():
    env = StandInEnvironment()
    task = nt.from_neurogym(env)
    env_class = env.__class__
    env.__class__ = type("Late", (env_class,), {"right": lambda self, n, side: np.zeros(n, int)})
    with pytest.raises(InvalidInput, match=r"are \[0\], not one of \[1, 2\]"):
        task.draw(2, rng())


# By name: with modules that stand in for NeuroGym and Gymnasium.


@pytest.fixture
def installed(monkeypatch):
    registry = {
        "Stand-v0": SimpleNamespace(entry_point="neurogym.envs:Stand"),
        "Other-v0": SimpleNamespace(entry_point="gymnasium.envs:Other"),
    }

    def make(env_id, dt=10, delay=(20, 60)):
        return _Wrapper(StandInEnvironment(dt=dt, delay=delay))

    monkeypatch.setitem(sys.modules, "neurogym", SimpleNamespace(make=make))
    monkeypatch.setitem(sys.modules, "gymnasium", SimpleNamespace(registry=registry))


def test_the_same_by_name_as_from_the_environment(installed):
    named = nt.from_neurogym("Stand-v0", env_options={"dt": 5, "delay": (10, 30)})
    env = StandInEnvironment(dt=5, delay=(10, 30))
    assert same(named.draw(5, rng()), nt.from_neurogym(env).draw(5, rng()))
    assert named.name == "neurogym:Stand-v0"
    assert named == nt.from_neurogym("neurogym:Stand-v0", env_options={"dt": 5, "delay": [10, 30]})
    assert catalog.find("tasks", "neurogym:Stand-v0") is type(named)
    assert catalog.is_member("tasks", named)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("Stan-v0", {}, "no environment of NeuroGym called 'Stan-v0'; did you mean 'Stand-v0'"),
        ("Stand-v0", {"delays": 3}, r"cannot make 'Stand-v0' with \{'delays': 3\}"),
        ("Stand-v0", {"delay": lambda: 3}, "'env_options.delay' is <function .* cannot hold"),
        ("Stand-v0", {"timing": {"delay": [{1}]}}, "'env_options.timing.delay' is {1}"),
        ("Stand-v0", {"dt": "ten"}, "StandInEnvironment cannot draw a trial: TypeError"),
    ],
)
def test_a_name_or_option_that_is_wrong_is_refused(name, options, words, installed):
    with pytest.raises(InvalidInput, match=words) as caught:
        nt.from_neurogym(name, env_options=options)
    assert "\n" not in str(caught.value)


def test_without_neurogym_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "neurogym", None)
    with pytest.raises(InvalidInput, match=r"NeuroGym cannot be used.*pip install neurogym==2.2.0"):
        nt.from_neurogym("GoNogo-v0")
    with pytest.raises(InvalidInput, match="NeuroGym cannot be used"):
        nt.train(STUB, "neurogym:GoNogo-v0", **SMALL)


def test_a_run_by_name_is_rebuilt_from_its_folder(installed, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    options = {"env_options": {"dt": 5, "delay": [10, 30]}}
    result = nt.train(STUB, "neurogym:Stand-v0", task_options=options, **SMALL)
    assert result.folder == Path("runs/neurogym-Stand-v0-cross-entropy-seed0")
    config = tomllib.loads((result.folder / "config.toml").read_text())
    assert config["task"] == {"name": "neurogym:Stand-v0", "in_python": False, "options": options}
    # The stand-in is of no version; of the real one it would be that.
    assert config["versions"]["neurogym"] == "missing"
    loaded = nt.Result.load(result.folder)
    assert loaded.task == result.task
    assert loaded.evaluate()["test_accuracy"] == result.test_accuracy
    again = nt.from_neurogym("Stand-v0", **options)
    named = nt.train(STUB, again, out="in-python", **SMALL)
    assert (named.folder / "config.toml").read_text() == (result.folder / "config.toml").read_text()
    arguments = ["train", "--config", "in-python/config.toml", "--out", "again", "--no-figures"]
    assert main(arguments) == 0
    option = "task.env_options={dt=5, delay=[10, 30]}"
    part = ["train", "neurogym:Stand-v0", "--config", "in-python/config.toml", "--option", option]
    assert main([*part, "--out", "by-option", "--no-figures", "--json"]) == 0
    capsys.readouterr()
    texts = [Path(name, "metrics.jsonl").read_text() for name in ("in-python", "by-option")]
    assert texts[0] == texts[1]


def test_targets_are_trained_on(installed, tmp_path):
    result = nt.train(
        STUB, "neurogym:Stand-v0", task_options={"trajectory": True}, out=tmp_path / "run", **SMALL
    )
    assert result.summary["loss"] == "trajectory-error"
    assert nt.Result.load(tmp_path / "run").task == nt.from_neurogym("Stand-v0", trajectory=True)


def test_a_run_of_an_environment_goes_on_with_the_same_one_only(tmp_path):
    task = nt.from_neurogym(StandInEnvironment())
    result = nt.train(STUB, task, out=tmp_path / "run", **SMALL)
    (result.folder / "result.json").unlink()
    with pytest.raises(RunFolderError, match="task 'StandInEnvironment' was made in Python"):
        nt.resume(result.folder)
    other = nt.from_neurogym(StandInEnvironment(stimulus=40))
    with pytest.raises(RunFolderError, match="task is not the one of the run"):
        nt.resume(result.folder, task=other)
    same_again = nt.from_neurogym(StandInEnvironment())
    assert nt.resume(result.folder, task=same_again, progress=False).test_accuracy >= 0
