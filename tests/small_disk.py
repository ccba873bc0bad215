"""A disk of a few pages that fills up, for tests that run as root."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PAGE_BYTES = 4096


@contextmanager
def small_disk(folder: Path, pages: int) -> Iterator[Path]:
    """Mount a disk of so many pages over a new folder, and take it away at the end."""
    folder.mkdir()
    options = f"size={pages * PAGE_BYTES}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def can_mount(folder: Path) -> bool:
    """Whether this process may mount a disk over a new folder beside others in `folder`."""
    if os.geteuid() != 0:
        return False
    try:
        with small_disk(folder / "may-be-mounted", 1):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


def leave_pages(disk: Path, pages: int) -> Path:
    """Fill the disk up until only so many pages are left, with a file that can be removed."""
    ballast = disk / "ballast"
    free = os.statvfs(disk).f_bavail
    ballast.write_bytes(bytes((free - pages) * PAGE_BYTES))
    return ballast
