"""The files that the settings of a run name: those of its parts, and data of tasks."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from neurotrain import catalog
from neurotrain.errors import RunFolderError
from neurotrain.trust import require_trusted, trust
from neurotrain.user_file import is_in_file


def require_named_files_trusted(
    arguments: Mapping[str, Any], where: Path, typed: Iterable[Any] = ()
) -> None:
    """Raise `UntrustedFile` where settings name a file that the user has not.

    Parameters
    ----------
    arguments : mapping
        Of `neurotrain.train`.
    where : path
        The folder or file that they are from.
    typed
        What the user named besides.
    """
    for name in _named_files(arguments):
        if name not in typed:
            require_trusted(name, where)


def trust_named_files(*names: Any) -> None:
    """Note the files in which the user named parts of a run, for when the run is opened again."""
    for name in names:
        if isinstance(name, str) and is_in_file(name):
            # Without a note the user is asked later on.
            with suppress(RunFolderError):
                trust(name)


def _named_files(arguments: Mapping[str, Any]) -> Iterator[str]:
    for part in ("circuit", "task", "loss", "optimizer"):
        name = arguments.get(part)
        if isinstance(name, str) and is_in_file(name):
            yield name
    # A task in a file is run for what it says of its settings, so after its own name.
    task, curriculum = arguments.get("task"), arguments.get("curriculum")
    for setting in getattr(catalog.find("tasks", task), "file_settings", ()) if task else ():
        values = [(arguments.get("task_options") or {}).get(setting)]
        if isinstance(curriculum, Mapping) and curriculum.get("setting") == setting:
            easier = curriculum.get("values")
            values += easier if isinstance(easier, list) else [easier]
        yield from (value for value in values if isinstance(value, str))
