"""How errors get to a layer: by the weights, by random ones, or from the output directly."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from neurotrain.errors import unknown_name
from neurotrain.learning_rules.network_form import NetworkForm

if TYPE_CHECKING:
    from torch import Tensor


class Feedback(Protocol):
    """How errors get to the layers of a network.

    Feedback weights are one tensor (..., pre, post) for each layer of weights, the first one
    included, which carries errors to the input for rules that ask for them.

    Attributes
    ----------
    name : str
    through_layers : bool
        Whether errors go on from layer to layer, in recurrent networks also from one step to the
        one before; otherwise each layer is told of the output's error only.
    """

    name: str
    through_layers: bool

    def draw(self, network: NetworkForm, seeds: Sequence[int]) -> list["Tensor"] | None:
        """Return feedback weights for a network of each seed; None where there are none."""

    def below(
        self, error: "Tensor", output_error: "Tensor", weights: "Tensor", carrier: "Tensor | None"
    ) -> "Tensor":
        """Return what of the error comes to the layer below, before its derivative.

        Parameters
        ----------
        error : (..., sample, post) tensor
            Of the layer itself.
        output_error : (..., sample, output) tensor
            Of the output.
        weights, carrier : tensor
            Weights and feedback weights of the layer.
        """


@dataclass(frozen=True)
class Backpropagation:
    """Errors go back by the weights themselves: the gradient of the loss."""

    name: str = "backpropagation"
    through_layers: bool = True

    def draw(self, network: NetworkForm, seeds: Sequence[int]) -> None:
        """Return None: there are no other weights."""

    def below(
        self, error: "Tensor", output_error: "Tensor", weights: "Tensor", carrier: None
    ) -> "Tensor":
        """Return the error times the weights, (..., sample, pre)."""
        return error @ weights


@dataclass(frozen=True)
class FeedbackAlignment:
    """Errors go back by random weights that stay (Lillicrap et al. 2016, 10.1038/ncomms13276)."""

    name: str = "feedback-alignment"
    through_layers: bool = True

    def draw(self, network: NetworkForm, seeds: Sequence[int]) -> list["Tensor"]:
        """Return weights (network, pre, post) of each layer, as initial ones are drawn."""
        return [
            network.draw_uniform("learning-feedback", seeds, k, (pre, post))
            for k, (post, pre) in enumerate(network.shapes)
        ]

    def below(
        self, error: "Tensor", output_error: "Tensor", weights: "Tensor", carrier: "Tensor"
    ) -> "Tensor":
        """Return the error times the feedback weights, (..., sample, pre)."""
        return error @ carrier.mT


@dataclass(frozen=True)
class DirectFeedbackAlignment:
    """The output's error goes to each layer by random weights (Nøkland 2016, 1609.01596)."""

    name: str = "direct-feedback-alignment"
    through_layers: bool = False

    def draw(self, network: NetworkForm, seeds: Sequence[int]) -> list["Tensor"]:
        """Return weights (network, pre, output) of each layer."""
        outputs = network.shapes[-1][0]
        return [
            network.draw_uniform("learning-feedback", seeds, k, (pre, outputs))
            for k, (_, pre) in enumerate(network.shapes)
        ]

    def below(
        self, error: "Tensor", output_error: "Tensor", weights: "Tensor", carrier: "Tensor"
    ) -> "Tensor":
        """Return the output's error times the feedback weights, (..., sample, pre)."""
        return output_error @ carrier.mT


FEEDBACK = {
    one.name: one for one in (Backpropagation(), FeedbackAlignment(), DirectFeedbackAlignment())
}


def make_feedback(feedback: str | Feedback) -> Feedback:
    """Return the feedback of this name; one that is no name is returned as it is."""
    if not isinstance(feedback, str):
        return feedback
    if feedback not in FEEDBACK:
        raise unknown_name("feedback", feedback, FEEDBACK)
    return FEEDBACK[feedback]


def errors(
    feedback: Feedback,
    weights: Sequence["Tensor"],
    carriers: Sequence["Tensor"] | None,
    slopes: Sequence["Tensor | None"],
    output_error: "Tensor",
) -> list["Tensor | None"]:
    """Return the errors of all layers, the input first; None where there is no slope.

    Parameters
    ----------
    feedback : Feedback
    weights : sequence of (..., post, pre) tensor
    carriers : sequence of tensor, optional
        Feedback weights.
    slopes : sequence of (..., sample, neuron) tensor
        Derivatives of the activation below each layer of weights. That of the input, as if it were
        a layer with the same activation, is None where it needs no errors.
    output_error : (..., sample, output) tensor
        Output minus target.
    """
    found: list[Tensor | None] = [output_error]
    for k in reversed(range(len(weights))):
        if slopes[k] is None:
            return [None, *found]
        carrier = None if carriers is None else carriers[k]
        found.insert(0, slopes[k] * feedback.below(found[0], output_error, weights[k], carrier))
    return found
