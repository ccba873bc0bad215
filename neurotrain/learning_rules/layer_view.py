"""What of a network is known at one of its layers."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class LayerView:
    """What a learning rule can see at a layer.

    Axes in front, such as one of networks that learn side by side, are the same in all tensors.

    Parameters
    ----------
    pre : (sample, pre) tensor
        Activity of the layer below, or the input.
    post : (sample, post) tensor
        Activity of the layer itself.
    error : (sample, post) tensor
        What the layer is told of the loss, as a derivative with respect to its drive: the loss
        falls where the drive changes against it.
    weights : (post, pre) tensor
    pre_error : (sample, pre) tensor, optional
        The same of the layer below; None where no rule asked for it.
    feedback_weights : (pre, post) or (pre, output) tensor, optional
        With which errors come to the layer below; None where those are the weights themselves.
    derivative : (sample, post) tensor, optional
        Of the activation; None at the output.
    layer, layers : int
        Which of how many layers of weights, from 0, the first one.
    """

    pre: "Tensor"
    post: "Tensor"
    error: "Tensor"
    weights: "Tensor"
    pre_error: "Tensor | None" = None
    feedback_weights: "Tensor | None" = None
    derivative: "Tensor | None" = None
    layer: int = 0
    layers: int = 1

    @cached_property
    def drive(self) -> "Tensor":
        """What the weights make of the layer below, (sample, post)."""
        return self.pre @ self.weights.mT

    @cached_property
    def reconstruction(self) -> "Tensor":
        """What the weights make of the layer itself, backwards, (sample, pre)."""
        return self.post @ self.weights

    @cached_property
    def forward_error(self) -> "Tensor":
        """What the weights make of the errors below, (sample, post)."""
        return self.pre_error @ self.weights.mT
