"""Checks of what a user passes as signals."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from neurotrain.errors import InvalidInput


def _numbers(name: str, values: object) -> np.ndarray:
    try:
        array = np.array(values, dtype=float, order="C")
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"{name} must be an array of numbers: {error}.") from error
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        at = tuple(int(i) for i in bad[0])
        raise InvalidInput(f"{name} must be finite, got {array[at]} at {at}.")
    return array


def channels(name: str, values: object) -> np.ndarray:
    """Return (time, channel) as floats."""
    array = _numbers(name, values)
    if array.ndim != 2:
        raise InvalidInput(f"{name} must have shape (time, channel), got shape {array.shape}.")
    return array


def per_trial(name: str, values: object) -> np.ndarray:
    """Return what a user gave with all three axes."""
    array = _numbers(name, values)
    if array.ndim == 1:
        array = array[:, np.newaxis]
    if array.ndim == 2:
        array = array[np.newaxis]
    if array.ndim != 3:
        raise InvalidInput(
            f"{name} must have shape (time, channel) or (trial, time, channel), "
            f"got shape {array.shape}."
        )
    return array


def scored_steps(scored: object, n_steps: int) -> np.ndarray:
    """Return (time,) truth values, all true without any given."""
    if scored is None:
        return np.ones(n_steps, dtype=bool)
    array = np.array(scored)
    if array.dtype != bool or array.shape != (n_steps,):
        raise InvalidInput(
            f"scored must have one truth value for each of {n_steps} steps, "
            f"got {array.dtype} of shape {array.shape}."
        )
    return array


def trial_steps(steps: object, n_steps: int) -> np.ndarray:
    """Return how many steps each trial lasts, (trial,); without any given all is one trial."""
    array = np.array([n_steps] if steps is None else steps)
    if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer) or (array < 1).any():
        raise InvalidInput("steps must have one whole number above 0 for each trial.")
    if array.sum() != n_steps:
        raise InvalidInput(
            f"The trials last {array.sum()} steps together, but the outputs {n_steps}."
        )
    return array.astype(np.int64)


def conditions_of(given: Mapping[str, Any], n_trials: int) -> Mapping[str, np.ndarray]:
    """Return conditions as read-only arrays of one value for each trial."""
    conditions = {name: np.array(values) for name, values in given.items()}
    for name, values in conditions.items():
        if values.shape != (n_trials,):
            raise InvalidInput(
                f"Condition '{name}' must have one value for each of {n_trials} trials, "
                f"got shape {values.shape}."
            )
        values.flags.writeable = False
    return MappingProxyType(conditions)


def in_ms(dt: Any) -> float:
    """Return a Brian2 time in ms."""
    from brian2 import have_same_dimensions, ms, second

    if not have_same_dimensions(dt, second) or np.ndim(dt):
        raise InvalidInput(f"dt must be a time with a unit, such as 1*ms, got {dt!r}.")
    return float(dt / ms)


def matching(outputs: object, shape: tuple[int, int]) -> np.ndarray:
    """Return outputs as an array; refuse another shape than that of the targets."""
    array = np.asarray(outputs, dtype=float)
    if array.shape != shape:
        raise InvalidInput(
            f"Outputs must have shape (time, output) as their targets, {shape}, got {array.shape}."
        )
    return array
