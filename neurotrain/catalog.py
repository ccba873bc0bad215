"""Find models, tasks, optimizers and losses by name; nothing is imported before it is asked for."""

from collections.abc import Callable, Mapping
from importlib import import_module
from inspect import getdoc, signature
from typing import Any

from neurotrain.errors import InvalidInput, NeurotrainError, unknown_name

# What one of each kind is called, and the mapping from public names in its module.
_SINGULAR = {"models": "model", "tasks": "task", "optimizers": "optimizer", "losses": "loss"}
_MAPPINGS = {"models": "MODELS", "tasks": "TASKS", "losses": "LOSSES"}

KINDS = tuple(_SINGULAR)


def names(kind: str) -> list[str]:
    """Return the names of all members of `kind`, one of `KINDS`."""
    if kind not in KINDS:
        raise unknown_name("kind of thing to list", kind, KINDS)
    if kind == "optimizers":
        return import_module("neurotrain.optimizers").optimizer_names()
    return sorted(_mapping(kind))


def summary(kind: str, name: str) -> str:
    """Return the first line of what the member's docstring says."""
    text = getdoc(find(kind, name)) or ""
    return text.splitlines()[0] if text else ""


def find(kind: str, name: str) -> Callable[..., Any]:
    """Return what makes the member called `name`: a class or a builder.

    A model may also be ``FILE.py:FUNCTION``, a builder in a file of the user's.

    Raises
    ------
    InvalidInput
        If there is no such member, with the nearest name; or the user's file
        cannot be run.
    """
    if kind == "models" and is_in_file(name):
        return import_module("neurotrain.user_file").find_function(name)
    if name not in names(kind):
        raise unknown_name(_SINGULAR[kind], name, names(kind))
    if kind == "optimizers":
        return import_module("neurotrain.optimizers").optimizer_class(name)
    return _mapping(kind)[name]


def is_in_file(name: str) -> bool:
    """Whether `name` points into a file of the user's."""
    return ".py:" in name or name.endswith(".py")


def build(kind: str, name: str, **options: Any) -> Any:
    """Make the model, task or loss called `name` with `options`.

    Raises
    ------
    InvalidInput
        If the name or an option is unknown, or a value cannot be used; for a
        builder in a user's file, whatever goes wrong in it.
    """
    make = find(kind, name)
    check_options(kind, name, options)
    try:
        return make(**options)
    except NeurotrainError:
        raise
    except Exception as error:
        # In a user's file anything may go wrong; in ours, only a value that does not fit.
        if not is_in_file(name) and not isinstance(error, TypeError | ValueError):
            raise
        raise InvalidInput(
            f"{_SINGULAR[kind].capitalize()} '{name}' cannot be built: {describe(error)}"
        ) from error


def option_names(kind: str, name: str) -> list[str]:
    """Return the names of the options that the member called `name` has."""
    make = find(kind, name)
    if kind == "optimizers":
        return [*import_module("neurotrain.optimizers").optimizer_options(name)]
    return [p.name for p in signature(make).parameters.values() if p.kind is not p.VAR_KEYWORD]


def check_options(kind: str, name: str, options: Mapping[str, Any]) -> None:
    """Raise `InvalidInput` for an option that `name` does not have."""
    if _takes_any_option(find(kind, name)):
        return
    known = option_names(kind, name)
    for option in options:
        if option not in known:
            what = f"option of {_SINGULAR[kind]} '{name}'"
            raise unknown_name(what, option, known or ["none"])


def _takes_any_option(make: Callable[..., Any]) -> bool:
    return any(p.kind is p.VAR_KEYWORD for p in signature(make).parameters.values())


def describe(error: BaseException) -> str:
    """Return kind and message of an exception in one line."""
    message = " ".join(str(error).split())
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


def _mapping(kind: str) -> dict[str, Callable[..., Any]]:
    return getattr(import_module(f"neurotrain.{kind}"), _MAPPINGS[kind])
