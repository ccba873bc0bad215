"""Feedforward networks without biases, several of them side by side."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from neurotrain.errors import InvalidInput, require_number, require_whole
from neurotrain.learning_rules.activations import Activation, make_activation
from neurotrain.required_torch import require_torch
from neurotrain.seeding import generator

if TYPE_CHECKING:
    from torch import Tensor

OUTPUTS = ("softmax", "identity")
PRECISIONS = ("float64", "float32")


@dataclass(frozen=True)
class FeedforwardNetwork:
    """How large the layers of a network are, and what they compute.

    Parameters
    ----------
    sizes : sequence of int
        Neurons of each layer, from the input to the output.
    activation : str or Activation
        Of the hidden layers: ``'softplus'`` (with a beta of 10), ``'tanh'``, ``'sigmoid'``,
        ``'relu'``, ``'identity'``, or one of your own.
    output : {'softmax', 'identity'}
        Of the last layer, and with it the loss: the cross-entropy of probabilities, or half the
        squared distance to the targets. Of both, the error is output minus target.
    precision : {'float64', 'float32'}

    Raises
    ------
    InvalidInput
        If it is no network.
    """

    sizes: tuple[int, ...]
    activation: Activation = field(default="softplus")
    output: Literal["softmax", "identity"] = "softmax"
    precision: Literal["float64", "float32"] = "float64"

    def __post_init__(self) -> None:
        sizes = tuple(self.sizes)
        if len(sizes) < 2:
            raise InvalidInput(f"A network needs an input and an output, got the sizes {sizes}.")
        for size in sizes:
            require_whole("The size of a layer", size)
        if self.output not in OUTPUTS or self.precision not in PRECISIONS:
            raise InvalidInput(
                f"output must be one of {', '.join(OUTPUTS)}, precision one of "
                f"{', '.join(PRECISIONS)}, got {self.output!r} and {self.precision!r}."
            )
        object.__setattr__(self, "sizes", sizes)
        if isinstance(self.activation, str):
            object.__setattr__(self, "activation", make_activation(self.activation))

    @property
    def layers(self) -> int:
        """How many layers of weights there are."""
        return len(self.sizes) - 1

    def draw_weights(self, seeds: Sequence[int], gain: float = 1.0) -> list["Tensor"]:
        """Return weights for a network of each seed, (network, post, pre) for every layer.

        They are uniform as by Glorot & Bengio (2010), up to ``gain*sqrt(6/(pre + post))``.
        """
        require_number("gain", gain, above=0)
        pairs = zip(self.sizes[1:], self.sizes[:-1], strict=True)
        return [
            gain * self.draw_uniform("learning-weights", seeds, k, shape)
            for k, shape in enumerate(pairs)
        ]

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

    def activities(self, weights: Sequence["Tensor"], inputs: "Tensor") -> list["Tensor"]:
        """Return what all layers do, from the inputs themselves to the output.

        Parameters
        ----------
        weights : sequence of (..., post, pre) tensor
        inputs : (..., sample, input) tensor
        """
        found = [inputs]
        for matrix in weights[:-1]:
            found.append(self.activation.function(found[-1] @ matrix.mT))
        drive = found[-1] @ weights[-1].mT
        found.append(drive.softmax(-1) if self.output == "softmax" else drive)
        return found

    def loss(self, weights: Sequence["Tensor"], inputs: "Tensor", targets: "Tensor") -> "Tensor":
        """Return the mean loss over samples, for targets (..., sample, output)."""
        output = self.activities(weights, inputs)[-1]
        if self.output == "softmax":
            return -(targets * output.log()).sum(-1).mean(-1)
        return 0.5 * ((output - targets) ** 2).sum(-1).mean(-1)
