"""Settings of a task that may differ between trials: one value, several, or a range."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurotrain.errors import InvalidInput, require_number


@dataclass(frozen=True)
class Between:
    """A setting that is drawn uniformly from `low` to `high` on each trial."""

    low: float
    high: float

    def __post_init__(self) -> None:
        require_number("low", self.low)
        require_number("high", self.high, least=self.low)


# One value for all trials, values of which each is drawn equally often, or a range.
Drawn = float | tuple[float, ...] | Between


def settled(value: Any) -> Any:
    """Return a setting as a task keeps it: a list as a tuple, ``{low, high}`` as a `Between`."""
    if isinstance(value, Mapping) and value.keys() == {"low", "high"}:
        return Between(**value)
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    return tuple(settled(each) for each in value) if isinstance(value, list | tuple) else value


def require_drawn(name: str, value: object, least: float, most: float) -> None:
    """Raise `InvalidInput` unless every value that may be drawn lies within the bounds."""
    if value == () or isinstance(value, Mapping):
        raise InvalidInput(
            f"'{name}' must be a number, a list of numbers, or {{low=..., high=...}}, "
            f"got {value!r}."
        )
    for each in ends(value):
        require_number(name, each, least=least, most=most)


def ends(setting: Drawn) -> tuple[float, ...]:
    """Return all values that may be drawn; of a range, the first and the last."""
    if isinstance(setting, Between):
        return setting.low, setting.high
    return setting if isinstance(setting, tuple) else (setting,)


def draw_values(
    setting: Drawn, n_trials: int, rng: np.random.Generator, step: float | None = None
) -> np.ndarray:
    """Return a value of `setting` for each trial, (trial,).

    Parameters
    ----------
    setting : float, tuple of float, or Between
        One value draws nothing from `rng`.
    n_trials : int
    rng : Generator
    step : float, optional
        Values of a range are `low` plus whole steps, such as bins; otherwise any.

    Raises
    ------
    InvalidInput
        If a range is not a whole number of steps.
    """
    if isinstance(setting, Between):
        return _draw_between(setting, n_trials, rng, step)
    if isinstance(setting, tuple):
        return np.array(setting, dtype=float)[rng.integers(len(setting), size=n_trials)]
    return np.full(n_trials, float(setting))


def _draw_between(
    range_: Between, n_trials: int, rng: np.random.Generator, step: float | None
) -> np.ndarray:
    if step is None:
        return rng.uniform(range_.low, range_.high, n_trials)
    n_steps = (range_.high - range_.low) / step
    if abs(n_steps - round(n_steps)) > 1e-6 * n_steps:
        raise InvalidInput(
            f"From {range_.low:g} to {range_.high:g} is not a whole number of steps of {step:g}; "
            f"change one of them."
        )
    return range_.low + step * rng.integers(round(n_steps) + 1, size=n_trials)
