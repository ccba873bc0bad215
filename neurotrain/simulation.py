"""A circuit, candidates and trials in; a Recording out, whatever the execution."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import gcd
from numbers import Real

import numpy as np

from neurotrain.description import NOISE_SEED
from neurotrain.errors import InvalidInput, require_number, require_whole, unknown_name
from neurotrain.executions.base import Activity, Request
from neurotrain.executions.brian2 import run_brian2
from neurotrain.executions.cuda.execution import run_cuda
from neurotrain.executions.fused.execution import run_fused
from neurotrain.executions.fused_cuda.kernel import CudaKernel
from neurotrain.executions.torch.execution import run_torch
from neurotrain.recording import Recording, merged_bins
from neurotrain.simulable import Simulable
from neurotrain.trials import Trials

# Single precision trains as well and is twice as fast; the others are for checking.
EXECUTIONS = {
    "fused": (run_fused, {"precision": "float32"}),
    "fused-float64": (run_fused, {"precision": "float64"}),
    "fused-cuda": (run_fused, {"precision": "float32", "kernel": CudaKernel}),
    "fused-cuda-float64": (run_fused, {"precision": "float64", "kernel": CudaKernel}),
    "brian2": (run_brian2, {}),
    "cuda": (run_cuda, {"precision": "float32"}),
    "cuda-float64": (run_cuda, {"precision": "float64"}),
    "torch": (run_torch, {"precision": "float64"}),
    "torch-float32": (run_torch, {"precision": "float32"}),
}


def simulate(
    circuit: Simulable,
    candidates: np.ndarray,
    trials: Trials,
    initial_state: Mapping[str, np.ndarray],
    *,
    execution: str = "fused",
    threads: int | None = None,
    states: tuple[str, ...] = (),
    sample_ms: float | None = None,
    bins_ms: Iterable[float] | None = None,
    trial_seconds: float | None = None,
) -> Recording:
    """Simulate every candidate on every trial.

    Parameters
    ----------
    circuit : Simulable
    candidates : (candidate, parameter) array
    trials : Trials
    initial_state : mapping of str to (trial, neuron) array
        As `Circuit.draw_initial_state` gives it.
    execution : str
        ``'fused'`` (C++, single precision), ``'fused-float64'`` or ``'brian2'``; on a GPU
        ``'fused-cuda'``, ``'fused-cuda-float64'``, and with Brian2CUDA ``'cuda'`` or
        ``'cuda-float64'``; ``'torch'`` or ``'torch-float32'``, which need PyTorch and are there to
        check gradients against.
    threads : int, optional
        By default as many as there are cores. Results do not depend on it.
    states : tuple of str
        Variables to trace.
    sample_ms : float, optional
        Time between samples of a trace; a step by default.
    bins_ms : iterable of float, optional
        Edges of the bins in which spikes are counted, from 0 to the trial's end. By default
        before, in and after the decision period. The period's own edges are always among them,
        and those of the bins that the readout needs.
    trial_seconds : float, optional
        Most processor time of a candidate for each of its trials: where it takes longer, these
        trials have failed, and are `timed_out` in the recording. Which do depends on the machine.
        Compiling does not count. By default there is no limit.

    Raises
    ------
    InvalidInput
        Where circuit, candidates and trials do not fit one another.
    """
    if execution not in EXECUTIONS:
        raise unknown_name("execution", execution, EXECUTIONS)
    check_fits(circuit, trials, initial_state)
    if threads is not None:
        require_whole("threads", threads)
    if trial_seconds is not None:
        require_number("trial_seconds", trial_seconds, above=0)
    candidates = np.atleast_2d(candidates)
    if candidates.ndim != 2 or not len(candidates):
        raise InvalidInput(
            f"Candidates must be (candidate, parameter), got shape {candidates.shape}."
        )
    blocks = circuit.parameters.split(candidates)
    every = _steps_per_sample(circuit, sample_ms)
    request = replace(
        make_request(circuit, trials, every if states else None, states, bins_ms),
        trial_seconds=trial_seconds,
    )
    run, options = EXECUTIONS[execution]
    activity = run(circuit, blocks, trials.inputs, initial_state, request, threads, **options)
    return make_recording(circuit, activity, blocks, trials, request, states, every)


def check_fits(circuit: Simulable, trials: Trials, initial: Mapping[str, np.ndarray]) -> None:
    """Raise `InvalidInput` unless trials and their initial state are those of the circuit."""
    if not trials.n_trials:
        raise InvalidInput("There are no trials to simulate; a batch needs at least one.")
    if trials.n_channels != circuit.channels:
        raise InvalidInput(
            f"The trials have {trials.n_channels} input channels and the circuit "
            f"{circuit.channels}; make them equal, with channels=... of the task or the Input."
        )
    wanted = {name: (trials.n_trials, len(circuit.beginning(name))) for name in circuit.states}
    if circuit.is_stochastic:
        wanted[NOISE_SEED] = (trials.n_trials,)
    missing = set(wanted) - set(initial)
    if missing:
        raise InvalidInput(
            f"The initial state lacks '{min(missing)}'; draw_initial_state() gives all of it."
        )
    for name, values in initial.items():
        if name not in wanted:
            raise unknown_name("state variable", name, wanted)
        if np.shape(values) != wanted[name]:
            axes = "(trial,)" if name == NOISE_SEED else "(trial, neuron)"
            raise InvalidInput(
                f"The initial state '{name}' must be {axes} = {wanted[name]}, "
                f"got {np.shape(values)}."
            )


def _steps(milliseconds: float, circuit: Simulable, what: str) -> int:
    if not isinstance(milliseconds, Real):
        raise InvalidInput(
            f"{what} is a number of milliseconds without a unit, got {milliseconds!r}."
        )
    steps = milliseconds / circuit.dt_ms
    if not np.isfinite(steps) or abs(steps - round(steps)) > 1e-6 * max(1.0, steps):
        raise InvalidInput(
            f"{what} of {milliseconds:g} ms is not a whole number of steps of "
            f"{circuit.dt_ms:g} ms; choose a dt that divides it."
        )
    return round(steps)


def make_request(
    circuit: Simulable,
    trials: Trials,
    sample_every: int | None = None,
    states: tuple[str, ...] = (),
    bins_ms: Iterable[float] | None = None,
) -> Request:
    """Return what an execution is asked for: what the readout needs, and `states` beside it.

    Parameters
    ----------
    circuit : Simulable
    trials : Trials
    sample_every : int, optional
        Steps between samples of `states`.
    states : tuple of str
        Variables to trace.
    bins_ms : iterable of float, optional
        Further edges of the bins in which spikes are counted.

    Raises
    ------
    InvalidInput
        If a time is no whole number of steps, or lies outside the trial.
    """
    decision = trials.periods["decision"]
    start, stop = (_steps(t, circuit, "The decision period's edge") for t in decision)
    edges = {_steps(t, circuit, "A bin's edge") for t in (() if bins_ms is None else bins_ms)}
    n_steps = _steps(trials.duration_ms, circuit, "The trials' duration")
    if not all(0 <= edge <= n_steps for edge in edges):
        raise InvalidInput(
            f"The bins must lie within the trial of 0 to {trials.duration_ms:g} ms, got edges at "
            f"{min(edges) * circuit.dt_ms:g} to {max(edges) * circuit.dt_ms:g} ms."
        )
    steps_per_input = _steps(trials.bin_ms, circuit, "The trials' bin_ms")
    sampling = [] if sample_every is None else [sample_every]
    sampling += [steps_per_input] if circuit.readout.sampled else []
    read = readout_edges(circuit, trials).tolist()
    return Request(
        dt=circuit.dt_ms * 1e-3,
        n_steps=n_steps,
        steps_per_input=steps_per_input,
        bin_stops=tuple(sorted((edges | {*read, start, stop, n_steps}) - {0})),
        observed=tuple(dict.fromkeys((*circuit.observed, *states))),
        average=(start, stop),
        sample_every=gcd(*sampling),
    )


def _steps_per_sample(circuit: Simulable, sample_ms: float | None) -> int:
    steps = 1 if sample_ms is None else _steps(sample_ms, circuit, "The time per sample")
    if steps < 1:
        raise InvalidInput(f"The time per sample must be positive, got {sample_ms:g} ms.")
    return steps


def readout_edges(circuit: Simulable, trials: Trials) -> np.ndarray:
    """Return the edges of the bins that the readout needs, in steps."""
    edges = circuit.readout.edges_ms(trials)
    return np.array([_steps(t, circuit, "An edge of the readout's bins") for t in edges])


def make_recording(
    circuit: Simulable,
    activity: Activity,
    blocks: Mapping[str, np.ndarray],
    trials: Trials,
    request: Request,
    states: tuple[str, ...] = (),
    every: int = 1,
) -> Recording:
    """Return the recording of what an execution gave for `request`; `states` every so many steps.

    What was asked for must be what `make_request` makes of the same arguments.
    """
    edges = np.array([0, *request.bin_stops]) * circuit.dt_ms
    read = _read(circuit, activity, trials, request, blocks)
    activity = _without_failed(activity)
    failed = activity.failed
    # The readout may have asked for more samples.
    state = {
        name: activity.samples[name][:, :, :: every // request.sample_every] for name in states
    }
    n_samples = -(-request.n_steps // every) if states else 0
    no_classes = np.empty((*failed.shape, 0))
    return Recording(
        spike_count=activity.spike_count,
        bin_edges_ms=edges,
        readout=no_classes if circuit.readout.outputs else _blanked(read, failed),
        failed=failed,
        timed_out=activity.timed_out,
        average=activity.average,
        state=state,
        sample_ms=np.arange(n_samples) * every * circuit.dt_ms,
        output=_blanked(read, failed) if circuit.readout.outputs else None,
        blocked=_blocked(circuit, activity),
    )


def _without_failed(activity: Activity) -> Activity:
    """Blank what was recorded of failed trials, since how far they went is of no meaning.

    In the fused execution it depends on the other trials of their tile.
    """
    failed = activity.failed
    if not failed.any():
        return activity
    return replace(
        activity,
        spike_count=_blanked(activity.spike_count, failed, 0),
        average={name: _blanked(a, failed) for name, a in activity.average.items()},
        samples={name: _blanked(s, failed) for name, s in activity.samples.items()},
    )


def _blanked(values: np.ndarray, failed: np.ndarray, blank: float = np.nan) -> np.ndarray:
    """Return values (candidate, trial, ...) with `blank` on failed trials."""
    return np.where(failed.reshape(*failed.shape, *[1] * (values.ndim - 2)), blank, values)


def _blocked(circuit: Simulable, activity: Activity) -> np.ndarray | None:
    """Return which neurons hardly spike in the trial while they lie above the level."""
    if circuit.blocked is None:
        return None
    high = activity.average[circuit.blocked.variable] > float(circuit.blocked.level)
    return high & (activity.spike_count.sum(axis=2) <= 1)


def _read(
    circuit: Simulable,
    activity: Activity,
    trials: Trials,
    request: Request,
    blocks: Mapping[str, np.ndarray],
) -> np.ndarray:
    """Give the readout exactly the bins and samples that it needs, whatever else is recorded."""
    edges = readout_edges(circuit, trials)
    first = np.searchsorted([0, *request.bin_stops], edges)
    counts = merged_bins(activity.spike_count, first)
    every = request.steps_per_input // (request.sample_every or 1)
    samples = {name: activity.samples[name][:, :, ::every] for name in circuit.readout.sampled}
    needed = replace(activity, spike_count=counts, samples=samples)
    return circuit.readout.read(needed, edges * circuit.dt_ms, blocks)
