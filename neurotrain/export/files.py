"""Blocks in files: chosen by the ending, all of a file or nothing of it."""

import gc
import os
import re
import sys
import traceback
from collections.abc import Callable
from importlib.util import find_spec
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from neurotrain.errors import InvalidInput, NeurotrainError
from neurotrain.export.csv_file import write_csv
from neurotrain.export.matlab import write_matlab
from neurotrain.export.nix import read_nix, write_nix
from neurotrain.export.nwb import read_nwb, write_nwb

if TYPE_CHECKING:
    import neo

WRITERS: dict[str, Callable] = {
    ".nix": write_nix,
    ".nwb": write_nwb,
    ".mat": write_matlab,
    ".csv": write_csv,
}
READERS: dict[str, Callable] = {".nix": read_nix, ".nwb": read_nwb}
# What has to be installed besides, as it is imported.
NEEDS = {".nix": "nixio", ".nwb": "pynwb"}


class ExportFailed(NeurotrainError):
    """A file could not be written or read."""

    exit_code = 1


def write_block(block: "neo.Block", path: str | PathLike) -> Path:
    """Write a Block into a file, and return where it is.

    A file of that name is replaced when the new one is complete; if anything goes wrong it is
    left as it was.

    Parameters
    ----------
    block : neo.Block
    path : path
        Its ending says what is written: ``.nix`` and ``.nwb`` everything; ``.mat`` everything,
        for MATLAB, by Neo's names; ``.csv`` a line for each spike, with its segment, population,
        neuron, and time in ms.

    Raises
    ------
    InvalidInput
        For another ending, or where the library that writes it is not installed.
    ExportFailed
        If the folder does not exist or cannot be written to, the disk is full, or the format has
        no place for something in the Block.
    """
    path = check_path(path)
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        cause = _write_part(block, part)
        if cause:
            raise ExportFailed(f"'{path}' could not be written: {cause}.")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _write_part(block: "neo.Block", part: Path) -> str:
    """Write a file that is to take another's place; return why it could not be, or nothing."""
    hooks = sys.unraisablehook, sys.excepthook
    # HDF5 complains again for every object of a file that it cannot complete.
    sys.unraisablehook = sys.excepthook = lambda *_: None
    try:
        WRITERS[part.suffix](block, part)
        with open(part, "rb") as file:
            os.fsync(file.fileno())
    except NeurotrainError:
        raise
    except Exception as error:
        # What is open must be gone while nobody listens.
        traceback.clear_frames(error.__traceback__)
        gc.collect()
        return _cause(error)
    finally:
        sys.unraisablehook, sys.excepthook = hooks
    return ""


def _cause(error: Exception) -> str:
    """Return the cause in a line; HDF5 tells it among many."""
    told = re.search("error message = '([^']*)'", str(error))
    strerror = getattr(error, "strerror", None)
    if told or (strerror and "\n" not in strerror):
        return told[1] if told else strerror
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def read_block(path: str | PathLike) -> "neo.Block":
    """Return the Block in a NIX or NWB file that `write_block` wrote.

    Of NIX this is what Neo's own ``NixIO`` reads. Neo's ``NWBIO`` reads times in seconds and no
    annotations, units of spike times or groups; here these are put back from where
    `write_block` noted them in the file.

    Raises
    ------
    InvalidInput
        For another ending, or where the library that reads it is not installed.
    ExportFailed
        If there is no such file, or it is damaged.
    """
    path = Path(path)
    _check_ending(path, READERS)
    if not path.is_file():
        raise ExportFailed(f"There is no file '{path}'.")
    try:
        return READERS[path.suffix](path)
    except Exception as error:
        raise ExportFailed(f"'{path}' could not be read: {_cause(error)}.") from error


def check_path(path: str | PathLike) -> Path:
    """Return a path that can be written to, before anything is simulated for it.

    Raises
    ------
    InvalidInput, ExportFailed
        As for `write_block`.
    """
    path = Path(path)
    _check_ending(path, WRITERS)
    if not path.parent.is_dir():
        raise ExportFailed(f"There is no folder '{path.parent}' for '{path.name}'; make it first.")
    if path.is_dir():
        raise ExportFailed(f"'{path}' is a folder; name a file.")
    if not os.access(path.parent, os.W_OK):
        raise ExportFailed(f"The folder '{path.parent}' cannot be written to.")
    return path


def _check_ending(path: Path, known: dict[str, Callable]) -> None:
    if path.suffix not in known:
        raise InvalidInput(
            f"'{path.name}' has none of the endings {', '.join(known)}, which say what it is."
        )
    needed = NEEDS.get(path.suffix)
    if needed and find_spec(needed) is None:
        raise InvalidInput(
            f"{path.suffix} files need {needed}; install it with pip install 'neurotrain[export]'."
        )
