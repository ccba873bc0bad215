"""Find models, tasks, optimizers, losses and experiments by name, and import them only then."""

from collections.abc import Callable, Mapping
from importlib import import_module
from inspect import getdoc, signature
from typing import Any

from neurotrain.errors import InvalidInput, NeurotrainError, describe, unknown_name
from neurotrain.quantities import with_quantities
from neurotrain.user_file import call, find_function, is_in_file

# What one of each kind is called, and the mapping from public names in its module.
_SINGULAR = {
    "models": "model",
    "tasks": "task",
    "optimizers": "optimizer",
    "losses": "loss",
    "experiments": "experiment",
}
_MAPPINGS = {"models": "MODELS", "tasks": "TASKS", "losses": "LOSSES"}

KINDS = tuple(_SINGULAR)


def names(kind: str) -> list[str]:
    """Return the names of all members of `kind`, one of `KINDS`."""
    if kind not in KINDS:
        raise unknown_name("kind of thing to list", kind, KINDS)
    if kind == "optimizers":
        optimizers = import_module("neurotrain.optimizers")
        return sorted([*optimizers.optimizer_names(), *optimizers.gradient_descent_names()])
    if kind == "experiments":
        return import_module("neurotrain.experiments").experiment_names()
    return sorted(_mapping(kind))


def summary(kind: str, name: str) -> str:
    """Return the first line of what the member's docstring says."""
    text = getdoc(find(kind, name)) or ""
    return text.splitlines()[0] if text else ""


def find(kind: str, name: str) -> Callable[..., Any]:
    """Return what makes the member called `name`: a class or a builder.

    A model, a task or an optimizer may also be ``FILE.py:NAME``, a builder or class in a file of
    the user's, an optimizer ``LIBRARY:ALGORITHM``, one of another library, and a task
    ``neurogym:ID``.

    Raises
    ------
    InvalidInput
        If there is no such member, with the nearest name; or the user's file
        cannot be run.
    """
    if kind in ("models", "tasks") and is_in_file(name):
        return find_function(name)
    if kind == "optimizers":
        return import_module("neurotrain.optimizers").optimizer_class(name)
    if kind == "tasks" and name.startswith("neurogym:"):
        return import_module("neurotrain.adapters.neurogym").registered_class(name)
    if name not in names(kind):
        raise unknown_name(_SINGULAR[kind], name, names(kind))
    if kind == "experiments":
        return import_module("neurotrain.experiments").find_experiment(name)
    return _mapping(kind)[name]


def is_member(kind: str, made: Any) -> bool:
    """Whether `made`, such as a task, is of the class that goes by its name."""
    name = made.name
    is_known = name in names(kind) or (kind == "tasks" and name.startswith("neurogym:"))
    return is_known and type(made) is find(kind, name)


def build(kind: str, name: str, **options: Any) -> Any:
    """Make the model, task or loss called `name` with `options`; losses also as `make_loss` does.

    Options of models may be quantities as texts, ``'0.5*ms'``.

    Raises
    ------
    InvalidInput
        If the name or an option is unknown, or a value cannot be used; for a
        builder in a user's file, whatever goes wrong in it.
    """
    if kind == "losses":
        return import_module("neurotrain.losses").make_loss(name, **options)
    make = find(kind, name)
    check_options(kind, name, options)
    if kind == "models":
        options = with_quantities(options)
    if is_in_file(name):
        return call(name, make, options)
    try:
        return make(**options)
    except NeurotrainError:
        raise
    except (TypeError, ValueError) as error:
        raise InvalidInput(
            f"{_SINGULAR[kind].capitalize()} '{name}' cannot be built: {describe(error)}"
        ) from error


def takes_option(kind: str, name: str, option: str) -> bool:
    """Whether the member called `name` has an option called `option`."""
    if kind == "optimizers":
        return option in _option_names(kind, name)
    parameters = signature(find(kind, name)).parameters
    return option in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def check_options(kind: str, name: str, options: Mapping[str, Any]) -> None:
    """Raise `InvalidInput` for an option that `name` does not have, with the nearest one."""
    for option in options:
        if not takes_option(kind, name, option):
            what = f"option of {_SINGULAR[kind]} '{name}'"
            raise unknown_name(what, option, _option_names(kind, name) or ["none"])


def _option_names(kind: str, name: str) -> list[str]:
    if kind == "optimizers":
        return [*import_module("neurotrain.optimizers").optimizer_options(name)]
    return [*signature(find(kind, name)).parameters]


def _mapping(kind: str) -> dict[str, Callable[..., Any]]:
    return getattr(import_module(f"neurotrain.{kind}"), _MAPPINGS[kind])
