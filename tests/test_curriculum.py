"""A curriculum: when it advances, what it is tested on, and that it goes on bit for bit."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import neurotrain as nt
from neurotrain import catalog
from neurotrain.cli import main
from neurotrain.errors import InvalidInput
from neurotrain.optimizers.openai_es import OpenAIES
from neurotrain.tasks import StimulusIntegration, WorkingMemory
from neurotrain.training.curriculum import Curriculum, CurriculumState, make_curriculum
from neurotrain.training.training_state import TrainingState

STUB = f"{Path(__file__).with_name('stub_circuit.py')}:linear"
TASK = StimulusIntegration(words=6, channels=4, bin_ms=1.0, decision_ms=1.0)
CURRICULUM = Curriculum("margin", (5, 3), accuracy=0.85, generations=2)
SMALL = {
    "generations": 30,
    "trials": 8,
    "validation_trials": 20,
    "validation_every": 5,
    "test_trials": 30,
    "checkpoint_every": 2,
    "optimizer_options": {"population_size": 6, "learning_rate": 0.3},
    "curriculum": CURRICULUM,
    "seed": 1,
    "progress": False,
}


def stub():
    return catalog.find("models", STUB)(channels=4, classes=3, readout="graded")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Return the result of an uninterrupted run, and its circuit."""
    circuit = stub()
    folder = tmp_path_factory.mktemp("runs") / "whole"
    return nt.train(circuit, TASK, out=folder, **SMALL), circuit


@given(
    accuracies=st.lists(st.sampled_from([0.5, 0.75, 1.0, None]), max_size=40),
    threshold=st.sampled_from([0.5, 0.7, 1.0]),
    generations=st.integers(1, 4),
    n_levels=st.integers(1, 4),
)
def test_level_rises_with_the_mean_accuracy_there(accuracies, threshold, generations, n_levels):
    curriculum = Curriculum("x", (0,), accuracy=threshold, generations=generations)
    state, level, began = CurriculumState(), 0, 0
    for i, accuracy in enumerate(accuracies):
        state = state.after(accuracy, curriculum, n_levels)
        recent = [each or 0.0 for each in accuracies[began : i + 1]][-generations:]
        is_done = len(recent) == generations and np.mean(recent) >= threshold - 1e-12
        if is_done and level < n_levels - 1:
            level, began = level + 1, i + 1
        assert state.level == level


def test_without_a_curriculum_there_is_one_level():
    assert CurriculumState().after(1.0, None, 1) == CurriculumState()


def test_levels_end_with_the_task_itself():
    task = WorkingMemory(delay_ms=(100.0, 1000.0))
    levels = Curriculum("delay_ms", [100, [100, 250], {"low": 100, "high": 500}]).levels(task)
    assert [level.delay_ms for level in levels] == [
        100,
        (100, 250),
        nt.Between(100, 500),
        (100.0, 1000.0),
    ]
    assert levels[-1] is task


def test_training_goes_through_the_levels(whole):
    result, circuit = whole
    levels = [metrics["level"] for metrics in result.metrics]
    assert sorted(levels) == levels
    assert set(levels) == {1, 2, 3}
    batches = [call[1] for call in circuit.calls if len(call[0]) == 6]
    for level, metrics in zip(levels, result.metrics, strict=True):
        assert ("guess_accuracy" in metrics) == (level < 3)
    for level, trials in zip(levels, batches, strict=True):
        assert trials.conditions["margin"].min() >= {1: 5, 2: 3, 3: 1}[level]
    assert any((trials.conditions["margin"] < 5).any() for trials in batches)


def test_guess_is_judged_on_trials_before_it_learns_from_them(whole):
    result, circuit = whole
    calls = [call for call in circuit.calls if call[1].n_trials == 8]
    judged = [i for i, call in enumerate(calls) if len(call[0]) == 1]
    told = [m["guess_accuracy"] for m in result.metrics if m["level"] < 3]
    assert len(judged) == len(told) > 4
    for i, accuracy in zip(judged, told, strict=True):
        guess, trials, state, _ = calls[i]
        assert calls[i + 1][1] is trials and len(calls[i + 1][0]) == 6
        recording = stub().simulate(guess, trials, state)
        assert accuracy == (recording.decisions == trials.labels).mean()
    # The candidates surround the guess.
    assert np.allclose(calls[judged[-1] + 1][0].mean(axis=0), calls[judged[-1]][0][0])
    spent = sum(len(call[0]) * call[1].n_trials for call in circuit.calls[1:])
    assert result.summary["trial_simulations"] == spent - 2 * 30


@pytest.mark.parametrize("budget", range(436, 501, 8))
@pytest.mark.parametrize("generations", [None, 1000])
def test_budget_holds_with_a_curriculum(budget, generations, tmp_path):
    never = Curriculum("margin", (5,), accuracy=1.0, generations=1000)
    settings = {"generations": generations, "trial_simulations": budget, "curriculum": never}
    summary = nt.train(stub(), TASK, out=tmp_path / "run", **{**SMALL, **settings}).summary
    assert budget - 2 * (7 * 8 + 2 * 20) < summary["trial_simulations"] <= budget


def test_validation_and_test_are_on_the_task_itself(whole):
    others = [call[1] for call in whole[1].calls if len(call[0]) < 6 and call[1].n_trials > 8]
    assert len(others) == 6 + 1
    assert all(trials.conditions["margin"].min() == 1 for trials in others)


def test_level_is_reported(whole, capsys):
    result = whole[0]
    assert (result.summary["level"], result.summary["levels"]) == (3, 3)
    config = tomllib.loads((result.folder / "config.toml").read_text())
    assert config["curriculum"] == {
        "setting": "margin",
        "values": [5, 3],
        "accuracy": 0.85,
        "generations": 2,
    }


@pytest.mark.parametrize("calls", [3, 8, 14, 23, 34])
def test_resumed_it_is_the_same_run(calls, whole, tmp_path):
    circuit = stub()
    simulate = circuit.simulate

    def interrupted(*args, **options):
        if len(circuit.calls) == calls:
            raise KeyboardInterrupt
        return simulate(*args, **options)

    circuit.simulate = interrupted
    with pytest.raises(KeyboardInterrupt):
        nt.train(circuit, TASK, out=tmp_path / "run", **SMALL)
    nt.resume(tmp_path / "run", circuit=stub(), task=TASK, progress=False)
    for name in ("metrics.jsonl", "weights.npz"):
        assert (tmp_path / "run" / name).read_bytes() == (whole[0].folder / name).read_bytes()


def test_checkpoint_holds_all_of_it():
    optimizer = OpenAIES(np.zeros(3), np.ones(3), seed=0, population_size=4)
    state = TrainingState(optimizer, curriculum=CurriculumState(2, (0.25, 1 / 3)))
    arrays = state.to_arrays()
    other = TrainingState(OpenAIES(np.zeros(3), np.ones(3), seed=0, population_size=4))
    other.restore(arrays)
    assert other.curriculum == state.curriculum
    # One from before there were curricula.
    fresh = TrainingState(OpenAIES(np.zeros(3), np.ones(3), seed=0, population_size=4))
    fresh.restore({k: v for k, v in arrays.items() if not k.startswith("curriculum")})
    assert fresh.curriculum == CurriculumState()


def test_curriculum_from_the_command_line(tmp_path, capsys):
    options = {
        "task.words": 6,
        "task.channels": 4,
        "task.bin_ms": 1.0,
        "task.decision_ms": 1.0,
        "curriculum.setting": "margin",
        "curriculum.values": [5, 3],
        "curriculum.generations": 1,
        "curriculum.accuracy": 0.0,
    }
    given = [f"--option={name}={value}" for name, value in options.items()]
    arguments = ["train", "stimulus-integration", "--model", STUB, "--population", "4"]
    arguments += ["--generations", "4", "--trials", "4", "--no-figures", "--out"]
    assert main([*arguments, str(tmp_path / "a"), *given]) == 0
    assert "level 3 of 3 at the end" in capsys.readouterr().out
    # Again from the run's own settings; another task gets no curriculum of this one.
    again = ["train", "--config", str(tmp_path / "a" / "config.toml"), "--no-figures", "--out"]
    assert main([*again, str(tmp_path / "b")]) == 0
    one, other = ((tmp_path / name / "metrics.jsonl").read_bytes() for name in "ab")
    assert one == other
    assert b'"level": 3' in one
    assert main([*again, str(tmp_path / "c"), "working-memory"]) == 0
    assert b"level" not in (tmp_path / "c" / "metrics.jsonl").read_bytes()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"setting": "margin"}, "needs 'values'"),
        ({"values": [1]}, "needs 'setting'"),
        ({"setting": "margin", "value": [1]}, "did you mean 'values'"),
        ({"setting": "margin", "values": []}, "'values' of a curriculum"),
        ({"setting": "margin", "values": 3}, "'values' of a curriculum"),
        (
            {"setting": "margin", "values": [3], "accuracy": 1.5},
            "accuracy must be .* of at most 1",
        ),
        ({"setting": "margin", "values": [3], "generations": 0}, "generations must be"),
        ({"setting": "margins", "values": [3]}, "did you mean 'margin'"),
        ({"setting": "margin", "values": [99]}, "The curriculum's margin=99: 'margin' must be"),
        ({"setting": "channels", "values": [5]}, "changes the number of channels"),
        (5, "a Curriculum or a table"),
    ],
)
def test_wrong_curriculum_is_refused_before_anything_is_written(given, said, tmp_path):
    with pytest.raises(InvalidInput, match=said) as error:
        nt.train(stub(), TASK, out=tmp_path / "run", **{**SMALL, "curriculum": given})
    assert "\n" not in str(error.value)
    assert not (tmp_path / "run").exists()


def test_curriculum_may_be_given_as_a_table():
    table = {"setting": "margin", "values": [5, 3], "accuracy": 0.85, "generations": 2}
    assert make_curriculum(table) == CURRICULUM
