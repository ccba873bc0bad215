"""What predictive coding infers."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from neurotrain.learning_rules.layer_chain import Stretch

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Inference:
    """What predictive coding inferred from a batch.

    Parameters
    ----------
    loss : tensor of one number
        Of the forward pass.
    predictions : tuple of tensors (sample, ...)
        Activity of each layer in the forward pass; the first is the input.
    output_gradient : tensor (sample, ...)
        Of the loss by the last of the predictions.
    beliefs : tuple of tensors (sample, ...)
        About the activity of each layer; the first is the input.
    errors : tuple of tensors (sample, ...)
        Of each layer, with the sign of a gradient; the first is None.
    gradients : dict of tensor to tensor
        By each parameter that requires a gradient: what its layer's error asks for, to be followed
        downhill.
    """

    loss: "Tensor"
    predictions: tuple["Tensor", ...]
    output_gradient: "Tensor"
    beliefs: tuple["Tensor", ...]
    errors: tuple["Tensor | None", ...]
    gradients: dict["Tensor", "Tensor"]

    def accumulate(self) -> None:
        """Add the gradients to the ``.grad`` of the parameters, as ``loss.backward()`` does."""
        for parameter, gradient in self.gradients.items():
            before = parameter.grad
            parameter.grad = gradient.clone() if before is None else before + gradient


def predictions_of(forward: list[Stretch]) -> "list[Tensor]":
    """Return the input and what each layer gave in the forward pass."""
    return [stretch.input.detach() for stretch in forward]


def make_inference(
    forward: list[Stretch],
    slope: "Tensor",
    beliefs: "list[Tensor]",
    errors: "list[Tensor]",
    gradients: "dict[Tensor, Tensor]",
) -> Inference:
    """Put together what was inferred; `beliefs` and `errors` are of layers 1 to L."""
    predictions = tuple(predictions_of(forward))
    loss, beliefs = forward[-1].output.detach(), (predictions[0], *beliefs)
    return Inference(loss, predictions, slope, beliefs, (None, *errors), gradients)
