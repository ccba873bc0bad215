"""Measurements of an experiment that take long: made once, and kept in its folder."""

import json
from collections.abc import Callable
from typing import Any

from neurotrain.atomic import write_all
from neurotrain.errors import RunFolderError
from neurotrain.experiments.report import Setting

RESULT = "result.json"


def measured(setting: Setting, name: str, measure: Callable[[], Any]) -> Any:
    """Return what `measure` gives, plain values; those in the folder if it was called before.

    The name must tell all that may differ between measurements of the experiment.

    Raises
    ------
    RunFolderError
        If the file cannot be written, or cannot be read as JSON.
    """
    folder = setting.folder / name
    if (folder / RESULT).is_file():
        return _read(folder / RESULT)
    values = measure()
    write_all(folder, {RESULT: json.dumps(values).encode()}, f"Measurements of '{name}'")
    return values


def plain_name(name: str) -> str:
    """Return a title as folders are called: ``'FA + Oja, late'`` gives ``'fa-oja-late'``."""
    return name.lower().replace(",", "").replace(" + ", "-").replace(" ", "-")


def _read(path: Any) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise RunFolderError(
            f"'{path}' cannot be read ({error}); remove it, and it is measured again."
        ) from error
