"""Stochastic gradient descent with momentum."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurotrain.errors import require_number


class SGD:
    """The gradient itself, or a decaying sum of gradients (Polyak 1964).

    Parameters
    ----------
    size : int
        Number of parameters.
    momentum : float
        Share of the velocity kept per update, in [0, 1).
    """

    def __init__(self, size: int, momentum: float) -> None:
        require_number("momentum", momentum, least=0, below=1)
        self.momentum = momentum
        self.velocity = np.zeros(size)

    def direction(self, gradient: np.ndarray) -> np.ndarray:
        """Return the uphill direction, (parameter,)."""
        self.velocity = self.momentum * self.velocity + gradient
        return self.velocity

    def state(self) -> dict[str, Any]:
        """Return what must be remembered."""
        return {"sgd_velocity": self.velocity}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Take over what `state` returned."""
        self.velocity = np.array(state["sgd_velocity"], dtype=float)
