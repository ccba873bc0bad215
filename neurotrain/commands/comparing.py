"""The command that trains on one task in three ways."""

import argparse
from pathlib import Path

from neurotrain.commands.output import print_json
from neurotrain.commands.parser import Parser


def add_compare(parser: Parser) -> None:
    """Compare evolution and backpropagation on a task, with neurons and with rate units."""
    parser.add(
        "task", metavar="TASK", help="one of neurotrain list tasks, neurogym:ID, or FILE.py:NAME"
    )
    parser.add("--model", help="the biophysical one; by default the task's usual one")
    parser.add("--neurons", type=int, metavar="N", help="of each network, by default 64")
    parser.add("--seconds", type=float, metavar="T", help="of each training, by default 120")
    parser.add("--generations", type=int, metavar="G", help="of each training, or gradient steps")
    parser.add("--seeds", type=int, metavar="K", help="trainings of each kind, by default 3")
    parser.add("--quick", action="store_true", help="shows that it works, within a minute or so")
    parser.add("--workers", type=int, metavar="W", help="threads; by default one")
    parser.add("--out", metavar="DIR", help="folder of its trainings, which go on from there")
    parser.set_defaults(run=_compare)


def _compare(arguments: argparse.Namespace) -> None:
    from neurotrain.experiments.comparison import compare

    names = ("model", "neurons", "seconds", "generations", "seeds")
    given = {name: getattr(arguments, name) for name in names}
    comparison = compare(
        arguments.task,
        **{name: value for name, value in given.items() if value is not None},
        quick=arguments.quick,
        out=Path(arguments.out) if arguments.out else None,
        threads=arguments.workers,
    )
    if arguments.json:
        print_json(comparison.as_json())
    else:
        print(comparison)
