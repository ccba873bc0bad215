"""How much memory a generation of many large candidates takes, in a process of its own.

Called as ``python -m neurotrain.benchmarks.memory NEURONS TRIALS CANDIDATES STEPS``; prints one
line of JSON.
"""

import json
import sys
from dataclasses import astuple, dataclass

import numpy as np

from neurotrain.benchmarks.cases import Case
from neurotrain.benchmarks.fused import build_circuit, make_trials
from neurotrain.benchmarks.outcome import peak_memory_mb, stopwatch
from neurotrain.benchmarks.processes import run_module
from neurotrain.benchmarks.values import draw_values


@dataclass(frozen=True)
class Generation:
    """How many candidates of how many neurons run on how many trials."""

    neurons: int = 500
    trials: int = 64
    candidates: int = 256

    @property
    def name(self) -> str:
        """What it is called in tables and on the command line."""
        return f"memory-n{self.neurons}-b{self.trials}-p{self.candidates}"


def measure_memory(generation: Generation, steps: int) -> dict[str, float]:
    """Simulate a generation in a new process; return seconds and sizes in units of 1e6 bytes."""
    return run_module("memory", *astuple(generation), steps)


def simulate(generation: Generation, steps: int) -> dict[str, float]:
    """Simulate a generation in this process."""
    neurons, trials, candidates = astuple(generation)
    case = Case("graded", neurons, trials, 1, steps, ())
    values = draw_values(case)
    circuit = build_circuit(case, values)
    rng = np.random.default_rng(1)
    center = circuit.parameters.draw(rng)
    vectors = np.empty((candidates, len(center)))
    for vector in vectors:
        vector[:] = center + 0.01 * rng.standard_normal(len(center))
    initial = circuit.draw_initial_state(trials, rng) | values.initial
    before = peak_memory_mb()
    with stopwatch() as seconds:
        recording = circuit.simulate(vectors, make_trials(case, values), initial)
    arrays = [*vars(recording).values(), *recording.average.values()]
    return {
        "cpu": seconds.cpu,
        "wall": seconds.wall,
        "before_mb": before,
        "peak_memory_mb": peak_memory_mb(),
        "weights_mb": vectors.nbytes * 1e-6,
        "recording_mb": sum(a.nbytes for a in arrays if isinstance(a, np.ndarray)) * 1e-6,
    }


if __name__ == "__main__":
    *sizes, number = map(int, sys.argv[1:])
    print(json.dumps(simulate(Generation(*sizes), number)))
