"""The reference: the user's own objects, run by Brian2, one candidate and trial at a time."""

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import thread_time
from typing import TYPE_CHECKING

import numpy as np
from brian2 import (
    Network,
    NetworkOperation,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    get_device,
    second,
    seed,
)

from neurotrain.description import NOISE_SEED
from neurotrain.errors import unknown_name
from neurotrain.executions.base import STEPS_BETWEEN_CHECKS, Activity, Request
from neurotrain.membership import free, freed, with_contained

if TYPE_CHECKING:
    from neurotrain.circuit import Circuit


def run_brian2(
    circuit: "Circuit",
    blocks: Mapping[str, np.ndarray],
    inputs: np.ndarray,
    initial_state: Mapping[str, np.ndarray],
    request: Request,
    threads: int | None,
) -> Activity:
    """Simulate blocks (candidate, ...) on inputs (trial, bin, channel).

    Every trial begins with the objects as they are; they are so again afterwards. `threads`
    is ignored.
    """
    for name in request.observed:
        if name not in circuit.neurons.variables:
            raise unknown_name("variable to record", name, circuit.neurons.equations.names)
    n_candidates = len(next(iter(blocks.values())))
    shape = (n_candidates, len(inputs))
    with _restored(circuit) as restore, _heap_set_aside():
        runs = [
            _Trial(
                circuit, {name: values[p] for name, values in blocks.items()}, request, restore
            ).run(inputs[b], {name: values[b] for name, values in initial_state.items()})
            for p in range(n_candidates)
            for b in range(len(inputs))
        ]
    counts, failed, averages, samples, timed_out = zip(*runs, strict=True)
    return Activity(
        spike_count=_stack(counts, shape),
        failed=_stack(failed, shape),
        average={name: _stack([a[name] for a in averages], shape) for name in request.observed},
        samples={name: _stack([s[name] for s in samples], shape) for name in request.observed},
        timed_out=None if request.trial_seconds is None else _stack(timed_out, shape),
    )


def _stack(items: list[np.ndarray] | tuple[np.ndarray, ...], shape: tuple[int, int]) -> np.ndarray:
    stacked = np.array(items)
    return stacked.reshape(*shape, *stacked.shape[1:])


@contextmanager
def _restored(circuit: "Circuit") -> Iterator[Callable[[], None]]:
    """Yield what puts the objects back to how they are now, which the block's end does too.

    Back to their values, and to the spikes that are under way; at the end also to the time of
    their clocks and to the network they belong to.
    """
    owners = (circuit.neurons, *circuit.others)
    clocks = {one.clock for one in with_contained(owners)}
    times = [clock.variables[name] for clock in clocks for name in ("t", "timestep")]
    before = [np.array(time.get_value()) for time in times]
    with freed(owners):
        held = Network(*owners)
        held.store()
        try:
            yield held.restore
        finally:
            held.restore()
            for time, value in zip(times, before, strict=True):
                time.set_value(value)


@contextmanager
def _heap_set_aside() -> Iterator[None]:
    """Keep what exists out of garbage collections, as long as the block lasts.

    Brian2 collects garbage in each run, which takes longer than a short trial where the process
    holds much; all that trials leave behind is new.
    """
    if gc.get_freeze_count():
        # Somebody else's, which must not end here.
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextmanager
def _seeded(noise_seed: np.uint64 | None) -> Iterator[None]:
    """Let Brian2 draw the noise of a trial, and leave its generators as they were."""
    if noise_seed is None:
        yield
        return
    device = get_device()
    before = device.get_random_state()
    try:
        seed(int(noise_seed % np.uint64(2**32)))
        yield
    finally:
        device.set_random_state(before)


class _Trial:
    """One candidate, ready to be run on a trial from time zero."""

    def __init__(
        self,
        circuit: "Circuit",
        values: Mapping[str, np.ndarray],
        request: Request,
        restore: Callable[[], None],
    ) -> None:
        self.circuit, self.request = circuit, request
        restore()
        self.input_weight = values.get("input.weight")
        if self.input_weight is None and circuit.inputs:
            self.input_weight = np.asarray(circuit.inputs.weight)
        for name, value in values.items():
            part, variable = name.split(".", 1)
            if part in circuit.objects:
                circuit.objects[part].variables[variable].set_value(value)

    def run(
        self, inputs: np.ndarray, initial: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, bool, dict[str, np.ndarray], dict[str, np.ndarray], bool]:
        neurons, request = self.circuit.neurons, self.request
        for name, value in initial.items():
            if name != NOISE_SEED:
                owner, variable = self.circuit.state_variable(name)
                owner.variables[variable].set_value(value)
        spikes = SpikeMonitor(neurons) if neurons.thresholder else None
        trace = StateMonitor(neurons, list(request.observed), record=True)
        monitors = [trace] if spikes is None else [trace, spikes]
        present = NetworkOperation(self._present(inputs), clock=neurons.clock, when="start")
        self.failed = self.timed_out = False
        self.deadline: float | None = None
        check = NetworkOperation(self._check, clock=neurons.clock, when="end", order=100)
        owners = (neurons, *self.circuit.others)
        free(owners)
        self.network = Network(*owners, present, check, *monitors)
        for one in self.circuit.others:
            if isinstance(one, SpikeGeneratorGroup):
                # What it skipped as past was past at another time than a trial's beginning.
                one._spikes_changed = True
        with _seeded(initial.get(NOISE_SEED)):
            self.network.run(
                request.n_steps * request.dt * second, namespace=self.circuit.namespace
            )
        traces = {name: self._trace(trace, name) for name in request.observed}
        found = self._count(spikes), self.failed, self._average(traces), self._sample(traces)
        return *found, self.timed_out

    def _trace(self, monitor: StateMonitor, name: str) -> np.ndarray:
        """Return what was recorded, (step, neuron), with NaN after an early end."""
        recorded = np.array(getattr(monitor, f"{name}_"), dtype=float).T
        missing = self.request.n_steps - len(recorded)
        return np.pad(recorded, ((0, missing), (0, 0)), constant_values=np.nan)

    def _present(self, inputs: np.ndarray) -> Callable[[], None]:
        """Return an operation that sets the input variable at the start of each input bin."""
        circuit, every = self.circuit, self.request.steps_per_input

        def present() -> None:
            step = self._step()
            self._start_watch()
            if circuit.inputs and step % every == 0:
                variable = circuit.neurons.variables[circuit.inputs.variable]
                variable.set_value(self.input_weight @ inputs[step // every])

        return present

    def _count(self, spikes: SpikeMonitor | None) -> np.ndarray:
        edges = np.array([0, *self.request.bin_stops])
        n = self.circuit.n_neurons
        if spikes is None:
            return np.zeros((len(edges) - 1, n), dtype=np.int64)
        steps = np.round(np.array(spikes.t_) / self.request.dt).astype(int)
        return np.histogram2d(
            steps, np.array(spikes.i), bins=(edges - 0.5, np.arange(n + 1) - 0.5)
        )[0].astype(np.int64)

    def _step(self) -> int:
        timestep = self.circuit.neurons.clock.variables["timestep"]
        return int(np.asarray(timestep.get_value()).item())

    def _check(self) -> None:
        """Note whether a state has become non-finite."""
        done = self._step() + 1
        if done % STEPS_BETWEEN_CHECKS and done != self.request.n_steps:
            return
        found = [self.circuit.state_variable(name) for name in self.circuit.states]
        values = [owner.variables[variable].get_value() for owner, variable in found]
        self.failed |= not all(np.isfinite(value).all() for value in values)
        if self.deadline is not None and done < self.request.n_steps and not self.failed:
            self.failed = self.timed_out = thread_time() > self.deadline
        if self.timed_out or (self.failed and self.request.ends_failed):
            self.network.stop()

    def _start_watch(self) -> None:
        """Let the limit of time begin with the first step, when all code is compiled."""
        if self.deadline is None and self.request.trial_seconds is not None:
            self.deadline = thread_time() + self.request.trial_seconds

    def _average(self, traces: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        start, stop = self.request.average
        return {name: trace[start:stop].mean(axis=0) for name, trace in traces.items()}

    def _sample(self, traces: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        n, every = self.request.n_samples, self.request.sample_every or 1
        return {name: trace[::every][:n] for name, trace in traces.items()}
