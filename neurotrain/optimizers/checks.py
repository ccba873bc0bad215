"""Checks of what a user passes to an optimizer."""

import numpy as np

from neurotrain.errors import InvalidInput


def parameter_array(name: str, values: np.ndarray) -> np.ndarray:
    """Return a read-only float copy of `values`, (parameter,).

    Raises
    ------
    InvalidInput
        If there is no parameter, another number of axes, or a value that is not finite.
    """
    array = np.array(values, dtype=float)
    if array.ndim != 1 or array.size == 0:
        raise InvalidInput(f"{name} must have shape (parameter,), got shape {array.shape}.")
    bad = np.flatnonzero(~np.isfinite(array))
    if bad.size:
        raise InvalidInput(f"{name} must be finite, got {array[bad[0]]} at parameter {bad[0]}.")
    return frozen(array)


def frozen(array: np.ndarray) -> np.ndarray:
    """Return `array` itself, made read-only."""
    array.flags.writeable = False
    return array
