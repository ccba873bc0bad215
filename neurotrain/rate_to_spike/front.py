"""Training from rates to spikes in one call."""

import os
import warnings
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np

from neurotrain.errors import InvalidInput, unknown_name
from neurotrain.rate_to_spike.fit import fit
from neurotrain.rate_to_spike.given_signals import GivenSignals
from neurotrain.rate_to_spike.presets import find_preset
from neurotrain.rate_to_spike.result import RateToSpike
from neurotrain.rate_to_spike.settings import Settings
from neurotrain.rate_to_spike.short_training import ShortTraining, short_training
from neurotrain.rate_to_spike.signals import Signals
from neurotrain.rate_to_spike.target_task import TargetTask
from neurotrain.rate_to_spike.tasks import make_task


def train(
    task: TargetTask | Signals | np.ndarray | str | None = None,
    *,
    preset: str = "osc4",
    dt: Any = None,
    inputs: np.ndarray | None = None,
    factors: np.ndarray | None = None,
    trials: int | None = None,
    seed: int = 0,
    folder: str | os.PathLike | None = None,
    progress: bool = True,
    **settings: Any,
) -> RateToSpike:
    """Train a spiking network on the principal components of a driven rate network.

    Parameters
    ----------
    task : TargetTask, Signals, array or str, optional
        What is to be produced: a task, or its name; signals; or an array (time, output) or
        (trial, time, output), with `dt`. By default the task of the preset.
    preset : str
        Where settings come from that are not given.
    dt : Quantity, optional
        Of an array: the duration of a step, such as ``1*ms``.
    inputs : array, optional
        With an array of outputs or factors: what both networks receive, with the same axes.
    factors : array, optional
        What is to circulate in the spiking network, (time, factor) or (trial, time, factor),
        such as factors of recorded neurons, in place of a driven rate network's principal
        components; with an array of outputs of the same axes, or alone, and then they are the
        outputs too. They are used as they are unless `components` is given.
    trials : int, optional
        Number of trials with learning, `Settings.training_trials`.
    seed : int
        Of networks, trials and update times.
    folder : path, optional
        Where the training is kept; the same call goes on with one that was stopped.
    progress : bool
        Whether to show the progress.
    **settings
        Any of `Settings`, such as ``neurons=300`` or ``components=8``.

    Warns
    -----
    ShortTraining
        If outputs are right only while weights change.

    Raises
    ------
    InvalidInput
        If there is no such preset, task or setting, or values cannot be used.
    RunFolderError, TrainingFailed
        As for `fit`.
    """
    chosen = find_preset(preset)
    if factors is not None:
        task = _with_factors(task, factors, dt, inputs)
        dt, inputs, settings = None, None, {"components": None} | settings
    made = _task(chosen.make_task() if task is None else task, dt, inputs)
    if trials is not None:
        settings["training_trials"] = trials
    how = {"seed": seed, "folder": folder, "progress": progress}
    result = fit(made, _changed(chosen.settings, settings), **how)
    wrong = short_training(result.training_nmse, result.test_nmse)
    if wrong is not None:
        warnings.warn(wrong, ShortTraining, stacklevel=2)
    return result


def _with_factors(task: Any, factors: Any, dt: Any, inputs: Any) -> Signals:
    if task is not None and not isinstance(task, np.ndarray | list | tuple):
        raise InvalidInput(
            "factors go with an array of outputs, or alone; signals and tasks have currents of "
            "their own."
        )
    if dt is None:
        raise InvalidInput("Factors need dt, the duration of a step, such as 1*ms.")
    return Signals.from_array(factors if task is None else task, dt, inputs, factors)


def _task(task: Any, dt: Any, inputs: Any) -> TargetTask:
    is_array = isinstance(task, np.ndarray | list | tuple)
    if is_array and dt is None:
        raise InvalidInput("An array of outputs needs dt, the duration of a step, such as 1*ms.")
    if not is_array and (dt is not None or inputs is not None):
        raise InvalidInput("dt and inputs belong to an array of outputs; a task has its own.")
    if is_array:
        return GivenSignals(Signals.from_array(task, dt, inputs))
    if isinstance(task, Signals):
        return GivenSignals(task)
    if isinstance(task, str):
        return make_task(task)
    needed = ("draw", "score", "n_inputs", "n_outputs", "n_hints", "dt_ms", "given")
    missing = [name for name in needed if not hasattr(task, name)]
    if missing:
        raise InvalidInput(
            "task must be a task of signals, signals, an array or a name, "
            f"got {type(task).__name__} without '{missing[0]}'."
        )
    return task


def _changed(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    known = [each.name for each in fields(Settings)]
    for name in changes:
        if name not in known:
            raise unknown_name("setting", name, known)
    return replace(settings, **changes)
