"""Spikes as a table."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import neo

COLUMNS = ("segment", "population", "neuron", "time_ms")


def write_csv(block: "neo.Block", path: Path) -> None:
    """Write a line for each spike of a Block, segment by segment and train by train."""
    with open(path, "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        for segment in block.segments:
            for train in segment.spiketrains:
                table.writerows(_rows(segment.name, train))


def _rows(segment: str, train: "neo.SpikeTrain") -> Iterator[tuple]:
    told = train.annotations
    times_ms = train.rescale("ms").magnitude.tolist()
    # Of a pooled train each spike says whose it is.
    neurons = train.array_annotations.get("neuron")
    if neurons is None:
        neurons = [told.get("neuron", train.name)] * len(times_ms)
    population = told.get("population", "")
    yield from ((segment, population, *one) for one in zip(neurons, times_ms, strict=True))
