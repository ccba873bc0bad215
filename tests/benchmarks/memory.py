"""How much memory a generation of many large candidates takes, in a process of its own.

Called as ``python -m neurotrain.benchmarks.memory NEURONS TRIALS CANDIDATES STEPS``; prints one
line of JSON.
"""

import json
import sys
from dataclasses import dataclass
from typing import Any

from neurotrain.benchmarks.processes import VariantFailed, run_module


@dataclass(frozen=True)
class Generation:
    """How many candidates of how many neurons run on how many trials, and for how long.

    The default is not the number of steps that is asked for, since memory does not depend on it.
    """

    neurons: int = 500
    trials: int = 64
    candidates: int = 256
    steps: tuple[int, ...] = (100, 400)

    @property
    def name(self) -> str:
        """What it is called in tables and on the command line."""
        return f"memory-n{self.neurons}-b{self.trials}-p{self.candidates}"


def measure_memory(generation: Generation, steps: int) -> dict[str, Any]:
    """Simulate a generation in a new process and return its row; sizes in units of 1e6 bytes."""
    row = {
        "case": generation.name,
        "variant": f"fused-float32-{steps}-steps",
        "clock": "cpu",
        "ns_per_neuron_step": None,
        "ratio_to_reference": None,
        "note": "",
    }
    sizes = (generation.neurons, generation.trials, generation.candidates)
    try:
        measured = run_module("memory", *sizes, steps)
    except VariantFailed as error:
        return row | {"note": f"failed: {error}"}
    neuron_steps = generation.neurons * generation.trials * generation.candidates * steps
    return row | measured | {"ns_per_neuron_step": measured["cpu_s"] / neuron_steps * 1e9}


def simulate(neurons: int, trials: int, candidates: int, steps: int) -> dict[str, float]:
    """Simulate a generation in this process, in as many threads as there are processors."""
    import numpy as np
    from brian2 import prefs

    from neurotrain.benchmarks.cases import Case
    from neurotrain.benchmarks.drawing import draw_values
    from neurotrain.benchmarks.fused import build_circuit, make_trials
    from neurotrain.benchmarks.outcome import memory_mb, peak_memory_mb, stopwatch

    prefs.codegen.target = "numpy"
    case = Case("graded", neurons, trials, 1, steps, (), compared_steps=0)
    values = draw_values(case)
    circuit = build_circuit(case, values)
    rng = np.random.default_rng(1)
    center = circuit.parameters.draw(rng)
    vectors = np.empty((candidates, len(center)))
    for vector in vectors:
        rng.standard_normal(out=vector)
        vector *= 0.01
        vector += center
    initial = circuit.draw_initial_state(trials, rng) | values.initial
    before = memory_mb() - vectors.nbytes * 1e-6
    with stopwatch() as seconds:
        recording = circuit.simulate(vectors, make_trials(case, values), initial)
    arrays = [*vars(recording).values(), *recording.average.values()]
    recorded = sum(a.nbytes for a in arrays if isinstance(a, np.ndarray)) * 1e-6
    weights, peak = vectors.nbytes * 1e-6, peak_memory_mb()
    return {
        "cpu_s": seconds.cpu,
        "wall_s": seconds.wall,
        "peak_memory_mb": peak,
        "weights_mb": weights,
        "recording_mb": recorded,
        "before_mb": before,
        "beyond_mb": peak - before - weights - recorded,
    }


def format_memory(rows: list[dict[str, Any]]) -> str:
    """Return the rows as a table."""
    parts = ("peak_memory_mb", "weights_mb", "recording_mb", "before_mb", "beyond_mb")
    heads = ("peak", "weights", "recorded", "before", "beyond")
    lines = [
        f"{rows[0]['case']}: a generation, MB (before: Python, Brian2 and the circuit)",
        f"  {'variant':<28}" + "".join(f"{head:>9}" for head in heads),
    ]
    for row in rows:
        told = "".join(f"{row[part]:9.0f}" for part in parts) if "beyond_mb" in row else row["note"]
        lines.append(f"  {row['variant']:<28}{told}")
    return "\n".join(lines)


if __name__ == "__main__":
    print(json.dumps(simulate(*map(int, sys.argv[1:]))))
