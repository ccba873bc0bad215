"""Losses that are a user's own functions."""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import isfunction
from typing import Any

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.losses.base import Loss
from neurotrain.losses.sums import Summable
from neurotrain.recording import Recording
from neurotrain.trials import Trials


@dataclass(frozen=True, repr=False)
class FunctionLoss(Summable):
    """A loss that is a function of a recording and its trials.

    Parameters
    ----------
    function : callable
        Takes a `Recording` and `Trials`, and returns the loss of each candidate, (candidate,). Its
        attributes `readout` and `discrete`, where it has them, say what those of a `Loss` say;
        otherwise it takes any readout and is not discrete. An attribute `in_tensors`, where it
        has one, is the same function of an `Outcome` and trials in tensors of PyTorch.
    """

    function: Callable[[Recording, Trials], np.ndarray]

    @property
    def name(self) -> str:
        """The name of the function."""
        return self.function.__name__

    @property
    def readout(self) -> str | None:
        """The kind of readout that the function says it needs."""
        return getattr(self.function, "readout", None)

    @property
    def discrete(self) -> bool:
        """Whether the function says that it is discrete."""
        return getattr(self.function, "discrete", False)

    @property
    def in_tensors(self) -> Callable[[Any, Trials], Any] | None:
        """The same function in tensors, for gradients."""
        return getattr(self.function, "in_tensors", None)

    def __repr__(self) -> str:
        # The same in another process: a run is known by it.
        return f"FunctionLoss({self.function.__qualname__})"

    def __call__(self, recording: Recording, trials: Trials) -> np.ndarray:
        """Return the loss of each candidate, (candidate,).

        Raises
        ------
        InvalidInput
            If the function returns anything else.
        """
        losses = np.asarray(self.function(recording, trials), dtype=float)
        if losses.shape != (len(recording.failed),):
            raise InvalidInput(
                f"Loss '{self.name}' must return a number for each of the "
                f"{len(recording.failed)} candidates, got an array of shape {losses.shape}."
            )
        return losses


def as_loss(given: Any) -> Loss:
    """Return `given` if it is a loss, or the loss that is the function `given`.

    Raises
    ------
    InvalidInput
        If it is neither.
    """
    if isinstance(given, Loss) and not isinstance(given, type):
        return given
    if isfunction(given):
        return FunctionLoss(given)
    raise InvalidInput(
        "A loss must be the name of one, a Loss, or a function of a recording and its trials, "
        f"got {given!r}."[:200]
    )
