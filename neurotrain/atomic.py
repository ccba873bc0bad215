"""Write files so that a reader, or a crash, never meets half of one."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from neurotrain.errors import RunFolderError


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Replace `path` by what `write` puts into a file, all of it or nothing."""
    part = path.with_name(f".{path.name}.part")
    try:
        with open(part, "wb", opener=_open_no_link) as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _open_no_link(path: str, flags: int) -> int:
    """Open a file, but none that a stranger's folder has a link to."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o666)


def write_all(folder: Path, contents: Mapping[str, bytes], what: str) -> list[Path]:
    """Write files by their names into `folder`, each of them whole, and return their paths.

    Raises
    ------
    RunFolderError
        If the folder cannot be made or written to; it says that `what` cannot be written.
    """
    make_folder(folder, what)
    with _named(folder, what):
        for name, content in contents.items():
            write_atomically(folder / name, lambda file, content=content: file.write(content))
    return [folder / name for name in contents]


def make_folder(folder: Path, what: str) -> None:
    """Make a folder unless it is there; errors are those of `write_all`."""
    with _named(folder, what):
        folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def _named(folder: Path, what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        cause = error.strerror or error
        raise RunFolderError(f"{what} cannot be written to '{folder}': {cause}.") from error


def _sync_folder(folder: Path) -> None:
    """Make sure that the new name survives a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
