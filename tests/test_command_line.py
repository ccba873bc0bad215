"""What `neurotrain train` makes of its options: those given, those of a file, the task's usual."""

from argparse import Namespace

import pytest

from neurotrain.errors import InvalidInput
from neurotrain.tasks import WorkingMemory
from neurotrain.training.command_line import DEFAULT_MODEL, training_arguments

USUAL = {
    "circuit": "morris-lecar-conductance",
    "model_options": {"receptor": "NMDA"},
    "loss": "spike-count-cross-entropy",
    "generations": 400,
}


@pytest.fixture
def usual(monkeypatch):
    monkeypatch.setattr(WorkingMemory, "usual_training", USUAL)
    return USUAL


def arguments(**given):
    return training_arguments(Namespace(**{"task": "working-memory", **given}))


def test_a_task_is_trained_as_usual_where_nothing_else_is_said(usual):
    assert arguments() == {"task": "working-memory", "task_options": {}, **usual}
    assert training_arguments(Namespace(task="stimulus-integration"))["circuit"] == DEFAULT_MODEL


def test_options_are_added_to_the_usual_ones(usual):
    given = arguments(neurons=32, option=["model.receptor=AMPA"], generations=7)
    assert given["model_options"] == {"receptor": "AMPA", "neurons": 32}
    assert (given["circuit"], given["generations"]) == (usual["circuit"], 7)
    assert usual["model_options"] == {"receptor": "NMDA"}


def test_another_model_does_not_get_the_usual_options(usual):
    given = arguments(model="morris-lecar", neurons=32)
    assert given["model_options"] == {"neurons": 32}
    assert given["loss"] == usual["loss"]
    assert arguments(model="morris-lecar")["model_options"] == {}


def test_another_budget_replaces_the_usual_one(usual):
    assert "generations" not in arguments(trial_simulations=1000)
    assert "generations" not in arguments(seconds=5.0)


def test_a_file_goes_before_what_is_usual(usual, tmp_path):
    path = tmp_path / "file.toml"
    path.write_text('[model]\nname = "morris-lecar"\n[loss]\nname = "zero-one"\n')
    given = arguments(config=str(path))
    assert (given["circuit"], given["loss"]) == ("morris-lecar", "zero-one")
    assert not given.get("model_options")


def test_a_task_that_does_not_exist_is_told():
    with pytest.raises(InvalidInput, match="working-memory"):
        arguments(task="working-memry")
