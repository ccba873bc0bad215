"""Supervised tasks of NeuroGym as tasks, under names such as ``neurogym:GoNogo-v0``."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, ClassVar

from neurotrain.adapters.fingerprint import fingerprint
from neurotrain.adapters.neurogym_task import NeurogymTask
from neurotrain.adapters.plain import plain
from neurotrain.errors import InvalidInput, unknown_name

PREFIX = "neurogym:"
# The newest whose own requirements are complete.
INSTALL = "pip install neurogym==2.2.0, in an environment of its own: it needs NumPy 2.1"


@dataclass(frozen=True, kw_only=True)
class RegisteredTask(NeurogymTask):
    """A task of NeuroGym that is made by its name.

    Parameters
    ----------
    decision, trajectory
        As for all tasks of NeuroGym.
    env_options : mapping, optional
        Keywords with which NeuroGym makes the environment, such as ``dt`` and ``timing``.
    """

    name: ClassVar[str]

    env_options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        options = plain("env_options", self.env_options)
        vars(self).update(env_options=options)
        self._begin(_make(self.name.removeprefix(PREFIX), options))


@dataclass(frozen=True, kw_only=True)
class EnvironmentTask(NeurogymTask):
    """A task of NeuroGym, or of the user's own, from an environment made in Python.

    Parameters
    ----------
    decision, trajectory
        As for all tasks of NeuroGym.
    env
        The environment; after each draw it is as it was before.
    """

    env: Any = field(repr=False)
    # By which a run that goes on recognizes its environment.
    trials: str = field(init=False)

    def __post_init__(self) -> None:
        self._begin(self.env)
        vars(self).update(trials=fingerprint(self))

    @property
    def name(self) -> str:
        """The class of the environment."""
        return self._environment.name


@cache
def registered_class(name: str) -> type[RegisteredTask]:
    """Return the class for ``neurogym:ID``, whether or not there is such an environment."""
    return type("RegisteredTask", (RegisteredTask,), {"name": name})


def from_neurogym(
    env: Any,
    *,
    env_options: Mapping[str, Any] | None = None,
    decision: str | None = None,
    trajectory: bool | None = None,
) -> NeurogymTask:
    """Return a supervised task of NeuroGym as a task.

    Parameters
    ----------
    env : str or environment
        The id of an environment, or an environment, also one that is wrapped, or any
        object with the attributes of NeuroGym's ``TrialEnv``.
    env_options : mapping, optional
        Keywords with which NeuroGym makes the environment called `env`.
    decision, trajectory
        As for `NeurogymTask`.

    Raises
    ------
    InvalidInput
        If NeuroGym is not installed, has no such environment, or cannot make it; if the
        environment is not one of supervised trials.
    """
    how = {"decision": decision, "trajectory": trajectory}
    if isinstance(env, str):
        name = PREFIX + env.removeprefix(PREFIX)
        return registered_class(name)(env_options=env_options or {}, **how)
    if env_options:
        raise InvalidInput("env_options go with the id of an environment, not with one made.")
    return EnvironmentTask(env=env, **how)


def _make(env_id: str, options: Mapping[str, Any]) -> Any:
    """Return a new environment of NeuroGym."""
    neurogym = _installed()
    known = import_module("gymnasium").registry
    if env_id not in known:
        registered = [name for name, spec in known.items() if "neurogym" in str(spec.entry_point)]
        raise unknown_name("environment of NeuroGym", env_id, registered)
    with warnings.catch_warnings():
        # NeuroGym does without some things that Gymnasium would like to know.
        warnings.simplefilter("ignore")
        try:
            return neurogym.make(env_id, **options)
        except Exception as error:
            raise InvalidInput(
                f"NeuroGym cannot make '{env_id}' with {options}: {type(error).__name__}: {error}"
            ) from error


def _installed() -> ModuleType:
    try:
        return import_module("neurogym")
    except ImportError as error:
        raise InvalidInput(f"NeuroGym cannot be used: {error} ({INSTALL})") from error
