"""The folder of one run: its configuration, metrics, weights and result."""

import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from neurotrain.errors import RunFolderError
from neurotrain.training.atomic import write_atomically

CONFIG, METRICS, WEIGHTS, RESULT = "config.toml", "metrics.jsonl", "weights.npz", "result.json"
FORMAT = 1

Metrics = dict[str, Any]


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
        text = tomli_w.dumps({"format": FORMAT, **config})
        try:
            path.mkdir(parents=True, exist_ok=True)
            # Exclusive: of two runs started at the same time, one is refused.
            with open(path / CONFIG, "x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError as error:
            raise _in_use(path) from error
        except OSError as error:
            raise _not_writable(path, error) from error
        return cls(path)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from writing to the folder; a killed process lets go.

        Raises
        ------
        RunFolderError
            If another process is training in it.
        """
        with open(self.path / CONFIG, "rb") as file:
            if not _lock(file.fileno()):
                raise RunFolderError(
                    f"Another process is training in '{self.path}'; wait for it, or end it first."
                )
            yield

    @property
    def is_complete(self) -> bool:
        """Whether the run has come to its end."""
        return (self.path / RESULT).is_file()

    def append_metrics(self, metrics: Metrics) -> None:
        """Add a line to the metrics, and wait until it is on the disk."""
        line = json.dumps(metrics, allow_nan=False) + "\n"
        with open(self.path / METRICS, "ab") as file:
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())

    def read_metrics(self) -> list[Metrics]:
        """Return the metrics of all generations that were written completely."""
        return [metrics for metrics, _ in self._lines()]

    def cut_metrics(self, generation: int) -> list[Metrics]:
        """Drop all metrics after `generation`, and return the others.

        Raises
        ------
        RunFolderError
            If some of the others are missing or damaged; then nothing is dropped.
        """
        lines = self._lines()[:generation]
        if [metrics.get("generation") for metrics, _ in lines] != [*range(1, generation + 1)]:
            raise RunFolderError(
                f"'{self.path / METRICS}' lacks generations that the checkpoint at generation "
                f"{generation} has seen; put the original file back to resume."
            )
        if (self.path / METRICS).exists():
            os.truncate(self.path / METRICS, sum(size for _, size in lines))
        return [metrics for metrics, _ in lines]

    def _lines(self) -> list[tuple[Metrics, int]]:
        """Return the metrics before the first line that is not whole, with their sizes in bytes."""
        path = self.path / METRICS
        lines = []
        for line in path.read_bytes().splitlines(keepends=True) if path.exists() else []:
            try:
                metrics = json.loads(line)
            except ValueError:
                break
            if not line.endswith(b"\n") or not isinstance(metrics, dict):
                break
            lines.append((metrics, len(line)))
        return lines

    def write_weights(self, flat: np.ndarray, blocks: Mapping[str, np.ndarray], fingerprint: str):
        """Write the trained weights: the vector as ``flat``, and each block by its name."""
        arrays = {**blocks, "flat": flat, "fingerprint": np.array(fingerprint)}
        write_atomically(self.path / WEIGHTS, lambda file: np.savez(file, **arrays))

    def read_weights(self, fingerprint: str) -> np.ndarray:
        """Return the trained (parameter,) vector of the circuit with `fingerprint`.

        Raises
        ------
        RunFolderError
            If the file is missing, damaged, of another circuit, or not finite.
        """
        path = self.path / WEIGHTS
        if not path.is_file():
            raise RunFolderError(
                f"There is no '{path}': the run has not come to its end; "
                f"first run: neurotrain resume {self.path}"
            )
        try:
            with np.load(path, allow_pickle=False) as file:
                flat, trained = np.array(file["flat"], dtype=float), str(file["fingerprint"])
        # Depending on where the damage is, zipfile, zlib and NumPy raise almost anything.
        except Exception as error:
            raise RunFolderError(f"Weights '{path}' are damaged or cut short.") from error
        if trained != fingerprint:
            raise RunFolderError(
                f"'{path}' holds weights of another circuit; use the circuit that was trained."
            )
        if flat.ndim != 1 or not np.isfinite(flat).all():
            raise RunFolderError(f"'{path}' holds NaN or infinity; the weights cannot be used.")
        return flat

    def write_result(self, result: Mapping[str, Any]) -> None:
        """Write the result, which marks the run as complete."""
        text = json.dumps(result, indent=2, allow_nan=False) + "\n"
        write_atomically(self.path / RESULT, lambda file: file.write(text.encode()))

    def read_result(self) -> dict[str, Any]:
        """Return what `write_result` wrote."""
        path = self.path / RESULT
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise RunFolderError(
                f"There is no '{path}': the run has not come to its end; "
                f"first run: neurotrain resume {self.path}"
            ) from error
        except ValueError as error:
            raise RunFolderError(f"'{path}' is damaged: {error}.") from error


def require_unused(path: Path) -> None:
    """Raise `RunFolderError` unless `path` does not exist or is an empty folder."""
    try:
        if path.is_dir():
            if any(path.iterdir()):
                raise _in_use(path)
        elif path.exists() or path.is_symlink():
            raise RunFolderError(f"'{path}' is not a folder; choose another one for the run.")
    except OSError as error:
        raise _not_writable(path, error) from error


def _read_config(path: Path) -> dict[str, Any]:
    if not (path / CONFIG).is_file():
        raise RunFolderError(f"'{path}' is not a run folder: it holds no {CONFIG}.")
    try:
        config = tomllib.loads((path / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunFolderError(f"'{path / CONFIG}' cannot be read: {error}.") from error
    if config.get("format") != FORMAT:
        raise RunFolderError(
            f"'{path / CONFIG}' has format {config.get('format')}, "
            f"this version of neurotrain reads format {FORMAT}."
        )
    return config


def _lock(descriptor: int) -> bool:
    """Whether the file could be locked, or its file system knows no locks."""
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _in_use(path: Path) -> RunFolderError:
    if (path / CONFIG).is_file():
        return RunFolderError(
            f"'{path}' already holds a run; choose another folder (--out DIR, out=...), "
            f"or go on with it: neurotrain resume {path}"
        )
    return RunFolderError(
        f"'{path}' is not empty; choose another folder for the run (--out DIR, out=...)."
    )


def _not_writable(path: Path, error: OSError) -> RunFolderError:
    return RunFolderError(f"The run folder '{path}' cannot be used: {error.strerror or error}.")
