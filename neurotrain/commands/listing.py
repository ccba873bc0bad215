"""The command that lists what there is."""

import argparse

from neurotrain.commands.output import print_json
from neurotrain.commands.parser import Parser

KINDS = ("models", "tasks", "optimizers", "losses", "experiments")


def add_list(parser: Parser) -> None:
    """List what can be trained, on what, and how."""
    parser.add("kind", nargs="?", metavar="KIND", help=f"one of: {', '.join(KINDS)}")
    parser.set_defaults(run=_list)


def _list(arguments: argparse.Namespace) -> None:
    from neurotrain import catalog

    kinds = [arguments.kind] if arguments.kind else list(KINDS)
    found = {kind: {n: catalog.summary(kind, n) for n in catalog.names(kind)} for kind in kinds}
    if arguments.json:
        return print_json(found)
    for kind, members in found.items():
        print(kind)
        for name, summary in members.items():
            print(f"  {name:<30}{summary}")
