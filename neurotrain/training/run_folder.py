"""The folder of one run: its configuration, metrics, weights and result."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain, count
from pathlib import Path
from shlex import quote
from typing import Any

from neurotrain.atomic import is_part, write_atomically, write_new
from neurotrain.confined import require_confined
from neurotrain.errors import InvalidInput, NotWritten, RunFolderError
from neurotrain.file_locks import try_lock
from neurotrain.plain_data import parse_json, parse_toml
from neurotrain.training.metrics_file import MetricsFile

# Folders in it that commands write into.
_WRITTEN = ("figures", "report", "watch")
CONFIG, METRICS, RESULT = "config.toml", "metrics.jsonl", "result.json"
FORMAT = 1


class RunFolder:
    """A run folder that exists.

    Parameters
    ----------
    path : path
        The folder; `create` makes a new one.

    Raises
    ------
    RunFolderError
        If it holds no run, or the configuration cannot be read.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self.path = Path(path)
        self.config = _read_config(self.path)

    @classmethod
    def create(cls, path: str | os.PathLike, config: Mapping[str, Any]) -> "RunFolder":
        """Make the folder of a new run and write its configuration.

        Raises
        ------
        RunFolderError
            If the folder is not empty, or cannot be made.
        """
        import tomli_w

        path = Path(path)
        require_unused(path)
        try:
            text = tomli_w.dumps({"format": FORMAT, **config})
        except TypeError as error:
            raise InvalidInput(
                f"Options of a run must be numbers, texts, or lists of them, which {CONFIG} can "
                f"hold: {error}; for others make the circuit or task in Python."
            ) from error
        try:
            path.mkdir(parents=True, exist_ok=True)
            # Of two runs started at the same time, one is refused.
            write_new(path / CONFIG, text.encode())
        except FileExistsError as error:
            raise _in_use(path) from error
        except (OSError, ValueError) as error:
            raise _not_writable(path, error) from error
        return cls(path)

    def abandoned(self, error: OSError) -> RunFolderError:
        """Let go of a new folder that lacks a file it needs, and return the error for it."""
        (self.path / CONFIG).unlink()
        return _not_writable(self.path, error)

    @contextmanager
    def writing(self, name: str) -> Iterator[None]:
        """Write a file of the run, which stops where that is not possible.

        Raises
        ------
        NotWritten
            If the disk is full or fails.
        """
        try:
            yield
        except OSError as error:
            raise NotWritten(
                f"'{self.path / name}' cannot be written: {error.strerror or error}. The run has "
                f"stopped, its checkpoints are intact; make room or mend the disk, then go on "
                f"with: {command('resume', self.path)}"
            ) from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from writing to the folder; a killed process lets go.

        Raises
        ------
        RunFolderError
            If another process is training in it.
        """
        # For writing, which nobody does: NFS locks no file that is only read.
        with open(self.path / CONFIG, "r+b") as file:
            if not try_lock(file.fileno()):
                raise RunFolderError(
                    f"Another process is training in '{self.path}'; wait for it, or end it first."
                )
            yield

    @property
    def is_complete(self) -> bool:
        """Whether the run has come to its end."""
        return (self.path / RESULT).is_file()

    @property
    def metrics(self) -> MetricsFile:
        """The metrics of the generations."""
        return MetricsFile(self.path / METRICS)

    def write_result(self, result: Mapping[str, Any]) -> None:
        """Write the result, which marks the run as complete."""
        text = json.dumps(result, indent=2, allow_nan=False) + "\n"
        self.metrics.sync()
        write_atomically(self.path / RESULT, lambda file: file.write(text.encode()))

    def read_result(self) -> dict[str, Any]:
        """Return what `write_result` wrote."""
        path = self.path / RESULT
        try:
            result = parse_json(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise RunFolderError(
                f"There is no '{path}': the run has not come to its end; "
                f"first run: {command('resume', self.path)}"
            ) from error
        except ValueError as error:
            raise RunFolderError(f"'{path}' is damaged: {error}.") from error
        if not isinstance(result, dict):
            raise RunFolderError(f"'{path}' is damaged: it holds no table of results.")
        return result


def command(verb: str, folder: Path) -> str:
    """Return the command line for `folder`, such as a shell takes it."""
    text = str(folder)
    return f"neurotrain {verb} {quote(f'./{text}' if text.startswith('-') else text)}"


def unused_folder(first: Path) -> Path:
    """Return the first of FOLDER, FOLDER-2, FOLDER-3, ... that does not exist or is empty.

    Raises
    ------
    RunFolderError
        If it cannot be told.
    """
    numbered = (first.with_name(f"{first.name}-{number}") for number in count(2))
    try:
        return next(path for path in chain((first,), numbered) if _is_unused(path))
    except OSError as error:
        raise _not_writable(first, error) from error


def require_unused(path: Path) -> None:
    """Raise `RunFolderError` unless `path` does not exist or is an empty folder."""
    try:
        if _is_unused(path):
            return
        if path.is_dir():
            raise _in_use(path)
        raise RunFolderError(f"'{path}' is not a folder; choose another one for the run.")
    except OSError as error:
        raise _not_writable(path, error) from error


def _is_unused(path: Path) -> bool:
    if path.is_dir():
        # What was killed before it had its configuration has not begun.
        return all(is_part(other, CONFIG) for other in path.iterdir())
    return not (path.exists() or path.is_symlink())


def _read_config(path: Path) -> dict[str, Any]:
    if not (path / CONFIG).is_file():
        raise RunFolderError(f"'{path}' is not a run folder: it holds no {CONFIG}.")
    require_confined(path, _WRITTEN)
    try:
        config = parse_toml((path / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunFolderError(f"'{path / CONFIG}' cannot be read: {error}.") from error
    if config.get("format") != FORMAT:
        raise RunFolderError(
            f"'{path / CONFIG}' has format {config.get('format')}, "
            f"this version of neurotrain reads format {FORMAT}."
        )
    return config


def _in_use(path: Path) -> RunFolderError:
    if (path / CONFIG).is_file():
        return RunFolderError(
            f"'{path}' already holds a run; choose another folder (--out DIR, out=...), "
            f"or go on with it: {command('resume', path)}"
        )
    return RunFolderError(
        f"'{path}' is not empty; choose another folder for the run (--out DIR, out=...)."
    )


def _not_writable(path: Path, error: OSError | ValueError) -> RunFolderError:
    cause = getattr(error, "strerror", None) or error
    return RunFolderError(f"The run folder '{path}' cannot be used: {cause}.")
