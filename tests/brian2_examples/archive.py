"""The examples of the installed Brian2: fetched once through pip, unpacked for each report.

Nothing of them is kept with the project; the archive stays in the user's cache folder.
"""

import subprocess
import sys
import tarfile
from pathlib import Path

import brian2

from neurotrain.compiler import cache_folder


class NotFetched(Exception):
    """The source distribution is not in the cache, and pip cannot fetch it."""


def examples_cache() -> Path:
    """Return the folder that keeps the archive and what Brian2 made of the examples."""
    return cache_folder() / "brian2-examples" / brian2.__version__


def fetch() -> Path:
    """Return the path of Brian2's source distribution, of the version that is installed.

    Raises
    ------
    NotFetched
        If it is not in the cache and pip fails, as without a network.
    """
    folder = examples_cache()
    return _archive(folder) or _download(folder)


def _archive(folder: Path) -> Path | None:
    return next(iter(sorted(folder.glob("[Bb]rian2-*.tar.gz"))), None)


def _download(folder: Path) -> Path:
    wanted = f"brian2=={brian2.__version__}"
    download = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", "brian2"]
    done = subprocess.run(
        [*download, "--dest", str(folder), wanted], capture_output=True, text=True
    )
    found = _archive(folder)
    if found is None:
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise NotFetched(
            f"pip could not fetch the source distribution of {wanted} ({said}). Connect to a "
            f"package index once, or put the archive into {folder}."
        )
    return found


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack the examples into `folder` and return the folder that holds them."""
    with tarfile.open(archive) as source:
        members = [one for one in source.getmembers() if "examples" in Path(one.name).parts[1:2]]
        source.extractall(folder, members, filter="data")
    return next(folder.glob("*/examples"))
