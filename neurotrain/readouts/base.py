"""What a readout is asked for, and what all of them share."""

from collections.abc import Mapping
from typing import ClassVar, Protocol

import numpy as np

from neurotrain.executions.base import Activity
from neurotrain.parameters.space import Block
from neurotrain.trials import Trials


class Readout(Protocol):
    """How the answer of a network is read from what its neurons did.

    Attributes
    ----------
    kind : str
        'graded', 'spike-count', 'first-spike', 'trajectory' or 'spike-train'; losses name the kind
        that they need.
    classes : int
        Number of classes to decide among; 0 for a readout of trajectories.
    outputs : int
        Number of trajectories, which have a value in each bin of a trial; 0 for a readout of
        classes.
    observed : tuple of str
        Variables of the neurons that must be averaged over the decision period.
    sampled : tuple of str
        Variables of the neurons that must be sampled at the beginning of each bin of a trial.
    """

    kind: ClassVar[str]

    @property
    def classes(self) -> int: ...

    @property
    def outputs(self) -> int: ...

    @property
    def observed(self) -> tuple[str, ...]: ...

    @property
    def sampled(self) -> tuple[str, ...]: ...

    def blocks(self, n_neurons: int) -> tuple[Block, ...]:
        """Return the readout's own trained parameters."""
        ...

    def edges_ms(self, trials: Trials) -> np.ndarray:
        """Return the increasing edges, (bin + 1,), of the bins in which it needs spikes counted."""
        ...

    def read(
        self, activity: Activity, edges_ms: np.ndarray, values: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        """Return what is read.

        Parameters
        ----------
        activity : Activity
            With spikes counted in exactly the bins between `edges_ms`.
        edges_ms : (bin + 1,) array
            What the method of that name gave.
        values : mapping of str to (candidate, ...) array
            The trained parameters.

        Returns
        -------
        (candidate, trial, class) or (candidate, trial, bin, output) array
            The decision variable of each class, or trajectories. Neither depends, bit for bit, on
            how many candidates and trials there are.
        """
        ...


class OfClasses:
    """A readout with a decision variable for each class."""

    outputs: ClassVar[int] = 0
    observed: ClassVar[tuple[str, ...]] = ()
    sampled: ClassVar[tuple[str, ...]] = ()

    def edges_ms(self, trials: Trials) -> np.ndarray:
        """Return the edges of the decision period."""
        return np.array(trials.periods["decision"], dtype=float)


class OfTrajectories:
    """A readout with a value for each output in each bin of the trial."""

    classes: ClassVar[int] = 0
    observed: ClassVar[tuple[str, ...]] = ()
    sampled: ClassVar[tuple[str, ...]] = ()

    def edges_ms(self, trials: Trials) -> np.ndarray:
        """Return the edges of the trial's bins."""
        return trials_edges_ms(trials)


def trials_edges_ms(trials: Trials) -> np.ndarray:
    """Return the edges of the bins of a trial, (bin + 1,)."""
    return np.arange(trials.inputs.shape[1] + 1) * trials.bin_ms


def reads_spikes_only(readout: Readout) -> bool:
    """Whether what is read is a function of the spikes, and of nothing else that neurons do."""
    return not readout.observed and not readout.sampled
