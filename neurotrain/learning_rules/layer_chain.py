"""A chain of layers, run layer by layer, so that each can be differentiated by itself."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from neurotrain.errors import InvalidInput
from neurotrain.learning_rules.repeatable_layer import RepeatableLayer

if TYPE_CHECKING:
    from torch import Tensor

    Layer = Callable[[Tensor], Tensor]
    Loss = Callable[[Tensor, Any], Tensor]


@dataclass(frozen=True)
class Stretch:
    """A layer, or the loss, as it was run once.

    Parameters
    ----------
    input : tensor
        What it was given, cut off from what gave it.
    output : tensor
        What it gave, of which derivatives are known.
    """

    input: "Tensor"
    output: "Tensor"

    def leaves(self) -> list["Tensor"]:
        """Return all that the output depends on and that requires a gradient, but the input."""
        return [leaf for leaf in _leaves(self.output) if leaf is not self.input]


def layers_of(model: Iterable["Layer"]) -> list["Layer"]:
    """Return the layers of a chain.

    Raises
    ------
    InvalidInput
        If it is none.
    """
    import torch

    is_sequential = isinstance(model, torch.nn.Sequential)
    if is_sequential and type(model).forward is not torch.nn.Sequential.forward:
        raise InvalidInput(
            f"{type(model).__name__} has a forward() of its own, so that its layers are no chain; "
            "give a list of the functions that it calls one after another."
        )
    is_chain = isinstance(model, torch.nn.ModuleList | Sequence) and not isinstance(model, str)
    if not (is_sequential or is_chain):
        raise InvalidInput(
            "The model must be a chain: a torch.nn.Sequential, or a list of layers; got "
            f"{type(model).__name__}."
        )
    layers = list(model)
    if not layers:
        raise InvalidInput("The model has no layers; give at least one.")
    for number, layer in enumerate(layers, 1):
        if not callable(layer):
            raise InvalidInput(f"Layer {number} cannot be called; it is a {type(layer).__name__}.")
    return layers


def describe(number: int, layer: "Layer") -> str:
    """Return what messages call a layer."""
    return f"Layer {number} ({getattr(layer, '__name__', type(layer).__name__)})"


class LayerChain:
    """Layers one after another, and the loss of what the last one gives.

    Parameters
    ----------
    model : torch.nn.Sequential or sequence of callables
        Each maps a tensor to a tensor.
    loss : callable
        Maps an output and the targets to a tensor of one number.
    repeats : bool
        Whether layers will be run again, by `rerun`.

    Raises
    ------
    InvalidInput
        If the model is no chain, or the loss cannot be called.
    """

    def __init__(
        self, model: Iterable["Layer"], loss: "Loss", targets: Any, *, repeats: bool
    ) -> None:
        layers = layers_of(model)
        if not callable(loss):
            raise InvalidInput(f"The loss must be a function of outputs and targets, got {loss!r}.")
        names = [describe(number, layer) for number, layer in enumerate(layers, 1)]
        functions = [*layers, lambda output: loss(output, targets)]
        self._repeats = repeats
        self._names = [*names, "The loss"]
        self._functions = [RepeatableLayer(f) if repeats else f for f in functions]

    def __len__(self) -> int:
        return len(self._functions) - 1

    def run(self, inputs: "Tensor") -> list[Stretch]:
        """Run all layers and the loss, each on what the one before gave.

        Raises
        ------
        InvalidInput
            If a layer cannot take what the one before gave, or gives no differentiable tensor, or
            the loss is not one number.
        """
        import torch

        if not isinstance(inputs, torch.Tensor):
            raise InvalidInput(f"Inputs must be a tensor, got {type(inputs).__name__}.")
        first = self._stretch(1, inputs)
        # Not cut off: what the input itself came from belongs to the first layer.
        stretches = [Stretch(inputs.detach(), first.output)]
        while len(stretches) <= len(self):
            stretches.append(self.rerun(len(stretches) + 1, stretches[-1].output))
        loss = stretches[-1].output
        if loss.numel() != 1:
            raise InvalidInput(
                f"The loss must be one number for the batch, got shape {tuple(loss.shape)}; take "
                "its mean or its sum."
            )
        return stretches

    def rerun(self, number: int, belief: "Tensor") -> Stretch:
        """Run the layer of this number, the loss after the last, on a belief of its own."""
        return self._stretch(number, belief.detach().requires_grad_())

    def _stretch(self, number: int, given: "Tensor") -> Stretch:
        import torch

        name = self._names[number - 1]
        try:
            output = self._functions[number - 1](given)
        except (RuntimeError, ValueError, IndexError) as error:
            raise InvalidInput(_refusal(name, given, str(error))) from error
        if not isinstance(output, torch.Tensor) or not output.is_floating_point():
            got = output.dtype if isinstance(output, torch.Tensor) else type(output).__name__
            raise InvalidInput(f"{name} must give one tensor of floating point, got {got}.")
        if number > 1 and not output.requires_grad:
            raise InvalidInput(f"{name} gives what has no derivative by what it is given.")
        return Stretch(given, output)


def _refusal(name: str, given: "Tensor", message: str) -> str:
    if "in-place operation" in message:
        return (
            f"{name} works in place, on what is still needed; let it work on a copy (as "
            "torch.nn.ReLU() without inplace=True does)."
        )
    first = message.strip().splitlines()[0]
    return f"{name} cannot take a tensor of shape {tuple(given.shape)}: {first}"


def _leaves(output: "Tensor") -> list["Tensor"]:
    """Return the leaves of a tensor's graph that require a gradient, each once."""
    if output.grad_fn is None:
        return [output] if output.requires_grad else []
    seen, ahead, leaves = {output.grad_fn}, [output.grad_fn], []
    while ahead:
        node = ahead.pop()
        if node.name() == "torch::autograd::AccumulateGrad":
            leaves.append(node.variable)
        for before, _ in node.next_functions:
            if before is not None and before not in seen:
                seen.add(before)
                ahead.append(before)
    return leaves
