"""From the options of `neurotrain train` and a file of settings to arguments of the function."""

import argparse
from collections.abc import Mapping
from typing import Any

from neurotrain import catalog
from neurotrain.errors import InvalidInput, unknown_name
from neurotrain.plain_data import parse_toml
from neurotrain.training.config_file import read_config_file
from neurotrain.training.named_files import require_named_files_trusted

DEFAULT_MODEL = "morris-lecar"

# Where in the arguments of `neurotrain.train` each option goes.
_SETTINGS = {
    "generations": "generations",
    "trial_simulations": "trial_simulations",
    "seconds": "seconds",
    "patience": "patience",
    "candidate_seconds": "candidate_seconds",
    "trials": "trials",
    "seed": "seed",
    "execution": "execution",
    "out": "out",
}
_OPTIONS = {
    "population": ("optimizer_options", "population_size"),
    "sigma": ("optimizer_options", "sigma"),
    "learning_rate": ("optimizer_options", "learning_rate"),
    "neurons": ("model_options", "neurons"),
}
_LENGTHS = ("generations", "trial_simulations", "seconds")
PARTS_OF_TRAIN = {"model": "circuit", "task": "task", "loss": "loss", "optimizer": "optimizer"}


def training_arguments(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments of `neurotrain.train`: those given here, then those of the file.

    Parameters
    ----------
    arguments : Namespace
        The options of the command; None for those that were not given.

    Raises
    ------
    InvalidInput
        If no task is named, an option is not understood, or the file cannot be used.
    """
    given = {name: value for name, value in vars(arguments).items() if value is not None}
    result = read_config_file(given["config"]) if "config" in given else {}
    for part, name in PARTS_OF_TRAIN.items():
        if part in given and given[part] != result.get(name):
            # The options in the file are those of another model, task, loss or optimizer.
            result |= {name: given[part], f"{part}_options": {}}
            if part == "task":
                result.pop("curriculum", None)
    result |= {name: given[option] for option, name in _SETTINGS.items() if option in given}
    for option, (table, name) in _OPTIONS.items():
        if option in given:
            result[table] = {**result.get(table, {}), name: given[option]}
    for text in given.get("option", ()):
        part, name, value = _parse_option(text)
        table = f"{part}_options" if part in PARTS_OF_TRAIN else part
        result[table] = {**result.get(table, {}), name: value}
    if "task" not in result:
        raise InvalidInput("Say which task to train: neurotrain train TASK; see neurotrain list.")
    if "config" in given:
        typed = [*(given.get(part) for part in PARTS_OF_TRAIN), *_typed_values(given)]
        require_named_files_trusted(result, given["config"], typed)
    return with_defaults(result)


def with_defaults(given: dict[str, Any]) -> dict[str, Any]:
    """Return arguments of `neurotrain.train` with the usual ones of the task and the usual model.

    Raises
    ------
    InvalidInput
        If there is no such task.
    """
    return {"circuit": DEFAULT_MODEL, **_with_usual_training(given)}


def _with_usual_training(given: dict[str, Any]) -> dict[str, Any]:
    """Return the settings `given`, and those the task is usually trained with for all others."""
    usual = dict(getattr(catalog.find("tasks", given["task"]), "usual_training", {}))
    if any(given.get(limit) is not None for limit in _LENGTHS):
        usual.pop("generations", None)
    for part, name in PARTS_OF_TRAIN.items():
        table = f"{part}_options"
        if given.get(name, usual.get(name)) == usual.get(name) and table in usual | given:
            usual[table] = {**usual.get(table, {}), **given.get(table, {})}
        else:
            # They are those of another model, loss or optimizer.
            usual.pop(table, None)
    tables = [f"{part}_options" for part in PARTS_OF_TRAIN]
    return {**given, **{k: v for k, v in usual.items() if k in tables or k not in given}}


def _typed_values(given: Mapping[str, Any]) -> list[Any]:
    return [_parse_option(text)[2] for text in given.get("option", ())]


def _parse_option(text: str) -> tuple[str, str, Any]:
    """Return part, name and value of ``PART.NAME=VALUE``, where the value is one of TOML."""
    key, equals, value = text.partition("=")
    part, dot, name = key.partition(".")
    if not (equals and dot and name and value):
        raise InvalidInput(f"--option takes PART.NAME=VALUE, such as model.dale=0.8, got '{text}'.")
    known = (*PARTS_OF_TRAIN, "curriculum", "gradient")
    if part not in known:
        raise unknown_name("part of a run", part, known)
    try:
        return part, name, parse_toml(f"value = {value}")["value"]
    except ValueError:
        # A text without quotes, as a shell leaves it.
        return part, name, value
