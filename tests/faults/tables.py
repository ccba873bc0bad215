"""Scenarios played one after the other, the table of what became of them, and what pages tell."""

import csv
import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from faults.scenarios import SAME, Outcome, Row, Scenario, failures, play

Counts = tuple[int, int, int]
_LINE = re.compile(r"\| ([a-z ]+) \|.*\| (\d+) \| (\d+) \| (\d+) \|")


def play_all(
    scenarios: Iterable[Scenario], folder: Path, path: Path, expected: Callable[[str], Outcome]
) -> None:
    """Play scenarios and write their table; all must end as runs without faults.

    Parameters
    ----------
    scenarios
    folder : Path
        In which each has a folder of its own.
    path : Path
        Of the table, which is written anew after each.
    expected
        Gives what runs of a circuit come to.
    """
    rows = []
    for each in scenarios:
        rows.append(play(each, folder / f"scenario-{each.number}", expected(each.circuit)))
        _write(path, rows)
    assert not failures(rows), f"{len(failures(rows))} of {len(rows)} failed: {path}"


def counts_of(path: Path, scenarios: Iterable[Scenario]) -> dict[str, Counts]:
    """Return how many of each kind there are, ended the same, and stopped, in a table of these."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = [*csv.DictReader(file)]
    drawn = [(each.kind, each.details) for each in scenarios]
    assert [(row["kind"], json.loads(row["details"])) for row in rows] == drawn
    assert not failures(rows)
    return {kind: _counts([row for row in rows if row["kind"] == kind]) for kind, _ in drawn}


def counts_told(page: Path) -> dict[str, Counts]:
    """Return the same numbers as a page tells them, by kind."""
    found = (_LINE.fullmatch(line) for line in page.read_text(encoding="utf-8").splitlines())
    return {row[1]: (int(row[2]), int(row[3]), int(row[4])) for row in found if row}


def _counts(rows: list[Row]) -> Counts:
    same = sum(row["outcome"] == SAME for row in rows)
    return len(rows), same, len(rows) - same


def _write(path: Path, rows: list[Row]) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, rows[0], lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
