"""What one network did on a few trials: every spike, voltages, the decision as it forms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.executions.base import Activity
from neurotrain.recording import Recording
from neurotrain.trials import Trials

if TYPE_CHECKING:
    from neurotrain.circuit import Circuit

# Finer than a figure can show.
MAX_SAMPLES = 2000


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
    decision : (trial, sample, class) array
        What the readout would be if the decision period, with its duration, ended then;
        NaN on failed trials.
    decision_ms : (sample,) array
    decision_unit : str
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
) -> TrialActivity:
    """Simulate weights (parameter,) and record everything a figure shows.

    All neurons are recorded in up to 2000 samples, so take few trials.
    """
    voltage = _voltage_variable(circuit)
    steps = round(trials.duration_ms / circuit.dt_ms)
    sample_ms = -(-steps // MAX_SAMPLES) * circuit.dt_ms
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
    ends = np.minimum(samples + sample_ms, trials.duration_ms)
    decision = _running_readout(circuit, weights, recording, trials, ends)
    return TrialActivity(
        trials=trials,
        choices=recording.decisions[0],
        failed=recording.failed[0],
        spike_count=recording.spike_count[0],
        bin_edges_ms=recording.bin_edges_ms,
        voltage=_where_valid(recording.state[voltage][0], recording) if voltage else None,
        voltage_ms=samples,
        decision=_where_valid(decision, recording),
        decision_ms=ends,
        decision_unit="spikes" if circuit.readout.kind == "spike-count" else "a.u.",
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

    (trial, sample, class). Windows that would begin before the trial begin with it.
    """
    start, stop = trials.periods["decision"]
    starts = np.maximum(ends - (stop - start), 0)
    counts = _windows(recording.spike_count[0], recording.bin_edges_ms, starts, ends)
    averages = {}
    sample_edges = np.append(0, ends)
    for name in circuit.readout.observed:
        # Samples hold until the next one.
        n_samples = _windows(np.ones((1, len(ends), 1)), sample_edges, starts, ends)
        total = _windows(recording.state[name][0], sample_edges, starts, ends)
        averages[name] = _as_trials(total / n_samples)
    activity = Activity(
        spike_count=_as_trials(counts)[:, :, np.newaxis],
        failed=np.zeros((1, counts.shape[0] * counts.shape[1]), dtype=bool),
        average=averages,
    )
    values = circuit.parameters.split(np.asarray(weights)[np.newaxis])
    read = circuit.readout.read(activity, np.array([0]), values)
    return read.reshape(trials.n_trials, len(ends), -1)


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
