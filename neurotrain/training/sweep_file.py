"""Files that say what is to be swept: settings of a run, and values to try of some of them."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from neurotrain.errors import InvalidInput, unknown_name
from neurotrain.training.command_line import PARTS_OF_TRAIN, with_defaults
from neurotrain.training.config_file import arguments_of, read_toml
from neurotrain.training.named_files import require_named_files_trusted
from neurotrain.training.settings import SETTINGS

TABLES = ("curriculum", "gradient")


@dataclass(frozen=True)
class SweptRun:
    """One run of a sweep.

    Parameters
    ----------
    name : str
        Of its folder: the values that are swept.
    values : mapping of str to value
        These, in the order of the file.
    arguments : mapping
        Of `neurotrain.train`, but for the folder.
    """

    name: str
    values: Mapping[str, Any]
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class SweepFile:
    """What a file of a sweep says.

    Parameters
    ----------
    base : mapping
        What is the same in all runs, as in the file.
    swept : mapping of str to list
        Values by setting; all combinations are run, the last setting changes first.
    runs : tuple of SweptRun
    """

    base: Mapping[str, Any]
    swept: Mapping[str, list[Any]]
    runs: tuple[SweptRun, ...]


def read_sweep_file(path: str | os.PathLike) -> SweepFile:
    """Read a file of the form of a run's config.toml, with a table ``[sweep]`` besides.

    In it ``seed = [0, 1, 2]`` sweeps a setting of the run, ``"optimizer.sigma" = [0.1, 0.4]`` an
    option of a part, and ``optimizer = ["snes", "pgpe"]`` the part itself.

    Raises
    ------
    InvalidInput
        If the file cannot be read, nothing is swept, a setting is unknown, or two runs would be
        the same.
    UntrustedFile
        If it names a file that the user has not.
    """
    content = read_toml(path)
    swept = content.pop("sweep", None)
    if not isinstance(swept, dict) or not swept:
        raise InvalidInput(
            f"'{path}' sweeps nothing; give it a table such as [sweep] with seed = [0, 1, 2]."
        )
    for key, values in swept.items():
        _check(key, values, path)
    base = arguments_of(content, path)
    if "task" not in base and "task" not in swept:
        raise InvalidInput(f"'{path}' names no task; give it a table [task] with a name.")
    combinations = [dict(zip(swept, values, strict=True)) for values in product(*swept.values())]
    names = [name_of(values) for values in combinations]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise InvalidInput(f"'{path}': there would be several runs '{min(twice)}'.")
    runs = [
        SweptRun(name, values, with_defaults(_with(base, values)))
        for name, values in zip(names, combinations, strict=True)
    ]
    for run in runs:
        require_named_files_trusted(run.arguments, path)
    return SweepFile(content, swept, tuple(runs))


def name_of(values: Mapping[str, Any]) -> str:
    """Return the name of the run with some values, which every file system takes."""
    said = ",".join(f"{key}={value}" for key, value in values.items())
    return re.sub(r"[^A-Za-z0-9._=,+-]+", "-", said)


def _check(key: str, values: Any, path: str | os.PathLike) -> None:
    part, dot, name = key.partition(".")
    if dot and name:
        known: tuple[str, ...] = (*PARTS_OF_TRAIN, *TABLES)
        if part not in known:
            raise InvalidInput(f"'{path}': {unknown_name('part of a run', part, known)}")
    elif key not in (*SETTINGS, *PARTS_OF_TRAIN):
        known = (*SETTINGS, *PARTS_OF_TRAIN)
        raise InvalidInput(f"'{path}': {unknown_name('setting to sweep', key, known)}")
    if not isinstance(values, list) or not values:
        raise InvalidInput(f"'{path}': '{key}' must be a list of values to try, got {values!r}.")


def _with(base: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments with other values; parts come first, since they drop options."""
    arguments = {k: dict(v) if isinstance(v, dict) else v for k, v in base.items()}
    for key, value in sorted(values.items(), key=lambda item: "." in item[0]):
        part, dot, name = key.partition(".")
        if dot:
            table = part if part in TABLES else f"{part}_options"
            arguments[table] = {**arguments.get(table, {}), name: value}
        elif key not in PARTS_OF_TRAIN:
            arguments[key] = value
        elif arguments.get(PARTS_OF_TRAIN[key]) != value:
            # The options in the file are those of another one.
            arguments |= {PARTS_OF_TRAIN[key]: value, f"{key}_options": {}}
    return arguments
