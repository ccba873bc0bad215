"""A training on the disk, so that one that was stopped goes on to the same result."""

import json
import zlib
from dataclasses import fields
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from neurotrain.atomic import write_all
from neurotrain.errors import InvalidInput, RunFolderError
from neurotrain.rate_to_spike.signals import Signals
from neurotrain.rate_to_spike.training import Training

NAME = "rate-to-spike.npz"


def write_training(folder: Path, training: Training) -> None:
    """Replace the state in the folder by that of now.

    Raises
    ------
    RunFolderError
        If it cannot be written.
    """
    content = BytesIO()
    description = np.array(json.dumps(_described(training)))
    np.savez(content, description=description, **training.state_dict())
    write_all(folder, {NAME: content.getvalue()}, "The training")


def read_training(folder: Path, training: Training) -> None:
    """Bring a training that has not begun to the state in the folder, if there is one.

    Raises
    ------
    RunFolderError
        If the folder holds another training, or a file that cannot be read.
    """
    path = folder / NAME
    if not path.exists():
        return
    arrays = _read(path)
    _require_same(path, json.loads(str(arrays.pop("description"))), _described(training))
    try:
        training.load_state_dict(arrays)
    except (InvalidInput, KeyError, ValueError) as error:
        raise _damaged(path, error) from error


def _described(training: Training) -> dict[str, Any]:
    """Return what tells a training from others, as plain values that JSON keeps."""
    first = training.draw(0, 0)
    told = {"task": training.task.name, "first trial": _fingerprint(first), "seed": training.seed}
    settings = training.settings
    names = [each.name for each in fields(settings) if each.name != "neuron"]
    return told | settings.neuron.described() | {name: getattr(settings, name) for name in names}


def _fingerprint(signals: Signals) -> int:
    arrays = (signals.outputs, signals.inputs, signals.hints, signals.scored)
    return zlib.crc32(b"".join(array.tobytes() for array in arrays))


def _read(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(BytesIO(path.read_bytes())) as file:
            arrays = dict(file)
        json.loads(str(arrays["description"]))
    except Exception as error:
        # Damage shows in whatever the readers of zip files, arrays and JSON raise.
        raise _damaged(path, error) from error
    return arrays


def _require_same(path: Path, kept: dict[str, Any], wanted: dict[str, Any]) -> None:
    other = sorted(n for n in kept.keys() | wanted.keys() if kept.get(n) != wanted.get(n))
    if other:
        differences = "; ".join(f"{n} {kept.get(n)!r}, not {wanted.get(n)!r}" for n in other)
        raise RunFolderError(
            f"'{path}' is of another training, with {differences}. Choose another folder."
        )


def _damaged(path: Path, error: Exception) -> RunFolderError:
    return RunFolderError(
        f"'{path}' cannot be read ({error}); remove it, and the training begins anew."
    )
