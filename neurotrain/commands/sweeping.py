"""The command that trains many runs that differ in some settings."""

import argparse
from collections.abc import Sequence
from typing import Any

from neurotrain.commands.executing import add_executing, executing
from neurotrain.commands.output import print_json, say
from neurotrain.commands.parser import Parser


def add_sweep(parser: Parser) -> None:
    """Train every combination of some settings, and make a table of them."""
    parser.add("file", metavar="FILE.toml", help="settings of a run, and [sweep] with values")
    parser.add("--out", metavar="DIR", help="folder of the runs, by default runs/FILE")
    parser.add("--only", type=int, metavar="I", help="only the run of this number, from 1")
    parser.add("--list", action="store_true", help="train nothing; show how the runs stand")
    add_executing(parser)
    parser.set_defaults(run=_sweep)


def _sweep(arguments: argparse.Namespace) -> int:
    from neurotrain.training.sweep import COMPLETE, FAILED, listed, summarized, sweep
    from neurotrain.training.sweep_file import read_sweep_file

    if arguments.list:
        rows = listed(arguments.file, out=arguments.out)
    else:
        rows = sweep(
            arguments.file,
            out=arguments.out,
            only=arguments.only,
            tell=_tell,
            **executing(arguments),
        )
    swept = list(read_sweep_file(arguments.file).swept)
    summary = summarized(rows, swept)
    if arguments.json:
        print_json({"runs": rows, "summary": summary})
    else:
        print(_format(rows if arguments.list else summary))
    if arguments.only is not None:
        return int(rows[arguments.only - 1]["state"] != COMPLETE)
    return int(any(row["state"] == FAILED for row in rows))


def _tell(number: int, count: int, row: dict[str, Any]) -> None:
    found = row["test_accuracy"]
    came = row["problem"] or ("" if found is None else f"test accuracy {found:.3f}")
    say(f"{number}/{count} {row['run']}: {row['state']}{came and ', '}{came}")


def _format(rows: Sequence[dict[str, Any]]) -> str:
    """Return rows as a table for people, without columns that are empty."""
    columns = [name for name in rows[0] if any(row[name] is not None for row in rows)]
    cells = [columns, *([_cell(row[name]) for name in columns] for row in rows)]
    widths = [max(len(line[k]) for line in cells) for k in range(len(columns))]
    lines = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in cells]
    return "\n".join(lines)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
