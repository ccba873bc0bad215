"""Distributions from which initial weights and initial states are drawn."""

from dataclasses import dataclass
from numbers import Number

import numpy as np

from neurotrain.errors import InvalidInput


@dataclass(frozen=True)
class Normal:
    """A normal distribution; `mean` and `std` are numbers or Brian2 quantities of one unit."""

    mean: float
    std: float

    def __post_init__(self) -> None:
        if not float(self.std) >= 0:
            raise InvalidInput(f"The std of a Normal must not be negative, got {self.std}.")

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Return values of `shape` in SI units."""
        return rng.normal(float(self.mean), float(self.std), shape)

    @property
    def center(self) -> float:
        """Mean in SI units."""
        return float(self.mean)

    @property
    def spread(self) -> float:
        """Standard deviation in SI units."""
        return float(self.std)


@dataclass(frozen=True)
class Uniform:
    """A uniform distribution; `low` and `high` are numbers or Brian2 quantities of one unit."""

    low: float
    high: float

    def __post_init__(self) -> None:
        if not float(self.low) <= float(self.high):
            raise InvalidInput(f"A Uniform needs low <= high, got {self.low} and {self.high}.")

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        """Return values of `shape` in SI units."""
        return rng.uniform(float(self.low), float(self.high), shape)

    @property
    def center(self) -> float:
        """Mean in SI units."""
        return 0.5 * (float(self.low) + float(self.high))

    @property
    def spread(self) -> float:
        """Standard deviation in SI units."""
        return (float(self.high) - float(self.low)) / np.sqrt(12)


Distribution = Normal | Uniform


def as_distribution(name: str, given: object) -> Distribution:
    """Return a distribution as it is, and of one value that which never varies.

    Raises
    ------
    InvalidInput
        For anything else.
    """
    if isinstance(given, Distribution):
        return given
    is_value = isinstance(given, Number | np.ndarray) and np.ndim(given) == 0
    if isinstance(given, bool) or not is_value:
        raise InvalidInput(
            f"'{name}' of initial must begin at a Normal, a Uniform or one value, got {given!r}; "
            "values of single neurons are set on the objects themselves."
        )
    return Uniform(given, given)


def scaled(initial: Distribution | np.ndarray, gain: float) -> Distribution | np.ndarray:
    """Return the values multiplied by a positive `gain`."""
    if isinstance(initial, Normal):
        return Normal(gain * initial.mean, gain * initial.std)
    if isinstance(initial, Uniform):
        return Uniform(gain * initial.low, gain * initial.high)
    return gain * initial
