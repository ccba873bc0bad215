"""One generation played: candidates on trials, and the gradient for a method that takes one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.optimizers import Optimizer
from neurotrain.recording import Recording
from neurotrain.training.by_gradient import differentiated, takes_gradients
from neurotrain.training.readout_gradient import descends_in_readout, readout_gradient
from neurotrain.trials import Trials

if TYPE_CHECKING:
    from neurotrain.training.plan import Plan

State = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Played:
    """What came of the candidates of a generation.

    Parameters
    ----------
    usable : (candidate,) bool array
        Which were simulated, for their values are finite.
    recording : Recording or None
        Of these; None if there are none.
    gradient : (1, parameter) array or None
        For a method that takes one.
    """

    usable: np.ndarray
    recording: Recording | None
    gradient: np.ndarray | None = None


def played_generation(
    plan: "Plan", optimizer: Optimizer, candidates: np.ndarray, trials: Trials, initial_state: State
) -> Played:
    """Return what the candidates did, and the gradient if the optimizer takes one."""
    if takes_gradients(optimizer) and plan.gradient is None:
        result = differentiated(plan, optimizer, trials, initial_state)
        return Played(np.array([True]), result.recording, result.gradient)
    usable, recording = simulate_usable(plan, candidates, trials, initial_state)
    if not takes_gradients(optimizer):
        return Played(usable, recording)
    if descends_in_readout(plan):
        gradient = readout_gradient(plan, optimizer.guess, recording, trials)
    else:
        gradient = differentiated(plan, optimizer, trials, initial_state).gradient
    return Played(usable, recording, gradient)


def simulates_guess(plan: "Plan") -> bool:
    """Whether a gradient asks for a simulation of the guess beside those of the candidates."""
    return plan.gradient is not None and not descends_in_readout(plan)


def simulate_usable(
    plan: "Plan", candidates: np.ndarray, trials: Trials, initial_state: State
) -> tuple[np.ndarray, Recording | None]:
    """Return which candidates are finite, and their recording; None if none is."""
    settings, usable = plan.settings, np.isfinite(candidates).all(axis=1)
    if not usable.any():
        return usable, None
    return usable, plan.circuit.simulate(
        candidates[usable],
        trials,
        initial_state,
        execution=settings.execution,
        threads=settings.threads,
        trial_seconds=settings.trial_seconds,
    )
