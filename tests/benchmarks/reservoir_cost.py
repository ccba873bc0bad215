"""What a step of a reservoir costs that learns to move, beside NumPy, in its own process.

Called as ``python -m neurotrain.benchmarks.reservoir_cost UNITS STEPS TURNS``; prints one line of
JSON. It is told the target, so that mastery learns at every tenth step: with exploration beside
it, a training costs a few percent more.
"""

import json
import sys
from dataclasses import dataclass
from typing import Any

from neurotrain.benchmarks.processes import rows_of_module
from neurotrain.benchmarks.step_rows import format_steps, rows_of_turns

OURS = "compiled"
VARIANTS = (OURS, "numpy")


@dataclass(frozen=True)
class ReservoirTrial:
    """How many units learn for how many steps, and how often each variant does so."""

    units: int = 1000
    steps: int = 1000
    turns: int = 3

    @property
    def name(self) -> str:
        """What it is called in tables and on the command line."""
        return f"reservoir-n{self.units}"


def measure_reservoirs(trial: ReservoirTrial) -> list[dict[str, Any]]:
    """Return the rows of a trial: CPU time of a step in microseconds, of one thread."""
    return rows_of_module(
        trial.name, VARIANTS, "reservoir_cost", trial.units, trial.steps, trial.turns
    )


def cost(units: int, steps: int, turns: int) -> dict[str, list[dict[str, Any]]]:
    """Learn in this process, variant by variant in turns."""
    import numpy as np

    from neurotrain.benchmarks.reservoir_numpy import NumpyReservoir
    from neurotrain.reservoirs import Pen, Reservoir, ReservoirTraining, force

    def training() -> ReservoirTraining:
        return ReservoirTraining(Pen(), force(Pen()), Reservoir(units), steps=steps)

    # The first ones compile, and nothing in them is random.
    told = NumpyReservoir(training(), np.zeros).trial()[0]
    error = float(abs(training().learn().outputs - told)[:200].max())
    calls = {OURS: training().learn, "numpy": NumpyReservoir(training(), np.zeros).trial}
    return {"rows": rows_of_turns(calls, steps, turns, OURS, {OURS: error, "numpy": 0.0})}


def format_reservoirs(rows: list[dict[str, Any]]) -> str:
    """Return the rows as a table."""
    return format_steps("CPU us of a step, learning at every tenth one", rows)


if __name__ == "__main__":
    print(json.dumps(cost(*map(int, sys.argv[1:]))))
