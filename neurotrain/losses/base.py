"""What a loss is, and what losses share."""

from typing import Protocol, runtime_checkable

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.losses.sums import Summable
from neurotrain.recording import Recording
from neurotrain.trials import Trials


@runtime_checkable
class Loss(Protocol):
    """A number for each candidate, the smaller the better; no gradient is needed.

    A loss is a frozen dataclass: its fields are its settings.

    Attributes
    ----------
    name : str
        The name by which the command line finds it.
    readout : str or None
        The kind of readout it needs: ``'graded'``, ``'spike-count'``, ``'first-spike'``,
        ``'trajectory'`` or ``'spike-train'``; None is any.
    discrete : bool
        Whether it is constant in the weights except for jumps, so that its gradient
        is zero or undefined.
    """

    name: str
    readout: str | None
    discrete: bool

    def __call__(self, recording: Recording, trials: Trials) -> np.ndarray:
        """Return the loss of each candidate, (candidate,)."""
        ...


class MeanOverTrials(Summable):
    """A loss of decision variables that is a mean over trials.

    It is infinite for a candidate that failed on any of them.
    """

    name: str

    def __call__(self, recording: Recording, trials: Trials) -> np.ndarray:
        """Return the loss of each candidate, (candidate,).

        It is infinite where a trial failed or has a readout that is not finite.

        Raises
        ------
        InvalidInput
            If recording and trials do not belong together, or the readout is not of
            the kind that the loss needs.
        """
        readout = np.asarray(recording.readout, dtype=float)
        _check_readout(self.name, readout, trials)
        unusable = recording.failed | ~np.isfinite(readout).all(axis=-1)
        usable_readout = np.where(unusable[..., None], 0.0, readout)
        loss = self._per_trial(usable_readout, trials.labels).mean(axis=1)
        return np.where(unusable.any(axis=1), np.inf, loss)

    def _per_trial(self, readout: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Loss of each trial: (candidate, trial, class) and (trial,) give (candidate, trial)."""
        raise NotImplementedError


def of_label(readout: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the readout of the correct class, (candidate, trial)."""
    return readout[:, np.arange(len(labels)), labels]


def cross_entropy(readout: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return ``-log softmax`` of the correct class, (candidate, trial)."""
    # Relative to the largest, no exponential overflows and one of them is exactly 1.
    relative = readout - readout.max(axis=-1, keepdims=True)
    return np.log(np.exp(relative).sum(axis=-1)) - of_label(relative, labels)


def _check_readout(name: str, readout: np.ndarray, trials: Trials) -> None:
    n_trials = trials.n_trials
    if trials.labels is None:
        raise InvalidInput(
            f"Loss '{name}' compares choices with labels, which these trials do not have; take a "
            "loss of trajectories, such as 'trajectory-error'."
        )
    if readout.ndim != 3 or readout.shape[1] != n_trials or readout.shape[2] < 2:
        raise InvalidInput(
            f"A loss needs a readout of shape (candidate, {n_trials} trials, 2 or more classes), "
            f"got {readout.shape}."
        )
    if trials.labels.min() < 0 or trials.labels.max() >= readout.shape[2]:
        raise InvalidInput(
            f"The readout has {readout.shape[2]} classes, but labels go from "
            f"{trials.labels.min()} to {trials.labels.max()}; they must agree."
        )
