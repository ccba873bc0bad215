"""ClipUp: steps of the same length, whatever the scale of the gradient."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurotrain.errors import require_number

# Toklu et al. 2020, section 3: the step size is half the maximum speed.
MAXIMUM_SPEED = 2.0


class ClipUp:
    """Normalized gradient with momentum and clipped steps, Toklu et al. 2020 (arXiv:2008.02387).

    Lengths are in units of the learning rate, which is the paper's step size.

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
        """Return the uphill direction, (parameter,), of length `MAXIMUM_SPEED` at most."""
        # A gradient of 0 has no direction: the velocity only decays.
        self.velocity = self.momentum * self.velocity + gradient / (_length(gradient) or 1.0)
        self.velocity *= min(1.0, MAXIMUM_SPEED / (_length(self.velocity) or 1.0))
        return self.velocity

    def state(self) -> dict[str, Any]:
        """Return what must be remembered."""
        return {"clipup_velocity": self.velocity}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Take over what `state` returned."""
        self.velocity = np.array(state["clipup_velocity"], dtype=float)


def _length(vector: np.ndarray) -> float:
    # Not by BLAS, which rounds differently on another number of threads.
    return float(np.sqrt(np.square(vector).sum()))
