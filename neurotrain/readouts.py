"""How a decision is read from what the neurons did in the decision period."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from neurotrain.distributions import Distribution, Uniform
from neurotrain.errors import InvalidInput, require_whole
from neurotrain.executions.base import Activity
from neurotrain.parameters.space import Block


class Readout(Protocol):
    """A decision variable for each class.

    Attributes
    ----------
    kind : str
        'graded' or 'spike-count'; losses name the kind that they need.
    classes : int
        Number of classes.
    observed : tuple of str
        Variables of the neurons that must be averaged over the decision period.
    """

    kind: ClassVar[str]

    @property
    def classes(self) -> int: ...

    @property
    def observed(self) -> tuple[str, ...]: ...

    def blocks(self, n_neurons: int) -> tuple[Block, ...]:
        """Return the readout's own trained parameters."""
        ...

    def read(
        self, activity: Activity, decision_bins: np.ndarray, values: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        """Return the decision variable, (candidate, trial, class)."""
        ...


@dataclass(frozen=True)
class GradedReadout:
    """A trained linear readout of a graded variable, averaged over the decision period.

    Parameters
    ----------
    variable : str
        A variable or subexpression of the neurons.
    classes : int
    weight : Distribution, optional
        Initial weights of shape (class, neuron).
    """

    variable: str
    classes: int
    weight: Distribution | None = None
    kind: ClassVar[str] = "graded"

    def __post_init__(self) -> None:
        require_whole("classes", self.classes)

    @property
    def observed(self) -> tuple[str, ...]:
        """The variable that is read."""
        return (self.variable,)

    def blocks(self, n_neurons: int) -> tuple[Block, ...]:
        """Return ``readout.weight`` (class, neuron) and ``readout.bias`` (class,)."""
        bound = 1 / np.sqrt(n_neurons)
        weight = self.weight or Uniform(-bound, bound)
        return (
            Block("readout.weight", (self.classes, n_neurons), weight, weight.spread),
            Block("readout.bias", (self.classes,), np.zeros(self.classes), weight.spread),
        )

    def read(
        self, activity: Activity, decision_bins: np.ndarray, values: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        """Return ``weight @ average + bias``, (candidate, trial, class)."""
        # Not a matrix product: that would round differently for other numbers of trials.
        average = np.ascontiguousarray(activity.average[self.variable], dtype=float)
        weight, bias = values["readout.weight"], values["readout.bias"]
        weighted = [(average * weight[:, np.newaxis, k]).sum(axis=-1) for k in range(self.classes)]
        return np.stack(weighted, axis=-1) + bias[:, np.newaxis]


@dataclass(frozen=True)
class SpikeCountReadout:
    """Spikes in the decision period, counted in one pool of neurons for each class.

    Parameters
    ----------
    pools : int
        Number of pools, which is the number of classes. The neurons are divided in
        order into pools of equal size; those left over belong to none.
    """

    pools: int
    kind: ClassVar[str] = "spike-count"

    def __post_init__(self) -> None:
        require_whole("pools", self.pools)

    @property
    def classes(self) -> int:
        """Number of classes."""
        return self.pools

    @property
    def observed(self) -> tuple[str, ...]:
        """Nothing but spikes is needed."""
        return ()

    def blocks(self, n_neurons: int) -> tuple[Block, ...]:
        """Return nothing: the pools are fixed."""
        if n_neurons < self.pools:
            raise InvalidInput(f"{n_neurons} neurons cannot form {self.pools} pools.")
        return ()

    def read(
        self, activity: Activity, decision_bins: np.ndarray, values: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        """Return the count of each pool, (candidate, trial, class)."""
        counts = activity.spike_count[:, :, decision_bins].sum(axis=2)  # (candidate, trial, neuron)
        size = counts.shape[-1] // self.pools
        pooled = counts[..., : size * self.pools].reshape(*counts.shape[:-1], self.pools, size)
        return pooled.sum(axis=-1).astype(float)
