"""The metrics of a run, a JSON line for each generation."""

import json
import os
from io import RawIOBase
from pathlib import Path
from typing import Any

from neurotrain.errors import RunFolderError
from neurotrain.plain_data import parse_json

Metrics = dict[str, Any]


class MetricsFile:
    """The file metrics.jsonl, which may not exist yet.

    Every line is on the disk before the checkpoint that has seen its generation.
    Wall-clock times are not in it, so that the same run gives the same file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, metrics: Metrics) -> None:
        """Add a line to the metrics.

        Raises
        ------
        OSError
            If there is no room for it; no part of it is left.
        """
        line = json.dumps(metrics, allow_nan=False) + "\n"
        # Not buffered: what could not be written would be tried again where the file is closed.
        with open(self.path, "ab", buffering=0) as file:
            size = file.tell()
            try:
                _write_whole(file, line.encode())
            except OSError:
                os.truncate(self.path, size)
                raise

    def sync(self) -> None:
        """Wait until all lines so far are on the disk."""
        if self.path.exists():
            with open(self.path, "rb") as file:
                os.fsync(file.fileno())

    def read(self) -> list[Metrics]:
        """Return the metrics of all generations that were written completely."""
        return [metrics for metrics, _ in self._lines()]

    def cut(self, generation: int) -> list[Metrics]:
        """Drop all metrics after `generation`, and return the others.

        Raises
        ------
        RunFolderError
            If some of the others are missing or damaged; then nothing is dropped.
        """
        lines = self._lines()[:generation]
        if [metrics.get("generation") for metrics, _ in lines] != [*range(1, generation + 1)]:
            raise RunFolderError(
                f"'{self.path}' lacks generations that the checkpoint at generation "
                f"{generation} has seen; put the original file back to resume."
            )
        if self.path.exists():
            os.truncate(self.path, sum(size for _, size in lines))
        return [metrics for metrics, _ in lines]

    def _lines(self) -> list[tuple[Metrics, int]]:
        """Return the metrics before the first line that is not whole, with their sizes in bytes."""
        lines = []
        for line in self.path.read_bytes().splitlines(keepends=True) if self.path.exists() else []:
            try:
                metrics = parse_json(line)
            except ValueError:
                break
            if not line.endswith(b"\n") or not isinstance(metrics, dict):
                break
            lines.append((metrics, len(line)))
        return lines


def _write_whole(file: RawIOBase, content: bytes) -> None:
    # A disk that fills up takes some bytes without an error, and none the next time.
    while content:
        content = content[file.write(content) :]
