"""Weighted sums of losses, as in ``2*loss + penalty``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.errors import InvalidInput

if TYPE_CHECKING:
    from neurotrain.losses.base import Loss
    from neurotrain.recording import Recording
    from neurotrain.trials import Trials


class Summable:
    """A loss that can be multiplied by a number and added to other losses."""

    def __mul__(self, weight: float) -> WeightedSum:
        if not isinstance(weight, Real):
            return NotImplemented
        return WeightedSum(tuple((weight * own, loss) for own, loss in _terms(self)))

    __rmul__ = __mul__

    def __add__(self, other: Any) -> WeightedSum:
        if not callable(other):
            return NotImplemented
        return WeightedSum((*_terms(self), *_terms(other)))

    def __radd__(self, other: Any) -> WeightedSum:
        if not callable(other):
            return NotImplemented
        return WeightedSum((*_terms(other), *_terms(self)))


@dataclass(frozen=True)
class WeightedSum(Summable):
    """A sum of losses, each times a positive weight.

    Parameters
    ----------
    terms : tuple of (float, Loss)

    Raises
    ------
    InvalidInput
        If a weight is not a positive number, or two terms need readouts of different kinds.
    """

    terms: tuple[tuple[float, Loss], ...]

    def __post_init__(self) -> None:
        for weight, loss in self.terms:
            if isinstance(weight, bool) or not 0 < weight < np.inf:
                raise InvalidInput(
                    f"The weight of loss '{loss.name}' in a sum must be positive, got {weight!r}."
                )
        kinds = {loss.readout: loss.name for _, loss in self.terms if loss.readout}
        if len(kinds) > 1:
            needed = " and ".join(f"'{name}' needs {kind}" for kind, name in kinds.items())
            raise InvalidInput(
                f"A network has one readout, but of these losses {needed}; add up losses of the "
                "same kind of readout."
            )

    @property
    def name(self) -> str:
        """The sum in writing, from which `make_loss` makes it again."""
        if len(self.terms) == 1:
            ((weight, loss),) = self.terms
            return f"{_written(weight)}*{loss.name}"
        return " + ".join(
            loss.name if weight == 1 else f"{_written(weight)}*{loss.name}"
            for weight, loss in self.terms
        )

    @property
    def readout(self) -> str | None:
        """The kind of readout that a term needs."""
        return next((loss.readout for _, loss in self.terms if loss.readout), None)

    @property
    def discrete(self) -> bool:
        """Whether all terms are."""
        return all(loss.discrete for _, loss in self.terms)

    def __call__(self, recording: Recording, trials: Trials) -> np.ndarray:
        """Return the loss of each candidate, (candidate,)."""
        total = np.zeros(len(recording.failed))
        for weight, loss in self.terms:
            total = total + float(weight) * loss(recording, trials)
        return total


def _written(weight: float) -> str:
    return repr(float(weight)).removesuffix(".0")


def _terms(loss: Callable[..., Any]) -> tuple[tuple[float, Loss], ...]:
    from neurotrain.losses.functions import as_loss

    loss = as_loss(loss)
    return loss.terms if isinstance(loss, WeightedSum) else ((1.0, loss),)
