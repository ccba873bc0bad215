"""The command that hands a trained network over to other programs."""

import argparse
from typing import Any

from neurotrain.commands.output import print_json, say
from neurotrain.commands.parser import Parser

# More of them take minutes to write.
MANY_TRAINS = 5_000


def add_export(parser: Parser) -> None:
    """Write trials of a trained network for Neo, NWB, MATLAB, or as a table."""
    parser.add("folder", metavar="DIR", help="run folder")
    parser.add("file", metavar="FILE", help="ends in .nix, .nwb, .mat or .csv")
    parser.add("--trials", type=int, metavar="N", default=20, help="by default 20")
    parser.add(
        "--state", action="append", metavar="NAME", help="record this variable too; any number"
    )
    parser.add("--sample-ms", type=float, metavar="T", help="time between samples of states")
    parser.add(
        "--trains",
        metavar="WHOSE",
        default="neuron",
        help="a spike train for each neuron, by default, or population",
    )
    parser.set_defaults(run=_export)


def _export(arguments: argparse.Namespace) -> None:
    from neurotrain.export.files import check_path, write_block
    from neurotrain.training.result import Result

    path = check_path(arguments.file)
    result = Result.load(arguments.folder)
    n_trains = arguments.trials * result.circuit.n_neurons
    if arguments.trains == "neuron" and n_trains > MANY_TRAINS:
        say(
            f"{n_trains:,} spike trains take minutes to write; --trains population writes one "
            "for each population and trial."
        )
    block = result.to_neo(
        arguments.trials,
        states=arguments.state or (),
        sample_ms=arguments.sample_ms,
        trains=arguments.trains,
        progress=True,
    )
    told = _told(block, result.circuit.n_neurons)
    written = write_block(block, path)
    if arguments.json:
        return print_json({"file": str(written), **told})
    counts = ", ".join(f"{count:,} {what}" for what, count in told.items())
    print(f"{written}: {counts}")


def _told(block: Any, n_neurons: int) -> dict[str, int]:
    spikes = sum(len(train) for segment in block.segments for train in segment.spiketrains)
    return {"trials": len(block.segments), "neurons": n_neurons, "spikes": spikes}
