"""What all trials of an environment have in common, found out by drawing some."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurotrain.adapters.environment import Environment, EnvironmentTrial
from neurotrain.errors import InvalidInput, unknown_name


@dataclass(frozen=True)
class Layout:
    """How trials of an environment become trials of a task; all in bins.

    Parameters
    ----------
    decision : str or None
        The period at whose end a trial ends; None where trials are taken to their end.
    n_bins : int
        Duration of the longest trial, to which shorter ones are filled up.
    decision_bins : int
        Duration of the shortest decision period.
    channels, outputs : int
        Numbers of observations, and of outputs; no outputs if there are classes.
    actions : tuple of int
        The action of each class; empty if there are outputs.
    fixation : int
        The action of doing nothing.
    periods : mapping of str to (before, until)
        Periods that are the same in all trials, counted back from the end.
    drawn : tuple of str
        Periods whose duration differs between trials.
    conditions : tuple of str
        What an environment tells of every trial.
    same_length : bool
        Whether all trials have the same duration.
    """

    decision: str | None
    n_bins: int
    decision_bins: int
    channels: int
    actions: tuple[int, ...]
    outputs: int
    fixation: int
    periods: dict[str, tuple[int, int]]
    drawn: tuple[str, ...]
    conditions: tuple[str, ...]
    same_length: bool

    def end(self, trial: EnvironmentTrial) -> int:
        """Return the bin at which `trial` ends."""
        return _end(trial, self.decision)

    def admits(self, trial: EnvironmentTrial) -> bool:
        """Whether `trial` is not longer, nor its decision period shorter, than all seen before."""
        if self.decision is not None and trial.duration(self.decision) < self.decision_bins:
            return False
        return self.end(trial) <= self.n_bins


def find_layout(
    env: Environment,
    trials: Sequence[EnvironmentTrial],
    decision: str | None,
    trajectory: bool | None,
) -> Layout:
    """Return the layout of the trials of `env`, of which `trials` are some.

    Parameters
    ----------
    decision : str, optional
        The decision period, if another one than the environment's own.
    trajectory : bool, optional
        Whether to ask for the right action in each bin; by default where it is not one
        action for the whole decision period.

    Raises
    ------
    InvalidInput
        If there is no such period, it is empty, or leaves nothing to choose; if a decision
        period goes with trajectories.
    """
    fixation = _fixation(env.action_space)
    asked = decision
    decision = _decision_period(env.name, trials, fixation, asked)
    actions, outputs = _choices(env.action_space, fixation, trials, decision), 0
    _check_asked(env.name, actions, asked, trajectory)
    if trajectory or len(actions) < 2:
        actions, outputs, decision = (), _n_outputs(env.action_space, trials[0]), None
    ends = [_end(t, decision) for t in trials]
    fixed, drawn = _timing(trials, ends)
    return Layout(
        decision=decision,
        n_bins=max(ends),
        decision_bins=min(t.duration(decision) for t in trials) if decision else max(ends),
        channels=trials[0].observation.shape[1],
        actions=actions,
        outputs=outputs,
        fixation=fixation,
        periods=fixed,
        drawn=drawn,
        conditions=_common([t.conditions for t in trials]),
        same_length=len(set(ends)) == 1,
    )


def _check_asked(
    name: str, actions: tuple[int, ...], decision: str | None, trajectory: bool | None
) -> None:
    """Raise `InvalidInput` if not all that was asked for can be had."""
    if trajectory and decision is not None:
        raise InvalidInput(
            f"The decision period '{decision}' of NeuroGym's {name} is where a choice is read; "
            "leave it out with trajectory=True, for which all bins count."
        )
    if len(actions) < 2 and not trajectory and (trajectory is False or decision is not None):
        where = "any period" if decision is None else f"the period '{decision}'"
        raise InvalidInput(
            f"In {where} of NeuroGym's {name} there is not one right action out of several; name "
            "another decision period, or give trajectory=True without one."
        )


def _end(trial: EnvironmentTrial, decision: str | None) -> int:
    return trial.n_bins if decision is None else trial.periods[decision][1]


def _common(mappings: Sequence[dict]) -> tuple[str, ...]:
    """Return the keys that are in all of `mappings`, in their order."""
    return tuple(key for key in mappings[0] if all(key in each for each in mappings))


def _fixation(actions: Any) -> int:
    """Return the action of doing nothing, which is 0 where none has that name."""
    named = (getattr(actions, "name", None) or {}).get("fixation", 0)
    return int(named) if isinstance(named, int | np.integer) else 0


def _decision_period(
    name: str, trials: Sequence[EnvironmentTrial], fixation: int, asked: str | None
) -> str | None:
    """Return the period in which an action is due; None if there is not one such period."""
    periods = _common([t.periods for t in trials])
    if asked is not None and asked not in periods:
        raise unknown_name(f"period of NeuroGym's {name}", asked, periods or ["none"])
    due = [p for p in periods if any((t.right_actions(p) != fixation).any() for t in trials)]
    chosen = asked or ("decision" if "decision" in periods else None)
    if chosen is None:
        return due[0] if len(due) == 1 else None
    if any(not t.duration(chosen) for t in trials):
        raise InvalidInput(
            f"The period '{chosen}' of NeuroGym's {name} is shorter than a bin (its dt) on some "
            "trials; make it longer in its timing, or dt smaller."
        )
    return chosen


def _is_one_action(trial: EnvironmentTrial, period: str) -> bool:
    right = trial.right_actions(period)
    return right.ndim == 1 and len(right) > 0 and bool((right == right[0]).all())


def _n_outputs(space: Any, trial: EnvironmentTrial) -> int:
    """Return the number of outputs: one for each action, or for each number of an action."""
    return trial.ground_truth.shape[1] if trial.ground_truth.ndim == 2 else int(space.n)


def _choices(
    space: Any, fixation: int, trials: Sequence[EnvironmentTrial], decision: str | None
) -> tuple[int, ...]:
    """Return the action of each class: the choices, then fixation where that may be right.

    There is none where no single action is right for a whole decision period, and one
    where there is nothing to choose.
    """
    if decision is None or not all(_is_one_action(t, decision) for t in trials):
        return ()
    right = {int(t.right_actions(decision)[0]) for t in trials}
    others = set(range(int(space.n))) - {fixation}
    named = set(np.ravel((getattr(space, "name", None) or {}).get("choice", [])))
    choices = sorted((named & others or others) | right - {fixation})
    if len(right) < 2:
        return tuple(right)
    return tuple(int(a) for a in choices) + ((fixation,) if fixation in right else ())


def _timing(
    trials: Sequence[EnvironmentTrial], ends: Sequence[int]
) -> tuple[dict[str, tuple[int, int]], tuple[str, ...]]:
    """Return the periods that lie at the same place before the ends, and those drawn in length."""
    fixed, drawn = {}, []
    for period in _common([t.periods for t in trials]):
        both = zip(trials, ends, strict=True)
        spans = {(end - t.periods[period][0], end - t.periods[period][1]) for t, end in both}
        before, until = next(iter(spans))
        if len(spans) == 1 and before > until >= 0:
            fixed[period] = (before, until)
        if len({before - until for before, until in spans}) > 1:
            drawn.append(period)
    return fixed, tuple(drawn)
