"""Experiments: each in its quick form, as the command line runs it; and what they tell."""

import json

import pytest

from neurotrain import cli
from neurotrain.errors import InvalidInput
from neurotrain.experiments import (
    Check,
    Findings,
    Report,
    experiment_names,
    find_experiment,
    reproduce,
)

# The same on every Python.
pytestmark = pytest.mark.slow


def command(capsys, *arguments):
    """Return exit code and JSON of `neurotrain reproduce`."""
    code = cli.main(["reproduce", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


# They differentiate through circuits, or their networks are PyTorch's.
NEED_TORCH = {
    "bp-trainability",
    "delayed-recall",
    "discrete-loss",
    "fixed-points",
    "gradient-horizon",
    "integration-bp-vs-es",
    "meta-plasticity",
    "neuron-turn-off",
    "oja",
    "predictive-coding",
    "random-feedback",
    "rate-circuit-rules",
}


@pytest.mark.parametrize("name", experiment_names())
def test_quick_form_holds_and_goes_on_with_trainings_that_are_there(name, capsys, tmp_path):
    if name in NEED_TORCH:
        pytest.importorskip("torch")
    arguments = (name, "--quick", "--workers", "1", "--out", str(tmp_path))
    code, told = command(capsys, *arguments)
    assert code == 0
    assert told.keys() == {"experiment", "quick", "seconds", "checks", "rows"}
    assert (told["experiment"], told["quick"]) == (name, True)
    assert told["seconds"] > 0
    for check in told["checks"]:
        assert check.keys() == {"name", "measured", "bound", "at_least", "reference", "holds"}
        assert check["holds"]
    kept = [path for path in tmp_path.rglob("*") if path.name in ("result.json", "training.npz")]
    # An empty figure takes less.
    assert all(path.stat().st_size > 10_000 for path in tmp_path.rglob("*.png"))
    runs = {path: path.stat().st_mtime_ns for path in kept}
    assert runs
    again = command(capsys, *arguments)
    assert again[1]["checks"] == told["checks"]
    assert again[1]["rows"] == told["rows"]
    assert {path: path.stat().st_mtime_ns for path in runs} == runs


@pytest.mark.parametrize(
    ("measured", "at_least", "holds"),
    [
        (0.92, True, True),
        (0.9199, True, False),
        (0.92, False, True),
        (0.9201, False, False),
        (float("nan"), True, False),
        (float("nan"), False, False),
    ],
)
def test_a_check_holds_on_its_side_of_the_bound(measured, at_least, holds):
    check = Check("accuracy", measured, 0.92, at_least, "somebody, 2023")
    assert check.holds == holds
    report = Report(
        "integration", False, 12.3, Findings((check, Check("cost", 1, 2, False, "ours")))
    )
    assert report.holds == holds
    assert ("holds" if holds else "FAILS") in str(report).splitlines()[1]
    assert "0.92" in str(report)
    assert "holds  cost" in str(report)


def test_rows_are_a_table():
    rows = ({"optimizer": "a-es", "test_accuracy": 0.91234}, {"optimizer": "b", "test_accuracy": 1})
    assert str(Report("optimizers", True, 1.0, Findings((), rows))).splitlines()[1:] == [
        "  optimizer  test accuracy",
        "  a-es              0.9123",
        "  b                      1",
    ]


def test_a_check_that_fails_is_an_exit_code(monkeypatch, capsys):
    failing = Report(
        "integration", True, 1.0, Findings((Check("accuracy", 0.4, 0.5, True, "chance"),))
    )
    monkeypatch.setattr("neurotrain.experiments.reproduce", lambda *_, **__: failing)
    assert cli.main(["reproduce", "integration", "--quick"]) == 1
    assert "FAILS" in capsys.readouterr().out


def test_unknown_names_are_refused_with_the_nearest(tmp_path):
    with pytest.raises(InvalidInput, match="did you mean 'integration'"):
        reproduce("integrate", out=tmp_path / "none")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("name", experiment_names())
def test_every_experiment_says_in_a_line_what_it_is(name):
    summary = find_experiment(name).__doc__.splitlines()[0]
    assert summary.endswith(".")
