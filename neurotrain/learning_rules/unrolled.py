"""Learning that can be differentiated: what the coefficients of a rule do to what is learned."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from neurotrain.errors import require_whole
from neurotrain.learning_rules.feedback import Feedback
from neurotrain.learning_rules.learner import views
from neurotrain.learning_rules.network import FeedforwardNetwork
from neurotrain.learning_rules.rule import Rule

if TYPE_CHECKING:
    from torch import Tensor


def unroll(
    network: FeedforwardNetwork,
    rule: Rule,
    feedback: Feedback,
    weights: Sequence["Tensor"],
    carriers: Sequence["Tensor"] | None,
    batch: tuple["Tensor", "Tensor"],
    *,
    segment: int = 16,
) -> list["Tensor"]:
    """Return weights after learning one sample after another, as functions of coefficients.

    Memory grows with the number of segments and with the length of one: only weights between
    segments are kept, and each segment is gone through again for its gradient. It is least where
    the length is about the root of the number of samples.

    Parameters
    ----------
    network : FeedforwardNetwork
    rule : Rule
        Gradients flow to those of its coefficients that are tensors and require it.
    feedback : Feedback
    weights : sequence of (network, post, pre) tensor
        Where learning begins; they stay as they are.
    carriers : sequence of tensor, optional
        Feedback weights.
    batch : tuple of tensor
        Inputs (network, sample, input) and targets (network, sample, output).
    segment : int
        Samples between which weights are kept.
    """
    from torch.utils.checkpoint import checkpoint

    require_whole("segment", segment)
    inputs, targets = batch
    samples = inputs.shape[-2]

    def learn(first: int, *current: "Tensor") -> tuple["Tensor", ...]:
        for k in range(first, min(first + segment, samples)):
            sample = inputs[..., k : k + 1, :], targets[..., k : k + 1, :]
            seen = views(network, feedback, current, carriers, sample, rule.needs_pre_error)
            current = tuple(rule.add_to(w, v) for w, v in zip(current, seen, strict=True))
        return current

    current = tuple(weights)
    for first in range(0, samples, segment):
        current = checkpoint(learn, first, *current, use_reentrant=False)
    return list(current)
