"""Kinds of faults that happen to workers, while the process that trains goes on by itself."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from faults.faulty_run import GENERATIONS, FaultyRun
from faults.kinds import Details, Kind

# By which their processes are known.
PROCESSES = re.compile(r"loky\.backend\.popen_loky_posix")
CHUNK = {"workers": 2, "chunk_candidates": 2, "chunk_seconds": 3.0}


def descendants(pid: int) -> Iterator[int]:
    """Yield the processes that a process has started, and those that these have."""
    listed = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout
    for child in map(int, listed.split()):
        yield child
        yield from descendants(child)


def workers_of(pid: int) -> list[int]:
    """Return the descendants of a process that simulate."""
    found = []
    for one in descendants(pid):
        try:
            line = Path(f"/proc/{one}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if PROCESSES.search(line):
            found.append(one)
    return sorted(found)


def draw_hits(rng: np.random.Generator) -> Details:
    generations = np.sort(rng.integers(0, GENERATIONS - 1, rng.integers(1, 3))).tolist()
    return {"generations": generations, "worker": int(rng.integers(2))}


def hit_processes(run: FaultyRun, details: Details, number: int) -> None:
    """Send a signal to one of the processes that simulate, each time a generation is reached."""
    run.options |= {"executor": "processes", "executor_options": CHUNK}
    process = run.start()
    for generation in details["generations"]:
        run.wait_for(process, generation)
        found = workers_of(process.pid)
        if found:
            os.kill(found[details["worker"] % len(found)], number)
    code, said = run.wait(process)
    assert code == 0, said


def play_killed(run: FaultyRun, details: Details) -> None:
    hit_processes(run, details, signal.SIGKILL)


def play_stopped(run: FaultyRun, details: Details) -> None:
    hit_processes(run, details, signal.SIGSTOP)


def draw_scheduler(rng: np.random.Generator) -> Details:
    return {
        "generation": int(rng.integers(0, GENERATIONS - 1)),
        "away_seconds": round(rng.uniform(0, 5), 1),
        "returns": bool(rng.random() < 0.75),
    }


def play_scheduler(run: FaultyRun, details: Details) -> None:
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    options = {"scheduler": f"tcp://127.0.0.1:{port}", **CHUNK}
    run.options |= {"executor": "dask", "executor_options": options}
    with ExitStack() as stack:
        with dask_cluster(port):
            process = run.start()
            run.wait_for(process, details["generation"])
        time.sleep(details["away_seconds"])
        if details["returns"]:
            stack.enter_context(dask_cluster(port))
        code, said = run.wait(process)
    if code != 0:
        # Dask logs what it loses, before the one line.
        run.note_refusal(code, said[said.rindex("error: ") :])
        run.note_loss()
        # With threads of its own.
        del run.options["executor"], run.options["executor_options"]
        run.complete()


@contextmanager
def dask_cluster(port: int) -> Iterator[None]:
    """Run a scheduler and a worker of Dask, and kill both in the end."""
    python = [sys.executable, "-m", "dask"]
    scheduler = [*python, "scheduler", "--host", "127.0.0.1", "--port", str(port)]
    worker = [*python, "worker", f"tcp://127.0.0.1:{port}", "--nthreads", "1"]
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    given = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    started = [
        subprocess.Popen([*command, "--no-dashboard"], env=given, start_new_session=True, **quiet)
        for command in (scheduler, worker)
    ]
    try:
        yield
    finally:
        for process in started:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


WORKER_KINDS = {
    "worker killed": Kind(draw_hits, play_killed),
    "worker stopped": Kind(draw_hits, play_stopped),
    "scheduler killed": Kind(draw_scheduler, play_scheduler),
}
