"""Sweeps: every combination is a run of its own, and goes on wherever it was left."""

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import neurotrain as nt
from neurotrain.cli import main
from neurotrain.training import sweep as module
from neurotrain.training.run_folder import RunFolder
from neurotrain.training.sweep import TOLD, listed, summarized, sweep
from neurotrain.training.sweep_file import name_of, read_sweep_file

# The same on every Python.
pytestmark = pytest.mark.slow

SHORT = """
generations = 2
trials = 2
validation_trials = 2
test_trials = 4
[model.options]
neurons = 4
[task]
name = "stimulus-integration"
[optimizer]
name = "openai-es"
[optimizer.options]
population_size = 2
"""
SWEPT = '[sweep]\n"optimizer.sigma" = [0.1, 0.4]\nseed = [0, 1]\n'


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "grid.toml"
    path.write_text(SHORT + SWEPT)
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, Path, list[dict]]:
    folder = tmp_path_factory.mktemp("sweep")
    path = folder / "grid.toml"
    path.write_text(SHORT + SWEPT)
    return path, folder / "runs", sweep(path, out=folder / "runs", progress=False)


def content_of(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_all_combinations_are_run_the_last_setting_first(made):
    path, folder, rows = made
    assert [(row["optimizer.sigma"], row["seed"]) for row in rows] == [
        (0.1, 0),
        (0.1, 1),
        (0.4, 0),
        (0.4, 1),
    ]
    for row in rows:
        config = RunFolder(folder / row["run"]).config
        assert config["seed"] == row["seed"]
        assert config["optimizer"]["options"]["sigma"] == row["optimizer.sigma"]
        assert config["model"]["options"]["neurons"] == 4
        assert row["state"] == "complete" and row["problem"] is None
        summary = RunFolder(folder / row["run"]).read_result()
        assert all(row[name] == summary[name] for name in TOLD)


def test_a_run_of_a_sweep_is_that_of_train(made, tmp_path):
    _, folder, rows = made
    alone = nt.train(
        "morris-lecar",
        "stimulus-integration",
        model_options={"neurons": 4},
        optimizer_options={"population_size": 2, "sigma": 0.4},
        generations=2,
        trials=2,
        validation_trials=2,
        test_trials=4,
        seed=1,
        out=tmp_path / "alone",
        progress=False,
    )
    metrics = (folder / rows[3]["run"] / "metrics.jsonl").read_bytes()
    assert metrics == (alone.folder / "metrics.jsonl").read_bytes()


def test_the_table_holds_the_rows(made):
    _, folder, rows = made
    with open(folder / "sweep.csv", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["run"] for row in table] == [row["run"] for row in rows]
    assert [float(row["test_accuracy"]) for row in table] == [row["test_accuracy"] for row in rows]


def test_what_is_complete_is_left_as_it_is(made, monkeypatch):
    path, folder, rows = made
    before = content_of(folder)
    monkeypatch.setattr(module, "train", lambda *parts, **how: pytest.fail("trained again"))
    monkeypatch.setattr(module, "resume", lambda *parts, **how: pytest.fail("resumed"))
    assert sweep(path, out=folder, progress=False) == rows == listed(path, out=folder)
    assert content_of(folder) == before


def test_an_interrupted_run_goes_on_and_more_values_are_added(made, tmp_path):
    path, folder, rows = made
    copy = tmp_path / "runs"
    shutil.copytree(folder, copy)
    # As if it had been killed before its end.
    (copy / rows[0]["run"] / "result.json").unlink()
    more = tmp_path / "grid.toml"
    more.write_text(path.read_text().replace("seed = [0, 1]", "seed = [0, 1, 2]"))
    assert [row["state"] for row in listed(more, out=copy)] == [
        "started",
        "complete",
        "missing",
        "complete",
        "complete",
        "missing",
    ]
    again = sweep(more, out=copy, progress=False)
    assert {row["state"] for row in again} == {"complete"}
    same = ("run", "test_accuracy", "test_loss")
    assert [again[0][name] for name in same] == [rows[0][name] for name in same]


def test_one_alone_is_what_a_job_of_an_array_trains(file, tmp_path, capsys):
    out = tmp_path / "runs"
    assert main(["sweep", str(file), "--out", str(out), "--only", "3", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["state"] for row in told["runs"]] == ["missing", "missing", "complete", "missing"]
    assert [row["complete"] for row in told["summary"]] == [0, 1]
    assert not (out / "sweep.csv").exists()
    assert main(["sweep", str(file), "--out", str(out), "--list"]) == 0
    assert "optimizer.sigma=0.4,seed=0  0.4              0     complete" in capsys.readouterr().out
    assert len((out / "sweep.csv").read_text().splitlines()) == 5


def test_jobs_that_start_at_once_do_not_meet(file, tmp_path):
    code = "import sys; from neurotrain.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "sweep", str(file), "--out", "runs", "--only"]
    jobs = [
        subprocess.Popen([*command, str(number)], cwd=tmp_path, stderr=subprocess.PIPE)
        for number in (1, 4)
    ]
    said = [job.communicate()[1].decode() for job in jobs]
    assert [job.returncode for job in jobs] == [0, 0], said
    states = [row["state"] for row in listed(file, out=tmp_path / "runs")]
    assert states == ["complete", "missing", "missing", "complete"]


def test_a_run_that_fails_keeps_no_other_from_being_trained(file, tmp_path, capsys):
    file.write_text(SHORT + '[sweep]\n"model.neurons" = [-1, 3]\n')
    out = tmp_path / "runs"
    assert main(["sweep", str(file), "--out", str(out)]) == 1
    rows = listed(file, out=out)
    assert [row["state"] for row in rows] == ["missing", "complete"]
    said = capsys.readouterr().err
    assert "1/2 model.neurons=-1: failed" in said and "2/2 model.neurons=3: complete" in said


def test_a_run_that_another_process_trains_is_left_to_it(made, monkeypatch):
    path, folder, rows = made
    config = folder / rows[0]["run"] / "config.toml"
    result = config.with_name("result.json")
    content = result.read_bytes()
    result.unlink()
    try:
        with RunFolder(config.parent).locked():
            found = sweep(path, out=folder, progress=False)
    finally:
        result.write_bytes(content)
    assert [row["state"] for row in found] == ["in use", "complete", "complete", "complete"]


def test_medians_are_over_seeds():
    rows = [
        {"seed": seed, "sigma": sigma, "state": state, "test_accuracy": accuracy}
        for sigma, seed, state, accuracy in [
            (0.1, 0, "complete", 0.5),
            (0.1, 1, "complete", 0.9),
            (0.1, 2, "complete", 0.6),
            (0.4, 0, "failed", None),
        ]
    ]
    assert summarized(rows, ["sigma", "seed"]) == [
        {"sigma": 0.1, "complete": 3, "runs": 3, "median": 0.6, "lowest": 0.5, "highest": 0.9},
        {"sigma": 0.4, "complete": 0, "runs": 1, "median": None, "lowest": None, "highest": None},
    ]


def test_a_part_that_is_swept_drops_the_options_of_the_one_in_the_file(file):
    swept = '[sweep]\noptimizer = ["openai-es", "snes"]\n"optimizer.sigma" = [0.3]\n'
    file.write_text(SHORT + swept)
    kept, other = (run.arguments["optimizer_options"] for run in read_sweep_file(file).runs)
    assert kept == {"population_size": 2, "sigma": 0.3} and other == {"sigma": 0.3}


@pytest.mark.parametrize(
    ("swept", "said"),
    [
        ("", "sweeps nothing"),
        ("[sweep]\n", "sweeps nothing"),
        ("[sweep]\nseeds = [1]\n", "did you mean 'seed'"),
        ('[sweep]\n"optimiser.sigma" = [1]\n', "did you mean 'optimizer'"),
        ("[sweep]\nseed = 1\n", "must be a list"),
        ("[sweep]\nseed = []\n", "must be a list"),
        ("[sweep]\nseed = [1, 1]\n", "several runs 'seed=1'"),
        ("[sweep\n", "not valid TOML"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(file, tmp_path, capsys, swept, said):
    file.write_text(SHORT + swept)
    assert main(["sweep", str(file), "--out", str(tmp_path / "runs")]) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1 and said in told[0]
    assert not (tmp_path / "runs").exists()


def test_a_folder_of_other_settings_is_refused(made, file, tmp_path):
    _, folder, _ = made
    before = content_of(folder)
    file.write_text(SHORT.replace("generations = 2", "generations = 3") + SWEPT)
    with pytest.raises(nt.NeurotrainError, match="runs of other settings"):
        sweep(file, out=folder, progress=False)
    assert content_of(folder) == before
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("precious")
    with pytest.raises(nt.NeurotrainError, match="something else"):
        sweep(file, out=tmp_path / "full", progress=False)
    with pytest.raises(nt.InvalidInput, match="no run 5"):
        sweep(file, out=tmp_path / "new", only=5)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("given", [{"executor": "nobody"}, {"threads": 0}])
def test_what_no_run_could_use_is_refused_before_the_first(file, tmp_path, given):
    with pytest.raises(nt.InvalidInput):
        sweep(file, out=tmp_path / "grid", **given)
    assert not (tmp_path / "grid").exists()


def test_names_are_those_of_folders():
    assert name_of({"model": "nets/a b.py:build", "seed": 1}) == "model=nets-a-b.py-build,seed=1"
