"""How well choices and trajectories suit trials, and how well an ideal observer can do."""

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.trials import Trials


def score_choices(decisions: np.ndarray, trials: Trials) -> np.ndarray:
    """Return the share of correct choices: (..., trial) choices give (...).

    A choice of -1 is wrong.

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


def score_trajectories(output: np.ndarray, trials: Trials) -> np.ndarray:
    """Return 1 minus the normalized squared error: (..., trial, bin, output) give (...).

    The error ``sum((output - target)**2) / sum(target**2)`` is taken over all trials, bins
    that count and outputs together. So 1 is perfect and 0 as good as an output that is
    always zero; NaN, the output of a trial that failed, counts as zero.

    Raises
    ------
    InvalidInput
        If the output has another shape than the targets.
    """
    output = np.asarray(output)
    if output.shape[-3:] != trials.targets.shape:
        raise InvalidInput(
            f"The output must be (..., trial, bin, output) = (..., "
            f"{', '.join(str(n) for n in trials.targets.shape)}), got shape {output.shape}."
        )
    target = trials.targets[trials.counted]  # (counted bin, output)
    given = output[..., trials.counted, :]
    # In the order of its axes, so that a sum rounds alike for any number of candidates.
    error = np.ascontiguousarray(np.where(np.isnan(given), 0.0, given) - target)
    return 1 - (error**2).sum(axis=(-2, -1)) / (target**2).sum()


def sign_is_right(difference: np.ndarray, std: float) -> np.ndarray:
    """Return how probably the sign of a difference is seen correctly, (trial,).

    ``Phi(|difference|/std)``: the ideal observer's probability of a correct choice between two
    alternatives whose difference is seen in Gaussian noise of standard deviation `std`.
    """
    from scipy.special import ndtr

    size = np.abs(np.asarray(difference, dtype=float))
    if std == 0:
        return np.where(size > 0, 1.0, 0.5)
    return ndtr(size / std)
