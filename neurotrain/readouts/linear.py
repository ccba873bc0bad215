"""Trained linear readouts, of a graded variable or of firing rates."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurotrain.distributions import Distribution, Uniform
from neurotrain.errors import require_number, require_whole
from neurotrain.executions.base import Activity
from neurotrain.parameters.space import Block
from neurotrain.readouts.base import OfClasses, OfTrajectories, trials_edges_ms
from neurotrain.recording import Recording, merged_bins
from neurotrain.trials import Trials


class _Linear:
    """One row of trained weights, and a bias, for each class or output."""

    classes: int
    outputs: int
    weight: Distribution | None

    def blocks(self, n_neurons: int) -> tuple[Block, ...]:
        """Return ``readout.weight``, (class or output, neuron), and ``readout.bias``."""
        rows = self.classes or self.outputs
        bound = 1 / np.sqrt(n_neurons)
        weight = self.weight or Uniform(-bound, bound)
        return (
            Block("readout.weight", (rows, n_neurons), weight, weight.spread),
            Block("readout.bias", (rows,), np.zeros(rows), weight.spread),
        )


@dataclass(frozen=True)
class GradedReadout(_Linear, OfClasses):
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

    def read(
        self, activity: Activity, edges_ms: np.ndarray, values: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        """Return ``weight @ average + bias``, (candidate, trial, class)."""
        return _weighted(activity.average[self.variable], values)

    def inputs(self, recording: Recording, trials: Trials) -> np.ndarray:
        """Return what the weights multiply, (candidate, trial, neuron)."""
        return recording.average[self.variable]


@dataclass(frozen=True)
class RateReadout(_Linear, OfClasses):
    """A trained linear readout of the firing rates at the end of the decision period.

    The rate of a neuron is its spike count filtered with an exponential,
    ``sum_s exp(-(t - s)/tau)`` over the spikes s before t: at r spikes per second about
    ``r*tau``. A spike counts from the end of its bin of the trial.

    Parameters
    ----------
    classes : int
    tau_ms : float
        Time constant of the filter.
    weight : Distribution, optional
        Initial weights of shape (class, neuron).
    """

    classes: int
    tau_ms: float = 50.0
    weight: Distribution | None = None
    kind: ClassVar[str] = "graded"

    def __post_init__(self) -> None:
        require_whole("classes", self.classes)
        require_number("tau_ms", self.tau_ms, above=0)

    def edges_ms(self, trials: Trials) -> np.ndarray:
        """Return the edges of the trial's bins to the end of the decision period."""
        edges, stop = trials_edges_ms(trials), trials.periods["decision"][1]
        return np.append(edges[edges < stop - 1e-6], stop)

    def read(
        self, activity: Activity, edges_ms: np.ndarray, values: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        """Return ``weight @ rate + bias``, (candidate, trial, class)."""
        *_, rate = _filtered(activity.spike_count, edges_ms, self.tau_ms)
        return _weighted(rate, values)

    def inputs(self, recording: Recording, trials: Trials) -> np.ndarray:
        """Return what the weights multiply, (candidate, trial, neuron)."""
        edges_ms = self.edges_ms(trials)
        first = np.searchsorted(recording.bin_edges_ms, edges_ms - 1e-6)
        *_, rate = _filtered(merged_bins(recording.spike_count, first), edges_ms, self.tau_ms)
        return rate


@dataclass(frozen=True)
class TrajectoryReadout(_Linear, OfTrajectories):
    """Trajectories that are a trained linear readout of a graded variable.

    In each bin of the trial they have the value that belongs to the beginning of the bin.

    Parameters
    ----------
    variable : str
        A variable or subexpression of the neurons.
    outputs : int
    weight : Distribution, optional
        Initial weights of shape (output, neuron).
    """

    variable: str
    outputs: int
    weight: Distribution | None = None
    kind: ClassVar[str] = "trajectory"

    def __post_init__(self) -> None:
        require_whole("outputs", self.outputs)

    @property
    def sampled(self) -> tuple[str, ...]:
        """The variable that is read."""
        return (self.variable,)

    def edges_ms(self, trials: Trials) -> np.ndarray:
        """Return the edges of the decision period: the spikes are not read."""
        return np.array(trials.periods["decision"], dtype=float)

    def read(
        self, activity: Activity, edges_ms: np.ndarray, values: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        """Return ``weight @ sample + bias``, (candidate, trial, bin, output)."""
        samples = activity.samples[self.variable]
        bins = [_weighted(samples[:, :, k], values) for k in range(samples.shape[2])]
        return np.stack(bins, axis=2)


@dataclass(frozen=True)
class RateTrajectoryReadout(_Linear, OfTrajectories):
    """Trajectories that are a trained linear readout of firing rates.

    The rates are those of `RateReadout`, at the end of each bin of the trial.

    Parameters
    ----------
    outputs : int
    tau_ms : float
        Time constant of the filter.
    weight : Distribution, optional
        Initial weights of shape (output, neuron).
    """

    outputs: int
    tau_ms: float = 50.0
    weight: Distribution | None = None
    kind: ClassVar[str] = "trajectory"

    def __post_init__(self) -> None:
        require_whole("outputs", self.outputs)
        require_number("tau_ms", self.tau_ms, above=0)

    def read(
        self, activity: Activity, edges_ms: np.ndarray, values: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        """Return ``weight @ rate + bias``, (candidate, trial, bin, output)."""
        rates = _filtered(activity.spike_count, edges_ms, self.tau_ms)
        return np.stack([_weighted(rate, values) for rate in rates], axis=2)


def _filtered(spike_count: np.ndarray, edges_ms: np.ndarray, tau_ms: float) -> Iterator[np.ndarray]:
    """Yield the filtered spike count at the end of each bin, (candidate, trial, neuron)."""
    rate = np.zeros((*spike_count.shape[:2], spike_count.shape[-1]))
    for k, decay in enumerate(np.exp(-np.diff(edges_ms) / tau_ms)):
        rate = rate * decay + spike_count[:, :, k]
        yield rate


def _weighted(neurons: np.ndarray, values: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return ``weight @ neurons + bias``: (candidate, trial, neuron) to (candidate, trial, row)."""
    # Not a matrix product: that would round differently for other numbers of trials.
    neurons = np.ascontiguousarray(neurons, dtype=float)
    weight, bias = values["readout.weight"], values["readout.bias"]
    rows = [(neurons * weight[:, np.newaxis, k]).sum(axis=-1) for k in range(weight.shape[1])]
    return np.stack(rows, axis=-1) + bias[:, np.newaxis]
