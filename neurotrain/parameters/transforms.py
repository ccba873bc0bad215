"""From a coordinate that is searched without bounds to a value that has them."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from neurotrain.errors import InvalidInput, unknown_name

if TYPE_CHECKING:
    from brian2 import Quantity

# Beyond it exp overflows in double precision; no weight is e^300 times its scale.
_LARGEST_EXPONENT = 300.0


class Transform(Protocol):
    """A strictly increasing function of the searched coordinate, in SI units."""

    def apply(self, coordinates: np.ndarray) -> np.ndarray:
        """Return the values of coordinates."""
        ...

    def invert(self, values: np.ndarray) -> np.ndarray:
        """Return the coordinates of values; NaN or infinite where there are none."""
        ...

    def slope(self, coordinates: np.ndarray) -> np.ndarray:
        """Return the derivatives of values by their coordinates."""
        ...

    def resolved(self, scale: float) -> "Transform":
        """Return the transform with `scale`, in SI units, where it has none of its own."""
        ...


@dataclass(frozen=True)
class Identity:
    """The coordinate is the value."""

    def apply(self, coordinates: np.ndarray) -> np.ndarray:
        """Return the coordinates."""
        return coordinates

    def invert(self, values: np.ndarray) -> np.ndarray:
        """Return the values."""
        return values

    def slope(self, coordinates: np.ndarray) -> np.ndarray:
        """Return ones."""
        return np.ones(np.shape(coordinates))

    def resolved(self, scale: float) -> "Identity":
        """Return the same: it has no scale."""
        return self


@dataclass(frozen=True)
class Softplus:
    """``scale * log(1 + exp(x))``: never negative, and linear where it is large.

    Parameters
    ----------
    scale : float or Quantity, optional
        By default the mean of the initial values.
    """

    scale: "float | Quantity | None" = None

    def __post_init__(self) -> None:
        _require_positive("softplus", self.scale)

    def apply(self, coordinates: np.ndarray) -> np.ndarray:
        """Return the values of coordinates."""
        return float(self.scale) * np.logaddexp(0.0, coordinates)

    def invert(self, values: np.ndarray) -> np.ndarray:
        """Return the coordinates of values; none for values that are not positive."""
        relative = np.asarray(values) / float(self.scale)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return relative + np.log(-np.expm1(-relative))

    def slope(self, coordinates: np.ndarray) -> np.ndarray:
        """Return the derivatives, the scale times a logistic function."""
        with np.errstate(over="ignore"):
            return float(self.scale) / (1.0 + np.exp(-np.asarray(coordinates)))

    def resolved(self, scale: float) -> "Softplus":
        """Return it with `scale` where it has none."""
        return self if self.scale is not None else replace(self, scale=scale)


@dataclass(frozen=True)
class Exponential:
    """``scale * exp(x)``: never negative; equal steps are equal factors.

    Parameters
    ----------
    scale : float or Quantity, optional
        By default the mean of the initial values.
    """

    scale: "float | Quantity | None" = None

    def __post_init__(self) -> None:
        _require_positive("exp", self.scale)

    def apply(self, coordinates: np.ndarray) -> np.ndarray:
        """Return the values of coordinates."""
        return float(self.scale) * np.exp(np.minimum(coordinates, _LARGEST_EXPONENT))

    def invert(self, values: np.ndarray) -> np.ndarray:
        """Return the coordinates of values; none for values that are not positive."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log(np.asarray(values) / float(self.scale))

    def slope(self, coordinates: np.ndarray) -> np.ndarray:
        """Return the derivatives, which are the values."""
        return np.where(coordinates <= _LARGEST_EXPONENT, self.apply(coordinates), 0.0)

    def resolved(self, scale: float) -> "Exponential":
        """Return it with `scale` where it has none."""
        return self if self.scale is not None else replace(self, scale=scale)


@dataclass(frozen=True)
class Bounded:
    """A sigmoid from `low` to `high`, numbers or quantities of one unit.

    ``low + (high - low)/(1 + exp(-x))``; no value ever lies outside the bounds.
    """

    low: "float | Quantity"
    high: "float | Quantity"

    def __post_init__(self) -> None:
        bounds = [_number("A bound", self.low), _number("A bound", self.high)]
        if not (np.isfinite(bounds).all() and bounds[0] < bounds[1]):
            raise InvalidInput(
                f"Bounded needs finite bounds with low < high, got {self.low} and {self.high}."
            )

    @property
    def _range(self) -> float:
        return float(self.high) - float(self.low)

    def apply(self, coordinates: np.ndarray) -> np.ndarray:
        """Return the values of coordinates."""
        # tanh never overflows; what rounding adds at the bounds is cut off.
        values = float(self.low) + self._range * (0.5 + 0.5 * np.tanh(0.5 * coordinates))
        return np.clip(values, float(self.low), float(self.high))

    def invert(self, values: np.ndarray) -> np.ndarray:
        """Return the coordinates of values; none for values on the bounds or outside."""
        above, below = np.asarray(values) - float(self.low), float(self.high) - np.asarray(values)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log(above) - np.log(below)

    def slope(self, coordinates: np.ndarray) -> np.ndarray:
        """Return the derivatives."""
        with np.errstate(over="ignore"):
            return self._range * 0.25 / np.cosh(0.5 * np.asarray(coordinates)) ** 2

    def resolved(self, scale: float) -> "Bounded":
        """Return the same: its bounds are its scale."""
        return self


NAMES = {"identity": Identity, "softplus": Softplus, "exp": Exponential}


def make_transform(given: str | Transform) -> Transform:
    """Return the transform that is `given`, by name or as it is.

    Raises
    ------
    InvalidInput
        For an unknown name, or something else.
    """
    if isinstance(given, str):
        if given not in NAMES:
            raise unknown_name("transform", given, [*NAMES, "Bounded(low, high)"])
        return NAMES[given]()
    if isinstance(given, type) or not hasattr(given, "invert"):
        raise InvalidInput(
            f"transform must be one of {', '.join(NAMES)}, or Bounded(low, high), got {given!r}."
        )
    return given


def is_positive(transform: Transform) -> bool:
    """Whether no value is ever negative, so that it can be a magnitude."""
    if isinstance(transform, Bounded):
        return float(transform.low) >= 0
    return isinstance(transform, Softplus | Exponential)


def _require_positive(name: str, scale: "float | Quantity | None") -> None:
    if scale is not None and not 0 < _number(f"The scale of {name}", scale) < np.inf:
        raise InvalidInput(f"The scale of {name} must be positive, got {scale}.")


def _number(name: str, value: object) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"{name} must be a number or a quantity, got {value!r}.") from error
