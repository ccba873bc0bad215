"""A training on the disk, so that one that was stopped goes on to the same result."""

from dataclasses import fields
from pathlib import Path
from typing import Any

from neurotrain.errors import InvalidInput
from neurotrain.kept_training import damaged, fingerprint, read_kept, write_kept
from neurotrain.rate_to_spike.training import Training

NAME = "rate-to-spike.npz"


def write_training(folder: Path, training: Training) -> None:
    """Replace the state in the folder by that of now.

    Raises
    ------
    RunFolderError
        If it cannot be written.
    """
    write_kept(folder / NAME, training.state_dict(), _described(training))


def read_training(folder: Path, training: Training) -> None:
    """Bring a training that has not begun to the state in the folder, if there is one.

    Raises
    ------
    RunFolderError
        If the folder holds another training, or a file that cannot be read.
    """
    path = folder / NAME
    arrays = read_kept(path, _described(training))
    if arrays is None:
        return
    try:
        training.load_state_dict(arrays)
    except (InvalidInput, KeyError, ValueError) as error:
        raise damaged(path, error) from error


def _described(training: Training) -> dict[str, Any]:
    """Return what tells a training from others, as plain values that JSON keeps."""
    first = training.draw(0, 0)
    trial = fingerprint(first.outputs, first.inputs, first.hints, first.scored, first.currents)
    told = {"task": training.task.name, "first trial": trial, "seed": training.seed}
    settings = training.settings
    names = [each.name for each in fields(settings) if each.name != "neuron"]
    return told | settings.neuron.described() | {name: getattr(settings, name) for name in names}
