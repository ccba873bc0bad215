"""Run a file of the user's to find a function in it, given as ``FILE.py:FUNCTION``."""

import sys
from collections.abc import Callable, Mapping
from hashlib import sha256
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import Any

from neurotrain.errors import InvalidInput, NeurotrainError, describe, unknown_name

_PREFIX = "_neurotrain_user_"


def is_in_file(name: str) -> bool:
    """Whether `name` points into a file of the user's."""
    return ".py:" in name or name.endswith(".py")


def absolute(name: str) -> str:
    """Return ``FILE.py:FUNCTION`` with the full path, valid from any folder."""
    path, _, function = name.rpartition(":")
    return f"{resolved_path(path)}:{function}"


def resolved_path(text: str) -> Path:
    """Return the full path of a file, which need not exist.

    Raises
    ------
    InvalidInput
        If there can be no such path.
    """
    try:
        return Path(text).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise InvalidInput(f"'{text}' cannot be the path of a file: {error}.") from error


def find_function(name: str) -> Callable[..., Any]:
    """Return the function that `name`, ``FILE.py:FUNCTION``, points to.

    Raises
    ------
    InvalidInput
        If there is no such file or function, or the file cannot be run; the
        message names file, line and cause.
    """
    path_text, _, function = name.rpartition(":")
    if not path_text or not function:
        raise InvalidInput(f"'{name}' does not say which function; give it as FILE.py:FUNCTION.")
    path = resolved_path(path_text)
    if not path.is_file():
        raise InvalidInput(f"There is no file '{path_text}'; give it as FILE.py:FUNCTION.")
    module = _run_file(path)
    found = getattr(module, function, None)
    if not callable(found):
        functions = [key for key, value in vars(module).items() if _is_own(value, module)]
        raise unknown_name(f"function in '{path_text}'", function, functions or ["none"])
    return found


def call(name: str, function: Callable[..., Any], options: Mapping[str, Any]) -> Any:
    """Return what `function`, found as `name`, makes of `options`.

    Raises
    ------
    InvalidInput
        If anything goes wrong in it; the message names file, line and cause.
    """
    try:
        return function(**options)
    except NeurotrainError as error:
        raise InvalidInput(f"'{name}': {error}") from error
    except (Exception, SystemExit) as error:
        path = resolved_path(name.rpartition(":")[0])
        raise InvalidInput(f"'{name}'{_line(error, path)} failed: {describe(error)}") from error


def loaded_files() -> list[ModuleType]:
    """Return the files that were run, which no other process finds by the names that they have."""
    return [module for name, module in sys.modules.items() if name.startswith(_PREFIX)]


def _is_own(value: object, module: ModuleType) -> bool:
    return callable(value) and getattr(value, "__module__", None) == module.__name__


def _run_file(path: Path) -> ModuleType:
    # Named after the whole path: two files of one name do not get into each other's way.
    name = f"{_PREFIX}{sha256(str(path).encode(errors='surrogateescape')).hexdigest()[:16]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = spec_from_file_location(name, path)
    module = module_from_spec(spec)
    # Dataclasses look their own module up, and the file may import its neighbors.
    sys.modules[name] = module
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise InvalidInput(
            f"'{path}'{_line(error, path)} cannot be run: {describe(error)}"
        ) from error
    finally:
        sys.path.remove(str(path.parent))
    return module


def _line(error: BaseException, path: Path) -> str:
    if isinstance(error, SyntaxError):
        return f", line {error.lineno},"
    lines = [
        frame.lineno for frame in extract_tb(error.__traceback__) if frame.filename == str(path)
    ]
    return f", line {lines[-1]}," if lines else ""
