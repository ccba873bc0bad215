"""How the parts of a run are chosen: by name and options, or as objects made in Python."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

from neurotrain import catalog
from neurotrain.errors import InvalidInput
from neurotrain.losses import Loss, as_loss, is_built_in, make_loss, settings_of
from neurotrain.readouts import READOUTS, make_readout
from neurotrain.task import Task
from neurotrain.training.run_optimizer import resolved_options
from neurotrain.user_file import absolute, is_in_file

LOSS_OF_READOUT = {
    "graded": "cross-entropy",
    "spike-count": "spike-count-cross-entropy",
    "first-spike": "first-spike-latency",
    "trajectory": "trajectory-error",
    "spike-train": "rate-matching",
}

Options = Mapping[str, Any]


@dataclass(frozen=True)
class Choice:
    """How one part of a run was chosen: by name and options, or as an object made in Python."""

    name: str
    options: Options
    in_python: bool = False

    def __post_init__(self) -> None:
        if not (isinstance(self.name, str) and isinstance(self.options, Mapping)):
            raise InvalidInput(
                f"A part of a run has a name, which is a text, and a table of options, got "
                f"{self.name!r} and {self.options!r}."
            )

    def config(self) -> dict[str, Any]:
        """Return what is written into config.toml."""
        options = {key: value for key, value in self.options.items() if value is not None}
        return {"name": self.name, "in_python": self.in_python, "options": options}


def choose(kind: str, given: Any, options: Options) -> tuple[Any, Choice]:
    """Return the task or loss that is `given` by name or as an object."""
    if isinstance(given, str):
        made = catalog.build(kind, given, **options)
        if is_in_file(given):
            return made, Choice(absolute(given), dict(options))
        return made, Choice(given, _settings(kind, made))
    _require_no_options(given, options)
    given = as_loss(given) if kind == "losses" else given
    if _is_named(kind, given):
        return given, Choice(given.name, _settings(kind, given))
    shown = {"repr": repr(given)} if is_dataclass(given) else {}
    return given, Choice(given.name, shown, in_python=True)


def _is_named(kind: str, given: Any) -> bool:
    """Whether its name and settings are enough to make it again."""
    if kind == "losses":
        return is_built_in(given)
    return catalog.is_member(kind, given)


def choose_task(given: Any, options: Options, seed: int) -> tuple[Task, Choice]:
    if isinstance(given, str):
        has_seed = catalog.takes_option("tasks", given, "seed")
        options = {"seed": seed, **options} if has_seed else options
    elif isinstance(given, type) or not isinstance(given, Task):
        raise InvalidInput(f"task must be a Task or the name of one, got {described(given)}.")
    return choose("tasks", given, options)


def choose_circuit(given: Any, options: Options, task: Task, loss: Loss) -> tuple[Any, Choice]:
    if not isinstance(given, str):
        _require_no_options(given, options)
        return given, Choice(type(given).__name__, {}, in_python=True)
    # What follows from task and loss is not among the options, so that they can be changed.
    fixed = {"channels": task.channels, "classes": task.classes or task.outputs}
    _check_model_options(given, options, (*fixed, "readout"))
    if is_in_file(given):
        given = absolute(given)
    readout = getattr(loss, "readout", None) or _usual_readout(task)
    circuit = catalog.build("models", given, **fixed, **{"readout": readout, **options})
    if not hasattr(circuit, "simulate"):
        raise InvalidInput(f"Model '{given}' must return a Circuit, got {described(circuit)}.")
    return circuit, Choice(given, dict(options))


def require_circuit(given: Any) -> None:
    if not isinstance(given, str) and (isinstance(given, type) or not hasattr(given, "simulate")):
        raise InvalidInput(
            f"circuit must be a Circuit or the name of a model, got {described(given)}."
        )


def _check_model_options(name: str, options: Options, fixed: tuple[str, ...]) -> None:
    for option in fixed:
        # Several readouts may be of the kind that a loss needs.
        if option in options and option != "readout":
            raise InvalidInput(f"Leave the model's '{option}' out: task and loss set it.")
        if not catalog.takes_option("models", name, option):
            raise InvalidInput(
                f"Model '{name}' must take the keywords {', '.join(fixed)}, which task and loss "
                f"set; '{option}' is missing."
            )


def choose_optimizer(name: Any, options: Options) -> Choice:
    if not isinstance(name, str):
        raise InvalidInput(f"optimizer must be a name, got {described(name)}.")
    if is_in_file(name):
        name = absolute(name)
    return Choice(name, resolved_options(name, options))


def default_loss(circuit: Any, model_options: Options, task: Task) -> str:
    usual = getattr(task, "usual_loss", None)
    if isinstance(circuit, str):
        if usual and "readout" not in model_options:
            return usual
        readout = model_options.get("readout", _usual_readout(task))
        kind = make_readout(readout, 1, "").kind if readout in READOUTS else readout
    else:
        kind = getattr(circuit.readout, "kind", None)
    if usual and kind == make_loss(usual).readout:
        return usual
    if kind not in LOSS_OF_READOUT:
        raise InvalidInput(f"There is no usual loss for a readout '{kind}'; choose one with loss=.")
    return LOSS_OF_READOUT[kind]


def _usual_readout(task: Task) -> str:
    return "graded" if task.classes else "trajectory"


def _settings(kind: str, made: Any) -> dict[str, Any]:
    """Return the settings of a task or loss as plain values."""
    values = settings_of(made) if kind == "losses" else fields_of(made)
    return {name: _plain(value) for name, value in values.items()}


def fields_of(made: Any) -> dict[str, Any]:
    return {f.name: getattr(made, f.name) for f in fields(made)} if is_dataclass(made) else {}


def _plain(value: Any) -> Any:
    """Return a setting as config.toml can hold it; one that is a dataclass as a table."""
    if is_dataclass(value):
        table = {"kind": value.kind} if hasattr(value, "kind") else {}
        return {**table, **{k: _plain(v) for k, v in fields_of(value).items() if v is not None}}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.item() if isinstance(value, np.generic) else value


def _require_no_options(given: Any, options: Options) -> None:
    if options:
        raise InvalidInput(
            f"Options ({', '.join(options)}) go with a name; set them where the "
            f"{type(given).__name__} is made."
        )


def described(given: Any) -> str:
    return f"the class {given.__name__}" if isinstance(given, type) else repr(given)[:80]
