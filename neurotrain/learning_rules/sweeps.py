"""Sweeps of predictive coding over the layers of a chain, in each of its modes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from neurotrain.learning_rules.inference import Inference, make_inference, predictions_of
from neurotrain.learning_rules.layer_chain import LayerChain, Stretch

if TYPE_CHECKING:
    from torch import Tensor


def in_one_sweep(
    forward: list[Stretch], shares: Sequence[float], moved: Sequence[float]
) -> Inference:
    """Return derivatives of the loss as errors, times the share of each layer.

    `moved` is by how many of them beliefs of the input and of each layer have moved.
    """
    gradients: dict[Tensor, Tensor] = {}
    slope, slopes = None, []
    for stretch, share in zip(reversed(forward), [1.0, *reversed(shares)], strict=True):
        leaves, is_first = stretch.leaves(), stretch is forward[0]
        wanted = leaves if is_first else [stretch.input, *leaves]
        found = list(_pulled([stretch.output], wanted, [slope]))
        if not is_first:
            slope = found.pop(0)
            slopes.append(slope)
        for leaf, gradient in zip(leaves, found, strict=True):
            gradient = gradient if share == 1 else share * gradient
            gradients[leaf] = gradients[leaf] + gradient if leaf in gradients else gradient
    slopes.reverse()
    predictions = predictions_of(forward)
    beliefs = [
        prediction - share * slope if share else prediction
        for prediction, slope, share in zip(predictions[1:], slopes, moved[1:], strict=True)
    ]
    errors = [
        slope if share == 1 else share * slope for share, slope in zip(shares, slopes, strict=True)
    ]
    return make_inference(forward, slopes[-1], beliefs, errors, gradients)


def relaxed(forward: list[Stretch], eta: float, n: int, begin: "list[Tensor]") -> Inference:
    """Sweep with fixed predictions, from beliefs that differ from these."""
    predictions = predictions_of(forward)
    hidden = list(zip(predictions[1:-1], begin, strict=True))
    slope = _slope(forward)
    errors = [prediction - belief for prediction, belief in hidden]
    for _ in range(n - 1):
        # What comes down may be the very error above, so from the lowest to the highest.
        pulled = _pulled_down(forward[1:-1], [*errors, slope][1:])
        for error, down in zip(errors, pulled, strict=True):
            error.mul_(1 - eta).add_(down, alpha=eta)
    pulled = _pulled_down(forward[1:-1], [*errors, slope][1:])
    beliefs = [
        prediction - ((1 - eta) * error + eta * down)
        for (prediction, _), error, down in zip(hidden, errors, pulled, strict=True)
    ]
    errors = [*errors, slope]
    gradients = _by_leaves(forward, errors)
    return make_inference(forward, slope, [*beliefs, predictions[-1]], errors, gradients)


def strict(
    chain: LayerChain,
    forward: list[Stretch],
    eta: float,
    n: int,
    begin: "list[Tensor] | None",
) -> Inference:
    """Sweep with predictions and derivatives of the present beliefs."""
    import torch

    layers, predictions, now = len(chain), predictions_of(forward), list(forward)
    # Both are changed in place: new memory in each sweep takes longer than computing.
    beliefs = [belief.clone() for belief in begin or predictions[1:-1]]
    errors = [prediction.new_zeros(prediction.shape) for prediction in predictions[1:]]
    # The lowest belief that differs from its prediction.
    lowest = 1 if begin else layers
    for sweep in range(n if layers > 1 else 1):
        if sweep or begin:
            _rerun(chain, now, beliefs, lowest)
        # Nothing is below the first layer to be told of its error.
        for layer in range(lowest if sweep == n - 1 else max(lowest, 2), layers):
            torch.sub(now[layer - 1].output.detach(), beliefs[layer - 1], out=errors[layer - 1])
        errors[-1] = _slope(now)
        lowest = max(lowest - 1, 1)
        _move(now[lowest - 1 : -1], beliefs[lowest - 1 :], errors[lowest:], eta)
    if layers > 1:
        _rerun(chain, now, beliefs, lowest)
    gradients = _by_leaves(now, errors)
    return make_inference(forward, _slope(forward), [*beliefs, predictions[-1]], errors, gradients)


def _move(
    stretches: list[Stretch], beliefs: "list[Tensor]", errors: "list[Tensor]", eta: float
) -> None:
    """Move beliefs towards their predictions, and by the errors of the layers above them.

    What a layer gave may share memory with what it was given, so from the highest to the lowest.
    """
    pulled = _pulled_down(stretches[1:], errors)
    for stretch, belief, down in list(zip(stretches[:-1], beliefs, pulled, strict=True))[::-1]:
        belief.lerp_(stretch.output.detach(), eta).sub_(down, alpha=eta)


def _rerun(
    chain: LayerChain, stretches: list[Stretch], beliefs: "list[Tensor]", lowest: int
) -> None:
    """Run the layers anew that are given beliefs from the lowest on, and the loss."""
    # What they keep in memory is needed for what comes now.
    del stretches[lowest:]
    for layer in range(lowest, len(chain)):
        stretches.append(chain.rerun(layer + 1, beliefs[layer - 1]))
    stretches.append(chain.rerun(len(chain) + 1, stretches[-1].output))


def _slope(stretches: list[Stretch]) -> "Tensor":
    """Return the derivative of the loss by what the last layer gave."""
    (slope,) = _pulled([stretches[-1].output], [stretches[-1].input], [None])
    return slope


def _pulled_down(stretches: list[Stretch], errors: "list[Tensor]") -> "Sequence[Tensor]":
    """Return for each layer its error, brought by its derivative to what it was given."""
    outputs, inputs = ([one.output for one in stretches], [one.input for one in stretches])
    return _pulled(outputs, inputs, errors)


def _pulled(
    outputs: "list[Tensor]", inputs: "list[Tensor]", errors: "list[Tensor | None]"
) -> "Sequence[Tensor]":
    import torch

    if not inputs:
        return []
    # What layers share, such as weights computed before, is needed by the next of them.
    options = {"retain_graph": True, "materialize_grads": True}
    return torch.autograd.grad(outputs, inputs, errors, **options)


def _by_leaves(stretches: list[Stretch], errors: "list[Tensor]") -> "dict[Tensor, Tensor]":
    """Return gradients that follow from errors, that of the loss included."""
    given = zip(stretches, [*errors, None], strict=True)
    parts = [(stretch, error, stretch.leaves()) for stretch, error in given]
    parts = [part for part in parts if part[2]]
    leaves = list({leaf: None for _, _, each in parts for leaf in each})
    found = _pulled([s.output for s, _, _ in parts], leaves, [error for _, error, _ in parts])
    return dict(zip(leaves, found, strict=True))
