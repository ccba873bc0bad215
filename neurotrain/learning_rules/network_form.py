"""What networks of rate units have in common, whichever way they are connected."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.learning_rules.activations import Activation, make_activation
from neurotrain.required_torch import require_torch
from neurotrain.seeding import generator

if TYPE_CHECKING:
    from torch import Tensor

OUTPUTS = ("softmax", "identity")
PRECISIONS = ("float64", "float32")


class NetworkForm(ABC):
    """Layers of weights, an activation, and an output with the loss that goes with it."""

    activation: Activation
    output: str
    precision: str

    def __post_init__(self) -> None:
        if self.output not in OUTPUTS or self.precision not in PRECISIONS:
            raise InvalidInput(
                f"output must be one of {', '.join(OUTPUTS)}, precision one of "
                f"{', '.join(PRECISIONS)}, got {self.output!r} and {self.precision!r}."
            )
        if isinstance(self.activation, str):
            object.__setattr__(self, "activation", make_activation(self.activation))

    @property
    @abstractmethod
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """Shapes of the weights of all layers, (post, pre) each, that of the output last."""

    def draw_uniform(
        self, purpose: str, seeds: Sequence[int], layer: int, shape: tuple[int, int]
    ) -> "Tensor":
        """Return a matrix for a network of each seed, uniform as by Glorot & Bengio (2010)."""
        bound = np.sqrt(6 / sum(shape))
        drawn = [generator(seed, purpose, layer).uniform(-bound, bound, shape) for seed in seeds]
        return self.tensor(np.stack(drawn))

    def tensor(self, values: "np.ndarray | Tensor") -> "Tensor":
        """Return values as a tensor of the network's precision."""
        torch = require_torch()
        precision = getattr(torch, self.precision)
        # Tensors do not share the memory of arrays, which may be read-only.
        return (
            values.to(precision) if torch.is_tensor(values) else torch.tensor(values).to(precision)
        )

    def output_of(self, drive: "Tensor") -> "Tensor":
        """Return the output (..., output) that the drive of its layer gives."""
        return drive.softmax(-1) if self.output == "softmax" else drive

    def losses(self, output: "Tensor", targets: "Tensor") -> "Tensor":
        """Return the loss of each output (..., output), (...)."""
        if self.output == "softmax":
            return -(targets * output.log()).sum(-1)
        return 0.5 * ((output - targets) ** 2).sum(-1)
