"""Networks that learn by a rule, from samples or batches of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from neurotrain.learning_rules.feedback import Feedback, errors, make_feedback
from neurotrain.learning_rules.layer_view import LayerView
from neurotrain.learning_rules.network import FeedforwardNetwork
from neurotrain.learning_rules.rule import Rule, Summable
from neurotrain.required_torch import require_torch

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(eq=False)
class Learner:
    """Networks of one form, side by side, that learn by one rule.

    Parameters
    ----------
    network : FeedforwardNetwork
    rule : Rule
    feedback : Feedback
    weights : list of (network, post, pre) tensor
        Of each layer.
    feedback_weights : list of tensor, optional
        What `feedback` draws.
    seeds : tuple of int
        Of each network.
    """

    network: FeedforwardNetwork
    rule: Rule
    feedback: Feedback
    weights: list["Tensor"]
    feedback_weights: "list[Tensor] | None" = None
    seeds: tuple[int, ...] = (0,)

    @classmethod
    def start(
        cls,
        network: FeedforwardNetwork,
        rule: Summable,
        feedback: str | Feedback = "backpropagation",
        *,
        seeds: Sequence[int] = (0,),
        gain: float = 1.0,
    ) -> Self:
        """Return a learner with new weights, of a network for each seed.

        Parameters
        ----------
        network : FeedforwardNetwork
        rule : Rule or Term
        feedback : str or Feedback
            ``'backpropagation'``, ``'feedback-alignment'`` or ``'direct-feedback-alignment'``.
        seeds : sequence of int
        gain : float
            Of the initial weights; see `FeedforwardNetwork.draw_weights`.
        """
        chosen = make_feedback(feedback)
        weights = network.draw_weights(seeds, gain)
        carriers = chosen.draw(network, seeds)
        return cls(network, rule.as_rule(), chosen, weights, carriers, tuple(seeds))

    def views(self, inputs: "Tensor", targets: "Tensor") -> list[LayerView]:
        """Return what each layer sees of a batch, (network, sample, ...) both."""
        return views(
            self.network,
            self.feedback,
            self.weights,
            self.feedback_weights,
            (inputs, targets),
            self.rule.needs_pre_error,
        )

    def step(self, inputs: "np.ndarray | Tensor", targets: "np.ndarray | Tensor") -> None:
        """Change all weights by what the rule says of a batch, its mean over the samples.

        Parameters
        ----------
        inputs : (network, sample, input) array
        targets : (network, sample, output) array
            Such as `Images.one_hot`.
        """
        with require_torch().no_grad():
            batch = self.network.tensor(inputs), self.network.tensor(targets)
            # All views are made before any weights change.
            for k, view in enumerate(self.views(*batch)):
                self.weights[k] = self.rule.add_to(self.weights[k], view, in_place=True)

    def outputs(self, inputs: "np.ndarray | Tensor") -> "Tensor":
        """Return what the networks make of inputs (sample, input): (network, sample, output)."""
        with require_torch().no_grad():
            return self.network.activities(self.weights, self.network.tensor(inputs))[-1]

    def accuracy(self, inputs: "np.ndarray | Tensor", labels: np.ndarray) -> np.ndarray:
        """Return the share of samples whose largest output is that of their label, (network,).

        A network whose outputs are no longer finite is right about none.
        """
        right = are_right(self.outputs(inputs), require_torch().tensor(labels))
        return right.numpy().mean(-1)


def are_right(outputs: "Tensor", labels: "Tensor") -> "Tensor":
    """Return which outputs (..., class) are finite and largest at their label, (...)."""
    return (outputs.argmax(-1) == labels) & outputs.isfinite().all(-1)


def views(
    network: FeedforwardNetwork,
    feedback: Feedback,
    weights: Sequence["Tensor"],
    carriers: "Sequence[Tensor] | None",
    batch: tuple["Tensor", "Tensor"],
    with_input_error: bool,
) -> list[LayerView]:
    """Return what each layer of networks sees of a batch of inputs and targets."""
    inputs, targets = batch
    activity = network.activities(weights, inputs)
    slope = network.activation.slope
    slopes = [slope(inputs) if with_input_error else None, *map(slope, activity[1:-1])]
    error = errors(feedback, weights, carriers, slopes, activity[-1] - targets)
    layers = len(weights)
    return [
        LayerView(
            pre=activity[k],
            post=activity[k + 1],
            error=error[k + 1],
            weights=weights[k],
            pre_error=error[k],
            feedback_weights=None if carriers is None else carriers[k],
            derivative=slopes[k + 1] if k + 1 < layers else None,
            layer=k,
            layers=layers,
        )
        for k in range(layers)
    ]
