"""What a step of learning in a closed loop costs, beside NumPy and Brian2, in its own process.

Called as ``python -m neurotrain.benchmarks.closed_loop_cost NEURONS TRIALS TURNS``; prints one line
of JSON.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from neurotrain.benchmarks.processes import rows_of_module
from neurotrain.benchmarks.step_rows import format_steps, rows_of_turns

OURS = "compiled"
VARIANTS = (OURS, "numpy", "brian2-network-operation")


@dataclass(frozen=True)
class LearningLoop:
    """How many neurons learn for how many trials of 1 s, and how often each variant does so."""

    neurons: int = 500
    trials: int = 5
    turns: int = 3

    @property
    def name(self) -> str:
        """What it is called in tables and on the command line."""
        return f"rate-to-spike-n{self.neurons}"


def measure_loops(loop: LearningLoop) -> list[dict[str, Any]]:
    """Return the rows of a loop: CPU time of a step of 1 ms in microseconds, of one thread."""
    return rows_of_module(
        loop.name, VARIANTS, "closed_loop_cost", loop.neurons, loop.trials, loop.turns
    )


def cost(neurons: int, trials: int, turns: int) -> dict[str, list[dict[str, Any]]]:
    """Learn in this process, variant by variant in turns."""
    calls, steps = _loops(neurons, trials)
    # The first ones compile.
    readouts = {name: call() for name, call in calls.items()}
    # A spike that rounding moves changes all that follows: only the first 200 ms.
    errors = {
        name: float(abs(readout - readouts["numpy"])[:200].max())
        for name, readout in readouts.items()
    }
    return {"rows": rows_of_turns(calls, steps, turns, OURS, errors)}


def _loops(neurons: int, trials: int) -> tuple[dict[str, Callable[[], Any]], int]:
    """Return what is timed, each giving its readouts (time, readout), and how many steps it has."""
    import numpy as np

    from neurotrain.benchmarks.closed_loop_brian2 import run_in_brian2
    from neurotrain.benchmarks.closed_loop_numpy import run_in_numpy
    from neurotrain.rate_to_spike.factors import principal_components, random_spread
    from neurotrain.rate_to_spike.four_sines import FourSines
    from neurotrain.rate_to_spike.rate_network import RateNetwork
    from neurotrain.rate_to_spike.simulation import Simulation
    from neurotrain.rate_to_spike.spiking_network import SpikingNetwork

    rng = np.random.default_rng(1)
    signals = FourSines().draw(trials, rng)
    rate = RateNetwork.draw(neurons, 1, 1, rng)
    currents, _ = rate.currents(np.zeros(neurons), signals.outputs, signals.inputs, signals.dt_ms)
    factors = principal_components(currents.T @ currents, min(12, neurons))
    spread = random_spread(neurons, neurons, rng)
    network = SpikingNetwork(
        spread @ factors.components,
        spread @ rate.input_weights,
        np.zeros(neurons),
        -60 / neurons,
        np.arange(round(0.4 * neurons)),
        "both",
    )
    wanted = np.hstack([factors.project(currents), signals.outputs])
    voltage = network.neuron.rest_mv + 1e-3 * rng.normal(size=neurons)
    learns = rng.random(len(wanted)) < 0.5
    given = (network, signals.dt_ms, voltage, signals.inputs, wanted, learns)

    def compiled() -> Any:
        simulation = Simulation(network, 1, signals.dt_ms, voltage)
        stretch = simulation.advance(signals.inputs, wanted, learns=learns)
        return np.hstack([stretch.factors, stretch.outputs])

    calls = {
        OURS: compiled,
        "numpy": lambda: run_in_numpy(*given).readouts,
        "brian2-network-operation": lambda: run_in_brian2(*given).readouts,
    }
    return calls, len(wanted)


def format_loops(rows: list[dict[str, Any]]) -> str:
    """Return the rows as a table."""
    return format_steps("CPU us of a step of 1 ms, with learning at every other step", rows)


if __name__ == "__main__":
    print(json.dumps(cost(*map(int, sys.argv[1:]))))
