"""What executors cost beside threads: ``python -m neurotrain.benchmarks.executor_cost``.

Two workers of this machine train the same network as two threads of one process, in turns, at
about one second for each generation. Everything that a simulation of larger clusters needs is
measured too, and written to a file that ``neurotrain.benchmarks.executor_simulation`` reads.
"""

import argparse
import json
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from neurotrain.benchmarks.report import describe_machine
from neurotrain.optimizers import make_optimizer
from neurotrain.training.executors.chunk import chunks_of
from neurotrain.training.executors.dask import Dask
from neurotrain.training.executors.engines import Engine, Processes
from neurotrain.training.executors.messages import pack, unpack
from neurotrain.training.executors.workers import Workers
from neurotrain.training.learning import Learning
from neurotrain.training.plan import Plan, make_plan
from neurotrain.training.settings import Settings
from neurotrain.training.training_state import TrainingState

WORKERS, POPULATION, TURNS = 2, 64, 7
LARGE = {"size": 10_000, "population_size": 256}
BOUNDS = {"processes": 0.9, "dask": 0.85}
MOST_BYTES = 100e3
MEASURED = ("kernel_ms", "spread", "optimizer_ns", "message_bytes", "message_ms", "call_ms")


def main() -> None:
    """Print the throughput of each executor, and what travels."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=1.0, help="of a generation, about")
    parser.add_argument("--turns", type=int, default=TURNS)
    parser.add_argument("--out", type=Path, help="a JSON file for the simulation")
    arguments = parser.parse_args()
    found = {"machine": describe_machine(), **costs()}
    found["throughput"] = throughput(arguments.seconds, arguments.turns)
    for name, row in found["throughput"].items():
        print(f"{name}: {json.dumps(row)}")
    for name in MEASURED:
        print(f"{name}: {found[name]}")
    print(f"message_bytes below {MOST_BYTES:g}: {found['message_bytes'] < MOST_BYTES}")
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(found, indent=1) + "\n")


def plan_of(trials: int, threads: int = WORKERS) -> Plan:
    """Return the plan of a usual training with so many trials."""
    settings = Settings(
        generations=1000,
        trials=trials,
        validation_trials=1,
        validation_every=1000,
        test_trials=1,
        checkpoint_every=1000,
        seed=0,
        execution="fused",
        threads=threads,
    )
    options: dict[str, Any] = {f"{part}_options": {} for part in ("model", "task", "loss")}
    options["optimizer_options"] = {"population_size": POPULATION}
    parts = ("morris-lecar", "stimulus-integration", None, "openai-es")
    return make_plan(*parts, settings, **options)


def learning_of(plan: Plan, workers: Workers | None = None) -> Learning:
    """Return a training before its first generation."""
    return Learning(plan, TrainingState(plan.make_optimizer()), workers)


def seconds_of(learning: Learning) -> float:
    """Return how long the next generation takes."""
    began = perf_counter()
    learning.learn(learning.state.optimizer.generation + 1)
    return perf_counter() - began


def trials_for(seconds: float) -> int:
    """Return how many trials two threads simulate in so many seconds, for all candidates."""
    learning = learning_of(plan_of(64))
    seconds_of(learning)
    return max(1, round(64 * seconds / median(seconds_of(learning) for _ in range(3))))


def engines(stack: ExitStack) -> Iterator[Engine]:
    """Yield the executors that are compared with threads."""
    yield stack.enter_context(closing(Processes(WORKERS)))
    yield stack.enter_context(closing(Dask(WORKERS)))


def throughput(seconds: float, turns: int) -> dict[str, dict[str, Any]]:
    """Return generations of each executor for one of threads, and its bytes."""
    trials = trials_for(seconds)
    with ExitStack() as stack:
        threads = learning_of(plan_of(trials))
        # Each worker has one thread.
        others = {
            engine.name: learning_of(plan_of(trials), Workers(engine, plan_of(trials, 1)))
            for engine in engines(stack)
        }
        taken = _in_turns({"threads": threads, **others}, turns)
    rows = {"threads": {"seconds": round(median(taken["threads"]), 3), "trials": trials}}
    for name, learning in others.items():
        ratios = np.array(taken["threads"]) / np.array(taken[name])
        rows[name] = {
            "seconds": round(median(taken[name]), 3),
            "throughput": round(float(np.median(ratios)), 3),
            "quartiles": np.quantile(ratios, [0.25, 0.75]).round(3).tolist(),
            "bound": f">= {BOUNDS[name]}",
            "traffic": str(learning.workers.traffic),
        }
    return rows


def _in_turns(compared: dict[str, Learning], turns: int) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {name: [] for name in compared}
    # The first generation of each starts its workers.
    for turn in range(turns + 1):
        for name, learning in compared.items():
            seconds = seconds_of(learning)
            if turn:
                taken[name].append(seconds)
    return taken


def costs() -> dict[str, float]:
    """Return what the parts of a generation cost on one core.

    Returns
    -------
    dict
        Milliseconds of the kernel for a candidate and trial; nanoseconds of the optimizer for a
        number of a candidate, to ask and to tell; bytes and milliseconds of a message with a
        large guess; milliseconds of a call of a worker of Dask; and how much generations differ in
        time, the standard deviation of its logarithm.
    """
    learning = learning_of(plan_of(32, threads=1))
    seconds_of(learning)
    taken = np.array([seconds_of(learning) for _ in range(9)]) / (32 * POPULATION)
    return {
        "kernel_ms": round(1e3 * float(np.median(taken)), 4),
        "spread": round(float(np.log(taken).std()), 4),
        **_optimizer_costs(),
        "call_ms": _call_ms(),
    }


def _optimizer_costs() -> dict[str, float]:
    size, count = LARGE["size"], LARGE["population_size"]
    optimizer = make_optimizer(
        "openai-es", np.zeros(size), np.ones(size), seed=0, population_size=count
    )
    taken, packing = [], []
    for _ in range(5):
        began = perf_counter()
        candidates = optimizer.ask()
        asked = perf_counter()
        chunks = chunks_of(optimizer, candidates, np.ones(count, bool), count // WORKERS, 1, 0)
        packed = [pack(chunk) for chunk in chunks]
        unpack(packed[0])
        sent = perf_counter()
        optimizer.tell(np.arange(float(count)))
        taken.append(asked - began + perf_counter() - sent)
        packing.append((sent - asked) / len(packed))
    return {
        "optimizer_ns": round(1e9 * median(taken) / (size * count), 2),
        "message_bytes": len(packed[0]),
        "message_ms": round(1e3 * median(packing), 3),
    }


def _call_ms() -> float:
    """Return what it takes to have a call done that does nothing, each of many at a time."""
    with closing(Dask(WORKERS)) as engine:
        engine.submit("first", set(), len, ()).result()
        began = perf_counter()
        calls = [engine.submit("call", set(), len, ()) for _ in range(200)]
        for call in calls:
            call.result()
        return round(1e3 * (perf_counter() - began) / len(calls), 3)


if __name__ == "__main__":
    main()
