"""A training in one file of arrays, so that one that was stopped goes on."""

import json
import zlib
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from neurotrain.array_file import read_arrays
from neurotrain.atomic import write_all
from neurotrain.errors import InvalidInput, RunFolderError
from neurotrain.plain_data import parse_json

SECONDS_BETWEEN_FILES = 10.0
_DESCRIPTION = "description"


class EveryFewSeconds:
    """What keeps a training now and then; the first time is some seconds from now."""

    def __init__(self) -> None:
        self._last = perf_counter()

    def call(self, write: Callable[..., None], *arguments: Any) -> None:
        """Call `write` if enough time has passed since it was last done."""
        if perf_counter() - self._last > SECONDS_BETWEEN_FILES:
            write(*arguments)
            self._last = perf_counter()


def write_kept(path: Path, arrays: Mapping[str, np.ndarray], description: dict[str, Any]) -> None:
    """Replace the file by one with these arrays, and with what tells the training from others.

    Raises
    ------
    RunFolderError
        If it cannot be written.
    """
    content = BytesIO()
    np.savez(content, **{_DESCRIPTION: np.array(json.dumps(description))}, **arrays)
    write_all(path.parent, {path.name: content.getvalue()}, "The training")


def read_kept(path: Path, description: dict[str, Any]) -> dict[str, np.ndarray] | None:
    """Return the arrays of the file, None where there is none.

    Raises
    ------
    RunFolderError
        If it cannot be read, or is of a training with another description.
    """
    if not path.exists():
        return None
    try:
        arrays = read_arrays(path)
        kept = parse_json(str(arrays.pop(_DESCRIPTION)))
    except Exception as error:
        # Damage shows in whatever the readers of zip files, arrays and JSON raise.
        raise damaged(path, error) from error
    _require_same(path, kept, description)
    return arrays


def damaged(path: Path, error: Exception) -> RunFolderError:
    """Return the error that says that the file is of no use."""
    return RunFolderError(
        f"'{path}' cannot be read ({error}); remove it, and the training begins anew."
    )


def fingerprint(*arrays: np.ndarray) -> int:
    """Return a number by which arrays are told from others."""
    return zlib.crc32(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays))


def part_of(arrays: Mapping[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    """Return the arrays whose names begin with `prefix`, under what follows it."""
    return {n.removeprefix(prefix): a for n, a in arrays.items() if n.startswith(prefix)}


def restore_arrays(arrays: Mapping[str, np.ndarray], state: Mapping[str, np.ndarray]) -> None:
    """Give arrays the values that `state` has under the same names, all of them or none.

    Raises
    ------
    InvalidInput
        If one is of another shape.
    """
    for name, array in arrays.items():
        if state[name].shape != array.shape:
            raise InvalidInput(
                f"'{name}' of another network: shape {state[name].shape}, not {array.shape}."
            )
    for name, array in arrays.items():
        array[...] = state[name]


def _require_same(path: Path, kept: dict[str, Any], wanted: dict[str, Any]) -> None:
    other = sorted(n for n in kept.keys() | wanted.keys() if kept.get(n) != wanted.get(n))
    if other:
        differences = "; ".join(f"{n} {kept.get(n)!r}, not {wanted.get(n)!r}" for n in other)
        raise RunFolderError(
            f"'{path}' is of another training, with {differences}. Choose another folder."
        )
