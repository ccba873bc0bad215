"""Adam, as a direction of normalized length for a gradient."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurotrain.errors import require_number


class Adam:
    """Running moments of a gradient, Kingma & Ba 2015, algorithm 1 (arXiv:1412.6980).

    Parameters
    ----------
    size : int
        Number of parameters.
    beta1, beta2 : float
        Decay of the first and the second moment per update, in [0, 1).
    """

    epsilon = 1e-8

    def __init__(self, size: int, beta1: float, beta2: float) -> None:
        require_number("beta1", beta1, least=0, below=1)
        require_number("beta2", beta2, least=0, below=1)
        self.beta1, self.beta2 = beta1, beta2
        self.first, self.second = np.zeros(size), np.zeros(size)
        self.updates = 0

    def direction(self, gradient: np.ndarray) -> np.ndarray:
        """Return the uphill direction, (parameter,), each entry about 1 at most."""
        self.updates += 1
        self.first += (1 - self.beta1) * (gradient - self.first)
        self.second += (1 - self.beta2) * (gradient**2 - self.second)
        deviation = np.sqrt(self.second / (1 - self.beta2**self.updates))
        return self.first / (1 - self.beta1**self.updates) / (deviation + self.epsilon)

    def state(self) -> dict[str, Any]:
        """Return what must be remembered."""
        return {
            "adam_first": self.first,
            "adam_second": self.second,
            "adam_updates": self.updates,
        }

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Take over what `state` returned."""
        self.first = np.array(state["adam_first"], dtype=float)
        self.second = np.array(state["adam_second"], dtype=float)
        self.updates = int(state["adam_updates"])
