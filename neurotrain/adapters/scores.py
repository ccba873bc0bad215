"""How well choices and trajectories do on trials."""

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.trials import Trials


def share_correct(decisions: np.ndarray, trials: Trials) -> np.ndarray:
    """Return the share of correct choices: (..., trial) choices give (...); -1 is wrong.

    Raises
    ------
    InvalidInput
        If there is not one choice for each trial.
    """
    decisions = np.asarray(decisions)
    if decisions.shape[-1:] != (trials.n_trials,):
        raise InvalidInput(
            f"Decisions must have one choice for each of the {trials.n_trials} trials "
            f"on their last axis, got shape {decisions.shape}."
        )
    return (decisions == trials.labels).mean(axis=-1)


def explained_share(output: np.ndarray, trials: Trials) -> np.ndarray:
    """Return the share of the targets' variance that outputs explain, in the bins that count.

    (..., trial, bin, output) give (...). 1 is perfect, 0 what the mean target would give at
    all times; it may be less. A trial whose outputs are not finite counts as the mean target.

    Raises
    ------
    InvalidInput
        If there is not an output for each target.
    """
    output = np.asarray(output, dtype=float)
    if output.shape[-3:] != trials.targets.shape:
        raise InvalidInput(
            f"Outputs must be (trial, bin, output) = {trials.targets.shape} on their last axes, "
            f"got shape {output.shape}."
        )
    targets = trials.targets[trials.counted]
    mean = targets.mean(axis=0)
    output = output[..., trials.counted, :]
    error = np.where(np.isfinite(output), output, mean) - targets
    spread = ((targets - mean) ** 2).sum() or 1.0
    return 1 - (error**2).sum(axis=(-2, -1)) / spread
