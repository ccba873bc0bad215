"""`neurotrain compare`: three ways to learn a task, in one table."""

import json
import sys
from pathlib import Path

import pytest

from neurotrain.cli import main
from neurotrain.errors import InvalidInput
from neurotrain.experiments.comparison import compare

pytestmark = pytest.mark.usefixtures("compiled_quickly")

COMMAND = ["compare", "stimulus-integration", "--quick", "--neurons", "6", "--generations", "2"]


def test_it_tells_of_three_ways_and_goes_on_with_what_is_there(capsys, tmp_path):
    pytest.importorskip("torch")
    arguments = [*COMMAND, "--workers", "1", "--out", str(tmp_path)]
    assert main([*arguments, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["task"] == "stimulus-integration"
    evolved, descended, rate = told["rows"]
    assert [row["method"] for row in told["rows"]] == [
        "evolution strategy",
        "backpropagation",
        "backpropagation",
    ]
    assert evolved["model"] == descended["model"] == "morris-lecar"
    assert rate["model"] == "rate"
    assert [row["gradient_steps"] for row in told["rows"]] == [0, 2, 2]
    # Two validations of 20 trials, the second one also of the best so far, beside 64 candidates,
    # or one, on 4 trials each.
    assert evolved["trial_simulations"] == 2 * 64 * 4 + 60
    assert descended["trial_simulations"] == rate["trial_simulations"] == 2 * 4 + 60
    for row in told["rows"]:
        assert 0 <= row["lowest"] <= row["test_accuracy"] <= row["highest"] <= 1
        assert row["non_finite_share"] == 0
        assert row["seconds"] > 0
    runs = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("result.json")}
    # Two learning rates for each way, and the better one.
    assert len(runs) == 3 * 3
    for row in told["rows"]:
        rates = (0.1, 0.2, 0.4, 0.8) if row["gradient_steps"] == 0 else (0.003, 0.01, 0.03, 0.1)
        assert row["learning_rate"] in rates[1:3]
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("stimulus-integration, ") and shown.count("backpropagation") == 2
    assert {path: path.stat().st_mtime_ns for path in runs} == runs
    starts = {path.parent.name: (path.parent / "config.toml").read_text() for path in runs}
    assert sum('name = "adam"' in text for text in starts.values()) == 2 * 3


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (["--seconds", "3", "--generations", "2"], "not both"),
        (["--model", "morris-lekar"], "did you mean 'morris-lecar'"),
        (["--seeds", "0"], "seeds must be"),
        (["--generations", "0"], "generations must be"),
        (["--seconds", "-1"], "seconds must be"),
        (["--second", "1"], "--seconds"),
    ],
)
def test_wrong_use_is_told_in_a_line(more, told, capsys, tmp_path):
    arguments = ["compare", "stimulus-integration", *more, "--out", str(tmp_path / "none")]
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert not (tmp_path / "none").exists()


def test_unknown_tasks_are_refused_with_the_nearest():
    with pytest.raises(InvalidInput, match="did you mean 'stimulus-integration'"):
        compare("stimulus-integrations")


def test_without_pytorch_it_says_what_to_install_before_anything_is_trained(
    capsys, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert main([*COMMAND, "--out", str(tmp_path / "none")]) == 2
    error = capsys.readouterr().err
    assert "pip install 'neurotrain[torch]'" in error
    assert error.count("\n") == 1
    assert not Path(tmp_path / "none").exists()
