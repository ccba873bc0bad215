"""How long a neuron-step takes on a GPU and on a processor, for more and more candidates.

Run ``python -m neurotrain.benchmarks.cuda_speed`` on a machine with a GPU.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

import neurotrain as nt
from neurotrain.trials import Trials

CANDIDATES = (16, 64, 256, 1024, 4096)
NEURONS, TRIALS, DURATION_MS, TURNS = 100, 16, 200.0, 5


@dataclass(frozen=True)
class Row:
    """Nanoseconds of a neuron-step, of the whole call: copies to and from the GPU included."""

    candidates: int
    precision: str
    device: float
    processor: float


def measure(sizes: tuple[int, ...] = CANDIDATES, turns: int = TURNS) -> Iterator[Row]:
    """Yield the shortest of `turns` times of each, after one that compiles."""
    for candidates in sizes:
        for precision, suffix in (("float32", ""), ("float64", "-float64")):
            yield Row(
                candidates,
                precision,
                _ns(f"fused-cuda{suffix}", candidates, turns),
                # A processor's time for each neuron-step does not depend on how many there are.
                _ns(f"fused{suffix}", min(candidates, 64), turns),
            )


def _ns(execution: str, n_candidates: int, turns: int) -> float:
    circuit = nt.models.morris_lecar(NEURONS)
    rng = np.random.default_rng(0)
    candidates = np.array([circuit.parameters.draw(rng) for _ in range(n_candidates)])
    inputs = rng.normal(size=(TRIALS, round(DURATION_MS / 10), circuit.channels))
    trials = Trials(inputs, 10.0, np.zeros(TRIALS, int), {"decision": (100.0, DURATION_MS)})
    initial = circuit.draw_initial_state(TRIALS, rng)
    times = []
    for _ in range(turns + 1):
        start = time.perf_counter()
        circuit.simulate(candidates, trials, initial, execution=execution)
        times.append(time.perf_counter() - start)
    steps = DURATION_MS / circuit.dt_ms
    return min(times[1:]) * 1e9 / (n_candidates * TRIALS * NEURONS * steps)


def main() -> None:
    """Print the table."""
    print("| candidates | precision | GPU | all cores | times as fast |\n|---|---|---|---|---|")
    for row in measure():
        print(
            f"| {row.candidates} | {row.precision} | {row.device:.4f} | {row.processor:.4f} | "
            f"{row.processor / row.device:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
