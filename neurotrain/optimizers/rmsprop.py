"""RMSprop: a gradient relative to the root of a running mean of its square."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurotrain.errors import require_number


class RMSprop:
    """The gradient over its running root mean square, Tieleman & Hinton 2012 (lecture 6e).

    Parameters
    ----------
    size : int
        Number of parameters.
    decay : float
        Of the mean square per update, in [0, 1).
    """

    epsilon = 1e-8

    def __init__(self, size: int, decay: float) -> None:
        require_number("decay", decay, least=0, below=1)
        self.decay, self.square = decay, np.zeros(size)

    def direction(self, gradient: np.ndarray) -> np.ndarray:
        """Return the uphill direction, (parameter,), each entry about 1 in the long run."""
        self.square = self.decay * self.square + (1 - self.decay) * gradient**2
        return gradient / (np.sqrt(self.square) + self.epsilon)

    def state(self) -> dict[str, Any]:
        """Return what must be remembered."""
        return {"rmsprop_square": self.square}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Take over what `state` returned."""
        self.square = np.array(state["rmsprop_square"], dtype=float)
