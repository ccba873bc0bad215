"""Run folders: hostile names, folders in use, files that were damaged."""

import fcntl
import json
import os
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neurotrain as nt
from neurotrain.errors import InvalidInput, RunFolderError
from neurotrain.training.config_file import read_config_file
from neurotrain.training.metrics_file import MetricsFile
from neurotrain.training.run_folder import RunFolder, command, require_unused
from neurotrain.training.weights_file import TRAINED, read_weights, write_weights

STUB = f"{Path(__file__).with_name('stub_circuit.py')}:linear"
SMALL = {
    "task_options": {"words": 4, "channels": 4, "bin_ms": 1.0, "decision_ms": 1.0},
    "optimizer_options": {"population_size": 4},
    "generations": 3,
    "trials": 4,
    "validation_trials": 5,
    "test_trials": 5,
    "checkpoint_every": 1,
    "progress": False,
}


def train(folder, **changes):
    return nt.train(STUB, "stimulus-integration", out=folder, **{**SMALL, **changes})


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return the folder of a complete run."""
    return train(tmp_path_factory.mktemp("runs") / "run").folder


HOSTILE = [
    "with space",
    "[abc]*?",
    "-rf",
    "ünïcode-运行",
    "quote'\"`$HOME;&|",
    "new\nline",
    "deep/er/folder",
    "checkpoint-000001.npz",
    "trailing.",
    "%s{0}\\",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_will_do(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = train(name)
    (tmp_path / name / "result.json").unlink()
    again = nt.resume(name, progress=False)
    assert np.array_equal(result.weights, again.weights)
    assert len([p for p in (tmp_path / name).iterdir() if p.name.startswith("checkpoint")]) == 3
    assert [p.name for p in tmp_path.iterdir()] == [name.split("/")[0]]


def test_a_run_is_not_written_over(run):
    before = {p.name: (p.stat().st_mtime_ns, p.read_bytes()) for p in run.iterdir()}
    with pytest.raises(RunFolderError, match=r"already holds a run; .* neurotrain resume"):
        train(run)
    assert {p.name: (p.stat().st_mtime_ns, p.read_bytes()) for p in run.iterdir()} == before


def test_other_files_are_not_mixed_with_a_run(tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(RunFolderError, match="is not empty"):
        train(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_run_killed_before_it_had_its_configuration_can_be_started_again(tmp_path):
    (tmp_path / ".config.toml.host-12.part").write_text("format =")
    assert (train(tmp_path).folder / "result.json").is_file()


def test_an_empty_folder_is_taken(tmp_path):
    assert train(tmp_path).folder == tmp_path


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("file", "is not a folder"),
        ("file/run", "cannot be used"),
        ("broken-link", "is not a folder"),
        ("x" * 300, "cannot be used: File name too long"),
        ("nul\0byte", "cannot be used"),
    ],
)
def test_what_cannot_be_a_folder_is_refused(name, message, tmp_path):
    (tmp_path / "file").write_text("precious")
    (tmp_path / "broken-link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(RunFolderError, match=message):
        train(tmp_path / name)
    assert (tmp_path / "file").read_text() == "precious"
    assert not (tmp_path / "nowhere").exists()


def test_of_two_runs_at_the_same_time_one_is_refused(tmp_path, monkeypatch):
    # The other one makes the folder after this one has looked.
    monkeypatch.setattr("neurotrain.training.run_folder.require_unused", lambda path: None)
    RunFolder.create(tmp_path / "run", {"seed": 1})
    with pytest.raises(RunFolderError, match="already holds a run"):
        RunFolder.create(tmp_path / "run", {"seed": 2})
    assert RunFolder(tmp_path / "run").config["seed"] == 1


def test_the_lock_is_one_that_nfs_grants(run, monkeypatch):
    """NFS locks a file for one process alone only if it is open for writing."""
    modes = []

    def try_lock(descriptor):
        modes.append(fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE)
        return True

    monkeypatch.setattr("neurotrain.training.run_folder.try_lock", try_lock)
    before = (run / "config.toml").stat().st_mtime_ns
    with RunFolder(run).locked():
        assert modes == [os.O_RDWR]
    assert (run / "config.toml").stat().st_mtime_ns == before


def test_config_holds_every_setting(run):
    config = tomllib.loads((run / "config.toml").read_text())
    assert config["seed"] == 0
    assert config["generations"] == 3
    assert config["model"]["name"] == STUB
    assert config["task"]["options"]["margin"] == 1
    assert config["optimizer"]["options"]["sigma"] > 0
    assert config["versions"].keys() == {"neurotrain", "python", "brian2", "numpy"}


def test_config_of_a_run_repeats_it(run, tmp_path):
    arguments = read_config_file(run / "config.toml")
    circuit, task = arguments.pop("circuit"), arguments.pop("task")
    nt.train(circuit, task, out=tmp_path / "run", progress=False, **arguments)
    for name in ("config.toml", "metrics.jsonl", "weights.npz"):
        assert (tmp_path / "run" / name).read_bytes() == (run / name).read_bytes()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("generatons = 3", "no key called 'generatons'; did you mean 'generations'"),
        ("[modell]", "did you mean 'model'"),
        ("[model]\nnames = 'x'", r"no key of \[model\] called 'names'; did you mean 'name'"),
        ("task = 'stimulus-integration'", r"\[task\] .* must be tables"),
        ("[task]\noptions = 3", "must be tables"),
        ("generations = ", "is not valid TOML"),
        ("[model]\nname = 'Circuit'\nin_python = true", "was made in Python"),
    ],
)
def test_a_wrong_config_file_is_refused(text, message, tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=message) as caught:
        read_config_file(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"format = 1", b"\xff\xfe", b"format = 9", b"x = ["])
def test_a_damaged_config_is_an_error_with_its_name(content, tmp_path):
    (tmp_path / "config.toml").write_bytes(content)
    with pytest.raises(RunFolderError, match=r"config\.toml"):
        nt.resume(tmp_path)


def test_what_is_no_run_folder_is_refused(tmp_path):
    for folder in (tmp_path, tmp_path / "missing"):
        for action in (nt.resume, nt.Result.load):
            with pytest.raises(RunFolderError, match="is not a run folder"):
                action(folder)


LINES = [{"generation": g, "loss": 0.1 * g, "failed_share": 0.0} for g in range(1, 6)]


@settings(max_examples=40)
@given(kept=st.integers(0, 5), torn=st.integers(0, 40), garbage=st.binary(max_size=5))
def test_metrics_are_cut_where_the_checkpoint_was(kept, torn, garbage, tmp_path_factory):
    file = MetricsFile(tmp_path_factory.mktemp("run") / "metrics.jsonl")
    for line in LINES:
        file.append(line)
    whole = file.path.read_bytes()
    last = len(whole.splitlines()[-1])
    file.path.write_bytes(whole[: len(whole) - torn % last] + garbage)
    kept = min(kept, 4)
    assert file.cut(kept) == LINES[:kept]
    assert file.path.read_bytes() == b"".join(whole.splitlines(keepends=True)[:kept])


def test_metrics_that_are_missing_are_not_made_up(tmp_path):
    file = MetricsFile(tmp_path / "metrics.jsonl")
    for line in (LINES[0], LINES[2]):
        file.append(line)
    before = file.path.read_bytes()
    for generation in (2, 3):
        with pytest.raises(RunFolderError, match="lacks generations"):
            file.cut(generation)
    assert file.path.read_bytes() == before


def test_weights_come_back(tmp_path):
    flat = np.array([0.5, -1.0, 2.0])
    blocks = {"recurrent.weight": flat[:2], "readout.bias": flat[2:]}
    write_weights(tmp_path / TRAINED, flat, blocks, "abc")
    assert np.array_equal(read_weights(tmp_path / TRAINED, "abc"), flat)
    with np.load(tmp_path / "weights.npz") as file:
        assert np.array_equal(file["recurrent.weight"], flat[:2])


def test_weights_that_cannot_be_used_are_refused(tmp_path):
    with pytest.raises(RunFolderError, match=r"no '.*weights\.npz'"):
        read_weights(tmp_path / TRAINED, "abc")
    write_weights(tmp_path / TRAINED, np.array([1.0, np.nan]), {}, "abc")
    with pytest.raises(RunFolderError, match="NaN or infinity"):
        read_weights(tmp_path / TRAINED, "abc")
    with pytest.raises(RunFolderError, match="another circuit"):
        read_weights(tmp_path / TRAINED, "def")
    path = tmp_path / "weights.npz"
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(RunFolderError, match="damaged or cut short"):
        read_weights(tmp_path / TRAINED, "abc")


def test_a_damaged_result_is_an_error_with_its_name(run, tmp_path):
    for name in ("config.toml", "weights.npz", "metrics.jsonl"):
        (tmp_path / name).write_bytes((run / name).read_bytes())
    (tmp_path / "result.json").write_text('{"seed": ')
    with pytest.raises(RunFolderError, match=r"result\.json' is damaged"):
        nt.Result.load(tmp_path)


def test_result_is_plain_json(run):
    result = json.loads((run / "result.json").read_text(), parse_constant=pytest.fail)
    wanted = {"validation_accuracy", "test_accuracy", "generations", "trial_simulations"}
    assert wanted | {"wall_seconds", "seed", "versions"} <= result.keys()


@pytest.mark.parametrize(
    ("name", "shown"), [("a b", "'a b'"), ("-x", "./-x"), ("it's", "'it'\"'\"'s'"), ("a", "a")]
)
def test_commands_can_be_copied_into_a_shell(name, shown):
    assert command("resume", Path(name)) == f"neurotrain resume {shown}"


def test_a_folder_that_does_not_exist_is_unused(tmp_path):
    require_unused(tmp_path / "new" / "run")
    assert not list(tmp_path.iterdir())
