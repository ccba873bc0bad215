"""Where recurrent networks come to rest: r = f(W r + x) for steady inputs x.

Everything takes arrays of NumPy or tensors of PyTorch, and gives the same kind.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from neurotrain.errors import InvalidInput, require_number, require_whole, unknown_name

# (input, neuron) arrays or tensors, and (neuron, neuron) ones.
Array = Any

# Of each, what it makes of a drive, and its derivative there.
ACTIVATIONS: dict[str, tuple[Callable[..., Array], Callable[..., Array]]] = {
    "identity": (lambda xp, z: z, lambda xp, z: xp.ones_like(z)),
    "tanh": (lambda xp, z: xp.tanh(z), lambda xp, z: 1 - xp.tanh(z) ** 2),
    "sigmoid": (
        lambda xp, z: 0.5 * (1 + xp.tanh(0.5 * z)),
        lambda xp, z: 0.25 * (1 - xp.tanh(0.5 * z) ** 2),
    ),
    "relu": (lambda xp, z: z * (z > 0), lambda xp, z: xp.ones_like(z) * (z > 0)),
}
METHODS = ("anderson", "time-stepping", "direct")
# How many earlier steps Anderson's method looks back at, and the share of the squared length of
# their differences that keeps its equations from being singular.
_MEMORY, _RIDGE = 6, 1e-14


@dataclass(frozen=True, eq=False)
class FixedPoints:
    """Where a network comes to rest.

    Parameters
    ----------
    activity : (input, neuron) array
    slopes : (input, neuron) array
        Derivatives of the activation there.
    inputs : (input, neuron) array
        x.
    residual : (input,) array
        The largest difference between the two sides of the equation.
    converged : (input,) bool array
        Whether that is as small as was asked.
    steps : int
        How many it took until all had converged, or all there are.
    """

    activity: Array
    slopes: Array
    inputs: Array
    residual: Array
    converged: Array
    steps: int


def solve_fixed_points(
    weights: Array,
    inputs: Array,
    activation: str = "tanh",
    *,
    method: str = "anderson",
    tolerance: float = 1e-10,
    steps: int = 1000,
    step: float = 0.1,
    start: Array = None,
) -> FixedPoints:
    """Return where a network comes to rest, for many steady inputs side by side.

    Parameters
    ----------
    weights : (neuron, neuron) array
        W, from (post, pre).
    inputs : (input, neuron) array
        x, what reaches the neurons from outside.
    activation : {'tanh', 'sigmoid', 'relu', 'identity'}
        f.
    method : {'anderson', 'time-stepping', 'direct'}
        Anderson's acceleration takes few steps, and may find a point at which the network would
        not stay; `spectral_abscissa` tells. Steps of the differential equation find stable ones
        only. The direct way is for linear networks.
    tolerance : float
        The largest residual with which it counts as solved.
    steps : int
        At most so many.
    step : float
        Of time stepping, in units of the time constant.
    start : (input, neuron) array, optional
        Activity to begin with, such as that of slightly different weights; by default 0.

    Raises
    ------
    InvalidInput
        For an unknown name, a number out of range, or shapes that do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> weights = np.array([[0.0, 0.5], [0.5, 0.0]])
    >>> found = solve_fixed_points(weights, np.array([[1.0, 0.0]]), "identity")
    >>> found.activity.round(6), found.converged
    (array([[1.333333, 0.666667]]), array([ True]))
    """
    if activation not in ACTIVATIONS:
        raise unknown_name("activation", activation, ACTIVATIONS)
    if method not in METHODS:
        raise unknown_name("method", method, METHODS)
    require_number("tolerance", tolerance, above=0)
    require_number("step", step, above=0, most=1)
    require_whole("steps", steps)
    _check_shapes(weights, inputs)
    xp = namespace(weights)
    if method == "direct":
        start, steps = _solved_directly(xp, weights, inputs, activation), 0
    function, slope = (lambda z, f=f: f(xp, z) for f in ACTIVATIONS[activation])
    r = xp.zeros_like(inputs) if start is None else start

    def difference(r: Array) -> Array:
        return function(r @ weights.swapaxes(0, 1) + inputs) - r

    search = _Anderson(xp) if method == "anderson" else (lambda r, d: r + step * d)
    taken, missing = 0, difference(r)
    while taken < steps and not bool((_largest(xp, missing) <= tolerance).all()):
        r = search(r, missing)
        missing, taken = difference(r), taken + 1
    residual = _largest(xp, missing)
    drive = r @ weights.swapaxes(0, 1) + inputs
    return FixedPoints(r, slope(drive), inputs, residual, residual <= tolerance, taken)


def spectral_abscissa(weights: Array, slopes: Array) -> Array:
    """Return the largest real part of the eigenvalues of -1 + G W at each point, (input,).

    The network stays at a point where it is below 0, and leaves it where it is above.

    Parameters
    ----------
    weights : (neuron, neuron) array
    slopes : (input, neuron) array
        Of `FixedPoints`.
    """
    xp = namespace(weights)
    return xp.amax(xp.linalg.eigvals(slopes[..., None] * weights).real, -1) - 1


def namespace(array: Array) -> ModuleType:
    """Return the module that an array or tensor is from, NumPy or PyTorch."""
    torch = sys.modules.get("torch")
    return torch if torch is not None and torch.is_tensor(array) else np


def _solved_directly(xp: ModuleType, weights: Array, inputs: Array, activation: str) -> Array:
    if activation != "identity":
        raise InvalidInput(
            f"Only linear networks are solved directly, not with '{activation}'; take 'anderson'."
        )
    system = xp.eye(weights.shape[0], dtype=weights.dtype) - weights
    return xp.linalg.solve(system, inputs.swapaxes(0, 1)).swapaxes(0, 1)


class _Anderson:
    """Anderson's acceleration of r <- r + d(r), for each input on its own (Walker & Ni 2011)."""

    def __init__(self, xp: ModuleType) -> None:
        self._xp = xp
        self._kept: list[tuple[Array, Array]] = []

    def __call__(self, r: Array, d: Array) -> Array:
        xp, before = self._xp, self._kept[-1] if self._kept else None
        self._kept = [*self._kept[-_MEMORY:], (r, d)]
        if before is None:
            return r + d
        points, differences = (xp.stack(list(part), 1) for part in zip(*self._kept, strict=True))
        dr, dd = points[:, 1:] - points[:, :-1], differences[:, 1:] - differences[:, :-1]
        products = dd @ dd.swapaxes(1, 2)
        sizes = xp.einsum("ikk->i", products)
        # Of an input that rests already all differences vanish.
        ridge = (_RIDGE * sizes + (sizes == 0))[:, None, None] * xp.eye(dd.shape[1], dtype=r.dtype)
        shares = xp.linalg.solve(products + ridge, dd @ d[..., None])
        return r + d - ((dr + dd).swapaxes(1, 2) @ shares)[..., 0]


def _largest(xp: ModuleType, values: Array) -> Array:
    return xp.amax(abs(values), -1)


def _check_shapes(weights: Array, inputs: Array) -> None:
    n = weights.shape[0]
    if weights.ndim != 2 or weights.shape[1] != n or inputs.ndim != 2 or inputs.shape[1] != n:
        raise InvalidInput(
            "Weights must be (neuron, neuron) and inputs (input, neuron), got "
            f"{tuple(weights.shape)} and {tuple(inputs.shape)}."
        )
