"""Running a circuit through the fused kernel."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from neurotrain.description import NOISE_SEED
from neurotrain.executions.base import Activity, Request
from neurotrain.executions.fused import gather
from neurotrain.executions.fused.kernel import Kernel
from neurotrain.executions.fused.network_data import NetworkData, network_data
from neurotrain.executions.fused.outcome import Outcome
from neurotrain.executions.fused.snapshot import Snapshot
from neurotrain.executions.fused.values import Chosen, Clock, Span, Values
from neurotrain.executions.fused_cuda.kernel import CudaKernel
from neurotrain.simulable import Simulable


def run_fused(
    circuit: Simulable,
    blocks: Mapping[str, np.ndarray],
    inputs: np.ndarray,
    initial_state: Mapping[str, np.ndarray],
    request: Request,
    threads: int | None,
    precision: str,
    kernel: type[Kernel] | type[CudaKernel] = Kernel,
) -> Activity:
    """Simulate blocks (candidate, ...) on inputs (trial, bin, channel)."""
    network = network_of(circuit, request.observed)
    values = collect(circuit, network, blocks, inputs, initial_state, request)
    span = span_of(values.clocks, request)
    outcome = kernel(network.program, precision).run(values, span, threads)
    activity = _activity(outcome, circuit.n_neurons)
    if request.trial_seconds is not None:
        activity = replace(activity, timed_out=outcome.timed_out)
    return _for_all(len(next(iter(blocks.values()))), activity)


def network_of(circuit: Simulable, observed: tuple[str, ...]) -> NetworkData:
    """Return the network of a circuit as its Brian2 objects are now, or as a snapshot has it."""
    if isinstance(circuit, Snapshot):
        return circuit.network(observed)
    return network_data(circuit, circuit.lower(observed))


def collect(
    circuit: Simulable,
    network: NetworkData,
    blocks: Mapping[str, np.ndarray],
    inputs: np.ndarray,
    initial_state: Mapping[str, np.ndarray],
    request: Request,
) -> Values:
    """Return all values that a network needs; blocks may be tensors."""
    clocks = network.clocks_of(request)
    return Values(
        constants=network.constants,
        sizes=network.sizes,
        arrays={
            **network.arrays,
            **{
                network.trained[n]: b[:, np.newaxis]
                for n, b in blocks.items()
                if n in network.trained
            },
            **{
                network.states[name]: np.asarray(state)[np.newaxis]
                for name, state in initial_state.items()
                if name in network.states
            },
        },
        inputs=inputs,
        input_weights=_input_weights(circuit, blocks),
        keys=initial_state.get(NOISE_SEED, np.zeros(len(inputs), np.uint64))[np.newaxis],
        clocks=clocks,
        connections=network.connections,
        queues=network.queues,
        chosen=_chosen(circuit, request),
        tables=network.tables,
        generated=gather.generated(network.generators, clocks),
        before=network.before,
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


def _input_weights(circuit: Simulable, blocks: Mapping[str, np.ndarray]) -> np.ndarray:
    if "input.weight" in blocks:
        return blocks["input.weight"]
    if circuit.inputs:
        return np.asarray(circuit.inputs.weight)[np.newaxis]
    return np.zeros((1, circuit.n_neurons, 0))


def _chosen(circuit: Simulable, request: Request) -> tuple[Chosen, ...]:
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
