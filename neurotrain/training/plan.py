"""What is to be trained on what, and how: every part resolved, and checked to fit together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from neurotrain import catalog
from neurotrain.errors import InvalidInput
from neurotrain.losses import Loss, as_loss, is_built_in, settings_of
from neurotrain.optimizers import Optimizer, gradient_descent_names
from neurotrain.readouts import READOUTS, make_readout
from neurotrain.task import Task
from neurotrain.training.budget import with_length
from neurotrain.training.by_gradient import check_gradients
from neurotrain.training.curriculum import Curriculum, make_curriculum
from neurotrain.training.fit import check_fit, check_loss_suits, check_probe
from neurotrain.training.generation import simulates_guess
from neurotrain.training.guide import Guide, check_guide, guiding_gradients
from neurotrain.training.run_optimizer import (
    GradientBlocks,
    make_gradient_blocks,
    make_run_optimizer,
    require_whole_episodes,
    resolved_options,
)
from neurotrain.training.settings import Settings
from neurotrain.training.start import drawn_start, resolved_start

LOSS_OF_READOUT = {
    "graded": "cross-entropy",
    "spike-count": "spike-count-cross-entropy",
    "first-spike": "first-spike-latency",
    "trajectory": "trajectory-error",
    "spike-train": "rate-matching",
}

PARTS = ("model", "task", "loss", "optimizer")

Options = Mapping[str, Any]


@dataclass(frozen=True)
class Choice:
    """How one part of a run was chosen: by name and options, or as an object made in Python."""

    name: str
    options: Options
    in_python: bool = False

    def config(self) -> dict[str, Any]:
        """Return what is written into config.toml."""
        options = {key: value for key, value in self.options.items() if value is not None}
        return {"name": self.name, "in_python": self.in_python, "options": options}


@dataclass(frozen=True)
class Plan:
    """The parts of a run; `choices` says how each of them was chosen.

    `guide` gives the optimizer gradients, if it takes any.
    With a `curriculum` training goes through `levels`, tasks of which the last is `task`.
    Blocks of `gradient` follow their gradient, beside the optimizer.
    Training starts at `given_start`, (parameter,), where it is not drawn.
    """

    circuit: Any
    task: Task
    loss: Loss
    settings: Settings
    choices: Mapping[str, Choice]
    guide: Guide | None = None
    curriculum: Curriculum | None = None
    gradient: GradientBlocks | None = None
    given_start: np.ndarray | None = None

    @cached_property
    def levels(self) -> tuple[Task, ...]:
        """The tasks that are trained on, one after the other."""
        return (self.task,) if self.curriculum is None else self.curriculum.levels(self.task)

    @cached_property
    def start(self) -> np.ndarray:
        """The untrained weights, (parameter,)."""
        drawn = drawn_start(self.circuit.parameters, self.settings.seed)
        return drawn if self.given_start is None else self.given_start

    @property
    def uses_torch(self) -> bool:
        """Whether what comes out depends on PyTorch."""
        descends = self.choices["optimizer"].name in gradient_descent_names()
        return descends or simulates_guess(self) or "torch" in self.settings.execution

    def make_optimizer(self) -> Optimizer:
        """Return the optimizer before its first generation."""
        choice, parameters = self.choices["optimizer"], self.circuit.parameters
        return make_run_optimizer(
            choice.name, choice.options, self.gradient, parameters, self.start, self.settings
        )

    def config(self) -> dict[str, Any]:
        """Return all that config.toml says about the parts."""
        settings = {f.name: getattr(self.settings, f.name) for f in fields(Settings)}
        parts = {part: choice.config() for part, choice in self.choices.items()}
        known = {name: value for name, value in settings.items() if value is not None}
        if self.curriculum is not None:
            known["curriculum"] = _fields(self.curriculum)
        if self.gradient is not None:
            known["gradient"] = self.gradient.config()
        return {**known, **parts, "circuit": {"fingerprint": self.circuit.fingerprint}}


def make_plan(
    circuit: Any,
    task: Any,
    loss: Any,
    optimizer: str,
    settings: Settings,
    *,
    model_options: Options,
    task_options: Options,
    loss_options: Options,
    optimizer_options: Options,
    guide: Guide | None = None,
    curriculum: Curriculum | Options | None = None,
    gradient: Sequence[str] | Options | None = None,
    start: np.ndarray | Mapping[str, np.ndarray] | None = None,
) -> Plan:
    """Build what is given by name, and check that all parts fit.

    Raises
    ------
    InvalidInput
        If a name or option is unknown, or two parts do not fit; nothing has been
        written by then.
    """
    task, task_choice = _choose_task(task, task_options, settings.seed)
    _require_circuit(circuit)
    if loss is None:
        loss = _default_loss(circuit, model_options, task)
    loss, loss_choice = choose("losses", loss, loss_options)
    check_loss_suits(loss, task)
    circuit, model_choice = choose_circuit(circuit, model_options, task, loss)
    choices = {
        "model": model_choice,
        "task": task_choice,
        "loss": loss_choice,
        "optimizer": _choose_optimizer(optimizer, optimizer_options),
    }
    plan = Plan(
        circuit,
        task,
        loss,
        settings,
        choices,
        guide=guide,
        curriculum=make_curriculum(curriculum),
        gradient=make_gradient_blocks(gradient, optimizer),
        given_start=resolved_start(circuit.parameters, start, settings.seed),
    )
    made = plan.make_optimizer()
    check_guide(guide, made, optimizer)
    # For a curriculum, and for a gradient, the guess is simulated beside the candidates.
    beside = (plan.curriculum is not None) + simulates_guess(plan)
    settings = with_length(settings, made.population_size + beside)
    plan = replace(plan, settings=settings)
    trials = [check_fit(circuit, level, loss, settings.seed) for level in plan.levels][-1]
    check_probe(circuit, task, loss, settings, plan.start, trials)
    check_gradients(plan, made, trials)
    if guide is not None:
        guiding_gradients(guide, plan.start, trials)
    require_whole_episodes(optimizer, plan.choices["optimizer"].options)
    return plan


def choose(kind: str, given: Any, options: Options) -> tuple[Any, Choice]:
    """Return the task or loss that is `given` by name or as an object."""
    if isinstance(given, str):
        made = catalog.build(kind, given, **options)
        if catalog.is_in_file(given):
            return made, Choice(catalog.absolute(given), dict(options))
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


def _choose_task(given: Any, options: Options, seed: int) -> tuple[Task, Choice]:
    if isinstance(given, str):
        has_seed = catalog.takes_option("tasks", given, "seed")
        options = {"seed": seed, **options} if has_seed else options
    elif isinstance(given, type) or not isinstance(given, Task):
        raise InvalidInput(f"task must be a Task or the name of one, got {_described(given)}.")
    return choose("tasks", given, options)


def choose_circuit(given: Any, options: Options, task: Task, loss: Loss) -> tuple[Any, Choice]:
    if not isinstance(given, str):
        _require_no_options(given, options)
        return given, Choice(type(given).__name__, {}, in_python=True)
    # What follows from task and loss is not among the options, so that they can be changed.
    fixed = {"channels": task.channels, "classes": task.classes or task.outputs}
    _check_model_options(given, options, (*fixed, "readout"))
    if catalog.is_in_file(given):
        given = catalog.absolute(given)
    readout = getattr(loss, "readout", None) or _usual_readout(task)
    circuit = catalog.build("models", given, **fixed, **{"readout": readout, **options})
    if not hasattr(circuit, "simulate"):
        raise InvalidInput(f"Model '{given}' must return a Circuit, got {_described(circuit)}.")
    return circuit, Choice(given, dict(options))


def _require_circuit(given: Any) -> None:
    if not isinstance(given, str) and (isinstance(given, type) or not hasattr(given, "simulate")):
        raise InvalidInput(
            f"circuit must be a Circuit or the name of a model, got {_described(given)}."
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


def _choose_optimizer(name: Any, options: Options) -> Choice:
    if not isinstance(name, str):
        raise InvalidInput(f"optimizer must be a name, got {_described(name)}.")
    return Choice(name, resolved_options(name, options))


def _default_loss(circuit: Any, model_options: Options, task: Task) -> str:
    if isinstance(circuit, str):
        readout = model_options.get("readout", _usual_readout(task))
        kind = make_readout(readout, 1, "").kind if readout in READOUTS else readout
    else:
        kind = getattr(circuit.readout, "kind", None)
    if kind not in LOSS_OF_READOUT:
        raise InvalidInput(f"There is no usual loss for a readout '{kind}'; choose one with loss=.")
    return LOSS_OF_READOUT[kind]


def _usual_readout(task: Task) -> str:
    return "graded" if task.classes else "trajectory"


def _settings(kind: str, made: Any) -> dict[str, Any]:
    """Return the settings of a task or loss as plain values."""
    values = settings_of(made) if kind == "losses" else _fields(made)
    return {name: _plain(value) for name, value in values.items()}


def _fields(made: Any) -> dict[str, Any]:
    return {f.name: getattr(made, f.name) for f in fields(made)} if is_dataclass(made) else {}


def _plain(value: Any) -> Any:
    """Return a setting as config.toml can hold it; one that is a dataclass as a table."""
    if is_dataclass(value):
        table = {"kind": value.kind} if hasattr(value, "kind") else {}
        return {**table, **{k: _plain(v) for k, v in _fields(value).items() if v is not None}}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.item() if isinstance(value, np.generic) else value


def _require_no_options(given: Any, options: Options) -> None:
    if options:
        raise InvalidInput(
            f"Options ({', '.join(options)}) go with a name; set them where the "
            f"{type(given).__name__} is made."
        )


def _described(given: Any) -> str:
    return f"the class {given.__name__}" if isinstance(given, type) else repr(given)[:80]
