"""Time and memory of exporting many trials: ``python -m neurotrain.benchmarks.export_cost FILE``.

A thousand trials of 500 neurons that fire at 10 Hz for a second, about five million spikes, are
made a few at a time, as a simulation makes them, and written as one SpikeTrain for each population
and trial. The same with one for each neuron is measured on a few trials.
"""

import argparse
import resource
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from neurotrain.export import read_block, write_block
from neurotrain.export.neo_form import NeoForm
from neurotrain.export.trial_block import groups, new_block, segments
from neurotrain.recording import Recording
from neurotrain.trials import Trials

TRIALS, NEURONS, STEPS, DT_MS, RATE_HZ = 1000, 500, 10_000, 0.1, 10.0
CHUNK, FEW = 10, 4
POPULATION = np.repeat(["excitatory", "inhibitory"], [400, 100])


def main() -> None:
    """Print what an export of each form costs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ending", nargs="?", default=".nix", help="of the files, by default .nix")
    parser.add_argument("--trials", type=int, default=TRIALS)
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"block{arguments.ending}"
        for trains, n_trials in (("population", arguments.trials), ("neuron", FEW)):
            print(measure(path, trains, n_trials), flush=True)


def measure(path: Path, trains: str, n_trials: int) -> str:
    """Return what an export costs, in a line."""
    began = perf_counter()
    block, made = new_block({}), 0.0
    form = NeoForm(POPULATION, trains=trains)
    for recording, trials in recorded(n_trials):
        # The simulation is not what is measured.
        begun = perf_counter()
        first = len(block.segments)
        block.segments.extend(segments(recording, trials, form, first=first))
        made += perf_counter() - begun
    block.groups.extend(groups(block, form))
    begun = perf_counter()
    write_block(block, path)
    wrote = perf_counter() - begun
    spikes = sum(len(train) for segment in block.segments for train in segment.spiketrains)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    megabytes = path.stat().st_size / 1e6
    begun = perf_counter()
    if path.suffix in (".nix", ".nwb"):
        read_block(path)
    read = perf_counter() - begun
    return (
        f"trains={trains}: {n_trials} trials, {spikes:,} spikes: Neo objects {made:.1f} s, writing "
        f"{wrote:.1f} s, reading {read:.1f} s, {megabytes:.0f} MB, at most {memory:.2f} GiB of "
        f"memory; {perf_counter() - began:.1f} s in all"
    )


def recorded(n_trials: int) -> Iterator[tuple[Recording, Trials]]:
    """Yield chunks of trials as a simulation records them."""
    rng = np.random.default_rng(0)
    for first in range(0, n_trials, CHUNK):
        size = min(CHUNK, n_trials - first)
        count = np.zeros((1, size, STEPS, NEURONS), dtype=np.int32)
        spiking = rng.integers(count.size, size=round(count.size * RATE_HZ * DT_MS * 1e-3))
        count.reshape(-1)[spiking] = 1
        edges_ms, failed = np.arange(STEPS + 1) * DT_MS, np.zeros((1, size), dtype=bool)
        recording = Recording(count, edges_ms, np.zeros((1, size, 2)), failed)
        periods = {"stimulus": (0.0, 500.0), "decision": (500.0, 1000.0)}
        yield (
            recording,
            Trials(np.zeros((size, 100, 1)), 10.0, rng.integers(2, size=size), periods),
        )


if __name__ == "__main__":
    main()
