"""Files that are whole or not there, also where several processes make them."""

import os
from errno import EPERM
from multiprocessing.pool import ThreadPool

import numpy as np
import pytest

from neurotrain.atomic import is_part, write_arrays, write_atomically, write_new


def test_a_new_file_is_not_written_over(tmp_path):
    path = tmp_path / "config.toml"
    write_new(path, b"first")
    with pytest.raises(FileExistsError):
        write_new(path, b"second")
    assert path.read_bytes() == b"first"
    assert [*tmp_path.iterdir()] == [path]


def without_links(source, target):
    raise OSError(EPERM, "Operation not permitted")


def test_it_is_made_where_there_are_no_links(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "link", without_links)
    test_a_new_file_is_not_written_over(tmp_path)


def test_of_many_processes_one_makes_it(tmp_path, monkeypatch):
    def attempt(number):
        # Each as if it were a process of its own.
        try:
            write_new(tmp_path / "file", b"%d" % number * 1000)
        except FileExistsError:
            return None
        return number

    numbers = iter(range(100, 200))
    monkeypatch.setattr(os, "getpid", lambda: next(numbers))
    with ThreadPool(8) as pool:
        made = [each for each in pool.map(attempt, range(8)) if each is not None]
    assert len(made) == 1
    assert (tmp_path / "file").read_bytes() == b"%d" % made[0] * 1000
    assert len([*tmp_path.iterdir()]) == 1


def test_what_a_killed_process_left_is_known_by_its_name(tmp_path, monkeypatch):
    class Killed(BaseException):
        pass

    def kill(source, target):
        raise Killed

    monkeypatch.setattr(os, "link", kill)
    monkeypatch.setattr("pathlib.Path.unlink", lambda *_, **__: None)
    with pytest.raises(Killed):
        write_new(tmp_path / "config.toml", b"text")
    [left] = tmp_path.iterdir()
    assert is_part(left, "config.toml") and not is_part(left, "result.json")
    assert not is_part(tmp_path / "config.toml", "config.toml")


def test_a_failure_leaves_the_old_file(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")

    def fail(file):
        file.write(b"half")
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        write_atomically(path, fail)
    assert path.read_text() == "old"
    assert [*tmp_path.iterdir()] == [path]


def test_arrays_come_back(tmp_path):
    arrays = {"a/b": np.arange(3.0), "text": np.array("é")}
    write_arrays(tmp_path / "file.npz", arrays)
    with np.load(tmp_path / "file.npz", allow_pickle=False) as file:
        assert {**file}.keys() == arrays.keys()
        assert all(np.array_equal(file[name], array) for name, array in arrays.items())
