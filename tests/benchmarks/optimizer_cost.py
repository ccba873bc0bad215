"""What a generation costs an optimizer, beside drawing the normal numbers that it needs.

Called as ``python -m neurotrain.benchmarks.optimizer_cost [NAME...]``; prints a table.
"""

import sys
import tracemalloc
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import process_time
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from neurotrain.benchmarks.optimizer_peers import Peer, peers
from neurotrain.optimizers import Optimizer, make_optimizer, optimizer_names

# Methods whose memory or time grows with the square of the number of parameters or more, or
# that hold other methods.
NOT_FOR_MANY = {"cma-es", "xnes"}
# These draw the noise of every second candidate only.
MIRRORED = {"ars", "cr-fm-nes", "guided-es", "noise-reuse-es", "openai-es", "persistent-es", "pgpe"}
MOST_NORMALS = 1.5
# lm-ma-es brings one more of its vectors into use in each of its first generations.
WARM_UP = 40


@dataclass(frozen=True)
class Generation:
    """How many candidates of how many parameters are asked for and told of."""

    parameters: int = 10_000
    candidates: int = 256


def measure_cost(
    names: Iterable[str], generation: Generation, repeats: int = 9
) -> list[dict[str, Any]]:
    """Return a row for every optimizer: CPU time on one thread, and memory of ours.

    Parameters
    ----------
    names : iterable of str
        Those of `optimizer_names`, or of `neurotrain.benchmarks.optimizer_peers.peers`.
    generation : Generation
    repeats : int
        Generations that are counted, after `WARM_UP` that are not.
    """
    with threadpool_limits(1):
        return [_measure(name, generation, repeats) for name in names]


def _measure(name: str, generation: Generation, repeats: int) -> dict[str, Any]:
    mirrored, make = peers().get(name) or (name in MIRRORED, _maker(name))
    drawn = generation.candidates // (2 if mirrored else 1)
    numbers, rng = np.empty((drawn, generation.parameters)), np.random.default_rng(1)
    losses = rng.standard_normal(generation.candidates)
    optimizer = make(generation.parameters, generation.candidates)
    # In turns, so that whatever else the machine does meets all of them.
    turns = [
        (
            _seconds(lambda: rng.standard_normal(out=numbers)),
            _seconds(optimizer.ask),
            _seconds(lambda: optimizer.tell(losses)),
        )
        for _ in range(WARM_UP + repeats)
    ][WARM_UP:]
    normals, ask, tell = np.array(turns).T
    return {
        "case": f"optimizer-d{generation.parameters}-p{generation.candidates}",
        "variant": name,
        "mirrored": mirrored,
        "normals_ms": 1e3 * float(np.median(normals)),
        "ask_ms": 1e3 * float(np.median(ask)),
        "tell_ms": 1e3 * float(np.median(tell)),
        "ratio_to_normals": float(np.median((ask + tell) / normals)),
        "ratio_of_memory": None if name in peers() else _memory(name, generation, losses),
    }


def _maker(name: str) -> Callable[[int, int], Peer]:
    def make(parameters: int, candidates: int) -> Optimizer:
        start, scale = np.zeros(parameters), np.ones(parameters)
        return make_optimizer(name, start, scale, seed=1, population_size=candidates)

    return make


def _seconds(action: Callable[[], Any]) -> float:
    started = process_time()
    action()
    return process_time() - started


def _memory(name: str, generation: Generation, losses: np.ndarray) -> float:
    """Return the peak of two generations, in units of the candidates' own memory."""
    tracemalloc.start()
    try:
        optimizer = _maker(name)(generation.parameters, generation.candidates)
        for _ in range(2):
            optimizer.ask()
            optimizer.tell(losses)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return peak / (8 * generation.parameters * generation.candidates)


def format_cost(rows: list[dict[str, Any]]) -> str:
    """Return the rows as a table."""
    heads = ("normals ms", "ask ms", "tell ms", "ratio", "memory")
    parts = ("normals_ms", "ask_ms", "tell_ms", "ratio_to_normals", "ratio_of_memory")
    lines = [
        f"{rows[0]['case']}: a generation on one thread; ratio: ask and tell to normals, at most",
        f"{MOST_NORMALS} is asked; memory: peak in units of the candidates",
        f"  {'optimizer':<20}{'mirrored':<10}" + "".join(f"{head:>12}" for head in heads),
    ]
    for row in rows:
        told = "".join(_number(row[part]) for part in parts)
        lines.append(f"  {row['variant']:<20}{'yes' if row['mirrored'] else 'no':<10}{told}")
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return f"{'-':>12}" if value is None else f"{value:12.2f}"


if __name__ == "__main__":
    ours = [name for name in optimizer_names() if name not in NOT_FOR_MANY]
    chosen = sys.argv[1:] or [*ours, *peers()]
    print(format_cost(measure_cost(chosen, Generation())))
