"""Runs of optimizers, kept in a file from which a comparison that takes hours can go on."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from neurotrain.atomic import write_atomically
from neurotrain.errors import InvalidInput

FORMAT = 1
# Seconds of runs that may be lost where the process is killed.
UNSAVED = 5.0


@dataclass(frozen=True)
class Run:
    """What one run came to.

    Parameters
    ----------
    needed : int or None
        Evaluations until the guess was good enough; None where it never was.
    made : int
        All evaluations.
    seconds : float
        CPU time.
    """

    needed: int | None
    made: int
    seconds: float


class KeptRuns:
    """Runs by cell and seed, in memory, and in a file if there is one.

    Parameters
    ----------
    path : Path or None
        A JSON file, which may not exist yet.
    versions : dict of str to str or None
        Of all that decides how a run ends; None for what is not installed.

    Raises
    ------
    InvalidInput
        If the file cannot be read, or holds runs of other versions; it is left as it is.
    """

    def __init__(self, path: Path | None, versions: dict[str, str | None]) -> None:
        self._path, self._saved = path, monotonic()
        self.versions, self._cells = dict(versions), {}
        if path is not None and path.exists():
            self._read(path)

    def _read(self, path: Path) -> None:
        try:
            content = json.loads(path.read_text())
            found, cells = content["versions"], content["cells"]
            known = content["format"] == FORMAT
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InvalidInput(
                f"'{path}' holds no runs of optimizers; give another file."
            ) from error
        other = [
            f"{name} {found[name]}"
            for name, version in self.versions.items()
            if version and found.get(name) and found[name] != version
        ]
        if other or not known:
            raise InvalidInput(
                f"'{path}' holds runs of {', '.join(other) or 'another format'}, which is not what "
                "is installed now; give another file, or remove this one to begin anew."
            )
        self.versions = {name: v or found.get(name) for name, v in self.versions.items()}
        self._cells = cells

    def of(self, cell: str, rule: dict[str, Any]) -> dict[int, Run]:
        """Return the runs of a cell by seed; none where they followed another rule.

        Parameters
        ----------
        cell : str
            ``CASE/METHOD/LIBRARY``.
        rule : dict
            By what a run counts as solved, and within what.
        """
        kept = self._cells.get(cell, {})
        runs = kept["runs"] if kept.get("rule") == rule else {}
        return {int(seed): Run(**run) for seed, run in runs.items()}

    def failures(self, cell: str, rule: dict[str, Any]) -> int:
        """Return how many runs of a cell never were good enough."""
        return sum(run.needed is None for run in self.of(cell, rule).values())

    def keep(self, cell: str, rule: dict[str, Any], seed: int, run: Run) -> None:
        """Keep a run, and save all of them now and then."""
        if self._cells.get(cell, {}).get("rule") != rule:
            self._cells[cell] = {"rule": rule, "runs": {}}
        self._cells[cell]["runs"][str(seed)] = asdict(run)
        if monotonic() > self._saved + UNSAVED:
            self.save()

    def save(self) -> None:
        """Write the file, if there is one."""
        if self._path is None:
            return
        content = {"format": FORMAT, "versions": self.versions, "cells": self._cells}
        text = json.dumps(content, indent=1, allow_nan=False) + "\n"
        write_atomically(self._path, lambda file: file.write(text.encode()))
        self._saved = monotonic()
