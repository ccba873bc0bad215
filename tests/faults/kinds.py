"""The kinds of faults: how each is drawn, and how it is done to a run.

A new kind is a function that draws its details, plain numbers and texts, one that does it and
brings the run to its end, and a line in `KINDS`.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from small_disk import leave_pages, small_disk

from faults.faulty_run import GENERATION_MS, GENERATIONS, FaultyRun

Details = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """One kind of faults.

    Parameters
    ----------
    draw : callable
        From a generator to details.
    play : callable
        Does it to a run, with these details, and brings the run to its end.
    """

    draw: Callable[[np.random.Generator], Details]
    play: Callable[[FaultyRun, Details], None]


def draw_moment(rng: np.random.Generator) -> Details:
    """Return some generation, and how long after its end."""
    generation = int(rng.integers(0, GENERATIONS))
    return {"generation": generation, "more_ms": round(rng.uniform(0, 2 * GENERATION_MS), 1)}


def killed_once(run: FaultyRun, details: Details) -> None:
    """Kill the run at a moment."""
    process = run.start()
    run.wait_for(process, details["generation"], details["more_ms"])
    run.end(process)


# kill -9 of the process that trains, up to three times.


def draw_kills(rng: np.random.Generator) -> Details:
    moments = [draw_moment(rng) for _ in range(rng.integers(1, 4))]
    return {"moments": sorted(moments, key=lambda moment: moment["generation"])}


def play_kills(run: FaultyRun, details: Details) -> None:
    for moment in details["moments"]:
        killed_once(run, moment)
    run.complete()


# kill -9 before a change of a file: in the middle of writing a checkpoint or another file.


def draw_writing(rng: np.random.Generator) -> Details:
    return {"calls": rng.integers(0, 60, rng.integers(1, 3)).tolist()}


def play_writing(run: FaultyRun, details: Details) -> None:
    for call in details["calls"]:
        process = run.start(strike=call)
        run.wait(process)
        if process.returncode == -signal.SIGKILL:
            run.note_loss()
    run.complete()


# Ctrl-C, the end of a session, or the end of a job's time.


def draw_signal(rng: np.random.Generator) -> Details:
    # From the first generation on: before that, the interpreter itself says what happened.
    name = str(rng.choice(["SIGINT", "SIGTERM", "SIGHUP"]))
    return {**draw_moment(rng), "generation": int(rng.integers(1, GENERATIONS)), "signal": name}


def play_signal(run: FaultyRun, details: Details) -> None:
    process = run.start()
    run.wait_for(process, details["generation"], details["more_ms"])
    said = run.end(process, signal.Signals[details["signal"]])
    if process.returncode == 130:
        assert "go on with: neurotrain resume" in said
        assert run.lost <= 1
    run.complete()


# SIGSTOP, as by a scheduler that lets another job go first, and SIGCONT.


def draw_stop(rng: np.random.Generator) -> Details:
    return {**draw_moment(rng), "seconds": round(rng.uniform(0.05, 0.8), 2)}


def play_stop(run: FaultyRun, details: Details) -> None:
    process = run.start()
    run.wait_for(process, details["generation"], details["more_ms"])
    process.send_signal(signal.SIGSTOP)
    time.sleep(details["seconds"])
    process.send_signal(signal.SIGCONT)
    code, said = run.wait(process)
    assert code == 0, said


# Checkpoints cut short.


def draw_cut(rng: np.random.Generator) -> Details:
    return {**draw_moment(rng), "left": rng.uniform(0, 1, rng.integers(1, 4)).round(4).tolist()}


def play_cut(run: FaultyRun, details: Details) -> None:
    killed_once(run, details)
    originals, are_all = newest_checkpoints(run.folder, len(details["left"]))
    for (name, content), left in zip(originals.items(), details["left"], strict=False):
        (run.folder / name).write_bytes(content[: int(left * len(content))])
    run.complete_unless_refused(originals, may_be=are_all)


# Bits of checkpoints that flip.


def draw_flips(rng: np.random.Generator) -> Details:
    # Where: as a share of the file, whose length is not known yet.
    flips = [rng.uniform(0, 1, rng.integers(1, 9)).round(4).tolist() for _ in range(3)]
    return {**draw_moment(rng), "flips": flips[: rng.integers(1, 4)]}


def play_flips(run: FaultyRun, details: Details) -> None:
    killed_once(run, details)
    originals, are_all = newest_checkpoints(run.folder, len(details["flips"]))
    for (name, content), places in zip(originals.items(), details["flips"], strict=False):
        damaged = bytearray(content)
        for place in places:
            bit = int(place * 8 * len(damaged))
            damaged[bit // 8] ^= 1 << bit % 8
        (run.folder / name).write_bytes(damaged)
    run.complete_unless_refused(originals, may_be=are_all)


def newest_checkpoints(folder: Path, count: int) -> tuple[dict[str, bytes], bool]:
    """Return the contents of so many by their names, and whether there are no others."""
    found = sorted(folder.glob("checkpoint-??????.npz"), reverse=True)
    return {path.name: path.read_bytes() for path in found[:count]}, len(found) <= count


# Metrics cut short.


def draw_metrics(rng: np.random.Generator) -> Details:
    return {**draw_moment(rng), "left": round(rng.uniform(0, 1), 4)}


def play_metrics(run: FaultyRun, details: Details) -> None:
    killed_once(run, details)
    path = run.folder / "metrics.jsonl"
    if path.exists():
        original = path.read_bytes()
        os.truncate(path, int(details["left"] * len(original)))
        run.complete_unless_refused({path.name: original}, may_be=True)
    else:
        run.complete()


# A disk that fills up, up to twice.


def draw_disk(rng: np.random.Generator) -> Details:
    return {"pages": rng.integers(0, 16, rng.integers(1, 3)).tolist()}


def play_disk(run: FaultyRun, details: Details) -> None:
    with small_disk(run.folder.parent / "disk", 64) as disk:
        run.folder = disk / "run"
        for pages in details["pages"]:
            ballast = leave_pages(disk, min(pages, os.statvfs(disk).f_bavail))
            code, said = run.wait(run.start())
            if code != 0:
                run.note_refusal(code, said)
                assert "No space left on device" in said
                run.note_loss()
            ballast.unlink()
        run.complete()
        # The disk goes, its content stays.
        subprocess.run(["cp", "-r", disk / "run", disk.parent / "run"], check=True)
    run.folder = run.folder.parent.parent / "run"


# A wall clock that jumps.


def draw_clock(rng: np.random.Generator) -> Details:
    moments = np.sort(rng.uniform(0, 2, 4)).round(2).tolist()
    # Seconds to many years, back and forth.
    offsets = (rng.choice([-1, 1], 4) * 10 ** rng.uniform(0, 8.5, 4)).astype(int).tolist()
    return {
        **draw_moment(rng),
        "jumps": [list(jump) for jump in zip(moments, offsets, strict=True)],
    }


def play_clock(run: FaultyRun, details: Details) -> None:
    jumps = " ".join(f"{after}:{by}" for after, by in details["jumps"])
    environment = {"LD_PRELOAD": str(jumping_clock(run.folder.parent)), "CLOCK_JUMPS": jumps}
    process = run.start(**environment)
    run.wait_for(process, details["generation"], details["more_ms"])
    run.end(process)
    run.complete(**environment)


def jumping_clock(folder: Path) -> Path:
    """Compile the library that lets clocks jump."""
    library, source = folder / "clock.so", Path(__file__).with_name("clock.cpp")
    compiler = os.environ.get("CXX", "c++")
    command = [compiler, "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"]
    subprocess.run(command, check=True)
    return library


# Two processes in one folder.


def draw_two(rng: np.random.Generator) -> Details:
    return {**draw_moment(rng), "second": str(rng.choice(["train", "resume", "both"]))}


def play_two(run: FaultyRun, details: Details) -> None:
    if details["second"] == "both":
        return play_both(run, details)
    first = run.start()
    run.wait_for(first, max(1, details["generation"]), details["more_ms"])
    # So that it cannot come to its end meanwhile.
    first.send_signal(signal.SIGSTOP)
    was_complete = (run.folder / "result.json").exists()
    code, said = run.wait(run.start(details["second"]))
    first.send_signal(signal.SIGCONT)
    if not was_complete or details["second"] == "train":
        run.note_refusal(code, said)
    code, said = run.wait(first)
    assert code == 0, said


def play_both(run: FaultyRun, details: Details) -> None:
    """Let two processes go on with a run at the same moment."""
    killed_once(run, details)
    ends = [run.wait(process) for process in [run.start(), run.start()]]
    for code, said in ends:
        if code != 0:
            run.note_refusal(code, said)
    assert any(code == 0 for code, _ in ends)


KINDS = {
    "trainer killed": Kind(draw_kills, play_kills),
    "killed while writing": Kind(draw_writing, play_writing),
    "signal": Kind(draw_signal, play_signal),
    "stopped and continued": Kind(draw_stop, play_stop),
    "checkpoints cut short": Kind(draw_cut, play_cut),
    "bits of checkpoints flipped": Kind(draw_flips, play_flips),
    "metrics cut short": Kind(draw_metrics, play_metrics),
    "disk full": Kind(draw_disk, play_disk),
    "clock jumps": Kind(draw_clock, play_clock),
    "two processes": Kind(draw_two, play_two),
}
