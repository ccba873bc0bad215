"""A training on the disk, so that one that was stopped goes on."""

import json
import zlib
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.atomic import write_all
from neurotrain.errors import InvalidInput, RunFolderError
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


def fingerprint(*arrays: np.ndarray) -> int:
    """Return a number by which arrays are told from others."""
    return zlib.crc32(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays))


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
        "description": np.array(json.dumps(description)),
        "best": training.best,
        "best_loss": np.array(training.best_loss),
        **{_HISTORY + name: array for name, array in training.history.arrays().items()},
        **{_LEARNER + name: array for name, array in learner.state_dict().items()},
    }
    content = BytesIO()
    np.savez(content, **arrays)
    write_all(folder, {NAME: content.getvalue()}, "The training")


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
    if not path.exists():
        return fresh
    arrays = _read(path)
    _require_same(path, json.loads(str(arrays["description"])), description)
    try:
        learner.load_state_dict(_part(arrays, _LEARNER))
        history = History.from_arrays(_part(arrays, _HISTORY))
        best, best_loss = arrays["best"], float(arrays["best_loss"])
    except (InvalidInput, KeyError) as error:
        raise _damaged(path, error) from error
    return replace(fresh, parameters=learner.guess, best=best, best_loss=best_loss, history=history)


def _read(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(BytesIO(path.read_bytes())) as file:
            arrays = dict(file)
        json.loads(str(arrays["description"]))
    except Exception as error:
        # Damage shows in whatever the readers of zip files, arrays and JSON raise.
        raise _damaged(path, error) from error
    return arrays


def _part(arrays: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {n.removeprefix(prefix): a for n, a in arrays.items() if n.startswith(prefix)}


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
