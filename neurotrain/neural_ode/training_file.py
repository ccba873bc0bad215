"""A training on the disk, so that one that was stopped goes on."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.kept_training import damaged, fingerprint, part_of, read_kept, write_kept
from neurotrain.neural_ode.fit import Fit
from neurotrain.neural_ode.history import History

if TYPE_CHECKING:
    from neurotrain.neural_ode.training import Learner, Training

NAME = "training.npz"
_HISTORY, _LEARNER = "history.", "learner."


def described(fit: Fit, **method: Any) -> dict[str, Any]:
    """Return what tells a training from others, as plain values that JSON keeps."""
    problem = fit.problem
    told = {
        "problem": problem.name,
        "data": fingerprint(problem.times, problem.states, problem.scale),
        "field": repr(fit.field),
        "windows": repr(fit.windows),
        "solver": {"method": fit.method, **fit.options},
        **method,
    }
    return json.loads(json.dumps(told, default=_plain))


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else repr(value)


def write_training(
    folder: Path, training: "Training", learner: "Learner", description: dict[str, Any]
) -> None:
    """Replace the state in the folder by that of now.

    Raises
    ------
    RunFolderError
        If it cannot be written.
    """
    arrays = {
        "best": training.best,
        "best_loss": np.array(training.best_loss),
        **{_HISTORY + name: array for name, array in training.history.arrays().items()},
        **{_LEARNER + name: array for name, array in learner.state_dict().items()},
    }
    write_kept(folder / NAME, arrays, description)


def read_training(
    folder: Path, fresh: "Training", learner: "Learner", description: dict[str, Any]
) -> "Training":
    """Return the training in the folder and bring the learner to its state; else `fresh`.

    Raises
    ------
    RunFolderError
        If the folder holds another training, or a file that cannot be read.
    """
    path = folder / NAME
    arrays = read_kept(path, description)
    if arrays is None:
        return fresh
    try:
        learner.load_state_dict(part_of(arrays, _LEARNER))
        history = History.from_arrays(part_of(arrays, _HISTORY))
        best, best_loss = arrays["best"], float(arrays["best_loss"])
    except (InvalidInput, KeyError) as error:
        raise damaged(path, error) from error
    return replace(fresh, parameters=learner.guess, best=best, best_loss=best_loss, history=history)
