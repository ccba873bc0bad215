"""What a training by backpropagation needs beside losses: the gradient at the guess."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.optimizers import Optimizer
from neurotrain.optimizers.gradient_descent import GradientDescent
from neurotrain.seeding import generator
from neurotrain.training.readout_gradient import descends_in_readout
from neurotrain.trials import Trials

if TYPE_CHECKING:
    from neurotrain.gradients.differentiation import Differentiated
    from neurotrain.training.plan import Plan


def takes_gradients(optimizer: Optimizer) -> bool:
    """Whether an optimizer must be told gradients."""
    return hasattr(optimizer, "differentiation")


def has_descended(optimizer: Optimizer) -> bool:
    """Whether an optimizer that does nothing but follow gradients has taken a step."""
    return isinstance(optimizer, GradientDescent) and optimizer.skipped < optimizer.generation


def differentiated(
    plan: "Plan", optimizer: Any, trials: Trials, initial_state: Mapping[str, np.ndarray]
) -> "Differentiated":
    """Return loss and gradient at the guess of an optimizer that takes gradients."""
    from neurotrain.executions.torch.options import Differentiation
    from neurotrain.gradients.differentiation import differentiate

    if getattr(optimizer, "learning_rule", None):
        return _by_rule(plan, optimizer, trials, initial_state)
    return differentiate(
        plan.circuit,
        optimizer.guess[np.newaxis],
        trials,
        initial_state,
        plan.loss,
        Differentiation(**optimizer.differentiation),
        blocks=None if plan.gradient is None else plan.gradient.blocks,
        threads=plan.settings.threads,
    )


def _by_rule(
    plan: "Plan", optimizer: Any, trials: Trials, initial_state: Mapping[str, np.ndarray]
) -> "Differentiated":
    """Return the loss at the guess, and what a learning rule makes of it for a gradient."""
    from neurotrain.gradients.differentiation import Differentiated

    guess, settings = optimizer.guess, plan.settings
    recording = plan.circuit.simulate(
        guess[np.newaxis],
        trials,
        initial_state,
        execution=settings.execution,
        threads=settings.threads,
    )
    gradient = plan.rule_gradient(guess, trials, initial_state, settings.threads)
    return Differentiated(recording, plan.loss(recording, trials), gradient)


def check_gradients(plan: "Plan", optimizer: Optimizer, trials: Trials) -> None:
    """Take one gradient on `trials` if the optimizer takes any, so that what cannot work fails.

    Raises
    ------
    NeurotrainError
        If PyTorch is missing, or circuit or loss have no derivative.
    """
    if not takes_gradients(optimizer) or descends_in_readout(plan):
        return
    if not hasattr(plan.circuit, "lower"):
        raise InvalidInput(
            f"Backpropagation needs a Circuit of Brian2 objects, got {type(plan.circuit).__name__}."
        )
    if plan.settings.candidate_seconds is not None and plan.gradient is None:
        raise InvalidInput(
            "candidate_seconds limit a population's simulations, of which there are none here: "
            "limit the whole run with seconds."
        )
    rng = generator(plan.settings.seed, "training-state", 0)
    differentiated(plan, optimizer, trials, plan.circuit.draw_initial_state(trials.n_trials, rng))
