"""Runs that earlier versions began, kept in tests/old_formats, go on and can be read."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import neurotrain as nt
from neurotrain.errors import RunFolderError
from neurotrain.training.checkpoint import (
    AnotherFormat,
    read_checkpoint,
    read_latest_checkpoint,
    write_checkpoint,
)
from neurotrain.training.checkpoint_formats import FORMAT, MIGRATIONS

OLD = Path(__file__).with_name("old_formats")
STUB = f"{Path(__file__).with_name('stub_circuit.py')}:linear"
FOLDERS = [path.name for path in sorted(OLD.iterdir()) if path.is_dir()]


def copied(name, tmp_path, *left_out):
    """Return a copy of an old run folder, with the path of the stub."""
    folder = tmp_path / "run"
    shutil.copytree(OLD / name, folder, ignore=shutil.ignore_patterns("expected.jsonl", *left_out))
    config = folder / "config.toml"
    config.write_text(config.read_text().replace("STUB", STUB))
    return folder


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("name", FOLDERS)
def test_an_old_run_goes_on_as_it_would_have(name, tmp_path):
    folder = copied(name, tmp_path, "result.json", "weights.npz")
    summary = nt.resume(folder, progress=False).summary
    for line, expected in zip(
        lines(folder / "metrics.jsonl"), lines(OLD / name / "expected.jsonl"), strict=True
    ):
        # Those of today may tell more. CMA-ES rounds otherwise with other linear algebra.
        assert {key: line[key] for key in expected} == pytest.approx(expected, rel=1e-6)
    assert (summary["generations"], summary["ended_by"]) == (6, "generations")
    # Four candidates and trials in six generations; the first validates one guess, later ones two.
    assert summary["trial_simulations"] == 6 * 4 * 4 + (40 if name == "1-first" else 50)


def test_every_format_has_a_run_and_only_the_present_needs_no_migration():
    formats = {int(np.load(OLD / name / "checkpoint-000004.npz")["format"]) for name in FOLDERS}
    assert formats == {*MIGRATIONS, FORMAT} == {*range(1, FORMAT + 1)}


def test_the_first_format_at_the_end_of_its_run_has_ended(tmp_path):
    folder = copied("1-first", tmp_path)
    config = folder / "config.toml"
    config.write_text(config.read_text().replace("generations = 6", "generations = 4"))
    content = read_checkpoint(folder / "checkpoint-000004.npz")
    assert str(content["ended"]) == "generations"
    assert content["trial_simulations"] == 4 * 4 * 4 + 2 * 10


def test_failed_candidates_of_the_first_format_are_those_of_its_metrics(tmp_path):
    folder = copied("1-first", tmp_path)
    metrics = folder / "metrics.jsonl"
    failing = [{**line, "failed_share": 0.25} for line in lines(metrics)]
    metrics.write_text("".join(json.dumps(line) + "\n" for line in failing))
    assert read_checkpoint(folder / "checkpoint-000004.npz")["failed_candidates"] == 4


def test_damage_is_recognized_before_an_old_format_is_read(tmp_path):
    path = copied("1-first", tmp_path) / "checkpoint-000004.npz"
    with np.load(path) as file:
        content = {**file, "wall_seconds": np.array(9.0)}
    np.savez(path, **content)
    with pytest.raises(RunFolderError, match="was changed"):
        read_checkpoint(path)


def test_an_old_result_can_be_read(tmp_path):
    result = nt.Result.load(copied("1-first", tmp_path))
    with np.load(OLD / "1-first" / "weights.npz") as file:
        assert np.array_equal(result.weights, file["flat"])
    assert result.evaluate()["test_accuracy"] == result.test_accuracy


def test_a_later_format_is_refused_and_no_older_one_taken_for_it(tmp_path, monkeypatch):
    write_checkpoint(tmp_path, 1, {"x": np.zeros(2)})
    with monkeypatch.context() as patch:
        patch.setattr("neurotrain.training.checkpoint.FORMAT", 99)
        write_checkpoint(tmp_path, 2, {"x": np.zeros(2)})
    with pytest.raises(AnotherFormat, match="has format 99.*reads formats 1 to 2"):
        read_latest_checkpoint(tmp_path)
