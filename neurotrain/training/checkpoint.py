"""Checkpoints: all that a run needs to go on bit for bit, in files that show any damage."""

import re
import warnings
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import numpy as np

from neurotrain.array_file import read_arrays
from neurotrain.atomic import write_arrays
from neurotrain.errors import RunFolderError
from neurotrain.training.checkpoint_formats import FORMAT, MIGRATIONS, migrated
from neurotrain.training.run_folder import RunFolder

# One, and two to go back to should it be damaged.
KEPT = 3
ATTEMPTS = 5

Arrays = Mapping[str, np.ndarray]


class DamagedCheckpoint(UserWarning):
    """A checkpoint was passed over because its content is not what was written."""


class AnotherFormat(RunFolderError):
    """A checkpoint is whole, and of a format that this version does not know."""


def write_checkpoint(folder: Path, generation: int, arrays: Arrays) -> Path:
    """Write the state after `generation` and remove all but the last three checkpoints.

    Parameters
    ----------
    folder : Path
        The run folder.
    arrays : mapping of str to array
        The state; no array may need pickle.

    Raises
    ------
    OSError
        If it cannot be written; then those before it are as they were.
    """
    path = folder / name_of(generation)
    content = {**arrays, "format": np.array(FORMAT), "generation": np.array(generation)}
    digest = np.array(_digest(content))
    write_arrays(path, {**content, "digest": digest})
    older = [other for other in _checkpoints(folder) if _generation(other) < generation]
    for outdated in older[KEPT - 1 :]:
        outdated.unlink()
    return path


def name_of(generation: int) -> str:
    """Return what the checkpoint after a generation is called."""
    return f"checkpoint-{generation:06d}.npz"


def read_checkpoint(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of a checkpoint, those of an earlier format in the present one.

    Raises
    ------
    RunFolderError
        If the file is cut short or was changed.
    AnotherFormat
        If it is of a later version.
    """
    try:
        content = read_arrays(path)
        digest = str(content.pop("digest"))
    # Depending on where the damage is, zipfile, zlib and NumPy raise almost anything.
    except Exception as error:
        raise RunFolderError(f"Checkpoint '{path}' is damaged or cut short.") from error
    if digest != _digest(content):
        raise RunFolderError(f"Checkpoint '{path}' was changed since it was written.")
    if content["format"] != FORMAT and int(content["format"]) not in MIGRATIONS:
        raise AnotherFormat(
            f"Checkpoint '{path}' has format {content['format']}, this version of neurotrain "
            f"reads formats {min(MIGRATIONS)} to {FORMAT}; resume with the version that wrote it."
        )
    if content["format"] != FORMAT:
        return migrated(content, RunFolder(path.parent))
    return content


def read_latest_checkpoint(folder: Path) -> dict[str, np.ndarray] | None:
    """Return the newest checkpoint that is intact; None if there never was one.

    Warns
    -----
    DamagedCheckpoint
        For each newer one that is not.

    Raises
    ------
    RunFolderError
        If there are checkpoints, but none that can be used.
    AnotherFormat
        If one is of a later version.
    """
    problems = []
    for path in _checkpoints(folder):
        try:
            content = read_checkpoint(path)
        except AnotherFormat:
            raise
        except RunFolderError as error:
            problems.append(str(error))
            continue
        for problem in problems:
            warnings.warn(
                f"{problem} The run goes on from '{path.name}' instead; nothing is lost but time.",
                DamagedCheckpoint,
                stacklevel=2,
            )
        return content
    if problems:
        raise RunFolderError(
            f"{problems[0]} No intact checkpoint is left in '{folder}'; nothing was changed there: "
            f"put a copy of a checkpoint back, or train again into another folder."
        )
    return None


def set_newer_aside(folder: Path, generation: int) -> None:
    """Give other names to the damaged checkpoints that were passed over for an older one.

    Otherwise they would count among those that are kept.
    """
    for path in _checkpoints(folder):
        if _generation(path) > generation:
            path.rename(path.with_name(f"{path.name}.damaged"))


def read_checkpoint_meanwhile(folder: Path) -> dict[str, np.ndarray] | None:
    """Return the newest intact checkpoint while another process writes; None before the first.

    Raises
    ------
    RunFolderError
        If there are checkpoints, but none that can be used.
    """
    # All that were listed may have given way to newer ones before they are read.
    for _ in range(ATTEMPTS):
        problems, found = [], _checkpoints(folder)
        for path in found:
            try:
                return read_checkpoint(path)
            except RunFolderError as error:
                problems.append(error)
        if not found:
            return None
    raise problems[0]


def _checkpoints(folder: Path) -> list[Path]:
    """Return the checkpoints in `folder`, newest first."""
    # No glob: the folder's own name may hold characters that mean something to it.
    found = [path for path in folder.iterdir() if re.fullmatch(r"checkpoint-\d+\.npz", path.name)]
    return sorted(found, key=_generation, reverse=True)


def _generation(path: Path) -> int:
    return int(path.stem.removeprefix("checkpoint-"))


def _digest(content: Arrays) -> str:
    digest = sha256()
    for name in sorted(content):
        array = np.ascontiguousarray(content[name])
        digest.update(f"{name}|{array.dtype.str}|{np.shape(content[name])}|".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
