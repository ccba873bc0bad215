"""Scenarios drawn at random, and what becomes of each."""

import json
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from faults.faulty_run import FaultyRun, launched
from faults.kinds import KINDS
from faults.worker_kinds import WORKER_KINDS
from neurotrain import train

SHARES = {"linear": 0.7, "slow": 0.2, "morris-lecar": 0.1}
# How many complete generations may have to be trained again where checkpoints are written as they
# cost little: those of 0.1 s, and of long ones the one whose checkpoint is being written.
LOST_AT_MOST = {"linear": 8, "slow": 1, "morris-lecar": 20}
SAME, STOPPED = "same result", "stopped with a message, then same result"

Outcome = Any
Row = dict[str, Any]


@dataclass(frozen=True)
class Scenario:
    """What happens to one run, as plain data."""

    number: int
    kind: str
    circuit: str
    checkpoint_every: int | None
    details: Mapping[str, Any]


def draw_scenarios(count: int, seed: int) -> Iterator[Scenario]:
    """Yield scenarios; each kind has its turn."""
    for number, source in enumerate(np.random.SeedSequence(seed).spawn(count)):
        rng, kind = np.random.default_rng(source), [*KINDS][number % len(KINDS)]
        circuit = str(rng.choice([*SHARES], p=[*SHARES.values()]))
        every = [None, 1, 3][rng.choice(3, p=[0.5, 0.4, 0.1])]
        yield Scenario(number, kind, circuit, every, KINDS[kind].draw(rng))


def draw_worker_scenarios(count: int, seed: int) -> Iterator[Scenario]:
    """Yield scenarios of workers; each kind has its turn."""
    for number, source in enumerate(np.random.SeedSequence(seed).spawn(count)):
        kind = [*WORKER_KINDS][number % len(WORKER_KINDS)]
        details = WORKER_KINDS[kind].draw(np.random.default_rng(source))
        yield Scenario(number, kind, "morris-lecar", None, details)


def uninterrupted(folder: Path, circuit: str) -> Outcome:
    """Return what a run comes to if nothing happens to it."""
    run = FaultyRun(folder, circuit, None)
    train(out=folder, progress=False, **run.options)
    return run.outcome()


def play(scenario: Scenario, folder: Path, expected: Outcome, launch: Any = launched) -> Row:
    """Return the row of the table for a scenario that is played in a new folder."""
    folder.mkdir()
    run = FaultyRun(folder / "run", scenario.circuit, scenario.checkpoint_every, launch)
    started = time.perf_counter()
    try:
        (KINDS | WORKER_KINDS)[scenario.kind].play(run, scenario.details)
        assert run.outcome() == expected, "another result"
        assert run.lost <= lost_at_most(scenario), f"{run.lost} generations were lost"
        outcome = STOPPED if run.refusals else SAME
    # Whatever goes wrong belongs into the table, and the others are still to be played.
    except Exception as error:
        outcome = f"FAILED: {type(error).__name__}: {error}"
    else:
        shutil.rmtree(folder)
    return {
        "scenario": scenario.number,
        "kind": scenario.kind,
        "circuit": scenario.circuit,
        "checkpoint_every": scenario.checkpoint_every or "",
        "details": json.dumps(scenario.details),
        "outcome": outcome,
        "sittings": run.sittings,
        "generations_again": run.lost,
        "messages": " / ".join(run.refusals).replace(str(folder), "."),
        "seconds": round(time.perf_counter() - started, 2),
    }


def lost_at_most(scenario: Scenario) -> int:
    """Return how many complete generations may have to be trained again."""
    # What finds no room on the disk is lost, and so is what is in flight when that is known.
    more = scenario.kind == "disk full"
    if scenario.checkpoint_every is None:
        return LOST_AT_MOST[scenario.circuit] + more
    # The one whose checkpoint is being written, and the next if that was a short one.
    return scenario.checkpoint_every + 1 + more


def failures(rows: Iterable[Row]) -> list[Row]:
    """Return the rows of those that did not end as they must."""
    return [row for row in rows if row["outcome"] not in (SAME, STOPPED)]
