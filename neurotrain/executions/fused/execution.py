"""Running a circuit through the fused kernel."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.description import NOISE_SEED
from neurotrain.executions.base import Activity, Request
from neurotrain.executions.fused import gather
from neurotrain.executions.fused.kernel import Kernel
from neurotrain.executions.fused.outcome import Outcome
from neurotrain.executions.fused.values import Chosen, Clock, Span, Values
from neurotrain.lowering.network import Lowered

if TYPE_CHECKING:
    from neurotrain.circuit import Circuit


def run_fused(
    circuit: "Circuit",
    blocks: Mapping[str, np.ndarray],
    inputs: np.ndarray,
    initial_state: Mapping[str, np.ndarray],
    request: Request,
    threads: int | None,
    precision: str,
) -> Activity:
    """Simulate blocks (candidate, ...) on inputs (trial, bin, channel)."""
    lowered = circuit.lower(request.observed)
    values = collect(circuit, lowered, blocks, inputs, initial_state, request)
    span = span_of(values.clocks, request)
    outcome = Kernel(lowered.program, precision).run(values, span, threads)
    activity = _activity(outcome, circuit.n_neurons)
    if request.trial_seconds is not None:
        activity = replace(activity, timed_out=outcome.timed_out)
    return _for_all(len(next(iter(blocks.values()))), activity)


def collect(
    circuit: "Circuit",
    lowered: Lowered,
    blocks: Mapping[str, np.ndarray],
    inputs: np.ndarray,
    initial_state: Mapping[str, np.ndarray],
    request: Request,
) -> Values:
    """Return all values that a lowered circuit needs; blocks may be tensors."""
    clocks = _clocks(lowered, request)
    return Values(
        constants=lowered.constant_values(),
        sizes=gather.sizes(lowered),
        arrays=gather.arrays(lowered)
        | _trained(circuit, lowered, blocks)
        | _initial(circuit, lowered, initial_state),
        inputs=inputs,
        input_weights=_input_weights(circuit, blocks),
        keys=initial_state.get(NOISE_SEED, np.zeros(len(inputs), np.uint64))[np.newaxis],
        clocks=clocks,
        connections=gather.connections(lowered),
        queues=gather.queues(lowered),
        chosen=_chosen(circuit, request),
        tables=gather.tables(lowered),
        generated=gather.generated(lowered, clocks),
        before=gather.before(lowered),
    )


def span_of(clocks: tuple[Clock, ...], request: Request) -> Span:
    """Return how long to simulate, and what to keep."""
    # The request counts steps of the first group; another clock may tick more often, or between.
    often = round(request.dt / clocks[0].step_dt)
    return Span(
        n_steps=request.n_steps * often,
        steps_per_input=request.steps_per_input * often,
        bin_stops=tuple(stop * often for stop in request.bin_stops),
        average=(request.average[0] * often, request.average[1] * often),
        ends_failed=request.ends_failed,
        trial_seconds=request.trial_seconds or 0.0,
    )


def _clocks(lowered: Lowered, request: Request) -> tuple[Clock, ...]:
    duration = request.n_steps * request.dt
    ticks = [int(np.ceil(duration / clock.dt_ - 1e-4)) for clock in lowered.clocks]
    return gather.clocks(lowered.clocks, [0] * len(ticks), ticks)


def _symbol(lowered: Lowered, owner: object, name: str) -> str | None:
    """Return the symbol of a variable, or None where no code mentions it."""
    variable = owner.variables[name]
    return next((s for s, found in lowered.arrays.items() if found is variable), None)


def _trained(
    circuit: "Circuit", lowered: Lowered, blocks: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    values = {}
    for name, block in blocks.items():
        part, variable = name.split(".", 1)
        if part in circuit.objects:
            symbol = _symbol(lowered, circuit.objects[part], variable)
            values |= {symbol: block[:, np.newaxis]} if symbol else {}
    return values


def _initial(
    circuit: "Circuit", lowered: Lowered, initial_state: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    values = {}
    for name, state in initial_state.items():
        if name != NOISE_SEED:
            symbol = _symbol(lowered, *circuit.state_variable(name))
            values |= {symbol: np.asarray(state)[np.newaxis]} if symbol else {}
    return values


def _input_weights(circuit: "Circuit", blocks: Mapping[str, np.ndarray]) -> np.ndarray:
    if "input.weight" in blocks:
        return blocks["input.weight"]
    if circuit.inputs:
        return np.asarray(circuit.inputs.weight)[np.newaxis]
    return np.zeros((1, circuit.n_neurons, 0))


def _chosen(circuit: "Circuit", request: Request) -> tuple[Chosen, ...]:
    if not request.observed:
        return ()
    return (Chosen(np.arange(circuit.n_neurons), request.sample_every, request.n_samples),)


def _activity(outcome: Outcome, n_neurons: int) -> Activity:
    # Neurons without a threshold have no counts.
    counted = outcome.spike_count
    silent = np.zeros((*counted.shape[:-1], n_neurons), counted.dtype)
    return Activity(
        spike_count=counted if counted.shape[-1] else silent,
        failed=outcome.failed,
        average=outcome.average,
        samples=outcome.samples[0] if outcome.samples else {},
    )


def _for_all(n_candidates: int, activity: Activity) -> Activity:
    """Give candidates that differ in the readout alone the activity that they share."""
    if len(activity.failed) == n_candidates:
        return activity

    def repeated(array: np.ndarray) -> np.ndarray:
        return np.repeat(array, n_candidates, axis=0)

    return Activity(
        spike_count=repeated(activity.spike_count),
        failed=repeated(activity.failed),
        timed_out=None if activity.timed_out is None else repeated(activity.timed_out),
        average={name: repeated(values) for name, values in activity.average.items()},
        samples={name: repeated(values) for name, values in activity.samples.items()},
    )
