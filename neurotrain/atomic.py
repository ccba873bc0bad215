"""Write files so that a reader, or a crash, never meets half of one."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from errno import ENOSYS, EOPNOTSUPP, EPERM
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from neurotrain.errors import RunFolderError

if TYPE_CHECKING:
    import numpy as np

# What file systems without hard links say.
_NO_LINKS = (ENOSYS, EOPNOTSUPP, EPERM)


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


def write_new(path: Path, content: bytes) -> None:
    """Make the file `path`, all of it or nothing; of two processes that try, one does.

    Raises
    ------
    FileExistsError
        If there is such a file.
    """
    # Named after its process: two that shared a file would each spoil the other's.
    part = path.with_name(f".{path.name}.{os.uname().nodename}-{os.getpid()}.part")
    try:
        with open(part, "wb", opener=_open_no_link) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _link(part, path)
    finally:
        part.unlink(missing_ok=True)
    _sync_folder(path.parent)


def is_part(path: Path, whole: str) -> bool:
    """Whether a file is what a killed process left of one that was to be called `whole`."""
    return path.name.startswith(f".{whole}.") and path.suffix == ".part"


def write_arrays(path: Path, arrays: Mapping[str, "np.ndarray"]) -> None:
    """Replace `path` by an archive of arrays, none of which may need pickle."""
    import numpy as np

    # Put together in memory: zipfile goes back and forth in what it writes, a call each time.
    content = BytesIO()
    np.savez(content, **arrays)
    write_atomically(path, lambda file: file.write(content.getbuffer()))


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


def _link(part: Path, path: Path) -> None:
    try:
        os.link(part, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        with open(path, "xb") as file:
            file.write(part.read_bytes())


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
