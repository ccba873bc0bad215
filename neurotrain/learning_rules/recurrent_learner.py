"""Recurrent networks that learn by a rule, from batches of trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from neurotrain.errors import InvalidInput, require_whole
from neurotrain.learning_rules.feedback import Feedback, make_feedback
from neurotrain.learning_rules.layer_view import LayerView
from neurotrain.learning_rules.recurrent_network import (
    READOUT,
    RECURRENT,
    RecurrentNetwork,
    RecurrentWeights,
)
from neurotrain.learning_rules.recurrent_views import Passage, recurrent_views
from neurotrain.learning_rules.rule import Rule, Summable, scaled
from neurotrain.required_torch import require_torch

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

# The term that biases follow, as weights from a neuron that is always active with 1.
BY_ERROR = "pseudo-gradient"


@dataclass(eq=False)
class RecurrentLearner:
    """Recurrent networks of one form, side by side, that learn by one rule.

    A change of weights is the mean over trials of the sum over steps. Of the readout's, that over
    what is read.

    Parameters
    ----------
    network : RecurrentNetwork
    rule : Rule
        Layer 0 are the weights from inputs, 1 the recurrent ones, 2 those of the readout. Biases
        follow the coefficient of ``'pseudo-gradient'`` in layers 1 and 2.
    feedback : Feedback
        How errors get from the output to the neurons, and from neurons to those of the step
        before. Direct feedback alignment has the former only, so that a neuron remembers what it
        did as long as its leak lets it (Murray 2019, doi:10.7554/eLife.43299).
    weights : RecurrentWeights
    feedback_weights : list of tensor, optional
        What `feedback` draws.
    seeds : tuple of int
        Of each network.
    """

    network: RecurrentNetwork
    rule: Rule
    feedback: Feedback
    weights: RecurrentWeights
    feedback_weights: list[Tensor] | None = None
    seeds: tuple[int, ...] = (0,)

    @classmethod
    def start(
        cls,
        network: RecurrentNetwork,
        rule: Summable,
        feedback: str | Feedback = "backpropagation",
        *,
        seeds: Sequence[int] = (0,),
        gain: float = 1.0,
    ) -> Self:
        """Return a learner with new weights, of a network for each seed.

        Parameters are those of `Learner.start`; `gain` is of the recurrent weights.
        """
        chosen = make_feedback(feedback)
        weights = network.draw_weights(seeds, gain)
        carriers = chosen.draw(network, seeds)
        return cls(network, rule.as_rule(), chosen, weights, carriers, tuple(seeds))

    def run(
        self,
        inputs: np.ndarray | Tensor,
        targets: np.ndarray | Tensor,
        start: np.ndarray | Tensor | None = None,
        *,
        last: int = 1,
    ) -> Passage:
        """Return what the networks do with a batch of trials, and how wrong they are.

        Parameters
        ----------
        inputs : (network, trial, step, input) array
        targets : (network, trial, output) array
        start : (network, trial, neuron) array, optional
            States to begin with, by default 0.
        last : int
            Over how many steps, the last ones, activity is averaged to be read.

        Raises
        ------
        InvalidInput
            If a shape is not that of networks, trials and steps.
        """
        network = self.network
        inputs, targets = network.tensor(inputs), network.tensor(targets)
        self._check(inputs, targets, last)
        begin = None if start is None else network.tensor(start)
        with require_torch().no_grad():
            activity = network.activity(self.weights, inputs, begin)
            reading = activity.new_zeros(1, activity.shape[-2])
            reading[:, -last:] = 1 / last
            output = network.read_out(self.weights, reading @ activity)
            return Passage(inputs, activity, reading, output, output - targets[..., None, :])

    def views(self, passage: Passage) -> list[LayerView]:
        """Return what each layer of weights sees of it."""
        carriers, with_input_error = self.feedback_weights, self.rule.needs_pre_error
        return recurrent_views(
            self.network, self.feedback, self.weights, carriers, passage, with_input_error
        )

    def changes(self, passage: Passage) -> RecurrentWeights:
        """Return what the rule makes of it, in the form of the weights."""
        with require_torch().no_grad():
            return rule_changes(self.rule, self.views(passage), passage)

    def step(
        self,
        inputs: np.ndarray | Tensor,
        targets: np.ndarray | Tensor,
        start: np.ndarray | Tensor | None = None,
        *,
        last: int = 1,
    ) -> None:
        """Change all weights by what the rule says of a batch; parameters are those of `run`."""
        changes = self.changes(self.run(inputs, targets, start, last=last))
        self.weights = RecurrentWeights(*map(sum, zip(self.weights, changes, strict=True)))

    def _check(self, inputs: Tensor, targets: Tensor, last: int) -> None:
        require_whole("last", last)
        network, n = self.network, len(self.seeds)
        expected = (*inputs.shape[:-2], network.outputs) if inputs.ndim == 4 else ()
        if inputs.ndim != 4 or inputs.shape[-1] != network.inputs or inputs.shape[0] not in (1, n):
            raise InvalidInput(
                f"Inputs must be (network, trial, step, input) with {n} networks and "
                f"{network.inputs} inputs, got {tuple(inputs.shape)}."
            )
        if tuple(targets.shape) != expected:
            raise InvalidInput(
                f"Targets must be (network, trial, output) = {expected}, "
                f"got {tuple(targets.shape)}."
            )
        if last > inputs.shape[-2]:
            raise InvalidInput(f"Of {inputs.shape[-2]} steps the last {last} cannot be read.")


def rule_changes(rule: Rule, views: Sequence[LayerView], passage: Passage) -> RecurrentWeights:
    """Return the changes of all weights: means over trials of sums over steps."""
    steps, reads = passage.inputs.shape[-2], passage.reading.shape[0]
    times = (steps, steps, reads)
    matrices = [n * rule.change(view) for n, view in zip(times, views, strict=True)]
    follows = rule.coefficients(len(views)).get(BY_ERROR, [0.0] * len(views))
    biases = [
        -times[layer] * scaled(views[layer].error.mean(-2, True), follows[layer]).squeeze(-2)
        for layer in (RECURRENT, READOUT)
    ]
    return RecurrentWeights(*matrices, *biases)
