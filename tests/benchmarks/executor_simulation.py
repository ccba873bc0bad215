"""How training would scale: ``python -m neurotrain.benchmarks.executor_simulation COSTS.json``.

A simulation of events, not a measurement: one generation on clusters that nobody lent us. What its
parts cost was measured on one machine by ``neurotrain.benchmarks.executor_cost``; bandwidth and
latency of the network are assumptions, those of a usual Ethernet.
"""

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from math import ceil
from pathlib import Path

import numpy as np

WORKERS = (1, 2, 4, 10, 32, 100, 316, 1000, 3162, 10_000)
POPULATIONS = tuple(2**k for k in range(4, 19))
EFFICIENT = 0.8
# Assumed: 1 Gbit/s, shared by all messages of the trainer.
BYTES_PER_MS, LATENCY_MS = 125e3, 0.1
# Scores of a candidate, 7 numbers, and what goes around them.
ANSWER_BYTES, BESIDE_BYTES = 56, 1000
BYTES_PER_NUMBER = 8


@dataclass(frozen=True)
class Costs:
    """What the parts of a generation cost.

    Parameters
    ----------
    kernel_ms : float
        Of a candidate on a trial.
    spread : float
        Standard deviation of the logarithm of how long a worker takes for the same.
    optimizer_ns : float
        Of a number of a candidate, half of it to ask and half of it to tell.
    message_ms : float
        To pack and unpack a message.
    call_ms : float
        Of the executor, for each call.
    """

    kernel_ms: float
    spread: float
    optimizer_ns: float
    message_ms: float
    call_ms: float


@dataclass(frozen=True)
class Outcome:
    """One generation.

    Parameters
    ----------
    milliseconds : float
        How long it takes.
    efficiency : float
        The time that the kernel alone would take on all workers, over that.
    parts : mapping of str to float
        Milliseconds in which the trainer, its link, or the workers' own arithmetic hold it up.
    """

    milliseconds: float
    efficiency: float
    parts: Mapping[str, float]

    @property
    def bottleneck(self) -> str:
        """What takes longest beside the kernel."""
        return max(self.parts, key=self.parts.__getitem__)


def generation(
    costs: Costs, workers: int, population: int, trials: int, size: int, seed: int = 0
) -> Outcome:
    """Simulate a generation, one chunk for each worker.

    Parameters
    ----------
    costs : Costs
    workers, population, trials, size : int
        How many workers, candidates, trials, and parameters of a candidate.
    seed : int
        From which it follows how long each worker takes.
    """
    rng = np.random.default_rng([seed, workers, population])
    share = ceil(population / workers)
    chunks = [min(share, population - first) for first in range(0, population, share)]
    asking_ms = 0.5e-6 * costs.optimizer_ns * population * size
    numbers = min(size, share * size)
    by_guess = size < share * size
    transfer_ms = (numbers * BYTES_PER_NUMBER + BESIDE_BYTES) / BYTES_PER_MS
    trainer, link = asking_ms, 0.0
    events: list[tuple[float, int]] = []
    noise = np.exp(costs.spread * rng.standard_normal(len(chunks)) - costs.spread**2 / 2)
    longest = 0.0
    for chunk, slower in zip(chunks, noise, strict=True):
        trainer += costs.message_ms + costs.call_ms
        link = max(link, trainer) + transfer_ms
        works = chunk * trials * costs.kernel_ms * slower
        longest = max(longest, works)
        made = asking_ms if by_guess else 0.0
        heappush(events, (link + LATENCY_MS + costs.message_ms + made + works, chunk))
    busy = 0.0
    while events:
        arrives, chunk = heappop(events)
        busy = max(busy, arrives) + LATENCY_MS + chunk * ANSWER_BYTES / BYTES_PER_MS
    total = max(busy, trainer) + asking_ms
    ideal = population * trials * costs.kernel_ms / workers
    parts = {
        "optimizer": asking_ms * (3 if by_guess else 2),
        "calls": len(chunks) * (costs.message_ms + costs.call_ms),
        "network": len(chunks) * transfer_ms,
        "unequal workers": longest - ideal,
    }
    return Outcome(total, ideal / total, parts)


def least_population(
    costs: Costs, workers: int, trials: int, size: int
) -> tuple[int, Outcome] | None:
    """Return the fewest candidates with which workers are used well; None if there are none."""
    for population in POPULATIONS:
        if population >= workers:
            outcome = generation(costs, workers, population, trials, size)
            if outcome.efficiency >= EFFICIENT:
                return population, outcome
    return None


def main() -> None:
    """Print efficiencies, and how many candidates it takes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("costs", type=Path, help="what executor_cost --out wrote")
    parser.add_argument("--trials", type=int, default=32)
    parser.add_argument("--parameters", type=int, default=10_000)
    parser.add_argument("--kernel-ms", type=float, help="of a larger network than was measured")
    arguments = parser.parse_args()
    read = json.loads(arguments.costs.read_text())
    costs = Costs(**{name: read[name] for name in Costs.__dataclass_fields__})
    if arguments.kernel_ms is not None:
        costs = replace(costs, kernel_ms=arguments.kernel_ms)
    shape = (arguments.trials, arguments.parameters)
    shown = (64, 1024, 16_384, 262_144)
    print(f"| workers | {' | '.join(f'{p:,}' for p in shown)} | 0.8 from | then held up by |")
    print("|---" * (len(shown) + 3) + "|")
    for workers in WORKERS:
        cells = [f"{generation(costs, workers, p, *shape).efficiency:.2f}" for p in shown]
        found = least_population(costs, workers, *shape)
        least = (
            (f"{found[0]:,}", found[1].bottleneck)
            if found
            else ("never", _limit(costs, workers, shape))
        )
        print(f"| {workers:,} | {' | '.join([*cells, *least])} |")


def _limit(costs: Costs, workers: int, shape: tuple[int, int]) -> str:
    return generation(costs, workers, POPULATIONS[-1], *shape).bottleneck


if __name__ == "__main__":
    main()
