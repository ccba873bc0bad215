"""Feedforward networks without biases, several of them side by side."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from neurotrain.errors import InvalidInput, require_number, require_whole
from neurotrain.learning_rules.activations import Activation
from neurotrain.learning_rules.network_form import NetworkForm

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class FeedforwardNetwork(NetworkForm):
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
        object.__setattr__(self, "sizes", sizes)
        super().__post_init__()

    @property
    def layers(self) -> int:
        """How many layers of weights there are."""
        return len(self.sizes) - 1

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """Shapes of the weights of all layers, (post, pre) each."""
        return tuple(zip(self.sizes[1:], self.sizes[:-1], strict=True))

    def draw_weights(self, seeds: Sequence[int], gain: float = 1.0) -> list["Tensor"]:
        """Return weights for a network of each seed, (network, post, pre) for every layer.

        They are uniform as by Glorot & Bengio (2010), up to ``gain*sqrt(6/(pre + post))``.
        """
        require_number("gain", gain, above=0)
        return [
            gain * self.draw_uniform("learning-weights", seeds, k, shape)
            for k, shape in enumerate(self.shapes)
        ]

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
        found.append(self.output_of(found[-1] @ weights[-1].mT))
        return found

    def loss(self, weights: Sequence["Tensor"], inputs: "Tensor", targets: "Tensor") -> "Tensor":
        """Return the mean loss over samples, for targets (..., sample, output)."""
        return self.losses(self.activities(weights, inputs)[-1], targets).mean(-1)
