"""What a learning rule changes in a circuit of rate units, told as if it were a gradient."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.gradients.losses import differentiable_loss, require_differentiable_loss
from neurotrain.gradients.outcome import Outcome
from neurotrain.gradients.rate_circuit import RateCircuit
from neurotrain.learning_rules.feedback import Feedback, make_feedback
from neurotrain.learning_rules.recurrent_learner import rule_changes
from neurotrain.learning_rules.recurrent_network import RecurrentWeights
from neurotrain.learning_rules.recurrent_views import Passage, recurrent_views
from neurotrain.learning_rules.rule import Summable
from neurotrain.learning_rules.rule_text import rule_from_text
from neurotrain.losses import Loss
from neurotrain.required_torch import require_torch, torch_threads
from neurotrain.trials import Trials

if TYPE_CHECKING:
    from torch import Tensor

    from neurotrain.circuit import Circuit


class RuleGradient:
    """A rule on a circuit of rate units, in the form that methods by gradient descend with.

    With the rule ``'pseudo-gradient'`` and backpropagation it is the gradient, to rounding.

    Parameters
    ----------
    circuit : Circuit
        See `RateCircuit`.
    loss : Loss
        One with a derivative by what is read, from which all errors come.
    rule : str or Rule
        Layer 0 are input weights, 1 recurrent ones, 2 the readout; as a text see
        `rule_from_text`. Steps are summed, trials averaged.
    feedback : str or Feedback
    seed : int
        From which feedback weights follow.

    Raises
    ------
    InvalidInput
        If the circuit is no network of rate units, the loss has no derivative, or a name is
        unknown.
    """

    def __init__(
        self,
        circuit: Circuit,
        loss: Loss,
        rule: str | Summable,
        feedback: str | Feedback = "backpropagation",
        seed: int = 0,
    ) -> None:
        require_differentiable_loss(loss)
        self.rule = (rule_from_text(rule) if isinstance(rule, str) else rule).as_rule()
        self.feedback = make_feedback(feedback)
        self.loss, self.seed = loss, seed
        self._rates = RateCircuit(circuit)

    def __call__(
        self,
        candidate: np.ndarray,
        trials: Trials,
        initial_state: Mapping[str, np.ndarray],
        threads: int | None = None,
    ) -> np.ndarray:
        """Return what the rule would change, with the other sign, (1, parameter).

        Parameters
        ----------
        candidate : (parameter,) array
        trials : Trials
        initial_state : mapping of str to (trial, neuron) array
        threads : int, optional
            Of PyTorch; by default its own choice.
        """
        with torch_threads(threads):
            weights = self._rates.weights(candidate)
            passage = self._passage(weights, trials, initial_state)
            with require_torch().no_grad():
                views = recurrent_views(
                    self._rates.network,
                    self.feedback,
                    weights,
                    self._carriers,
                    passage,
                    self.rule.needs_pre_error,
                )
                return self._rates.gradient(candidate, rule_changes(self.rule, views, passage))

    @cached_property
    def _carriers(self) -> list[Tensor] | None:
        return self.feedback.draw(self._rates.network, [self.seed])

    def _passage(
        self, weights: RecurrentWeights, trials: Trials, initial_state: Mapping[str, np.ndarray]
    ) -> Passage:
        network, rates = self._rates.network, self._rates
        inputs, reading = rates.inputs(trials), rates.reading(trials)
        activity = network.activity(weights, inputs, rates.start(initial_state))
        output = network.read_out(weights, reading @ activity)
        error = output_error(rates.circuit, self.loss, output, trials)
        return Passage(inputs, activity, reading, output, error)


def output_error(circuit: Circuit, loss: Loss, output: Tensor, trials: Trials) -> Tensor:
    """Return the derivative of each trial's loss by its output (1, trial, read, output)."""
    torch = require_torch()
    output = output.detach().requires_grad_()
    losses = differentiable_loss(
        loss, _outcome(output, trials, bool(circuit.readout.outputs)), trials
    )
    (slope,) = torch.autograd.grad(losses.sum(), output)
    # The loss is the mean over trials.
    return slope * trials.n_trials


def _outcome(output: Tensor, trials: Trials, of_trajectories: bool) -> Outcome:
    torch = require_torch()
    given = {"output": output} if of_trajectories else {"readout": output[..., 0, :]}
    return Outcome(
        spike_count=output.new_zeros(1, trials.n_trials, 1, 1),
        bin_edges_ms=np.array([0.0, trials.duration_ms]),
        failed=torch.zeros(1, trials.n_trials, dtype=torch.bool),
        **given,
    )
