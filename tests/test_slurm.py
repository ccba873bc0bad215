"""The recipes for SLURM, on a SLURM of this machine alone."""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import neurotrain as nt

TOP = Path(__file__).parents[1]
SCRIPT = TOP / "tests/cluster/one_node_slurm.sh"
pytestmark = pytest.mark.nightly


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """Return the environment of a user of a running SLURM, with `neurotrain` on the path."""
    if not all(map(shutil.which, ("slurmctld", "slurmd", "munged"))) or os.getuid():
        pytest.skip("Debian's packages slurm-wlm and munge are not installed, or this is not root.")
    folder, programs = tmp_path_factory.mktemp("slurm"), tmp_path_factory.mktemp("bin")
    (programs / "neurotrain").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m neurotrain "$@"\n')
    (programs / "neurotrain").chmod(0o755)
    given = {
        **os.environ,
        "SLURM_CONF": str(folder / "slurm.conf"),
        "PATH": f"{programs}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(TOP),
    }
    subprocess.run([SCRIPT, "start", folder], check=True, env=given)
    yield given
    subprocess.run([SCRIPT, "stop", folder], check=True, env=given)


def recipe(page, words):
    """Return the code of a page that contains some words."""
    blocks = re.findall(r"```\w+\n(.*?)```", (TOP / "docs" / page).read_text(), re.DOTALL)
    (found,) = [block for block in blocks if words in block]
    return found


def wait_for_jobs(environment, seconds=300):
    """Wait until no job is left."""
    for _ in range(seconds):
        listed = subprocess.run(
            ["squeue", "--noheader"], env=environment, check=True, capture_output=True
        )
        if not listed.stdout.strip():
            return
        time.sleep(1)
    raise AssertionError("Jobs do not end.")


def test_array_of_a_sweep(environment, tmp_path):
    (tmp_path / "grid.toml").write_text(
        "generations = 2\ntrials = 8\nvalidation_trials = 20\ntest_trials = 20\n"
        '[task]\nname = "stimulus-integration"\n[model]\nname = "leaky-integrate-and-fire"\n'
        '[sweep]\n"model.neurons" = [6, 8]\nseed = [0, 1]\n'
    )
    script = recipe("sweeps.md", "#SBATCH --array").replace("1-12", "1-4").replace("=4", "=1")
    (tmp_path / "job.sh").write_text(script)
    given = {**environment, "HOME": str(tmp_path)}
    subprocess.run(["sbatch", "job.sh"], cwd=tmp_path, env=given, check=True)
    wait_for_jobs(given)
    rows = nt.sweep(tmp_path / "grid.toml", out=tmp_path / "grid", progress=False)
    assert [row["state"] for row in rows] == ["complete"] * 4
    # The jobs have trained them, not the call above.
    logs = list(tmp_path.glob("slurm-*.out"))
    assert len(logs) == 4
    assert all("complete" in log.read_text() for log in logs)


def test_workers_that_are_jobs(environment, tmp_path):
    pytest.importorskip("dask_jobqueue")
    script = recipe("executors.md", "SLURMCluster")
    few = '"stimulus-integration",\n            generations=3, trials=8, validation_trials=20,'
    script = script.replace('"stimulus-integration",', few).replace("16", "2")
    script = script.replace('walltime="01:00:00"', 'walltime="00:10:00", interface="lo"')
    (tmp_path / "train.py").write_text(script)
    subprocess.run(
        [sys.executable, "train.py"], cwd=tmp_path, env=environment, check=True, timeout=300
    )
    wait_for_jobs(environment)
    local = nt.train(
        "morris-lecar",
        "stimulus-integration",
        generations=3,
        trials=8,
        validation_trials=20,
        out=tmp_path / "local",
        progress=False,
    )
    assert nt.Result.load(tmp_path / "runs/on-slurm").metrics == local.metrics
