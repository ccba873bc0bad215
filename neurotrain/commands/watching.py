"""The command that looks at a run while it trains."""

import argparse
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from neurotrain.commands.output import say
from neurotrain.commands.parser import Parser

if TYPE_CHECKING:
    from neurotrain.training.standing import Standing

# Enough to give way to the run, and little enough to get on where it takes all cores.
NICENESS = 10


def add_watch(parser: Parser) -> None:
    """Show curves and rasters of a run while another process trains it."""
    parser.add("folder", metavar="DIR", help="run folder")
    parser.add("--every", type=float, metavar="T", default=10.0, help="seconds between two looks")
    parser.add("--once", action="store_true", help="look only once")
    parser.add("--out", metavar="FOLDER", help="where the page is written, by default DIR/watch")
    parser.set_defaults(run=_watch)


def _watch(arguments: argparse.Namespace) -> int:
    from threadpoolctl import threadpool_limits

    from neurotrain.training.run_folder import command
    from neurotrain.training.standing import STOPPED
    from neurotrain.training.watch import watch

    os.nice(NICENESS)
    how = {"out": arguments.out, "every": arguments.every, "once": arguments.once}
    try:
        with threadpool_limits(1):
            standing = watch(arguments.folder, _Telling(arguments).tell, **how)
    except KeyboardInterrupt:
        # Nothing is lost by it: the run goes on.
        return 0
    if standing.state != STOPPED:
        return 0
    say(
        f"there has been no sign of life from '{arguments.folder}' for some time, so its run was "
        f"ended or killed; go on with: {command('resume', Path(arguments.folder))}"
    )
    return 1


class _Telling:
    """Prints how a run stands, and says only once what stands against rasters."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        from neurotrain.training.watch_folder import watch_folder_of

        self._folder, self._as_json, self._said = arguments.folder, arguments.json, None
        self._shown_in, self._has_told = watch_folder_of(arguments.folder, arguments.out), False

    def tell(self, standing: "Standing", problem: str | None) -> None:
        from neurotrain.training.standing import describe
        from neurotrain.training.watch_folder import PAGE

        if not self._has_told:
            say(f"look at {self._shown_in / PAGE}")
            self._has_told = True
        if self._as_json:
            line = json.dumps({**asdict(standing), "problem": problem, "folder": self._folder})
        else:
            line = describe(standing)
        print(line, flush=True)
        if problem is not None and problem != self._said:
            say(f"curves without rasters of the network: {problem}")
            self._said = problem
