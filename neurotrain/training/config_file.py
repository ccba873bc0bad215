"""Settings of a run from a TOML file, such as the config.toml of another run."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neurotrain.errors import InvalidInput, require_ending, unknown_name
from neurotrain.plain_data import parse_toml
from neurotrain.training.plan import PARTS
from neurotrain.training.settings import SETTINGS

# What a config.toml holds besides settings.
_IGNORED = ("format", "circuit", "versions")
_PART_KEYS = ("name", "options", "in_python")


def read_config_file(path: str | os.PathLike) -> dict[str, Any]:
    """Return the arguments of `neurotrain.train` that a TOML file holds.

    Parameters
    ----------
    path : path
        A file of the form of a run's config.toml, of which any part may be missing.

    Raises
    ------
    InvalidInput
        If the file cannot be read, or holds an unknown key; with the nearest one.
    """
    return arguments_of(read_toml(path), path)


def arguments_of(content: Mapping[str, Any], path: str | os.PathLike) -> dict[str, Any]:
    """Return the arguments of `neurotrain.train` that the content of such a file holds.

    Raises
    ------
    InvalidInput
        As for `read_config_file`; `path` is named.
    """
    content = dict(content)
    if content.pop("start_given", False):
        raise InvalidInput(
            f"'{path}': that run started at given weights, its start.npz; give them again in "
            "Python, as neurotrain.train(start=...), or take start_given out of the file."
        )
    _require_known("key", content, (*SETTINGS, *PARTS, "curriculum", "gradient", *_IGNORED), path)
    arguments = {name: content[name] for name in SETTINGS if name in content}
    arguments |= {name: content[name] for name in ("curriculum", "gradient") if name in content}
    for part in PARTS:
        if part in content:
            arguments |= _part(part, content[part], path)
    return arguments


def read_toml(path: str | os.PathLike) -> dict[str, Any]:
    """Return what a TOML file holds.

    Raises
    ------
    InvalidInput
        If it cannot be read.
    """
    path = Path(path)
    require_ending(path)
    try:
        return parse_toml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(f"The file '{path}' cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise InvalidInput(f"'{path}' is not valid TOML: {error}.") from error


def _part(part: str, table: Any, path: str | os.PathLike) -> dict[str, Any]:
    """Return the arguments that a table such as [task] holds."""
    if not isinstance(table, dict) or not isinstance(table.get("options", {}), dict):
        raise InvalidInput(f"'{path}': [{part}] and [{part}.options] must be tables.")
    _require_known(f"key of [{part}]", table, _PART_KEYS, path)
    if table.get("in_python"):
        raise InvalidInput(
            f"'{path}': the {part} '{table.get('name')}' was made in Python, not by name; "
            f"name another one on the command line, or train in Python."
        )
    arguments = {f"{part}_options": table.get("options", {})}
    if not isinstance(table.get("name", ""), str):
        raise InvalidInput(f"'{path}': the name of [{part}] must be a text.")
    if "name" in table:
        arguments["circuit" if part == "model" else part] = table["name"]
    return arguments


def _require_known(kind: str, given: Mapping[str, Any], known: tuple[str, ...], path: Any) -> None:
    for name in given:
        if name not in known:
            raise InvalidInput(f"'{path}': {unknown_name(kind, name, known)}")
