"""The command that lets a run folder or a file of settings name a file."""

import argparse

from neurotrain.commands.output import print_json
from neurotrain.commands.parser import Parser


def add_trust(parser: Parser) -> None:
    """Let run folders and files of settings name a file, as long as it stays as it is."""
    parser.add("file", metavar="FILE", help="FILE.py:FUNCTION, or a file of data")
    parser.set_defaults(run=_trust)


def _trust(arguments: argparse.Namespace) -> None:
    from neurotrain.trust import trust

    path = trust(arguments.file)
    if arguments.json:
        return print_json({"file": str(path)})
    print(f"{path}: trusted as it is now")
