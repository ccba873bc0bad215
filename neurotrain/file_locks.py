"""Locks on files, which a process that ends or is killed lets go."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def try_lock(descriptor: int) -> bool:
    """Whether the file could be locked, or its file system knows no locks."""
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Let processes go on one after another, where the file system knows locks."""
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def is_locked(path: Path) -> bool:
    """Whether a process of this machine holds the lock of a file, which is left alone.

    Where the system does not tell, as on another one than Linux, it is not.
    """
    try:
        status, locks = path.stat(), Path("/proc/locks").read_text()
    except OSError:
        return False
    device = status.st_dev
    file = f"{os.major(device):02x}:{os.minor(device):02x}:{status.st_ino}"
    return any(file in line.split() for line in locks.splitlines())
