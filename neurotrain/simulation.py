"""A circuit, candidates and trials in; a Recording out, whatever the execution."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.description import NOISE_SEED
from neurotrain.errors import InvalidInput, require_above_zero, require_whole, unknown_name
from neurotrain.executions.base import Activity, Request
from neurotrain.executions.brian2 import run_brian2
from neurotrain.executions.fused.execution import run_fused
from neurotrain.recording import Recording
from neurotrain.trials import Trials

if TYPE_CHECKING:
    from neurotrain.circuit import Circuit

# Single precision trains as well and is twice as fast; the others are for checking.
EXECUTIONS = {
    "fused": (run_fused, {"precision": "float32"}),
    "fused-float64": (run_fused, {"precision": "float64"}),
    "brian2": (run_brian2, {}),
}


def simulate(
    circuit: "Circuit",
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
    circuit : Circuit
    candidates : (candidate, parameter) array
    trials : Trials
    initial_state : mapping of str to (trial, neuron) array
        As `Circuit.draw_initial_state` gives it.
    execution : {'fused', 'fused-float64', 'brian2'}
    threads : int, optional
        By default as many as there are cores. Results do not depend on it.
    states : tuple of str
        Variables to trace.
    sample_ms : float, optional
        Time between samples of a trace; a step by default.
    bins_ms : iterable of float, optional
        Edges of the bins in which spikes are counted, from 0 to the trial's end. By default
        before, in and after the decision period. The period's own edges are always among them.
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
    _check(circuit, trials, initial_state)
    if threads is not None:
        require_whole("threads", threads)
    if trial_seconds is not None:
        require_above_zero("trial_seconds", trial_seconds)
    candidates = np.atleast_2d(candidates)
    if candidates.ndim != 2 or not len(candidates):
        raise InvalidInput(
            f"Candidates must be (candidate, parameter), got shape {candidates.shape}."
        )
    blocks = circuit.parameters.split(candidates)
    request = replace(
        _request(circuit, trials, states, sample_ms, bins_ms), trial_seconds=trial_seconds
    )
    run, options = EXECUTIONS[execution]
    activity = run(circuit, blocks, trials.inputs, initial_state, request, threads, **options)
    return _recording(circuit, activity, blocks, trials, request, states)


def _check(circuit: "Circuit", trials: Trials, initial: Mapping[str, np.ndarray]) -> None:
    if not trials.n_trials:
        raise InvalidInput("There are no trials to simulate; a batch needs at least one.")
    if trials.n_channels != circuit.channels:
        raise InvalidInput(
            f"The trials have {trials.n_channels} input channels and the circuit "
            f"{circuit.channels}; make them equal, with channels=... of the task or the Input."
        )
    wanted = {
        name: (trials.n_trials, len(circuit.state_variable(name)[0])) for name in circuit.states
    }
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


def _steps(milliseconds: float, circuit: "Circuit", what: str) -> int:
    steps = milliseconds / circuit.dt_ms
    if not np.isfinite(steps) or abs(steps - round(steps)) > 1e-6 * max(1.0, steps):
        raise InvalidInput(
            f"{what} of {milliseconds:g} ms is not a whole number of steps of "
            f"{circuit.dt_ms:g} ms; choose a dt that divides it."
        )
    return round(steps)


def _request(
    circuit: "Circuit",
    trials: Trials,
    states: tuple[str, ...],
    sample_ms: float | None,
    bins_ms: Iterable[float] | None,
) -> Request:
    decision = trials.periods["decision"]
    start, stop = (_steps(t, circuit, "The decision period's edge") for t in decision)
    edges = {_steps(t, circuit, "A bin's edge") for t in (() if bins_ms is None else bins_ms)}
    n_steps = _steps(trials.duration_ms, circuit, "The trials' duration")
    if not all(0 <= edge <= n_steps for edge in edges):
        raise InvalidInput(
            f"The bins must lie within the trial of 0 to {trials.duration_ms:g} ms, got edges at "
            f"{min(edges) * circuit.dt_ms:g} to {max(edges) * circuit.dt_ms:g} ms."
        )
    sample = 1 if sample_ms is None else _steps(sample_ms, circuit, "The time per sample")
    if sample < 1:
        raise InvalidInput(f"The time per sample must be positive, got {sample_ms:g} ms.")
    return Request(
        dt=circuit.dt_ms * 1e-3,
        n_steps=n_steps,
        steps_per_input=_steps(trials.bin_ms, circuit, "The trials' bin_ms"),
        bin_stops=tuple(sorted((edges | {start, stop, n_steps}) - {0})),
        observed=tuple(dict.fromkeys((*circuit.observed, *states))),
        average=(start, stop),
        sample_every=sample if states else 0,
    )


def _recording(
    circuit: "Circuit",
    activity: Activity,
    blocks: Mapping[str, np.ndarray],
    trials: Trials,
    request: Request,
    states: tuple[str, ...],
) -> Recording:
    edges = np.array([0, *request.bin_stops]) * circuit.dt_ms
    readout = _read(circuit, activity, request, blocks)
    activity = _without_failed(activity)
    return Recording(
        spike_count=activity.spike_count,
        bin_edges_ms=edges,
        readout=np.where(activity.failed[..., np.newaxis], np.nan, readout),
        failed=activity.failed,
        timed_out=activity.timed_out,
        average=activity.average,
        state={name: activity.samples[name] for name in states},
        sample_ms=np.arange(request.n_samples) * request.sample_every * circuit.dt_ms,
    )


def _without_failed(activity: Activity) -> Activity:
    """Blank what was recorded of failed trials, since how far they went is of no meaning.

    In the fused execution it depends on the other trials of their tile.
    """
    if not activity.failed.any():
        return activity
    blank = activity.failed[..., np.newaxis]
    return replace(
        activity,
        spike_count=np.where(blank[..., np.newaxis], 0, activity.spike_count),
        average={name: np.where(blank, np.nan, a) for name, a in activity.average.items()},
        samples={
            name: np.where(blank[..., np.newaxis], np.nan, s)
            for name, s in activity.samples.items()
        },
    )


def _read(
    circuit: "Circuit", activity: Activity, request: Request, blocks: Mapping[str, np.ndarray]
) -> np.ndarray:
    """Read the decision from the bins that make up the decision period."""
    starts = np.array([0, *request.bin_stops[:-1]])
    within = (starts >= request.average[0]) & (np.array(request.bin_stops) <= request.average[1])
    return circuit.readout.read(activity, np.flatnonzero(within), blocks)
