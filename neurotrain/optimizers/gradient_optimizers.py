"""What turns an estimated gradient into a direction, found by its name."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from neurotrain.errors import require_name
from neurotrain.optimizers.adam import Adam
from neurotrain.optimizers.clipup import ClipUp
from neurotrain.optimizers.rmsprop import RMSprop
from neurotrain.optimizers.sgd import SGD


class GradientOptimizer(Protocol):
    """Remembers earlier gradients; learning rates are for others to apply."""

    def direction(self, gradient: np.ndarray) -> np.ndarray:
        """Return the uphill direction, (parameter,), and remember the gradient."""
        ...

    def state(self) -> dict[str, Any]:
        """Return what must be remembered, under names that no other method uses."""
        ...

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Take over what `state` returned."""
        ...


def gradient_optimizer_maker(
    name: str, *, momentum: float, beta1: float, beta2: float
) -> Callable[[int], GradientOptimizer]:
    """Return the function that makes a gradient optimizer for a number of parameters.

    Parameters
    ----------
    name : {'adam', 'clipup', 'rmsprop', 'sgd'}
        The method.
    momentum : float
        Share of the velocity that SGD and ClipUp keep per update, in [0, 1).
    beta1, beta2 : float
        Decay of Adam's moments per update, in [0, 1); the second also of RMSprop's mean square.

    Raises
    ------
    InvalidInput
        If the name is unknown.
    """
    makers: dict[str, Callable[[int], GradientOptimizer]] = {
        "adam": lambda size: Adam(size, beta1, beta2),
        "clipup": lambda size: ClipUp(size, momentum),
        "rmsprop": lambda size: RMSprop(size, beta2),
        "sgd": lambda size: SGD(size, momentum),
    }
    require_name("gradient optimizer", name, makers)
    return makers[name]
