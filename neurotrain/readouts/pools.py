"""Readouts of spikes in pools of neurons; they have no parameters."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurotrain.errors import InvalidInput, require_number, require_whole
from neurotrain.executions.base import Activity
from neurotrain.parameters.space import Block
from neurotrain.readouts.base import OfClasses, OfTrajectories
from neurotrain.trials import Trials


class _Pooled(OfClasses):
    """One pool of neurons for each class."""

    pools: int

    @property
    def classes(self) -> int:
        """Number of classes."""
        return self.pools

    def blocks(self, n_neurons: int) -> tuple[Block, ...]:
        """Return nothing: the pools are fixed.

        Raises
        ------
        InvalidInput
            If there are fewer neurons than pools.
        """
        if n_neurons < self.pools:
            raise InvalidInput(f"{n_neurons} neurons cannot form {self.pools} pools.")
        return ()


@dataclass(frozen=True)
class SpikeCountReadout(_Pooled):
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

    def read(
        self, activity: Activity, edges_ms: np.ndarray, values: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        """Return the count of each pool, (candidate, trial, class)."""
        return _pooled(activity.spike_count, self.pools).sum(axis=2).astype(float)


@dataclass(frozen=True)
class FirstSpikeReadout(_Pooled):
    """Which pool of neurons spikes first in the decision period.

    The decision variable of a class is minus the time from the beginning of the period to the
    first spike in its pool, in ms; for a pool without a spike minus the duration of the period.
    So the first pool is the choice, and a tie, or silence, none.

    Parameters
    ----------
    pools : int
        Number of pools, as for `SpikeCountReadout`.
    resolution_ms : float
        The time to a spike is rounded down to a multiple of it; a whole number of steps. With
        a step the time is exact, and what is recorded of a trial grows accordingly.
    """

    pools: int
    resolution_ms: float = 1.0
    kind: ClassVar[str] = "first-spike"

    def __post_init__(self) -> None:
        require_whole("pools", self.pools)
        require_number("resolution_ms", self.resolution_ms, above=0)

    def edges_ms(self, trials: Trials) -> np.ndarray:
        """Return the decision period in bins of the resolution; the last one may be shorter."""
        start, stop = trials.periods["decision"]
        n_bins = int(np.ceil((stop - start) / self.resolution_ms - 1e-9))
        return np.append(start + np.arange(n_bins) * self.resolution_ms, stop)

    def read(
        self, activity: Activity, edges_ms: np.ndarray, values: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        """Return minus the latency of each pool in ms, (candidate, trial, class)."""
        spiked = _pooled(activity.spike_count, self.pools) > 0  # (candidate, trial, bin, class)
        latency = (edges_ms[:-1] - edges_ms[0])[spiked.argmax(axis=2)]
        return -np.where(spiked.any(axis=2), latency, edges_ms[-1] - edges_ms[0])


@dataclass(frozen=True)
class SpikeTrainReadout(OfTrajectories):
    """Spikes of chosen neurons in each bin of the trial, to be compared with target trains.

    Parameters
    ----------
    outputs : int
        Number of outputs.
    size : int
        Neurons whose spikes make up an output; the first neurons are those of the first output,
        the next those of the second.
    """

    outputs: int
    size: int = 1
    kind: ClassVar[str] = "spike-train"

    def __post_init__(self) -> None:
        require_whole("outputs", self.outputs)
        require_whole("size", self.size)

    def blocks(self, n_neurons: int) -> tuple[Block, ...]:
        """Return nothing: it is fixed which neurons are read.

        Raises
        ------
        InvalidInput
            If there are too few neurons.
        """
        if n_neurons < self.outputs * self.size:
            raise InvalidInput(
                f"{self.outputs} outputs of {self.size} neurons each need "
                f"{self.outputs * self.size} neurons, there are {n_neurons}."
            )
        return ()

    def read(
        self, activity: Activity, edges_ms: np.ndarray, values: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        """Return the spike count of each output, (candidate, trial, bin, output)."""
        chosen = activity.spike_count[..., : self.outputs * self.size]
        return _pooled(chosen, self.outputs).astype(float)


def _pooled(spike_count: np.ndarray, pools: int) -> np.ndarray:
    """Return counts of pools of equal size, (..., pool), of those of neurons, (..., neuron)."""
    size = spike_count.shape[-1] // pools
    in_pools = spike_count[..., : size * pools]
    return in_pools.reshape(*spike_count.shape[:-1], pools, size).sum(axis=-1)
