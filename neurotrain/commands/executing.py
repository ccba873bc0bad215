"""The options that say who simulates, which all commands share that train."""

import argparse
from typing import Any

from neurotrain.commands.parser import Parser


def add_executing(parser: Parser) -> None:
    """Add the options; none of them changes results."""
    parser.add("--workers", type=int, metavar="W", help="threads, or workers; by default all cores")
    parser.add("--executor", metavar="E", help="who simulates: threads, processes, dask or mpi")
    parser.add("--scheduler", metavar="ADDRESS", help="of Dask, such as tcp://node1:8786")
    parser.add(
        "--chunk", type=int, metavar="C", help="most candidates that a worker takes at a time"
    )


def executing(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return these options as arguments of `neurotrain.train`, without those not given."""
    executor = arguments.executor or ("dask" if arguments.scheduler else None)
    options = {"scheduler": arguments.scheduler, "chunk_candidates": arguments.chunk}
    given: dict[str, Any] = {"executor": executor}
    if executor in (None, "threads"):
        given["threads"] = arguments.workers
    else:
        options["workers"] = arguments.workers
    given["executor_options"] = {k: v for k, v in options.items() if v is not None} or None
    return {name: value for name, value in given.items() if value is not None}
