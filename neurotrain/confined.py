"""Folders that may be a stranger's: nothing in them leads out of them, or is no file at all."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from neurotrain.errors import RunFolderError


def require_confined(folder: Path, inner: Iterable[str] = ()) -> None:
    """Raise where a file would be read or written that lies elsewhere, or never ends.

    Parameters
    ----------
    folder : Path
    inner : iterable of str
        Names of folders in it that are looked into too, where they are there.

    Raises
    ------
    RunFolderError
        If there is a link to something outside, or what is neither a file nor a folder, such as
        a pipe; or if the folder cannot be read.
    """
    try:
        within = folder.resolve()
        for entry in _entries(folder, inner):
            if entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(within):
                raise RunFolderError(
                    f"'{entry.path}' is a link to something outside of '{folder}', which is "
                    "neither read nor written: put the thing itself there, or remove the link."
                )
            if not (entry.is_symlink() or entry.is_file() or entry.is_dir()):
                raise RunFolderError(
                    f"'{entry.path}' is neither a file nor a folder, and no part of a run: remove "
                    "it."
                )
    # Links in a circle are a RuntimeError before Python 3.13.
    except (OSError, RuntimeError) as error:
        raise RunFolderError(f"The folder '{folder}' cannot be read: {error}.") from error


def _entries(folder: Path, inner: Iterable[str]) -> Iterator[os.DirEntry]:
    for name in ("", *inner):
        if not name or (folder / name).is_dir():
            with os.scandir(folder / name) as entries:
                yield from entries
