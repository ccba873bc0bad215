"""What becomes of weights and activity as networks learn; axes in front stay as they are."""

from math import pi
from typing import TYPE_CHECKING

from neurotrain.learning_rules.feedback import Backpropagation
from neurotrain.learning_rules.layer_view import LayerView
from neurotrain.learning_rules.learner import Learner, views

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor


def orthonormality_error(weights: "Tensor") -> "Tensor":
    """Return how far rows are from orthonormal ones: ``|WWᵀ - 1|/sqrt(post)``, Frobenius norm.

    Parameters
    ----------
    weights : (..., post, pre) tensor
    """
    post = weights.shape[-2]
    products = weights @ weights.mT
    products.diagonal(dim1=-2, dim2=-1).sub_(1)
    return products.flatten(-2).norm(dim=-1) / post**0.5


def participation_ratio(activity: "Tensor") -> "Tensor":
    """Return how many directions share the variance: ``(sum v)²/sum v²`` of its eigenvalues v.

    Parameters
    ----------
    activity : (..., sample, neuron) tensor
    """
    variances = _singular_values(activity) ** 2
    return variances.sum(-1) ** 2 / (variances**2).sum(-1)


def effective_rank(activity: "Tensor") -> "Tensor":
    """Return the exponential of the entropy of normalized singular values (Roy & Vetterli 2007).

    Parameters
    ----------
    activity : (..., sample, neuron) tensor
        Its mean over samples is left out.
    """
    values = _singular_values(activity)
    shares = values / values.sum(-1, keepdim=True)
    return (-(shares * shares.clamp_min(1e-300).log()).sum(-1)).exp()


def angle(one: "Tensor", other: "Tensor") -> "Tensor":
    """Return the angle between vectors (..., neuron) in degrees."""
    norms = one.norm(dim=-1) * other.norm(dim=-1)
    cosine = (one * other).sum(-1) / norms
    return cosine.clamp(-1, 1).acos() * (180 / pi)


def measure_layers(
    learner: Learner, inputs: "np.ndarray", targets: "np.ndarray"
) -> "dict[str, np.ndarray]":
    """Return measures of each layer of a learner on a batch, (network, layer) each.

    Parameters
    ----------
    learner : Learner
    inputs : (sample, input) array
    targets : (sample, output) array

    Returns
    -------
    dict of str to array
        ``orthonormality_error`` of the weights; ``participation_ratio``, ``effective_rank`` and
        ``activity_norm`` of what the layer does; ``error_norm`` of what it is told, and
        ``error_angle`` of that to what backpropagation would tell it, in degrees;
        ``gradient_norm`` of the loss by its weights. Norms are roots of mean squares, over samples
        and neurons, or over weights; angles are means over samples.
    """
    import torch

    batch = learner.network.tensor(inputs), learner.network.tensor(targets)
    with torch.no_grad():
        told = learner.views(*batch)
        exact = views(learner.network, Backpropagation(), learner.weights, None, batch, False)
        rows = [_measures(one, other) for one, other in zip(told, exact, strict=True)]
    return {name: torch.stack([row[name] for row in rows], -1).numpy() for name in rows[0]}


def _measures(told: LayerView, exact: LayerView) -> "dict[str, Tensor]":
    gradient = exact.error.mT @ exact.pre / exact.pre.shape[-2]
    return {
        "orthonormality_error": orthonormality_error(told.weights),
        "participation_ratio": participation_ratio(told.post),
        "effective_rank": effective_rank(told.post),
        "activity_norm": _root_mean_square(told.post),
        "error_norm": _root_mean_square(told.error),
        "error_angle": angle(told.error, exact.error).mean(-1),
        "gradient_norm": _root_mean_square(gradient),
    }


def _root_mean_square(values: "Tensor") -> "Tensor":
    return (values**2).mean((-2, -1)).sqrt()


def _singular_values(activity: "Tensor") -> "Tensor":
    """Return those of the deviations from the mean; NaN where a network is no longer finite."""
    import torch

    finite = activity.isfinite().all(-1).all(-1)[..., None, None]
    known = torch.where(finite, activity, 0.0)
    values = torch.linalg.svdvals(known - known.mean(-2, keepdim=True))
    return torch.where(finite[..., 0], values, torch.nan)
