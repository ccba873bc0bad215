"""What training makes small: losses of a recording, smooth or discrete."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from numbers import Real
from typing import ClassVar, Protocol, runtime_checkable

import numpy as np

from neurotrain.errors import InvalidInput, unknown_name
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
        The kind of readout it needs, ``'graded'`` or ``'spike-count'``; None is any.
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


class _MeanOverTrials:
    """A loss that is a mean over trials; infinite for a candidate that failed on any."""

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
        _check_readout(readout, trials)
        unusable = recording.failed | ~np.isfinite(readout).all(axis=-1)
        usable_readout = np.where(unusable[..., None], 0.0, readout)
        loss = self._per_trial(usable_readout, trials.labels).mean(axis=1)
        return np.where(unusable.any(axis=1), np.inf, loss)

    def _per_trial(self, readout: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Loss of each trial: (candidate, trial, class) and (trial,) give (candidate, trial)."""
        raise NotImplementedError


@dataclass(frozen=True)
class CrossEntropy(_MeanOverTrials):
    """Cross-entropy of the softmax of a graded readout.

    ``-log(exp(r_y) / sum_k exp(r_k))``, averaged over trials; smooth in the readout.
    """

    name: ClassVar[str] = "cross-entropy"
    readout: ClassVar[str | None] = "graded"
    discrete: ClassVar[bool] = False

    def _per_trial(self, readout: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return _cross_entropy(readout, labels)


@dataclass(frozen=True)
class ZeroOne(_MeanOverTrials):
    """Share of wrong choices; a tie for the largest readout is wrong."""

    name: ClassVar[str] = "zero-one"
    readout: ClassVar[str | None] = None
    discrete: ClassVar[bool] = True

    def _per_trial(self, readout: np.ndarray, labels: np.ndarray) -> np.ndarray:
        return (_lead(readout, labels) <= 0).astype(float)


@dataclass(frozen=True)
class SpikeCountMargin(_MeanOverTrials):
    """Spikes that the correct pool lacks to lead all others by `margin`.

    ``max(0, margin - (n_y - max_{k != y} n_k))``, averaged over trials, where ``n_k``
    is the spike count of pool k in the decision period.

    Parameters
    ----------
    margin : float
        The lead that is enough, in spikes.
    """

    name: ClassVar[str] = "spike-count-margin"
    readout: ClassVar[str | None] = "spike-count"
    discrete: ClassVar[bool] = True

    margin: float = 2.0

    def __post_init__(self) -> None:
        _require_spikes(self.name, "margin", self.margin)

    def _per_trial(self, readout: np.ndarray, labels: np.ndarray) -> np.ndarray:
        _check_counts(self.name, readout)
        return np.maximum(0.0, self.margin - _lead(readout, labels))


@dataclass(frozen=True)
class SpikeCountCrossEntropy(_MeanOverTrials):
    """Cross-entropy of the softmax of spike counts, ``softmax(n / temperature)``.

    Parameters
    ----------
    temperature : float
        The lead in spikes that multiplies the odds of a choice by e.
    """

    name: ClassVar[str] = "spike-count-cross-entropy"
    readout: ClassVar[str | None] = "spike-count"
    discrete: ClassVar[bool] = True

    temperature: float = 1.5

    def __post_init__(self) -> None:
        _require_spikes(self.name, "temperature", self.temperature)

    def _per_trial(self, readout: np.ndarray, labels: np.ndarray) -> np.ndarray:
        _check_counts(self.name, readout)
        return _cross_entropy(readout / self.temperature, labels)


LOSSES: Mapping[str, type[Loss]] = {
    "cross-entropy": CrossEntropy,
    "zero-one": ZeroOne,
    "spike-count-margin": SpikeCountMargin,
    "spike-count-cross-entropy": SpikeCountCrossEntropy,
}


def make_loss(name: str, **options: float) -> Loss:
    """Return the loss called `name`, one of `LOSSES`, with its settings.

    Raises
    ------
    InvalidInput
        If there is no such loss, it has no such setting, or the value is out of range.
    """
    if name not in LOSSES:
        raise unknown_name("loss", name, LOSSES)
    known = [field.name for field in fields(LOSSES[name])]
    for option in options:
        if not known:
            raise InvalidInput(f"Loss '{name}' has no settings; leave out '{option}'.")
        if option not in known:
            raise unknown_name(f"setting of loss '{name}'", option, known)
    return LOSSES[name](**options)


def _cross_entropy(readout: np.ndarray, labels: np.ndarray) -> np.ndarray:
    # Relative to the largest, no exponential overflows and one of them is exactly 1.
    relative = readout - readout.max(axis=-1, keepdims=True)
    return np.log(np.exp(relative).sum(axis=-1)) - _of_label(relative, labels)


def _lead(readout: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return by how much the correct class leads the strongest other, (candidate, trial)."""
    is_label = np.arange(readout.shape[-1]) == labels[:, None]
    strongest_other = np.where(is_label, -np.inf, readout).max(axis=-1)
    return _of_label(readout, labels) - strongest_other


def _of_label(readout: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return readout[:, np.arange(len(labels)), labels]


def _check_readout(readout: np.ndarray, trials: Trials) -> None:
    n_trials = trials.n_trials
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


def _check_counts(name: str, readout: np.ndarray) -> None:
    if (readout < 0).any() or (readout != np.floor(readout)).any():
        raise InvalidInput(
            f"Loss '{name}' needs a readout of spike counts, got values that are not counts; "
            f"use a spike-count readout, or the loss 'cross-entropy' for a graded one."
        )


def _require_spikes(name: str, setting: str, value: object) -> None:
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not is_number or not 0 < value < np.inf:
        raise InvalidInput(
            f"'{setting}' of loss '{name}' must be a positive number of spikes, got {value!r}."
        )
