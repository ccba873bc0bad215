"""Supervised tasks of NeuroGym as tasks, under names such as ``neurogym:GoNogo-v0``."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, ClassVar

import numpy as np

from neurotrain.adapters.batch import as_trials
from neurotrain.adapters.environment import Environment
from neurotrain.adapters.fingerprint import fingerprint
from neurotrain.adapters.layout import find_layout
from neurotrain.adapters.plain import plain
from neurotrain.errors import InvalidInput, require_whole, unknown_name
from neurotrain.scoring import score_choices, score_trajectories
from neurotrain.task import check_task
from neurotrain.trials import Trials

PREFIX = "neurogym:"
# The newest whose own requirements are complete.
INSTALL = "pip install neurogym==2.2.0, in an environment of its own: it needs NumPy 2.1"
# Enough to see every choice and, but for one trial in hundreds, every duration.
N_PROBED = 500


@dataclass(frozen=True, kw_only=True)
class NeurogymTask:
    """A supervised task of NeuroGym, with its own timing, observations and ground truth.

    The observations are the inputs, one channel each, and a bin lasts as long as the
    environment's ``dt``. The right action in the decision period is the label: there is a
    class for each choice, in the order of the actions, and behind them one for fixation if
    that may be right. A trial ends with its decision period. Where no period has one right
    action, as in timing tasks, the outputs are the actions and the targets 1 for the right
    action in each bin and 0 for the others; a continuous ground truth is the target itself.

    Trials of different durations end together: shorter ones begin with more fixation, or,
    if they have no fixation period, with silence. All last as long as the longest of 500
    trials that are drawn at the beginning, and what is still longer is drawn again.

    Parameters
    ----------
    decision : str, optional
        The decision period; by default ``'decision'``, or the only period in which
        anything but fixation is ever right.
    trajectory : bool, optional
        Whether to take the right action in each bin as targets; by default only where
        there is no other way.

    Raises
    ------
    InvalidInput
        If the environment has no ground truth, there is no such period or nothing to choose,
        or its trials do not follow from its seed.

    Notes
    -----
    The conditions of a trial are the scalar numbers of the environment's own trial
    dictionary, and ``'delay_ms'`` for a delay that differs between trials, likewise for
    other periods.

    NeuroGym: Molano-Mazon et al. (2022), DOI 10.31234/osf.io/aqc9n.
    """

    decision: str | None = None
    trajectory: bool | None = None

    def _begin(self, env: Any) -> None:
        """Find out what trials of `env` have in common."""
        environment = Environment(env)
        probed = environment.draw(N_PROBED, np.random.default_rng(0))
        layout = find_layout(environment, probed, self.decision, self.trajectory)
        # A frozen dataclass lets nobody set what follows from its fields.
        vars(self).update(_environment=environment, _layout=layout)
        vars(self).update(_varies=any(not trial.equals(probed[0]) for trial in probed))
        check_task(self)

    @property
    def channels(self) -> int:
        """Number of observations."""
        return self._layout.channels

    @property
    def classes(self) -> int:
        """Number of choices; 0 if there are targets."""
        return len(self._layout.actions)

    @property
    def outputs(self) -> int:
        """Number of outputs that have targets; 0 if there are choices."""
        return self._layout.outputs

    @property
    def actions(self) -> tuple[int, ...]:
        """The environment's action for each class."""
        return self._layout.actions

    @property
    def varies(self) -> bool:
        """Whether trials differ from one another."""
        return self._varies

    def draw(self, n_trials: int, rng: np.random.Generator) -> Trials:
        """Return `n_trials` trials drawn with `rng`; inputs are (trial, bin, channel).

        Raises
        ------
        InvalidInput
            If a trial is unlike those drawn at the beginning.
        """
        require_whole("n_trials", n_trials)
        drawn = self._environment.draw(n_trials, rng, self._layout.admits)
        return as_trials(drawn, self._layout, self._environment.bin_ms)

    def score(self, given: np.ndarray, trials: Trials) -> np.ndarray:
        """Return the share of correct choices, or how well outputs follow the targets.

        (..., trial) choices or (..., trial, bin, output) outputs give (...).

        Raises
        ------
        InvalidInput
            If there is not one choice for each trial, or one output for each target.
        """
        return (score_choices if self.classes else score_trajectories)(given, trials)


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
