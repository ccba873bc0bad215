"""A disk that fills up stops a run cleanly, wherever it does, and nothing is lost."""

import json

import numpy as np
import pytest
from short_training import train
from small_disk import can_mount, leave_pages, small_disk

import neurotrain as nt
from neurotrain.errors import NotWritten, RunFolderError
from neurotrain.training.checkpoint import read_latest_checkpoint
from neurotrain.training.metrics_file import MetricsFile
from neurotrain.training.run_folder import CONFIG, RunFolder

# More than a whole run of these tests takes.
PAGES = 24


@pytest.fixture
def disk(tmp_path):
    if not can_mount(tmp_path):
        pytest.skip("only root can mount a disk that fills up")
    with small_disk(tmp_path / "disk", 64) as mounted:
        yield mounted


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "run"
    train(folder)
    return outcome(folder)


def outcome(folder):
    result = json.loads((folder / "result.json").read_text())
    del result["wall_seconds"]
    return (folder / "metrics.jsonl").read_bytes(), (folder / "weights.npz").read_bytes(), result


def test_wherever_the_disk_fills_up_the_run_goes_on_to_the_same_end(disk, whole):
    """One page more each time, until the whole run fits."""
    stopped_at = []
    for pages in range(PAGES):
        ballast, folder = leave_pages(disk, pages), disk / f"run-{pages}"
        try:
            train(folder)
        except RunFolderError as error:
            stopped_at.append(stop_of(error, folder))
            ballast.unlink()
            if (folder / CONFIG).exists():
                nt.resume(folder, progress=False)
            else:
                train(folder)
        else:
            ballast.unlink()
        assert outcome(folder) == whole
        assert not [path for path in folder.iterdir() if path.name.endswith(".part")]
        for path in folder.iterdir():
            path.unlink()
    kinds = {name.split("-")[0] for name in stopped_at}
    assert {"config.toml", "metrics.jsonl", "checkpoint", "weights.npz"} <= kinds
    assert len(stopped_at) < PAGES


def stop_of(error, folder):
    """Return what could not be written, of an error that says what to do."""
    text = str(error)
    assert "No space left on device" in text and "\n" not in text
    if not (folder / CONFIG).exists():
        assert not folder.exists() or not any(folder.iterdir())
        return CONFIG
    assert isinstance(error, NotWritten)
    assert f"go on with: neurotrain resume {folder}" in text
    read_latest_checkpoint(folder)
    metrics = folder / "metrics.jsonl"
    assert not metrics.exists() or metrics.read_bytes()[-1:] in (b"\n", b"")
    return text.removeprefix(f"'{folder}/").split("'")[0]


def test_a_line_that_does_not_fit_leaves_nothing_behind(disk):
    file = MetricsFile(disk / "metrics.jsonl")
    file.append({"generation": 1})
    whole = file.path.read_bytes()
    leave_pages(disk, 1)
    with pytest.raises(OSError, match="No space left"):
        file.append({"generation": 2, "padding": "x" * 20_000})
    assert file.path.read_bytes() == whole


def test_a_start_that_does_not_fit_leaves_a_folder_that_can_be_used(disk, tmp_path):
    start = {"input.weight": np.ones((3, 4))}
    ballast = leave_pages(disk, 1)
    with pytest.raises(RunFolderError, match="cannot be used: No space left"):
        train(disk / "run", start=start)
    assert not any((disk / "run").iterdir())
    ballast.unlink()
    train(disk / "run", start=start)
    assert RunFolder(disk / "run").is_complete
