"""Checkpoints beside a training: it does not wait for the disk, and hears of what went wrong."""

from threading import Event
from time import sleep

import numpy as np
import pytest

from neurotrain.errors import NotWritten
from neurotrain.training import checkpoint_writer
from neurotrain.training.checkpoint import read_latest_checkpoint
from neurotrain.training.checkpoint_writer import CheckpointWriter
from neurotrain.training.metrics_file import MetricsFile
from neurotrain.training.run_folder import RunFolder


def snapshot(generation):
    return {"generation": np.array(generation), "x": np.arange(3.0)}


@pytest.fixture
def make(tmp_path):
    """Return what makes a writer, closed at the end."""
    folder, made = RunFolder.create(tmp_path / "run", {"seed": 1}), []

    def make(every=None):
        made.append(CheckpointWriter(folder, "stub", every))
        return made[-1], folder.path

    yield make
    for writer in made:
        writer.close()


@pytest.fixture
def slow_disk(monkeypatch):
    """Return what lets the disk go on; until then no checkpoint gets there."""
    goes_on, write = Event(), checkpoint_writer.write_checkpoint

    def wait_and_write(*arguments):
        assert goes_on.wait(30)
        return write(*arguments)

    monkeypatch.setattr(checkpoint_writer, "write_checkpoint", wait_and_write)
    return goes_on


def test_what_is_written_can_be_read(make):
    writer, folder = make()
    writer.write(snapshot(0))
    content = read_latest_checkpoint(folder)
    assert (content["generation"], content["fingerprint"]) == (0, "stub")


def test_a_slow_disk_is_not_waited_for(make, slow_disk):
    writer, folder = make()
    for generation in range(5):
        writer.offer(snapshot(generation))
    assert read_latest_checkpoint(folder) is None
    slow_disk.set()
    writer.wait()
    assert read_latest_checkpoint(folder)["generation"] == 0


def test_as_many_as_were_asked_for_are_waited_for(make):
    writer, folder = make(every=2)
    for generation in range(7):
        writer.offer(snapshot(generation))
    writer.wait()
    assert read_latest_checkpoint(folder)["generation"] == 6


def test_what_could_not_be_written_is_told_the_next_time(make, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint_writer, "write_checkpoint", full)
    writer, _ = make(every=1)
    writer.offer(snapshot(1))
    with pytest.raises(NotWritten, match="checkpoint-000001.npz' cannot be written: No space left"):
        writer.offer(snapshot(2))
    # And once only.
    writer.wait()


def test_it_is_told_also_when_none_is_due(make, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint_writer, "write_checkpoint", full)
    writer, _ = make(every=10)
    writer.offer(snapshot(10))
    with pytest.raises(NotWritten):
        for generation in range(11, 20):
            sleep(0.05)
            writer.offer(snapshot(generation))


def test_the_metrics_are_on_the_disk_before_the_checkpoint_that_has_seen_them(make, monkeypatch):
    done, write = [], checkpoint_writer.write_checkpoint
    monkeypatch.setattr(MetricsFile, "sync", lambda file: done.append("metrics"))
    monkeypatch.setattr(
        checkpoint_writer, "write_checkpoint", lambda *a: done.append("checkpoint") or write(*a)
    )
    make()[0].write(snapshot(1))
    assert done == ["metrics", "checkpoint"]


def test_closed_it_has_written_what_it_began(make, slow_disk):
    writer, folder = make()
    writer.offer(snapshot(3))
    slow_disk.set()
    writer.close()
    assert read_latest_checkpoint(folder)["generation"] == 3
