"""Updates by predictive coding and by backpropagation, compared on a network of five layers."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.learning_rules.data import digits
from neurotrain.learning_rules.predictive_coding import infer
from neurotrain.seeding import generator

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Sequential

WIDTHS = (64, 48, 40, 32, 24, 10)
LAYERS = len(WIDTHS) - 1
ETAS, SWEEPS = (0.1, 0.2, 0.5, 1.0), (1, 2, 4, 5, 10, 20, 50, 100, 200, 400)
# Images for tests, and how many of them updates are compared on.
TESTED, COMPARED = 297, 8
LOSSES = ("squares", "cross-entropy")
AS_PREDICTED = [None] * (LAYERS + 1)


def make_network(seed: int) -> "Sequential":
    """Return layers of hyperbolic tangents, the last one linear, weights as Glorot draws them."""
    import torch
    from torch import nn

    rng, layers = generator(seed, "predictive-coding", 0), []
    for number, (below, above) in enumerate(pairwise(WIDTHS), 1):
        linear = nn.utils.skip_init(nn.Linear, below, above, dtype=torch.float64)
        bound = np.sqrt(6 / (below + above))
        with torch.no_grad():
            linear.weight.copy_(torch.as_tensor(rng.uniform(-bound, bound, (above, below))))
            linear.bias.zero_()
        layers.append(linear if number == LAYERS else nn.Sequential(linear, nn.Tanh()))
    return nn.Sequential(*layers)


def loss_function(name: str) -> "Callable[[Tensor, Tensor], Tensor]":
    """Return the loss of outputs and labels by its name, one of `LOSSES`."""
    import torch

    if name == "cross-entropy":
        return torch.nn.CrossEntropyLoss()
    classes = torch.eye(WIDTHS[-1], dtype=torch.float64)
    return lambda outputs, labels: ((outputs - classes[labels]) ** 2).mean()


def compare_updates(trained: "Sequential") -> dict[str, Any]:
    """Return relative errors of updates (sweep, layer) by mode and step size, and of other kinds.

    Those with fixed predictions are of a trained network, strict ones of a fresh one: late in
    training errors are so small that little is left of what is strict.
    """
    import torch

    _, test = digits().split(TESTED)
    some = torch.tensor(test.pixels[:COMPARED]), torch.tensor(test.labels[:COMPARED])
    fresh = make_network(0)
    fixed = {eta: _by_sweeps(trained, some, "fixed-prediction", eta) for eta in ETAS}
    strict = {eta: _by_sweeps(fresh, some, "strict", eta) for eta in ETAS}
    single = trained.float()
    given = some[0].float(), some[1]
    rounded = _compared(single, given, "fixed-prediction", 1.0, LAYERS, AS_PREDICTED)
    trained = trained.double()
    usual = infer(fresh, loss_function("cross-entropy"), *some, "strict")
    shifted = [belief + 0.1 for belief in usual.beliefs]
    moved = infer(fresh, loss_function("cross-entropy"), *some, "strict", vinit=shifted)
    return {
        "exact": _compared(trained, some, "exact"),
        "fixed": {str(eta): each for eta, each in fixed.items()},
        "strict": {str(eta): each for eta, each in strict.items()},
        "single": rounded,
        "vinit": max(_differences(fresh, moved.gradients, usual.gradients)),
    }


def _by_sweeps(model: "Sequential", some: Any, mode: str, eta: float) -> list[list[float]]:
    # Beliefs that are told where to begin take no short cut.
    return [_compared(model, some, mode, eta, n, AS_PREDICTED) for n in SWEEPS]


def _compared(model: "Sequential", some: Any, *how: Any) -> list[float]:
    """Return the relative error of each layer's update, from that of backpropagation."""
    import torch

    loss, parameters = loss_function("cross-entropy"), list(model.parameters())
    exact = torch.autograd.grad(loss(model(some[0]), some[1]), parameters)
    found = infer(model, loss, *some, *how).gradients
    return _differences(model, found, dict(zip(parameters, exact, strict=True)))


def _differences(
    model: "Sequential", found: "Mapping[Tensor, Tensor]", exact: "Mapping[Tensor, Tensor]"
) -> list[float]:
    import torch

    errors = []
    for layer in model:
        own = list(layer.parameters())
        ours, theirs = (torch.cat([each[p].flatten() for p in own]) for each in (found, exact))
        errors.append(float((ours - theirs).norm() / theirs.norm()))
    return errors
