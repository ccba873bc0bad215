"""What one network did on a few trials: every spike, voltages, the decision as it forms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.executions.base import Activity
from neurotrain.readouts import (
    FirstSpikeReadout,
    RateReadout,
    RateTrajectoryReadout,
    SpikeCountReadout,
)
from neurotrain.recording import Recording
from neurotrain.trials import Trials

if TYPE_CHECKING:
    from neurotrain.circuit import Circuit

# Finer than a figure can show.
MAX_SAMPLES = 2000
_IN_SPIKES = ("spike-count", "first-spike", "spike-train")


@dataclass(frozen=True)
class TrialActivity:
    """One network on a few trials.

    Parameters
    ----------
    trials : Trials
    choices : (trial,) int array
        The chosen classes; -1 is no choice.
    failed : (trial,) bool array
        Where a state became non-finite.
    spike_count : (trial, bin, neuron) int array
    bin_edges_ms : (bin + 1,) array
    voltage : (trial, sample, neuron) array or None
        In volts; NaN on failed trials; None if the circuit does not say which variable it is.
    voltage_ms : (sample,) array
    decision : (trial, sample, class or output) array
        What the readout would be if the decision period, with its duration, ended then; for
        first spikes the spikes of each pool in such a period. Of trajectories the output in each
        bin of the trial. NaN on failed trials.
    decision_ms : (sample,) array
    decision_unit : str
    readout : (trial, class) array
        What the choice was read from; without classes for trajectories.
    """

    trials: Trials
    choices: np.ndarray
    failed: np.ndarray
    spike_count: np.ndarray
    bin_edges_ms: np.ndarray
    voltage: np.ndarray | None
    voltage_ms: np.ndarray
    decision: np.ndarray
    decision_ms: np.ndarray
    decision_unit: str
    readout: np.ndarray


def select_trials(
    trials: Trials, state: Mapping[str, np.ndarray], chosen: slice | Sequence[int]
) -> tuple[Trials, dict[str, np.ndarray]]:
    """Return the chosen ones of trials and of their initial states (trial, neuron)."""
    return trials.select(chosen), {name: values[chosen] for name, values in state.items()}


def record_trials(
    circuit: "Circuit",
    weights: np.ndarray,
    trials: Trials,
    initial_state: Mapping[str, np.ndarray],
    *,
    execution: str = "fused",
    threads: int | None = None,
    max_samples: int = MAX_SAMPLES,
    with_voltage: bool = True,
) -> TrialActivity:
    """Simulate weights (parameter,) and record everything a figure shows.

    All neurons are recorded in up to `max_samples` samples, so take few trials.
    """
    voltage = _voltage_variable(circuit) if with_voltage else None
    steps = round(trials.duration_ms / circuit.dt_ms)
    sample_ms = -(-steps // max_samples) * circuit.dt_ms
    samples = np.arange(0, trials.duration_ms - circuit.dt_ms / 2, sample_ms)
    recording = circuit.simulate(
        np.asarray(weights)[np.newaxis],
        trials,
        initial_state,
        execution=execution,
        threads=threads,
        states=tuple(dict.fromkeys((*circuit.readout.observed, *([voltage] if voltage else [])))),
        sample_ms=sample_ms,
        bins_ms=samples,
    )
    if recording.output is None:
        decision_ms = np.minimum(samples + sample_ms, trials.duration_ms)
        decision = _running_readout(circuit, weights, recording, trials, decision_ms)
    else:
        decision_ms = (np.arange(trials.inputs.shape[1]) + 0.5) * trials.bin_ms
        decision = recording.output[0]
    return TrialActivity(
        trials=trials,
        choices=recording.decisions[0],
        failed=recording.failed[0],
        spike_count=recording.spike_count[0],
        bin_edges_ms=recording.bin_edges_ms,
        voltage=_where_valid(recording.state[voltage][0], recording) if voltage else None,
        voltage_ms=samples,
        decision=_where_valid(decision, recording),
        decision_ms=decision_ms,
        decision_unit="spikes" if circuit.readout.kind in _IN_SPIKES else "a.u.",
        readout=recording.readout[0],
    )


def _voltage_variable(circuit: "Circuit") -> str | None:
    from brian2 import volt

    name = circuit.blocked.variable if circuit.blocked else None
    return name if name and circuit.neurons.variables[name].dim is volt.dim else None


def _where_valid(values: np.ndarray, recording: Recording) -> np.ndarray:
    """Return (trial, ...) values with NaN on failed trials."""
    return np.where(recording.failed[0][:, np.newaxis, np.newaxis], np.nan, values)


def _running_readout(
    circuit: "Circuit",
    weights: np.ndarray,
    recording: Recording,
    trials: Trials,
    ends: np.ndarray,
) -> np.ndarray:
    """Return the readout of a window as long as the decision period that ends at `ends`.

    It is (trial, sample, class). Windows that would begin before the trial begin with it.
    """
    values = circuit.parameters.split(np.asarray(weights)[np.newaxis])
    counts, edges = recording.spike_count[0], recording.bin_edges_ms
    if isinstance(circuit.readout, RateReadout):
        return _running_rates(circuit.readout, values, counts, edges, trials, ends)
    start, stop = trials.periods["decision"]
    starts = np.maximum(ends - (stop - start), 0)
    averages = {}
    sample_edges = np.append(0, ends)
    for name in circuit.readout.observed:
        # Samples hold until the next one.
        n_samples = _windows(np.ones((1, len(ends), 1)), sample_edges, starts, ends)
        total = _windows(recording.state[name][0], sample_edges, starts, ends)
        averages[name] = _as_trials(total / n_samples)
    in_windows = _as_trials(_windows(counts, edges, starts, ends))
    activity = Activity(
        spike_count=in_windows[:, :, np.newaxis],
        failed=np.zeros(in_windows.shape[:2], dtype=bool),
        average=averages,
    )
    readout = circuit.readout
    if isinstance(readout, FirstSpikeReadout):
        readout = SpikeCountReadout(readout.pools)
    read = readout.read(activity, np.array([start, stop]), values)
    return read.reshape(trials.n_trials, len(ends), -1)


def _running_rates(
    readout: RateReadout,
    values: Mapping[str, np.ndarray],
    counts: np.ndarray,
    edges: np.ndarray,
    trials: Trials,
    ends: np.ndarray,
) -> np.ndarray:
    """Return the readout at the last of its bins that has ended, (trial, sample, class)."""
    bins = np.arange(trials.inputs.shape[1] + 1) * trials.bin_ms
    bins = np.unique(np.append(readout.edges_ms(trials), bins).round(9))
    binned = _windows(counts, edges, bins[:-1], bins[1:])[np.newaxis]
    running = RateTrajectoryReadout(readout.classes, readout.tau_ms)
    read = running.read(Activity(binned, np.zeros(binned.shape[:2], bool)), bins, values)[0]
    before = np.broadcast_to(values["readout.bias"][0], (trials.n_trials, 1, readout.classes))
    ended = np.searchsorted(bins[1:], ends + 1e-6, side="right")
    return np.concatenate([before, read], axis=1)[:, ended]


def _windows(
    values: np.ndarray, edges: np.ndarray, starts: np.ndarray, ends: np.ndarray
) -> np.ndarray:
    """Return sums of (trial, bin, neuron) values over windows, (trial, window, neuron)."""
    total = np.cumsum(values, axis=1, dtype=float)
    total = np.concatenate([np.zeros_like(total[:, :1]), total], axis=1)
    # Edges are multiples of the step, found as floats that may be rounded.
    first, last = (np.searchsorted(edges, at + 1e-6, side="right") - 1 for at in (starts, ends))
    return total[:, last] - total[:, first]


def _as_trials(values: np.ndarray) -> np.ndarray:
    """Make every sample of (trial, sample, neuron) a trial of its own, of one candidate."""
    return values.reshape(1, -1, values.shape[-1])
