"""What a simulation of candidates and trials gives back, and what may be asked of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import neo

    from neurotrain.trials import Trials


def merged_bins(spike_count: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Return the spikes in larger bins, each from one of the given bins to before the next.

    Parameters
    ----------
    spike_count : (candidate, trial, bin, neuron) int array
    first : (merged bin + 1,) int array
    """
    counts = spike_count[:, :, first[0] : first[-1]]
    if len(first) - 1 == counts.shape[2]:
        return counts
    # Several times faster than reduceat, since most bins are needed as they are.
    bins = pairwise(first - first[0])
    return np.stack([counts[:, :, a:b].sum(axis=2) for a, b in bins], axis=2)


@dataclass(frozen=True)
class Recording:
    """The outcome of simulating P candidates on B trials of N neurons.

    Parameters
    ----------
    spike_count : (candidate, trial, bin, neuron) int array
        Spikes in each time bin.
    bin_edges_ms : (bin + 1,) array
        Where the bins of `spike_count` begin and end.
    readout : (candidate, trial, class) array
        The decision variable of each class; NaN on failed trials. A readout of trajectories has
        no classes.
    failed : (candidate, trial) bool array
        Where a state became non-finite, or a limit of time was reached, and the simulation was
        ended early. Such a trial counts no spikes, and its averages and traces are NaN.
    average : mapping of str to (candidate, trial, neuron) array
        Mean over the decision period of each variable asked for, in SI units.
    state : mapping of str to (candidate, trial, sample, neuron) array
        Traces of each variable asked for, in SI units.
    sample_ms : (sample,) array
        Times of the samples of `state`.
    timed_out : (candidate, trial) bool array, optional
        Which of the failed trials reached the limit of time; None if there was none.
    output : (candidate, trial, bin, output) array or None
        What a readout of trajectories gave in each bin of the trial; NaN on failed trials.
    blocked : (candidate, trial, neuron) bool array or None
        Which neurons were in depolarization block; None if the circuit does not say when they
        are.
    """

    spike_count: np.ndarray
    bin_edges_ms: np.ndarray
    readout: np.ndarray
    failed: np.ndarray
    average: Mapping[str, np.ndarray] = field(default_factory=dict)
    state: Mapping[str, np.ndarray] = field(default_factory=dict)
    sample_ms: np.ndarray = field(default_factory=lambda: np.empty(0))
    timed_out: np.ndarray | None = None
    output: np.ndarray | None = None
    blocked: np.ndarray | None = None

    @property
    def decisions(self) -> np.ndarray:
        """The chosen class of each candidate and trial, (candidate, trial).

        A tie for the largest readout, and a failed trial, are no choice: -1.
        """
        if not self.readout.shape[-1]:
            return np.full(self.failed.shape, -1)
        highest = self.readout.max(axis=-1, keepdims=True)
        unique = (self.readout == highest).sum(axis=-1) == 1
        return np.where(unique & ~self.failed, self.readout.argmax(axis=-1), -1)

    @property
    def spikes_per_neuron(self) -> np.ndarray:
        """Mean number of spikes of a neuron on a trial, (candidate,)."""
        return self.spike_count.sum(axis=2).mean(axis=(1, 2))

    @property
    def silent_share(self) -> np.ndarray:
        """Share of neurons without a spike on a trial, (candidate,)."""
        return (self.spike_count.sum(axis=2) == 0).mean(axis=(1, 2))

    def to_neo(self, trials: "Trials", **how: Any) -> "neo.Block":
        """Return the trials of a candidate as a Neo Block; see `neurotrain.export.to_neo`."""
        from neurotrain.export.trial_block import to_neo

        return to_neo(self, trials, **how)
