"""Input channels, and how they reach the neurons."""

from dataclasses import dataclass

import numpy as np

from neurotrain.distributions import Distribution
from neurotrain.errors import require_whole


@dataclass(frozen=True)
class Input:
    """Input channels that reach a variable of the neurons through trained weights.

    In every step the variable is ``weight @ channels``.

    Parameters
    ----------
    variable : str
        A parameter of the neurons, such as ``stimulus : 1``.
    channels : int
        Number of input channels.
    weight : Distribution or (neuron, channel) array, optional
        Initial weights, or, if they are not trained, the weights.
    """

    variable: str
    channels: int
    weight: Distribution | np.ndarray | None = None

    def __post_init__(self) -> None:
        require_whole("channels", self.channels)
