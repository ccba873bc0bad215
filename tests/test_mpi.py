"""Workers that are ranks of MPI, as the command line starts them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from neurotrain.cli import main

pytestmark = pytest.mark.slow

TRAIN = [
    *("train", "stimulus-integration", "--model", "leaky-integrate-and-fire", "--neurons", "6"),
    *("--generations", "2", "--population", "10", "--trials", "4", "--no-figures"),
]


def test_ranks_train_what_threads_train(tmp_path, monkeypatch):
    pytest.importorskip("mpi4py")
    mpiexec = Path(sys.executable).with_name("mpiexec")
    if not mpiexec.exists():
        pytest.skip("mpich is not installed in this environment.")
    given = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[1])}
    python = [sys.executable, "-m", "mpi4py.futures", "-m", "neurotrain"]
    ranks = [mpiexec, "-n", "3", *python, *TRAIN, "--executor", "mpi", "--chunk", "3"]
    done = subprocess.run(
        [*ranks, "--out", "ranks"],
        cwd=tmp_path,
        env=given,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "for each candidate" in done.stderr
    monkeypatch.chdir(tmp_path)
    assert main([*TRAIN, "--out", "threads"]) == 0
    one, other = ((tmp_path / name / "metrics.jsonl").read_bytes() for name in ("ranks", "threads"))
    assert one == other


def test_without_other_ranks_it_says_how_to_start(tmp_path):
    pytest.importorskip("mpi4py")
    # In a process of its own, which MPI does not leave as it was.
    done = subprocess.run(
        [sys.executable, "-m", "neurotrain", *TRAIN, "--executor", "mpi", "--out", "run"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 2
    assert "mpiexec -n 3" in done.stderr
    assert not (tmp_path / "run").exists()
