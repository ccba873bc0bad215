"""The gradient of a linear readout, from what the neurons of the candidates did anyway."""

from typing import TYPE_CHECKING

import numpy as np

from neurotrain.losses import Loss, WeightedSum, is_built_in
from neurotrain.recording import Recording
from neurotrain.trials import Trials

if TYPE_CHECKING:
    from neurotrain.training.plan import Plan

WEIGHT, BIAS = "readout.weight", "readout.bias"


def descends_in_readout(plan: "Plan") -> bool:
    """Whether nothing but a linear readout follows the gradient, of a loss with a slope by it.

    Then no backpropagation is needed, nor any simulation beside those of the candidates, which
    share the readout.
    """
    if plan.gradient is None or not set(plan.gradient.blocks) <= {WEIGHT, BIAS}:
        return False
    readout = getattr(plan.circuit, "readout", None)
    has_slope = all(hasattr(term, "slope") for _, term in _terms(plan.loss))
    return hasattr(readout, "inputs") and is_built_in(plan.loss) and has_slope


def readout_gradient(
    plan: "Plan", guess: np.ndarray, recording: Recording | None, trials: Trials
) -> np.ndarray:
    """Return the gradient of the mean loss of the candidates, (1, parameter).

    NaN if all candidates failed.

    Parameters
    ----------
    plan : Plan
        One that `descends_in_readout`.
    guess : (parameter,) array
        With the readout of all candidates.
    recording : Recording, optional
        Of the candidates; None if none could be simulated.
    trials : Trials
    """
    circuit = plan.circuit
    usable = np.zeros(0, dtype=bool) if recording is None else ~recording.failed.any(axis=1)
    if not usable.any():
        return np.full((1, guess.size), np.nan)
    readout = recording.readout[usable]
    slope = sum(w * term.slope(readout, trials.labels) for w, term in _terms(plan.loss))
    slope /= slope.shape[0] * slope.shape[1]
    inputs = circuit.readout.inputs(recording, trials)[usable]
    # Not a matrix product, whose rounding may depend on the number of threads.
    by_block = {WEIGHT: np.einsum("ptk,ptn->kn", slope, inputs), BIAS: slope.sum(axis=(0, 1))}
    chosen = {name: by_block[name][np.newaxis] for name in plan.gradient.blocks}
    return circuit.parameters.pull_back(guess[np.newaxis], chosen)


def _terms(loss: Loss) -> tuple[tuple[float, Loss], ...]:
    return loss.terms if isinstance(loss, WeightedSum) else ((1.0, loss),)
