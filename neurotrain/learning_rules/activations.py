"""Activations of layers, with their derivatives as functions of the activity itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neurotrain.errors import require_number, unknown_name
from neurotrain.required_torch import require_torch

if TYPE_CHECKING:
    from torch import Tensor

Function = Callable[["Tensor"], "Tensor"]


@dataclass(frozen=True)
class Activation:
    """What a layer makes of its drive.

    Parameters
    ----------
    name : str
        How it is spoken of.
    function : callable
        Activity of a drive, a tensor of any shape.
    slope : callable
        Derivative of the function, of the *activity*. Local rules know no drive; and in this form
        it is defined at the input, which has an activity only.
    """

    name: str
    function: Function
    slope: Function


def softplus(beta: float = 10.0) -> Activation:
    """Return ``log(1 + exp(beta z))/beta``, the larger beta the sharper."""
    require_number("beta", beta, above=0)
    functional = require_torch().nn.functional
    return Activation(
        f"softplus, beta {beta:g}",
        # Beyond its usual threshold of 20, the identity differs from it by more than rounding.
        lambda drive: functional.softplus(drive, beta, threshold=40),
        lambda activity: -(-beta * activity).expm1(),
    )


def make_activation(name: str) -> Activation:
    """Return the activation called ``'softplus'`` (beta 10), ``'tanh'``, ... of `ACTIVATIONS`."""
    if name not in ACTIVATIONS:
        raise unknown_name("activation", name, ACTIVATIONS)
    return ACTIVATIONS[name]()


ACTIVATIONS: dict[str, Callable[[], Activation]] = {
    "softplus": softplus,
    "tanh": lambda: Activation("tanh", lambda z: z.tanh(), lambda y: 1 - y * y),
    "sigmoid": lambda: Activation("sigmoid", lambda z: z.sigmoid(), lambda y: y * (1 - y)),
    "relu": lambda: Activation("relu", lambda z: z.relu(), lambda y: (y > 0).to(y.dtype)),
    "identity": lambda: Activation("identity", lambda z: z, lambda y: y.new_ones(y.shape)),
}
