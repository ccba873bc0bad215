"""Steps one after the other: what is counted, averaged and sampled on the way."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from neurotrain.executions.base import STEPS_BETWEEN_CHECKS
from neurotrain.executions.fused.values import Clock, Span
from neurotrain.executions.torch.network import Carry, Network
from neurotrain.lowering.program import Propagation, Sum


@dataclass(frozen=True)
class Recording:
    """Which steps are recorded.

    `every` is 0 for no samples; `names` are what is sampled and averaged.
    """

    span: Span
    names: tuple[str, ...] = ()
    every: int = 0

    def is_averaged(self, step: int) -> bool:
        """Return whether a step is part of the average."""
        return bool(self.names) and self.span.average[0] <= step < self.span.average[1]

    def is_sampled(self, step: int) -> bool:
        """Return whether a step is sampled."""
        return bool(self.names) and self.every > 0 and step % self.every == 0


@dataclass
class Outputs:
    """What a stretch of steps gives.

    Parameters
    ----------
    counts : dict of int to Tensor
        By bin, spikes.
    totals : dict of str to Tensor
        By name, the sum over steps for the average.
    samples : dict of (str, int) to Tensor
        By name and step.
    failed : Tensor
        Where a state became non-finite, (candidate, trial).
    """

    counts: dict[int, Tensor] = field(default_factory=dict)
    totals: dict[str, Tensor] = field(default_factory=dict)
    samples: dict[tuple[str, int], Tensor] = field(default_factory=dict)
    failed: Tensor = field(default_factory=lambda: torch.zeros((1, 1), dtype=torch.bool))

    def add(self, where: dict, key: object, value: Tensor) -> None:
        """Add to a sum."""
        where[key] = value if key not in where else where[key] + value

    def tensors(self) -> list[Tensor]:
        """Return all tensors, in an order of their own."""
        recorded = (*self.counts.values(), *self.totals.values(), *self.samples.values())
        return [*recorded, self.failed]

    def replaced(self, tensors: Iterator[Tensor]) -> "Outputs":
        """Return the same with other tensors."""
        parts = (self.counts, self.totals, self.samples)
        found = [{key: next(tensors) for key in part} for part in parts]
        return Outputs(*found, failed=next(tensors))


@dataclass(frozen=True)
class Steps:
    """Runs steps of a network.

    Parameters
    ----------
    network : Network
    recording : Recording
    spike : callable
        Makes spikes of a condition, a distance from threshold, and which of them it is.
    """

    network: Network
    recording: Recording
    spike: Callable

    def fixed(self, which: range) -> dict[tuple, tuple[Tensor, ...]]:
        """Return what is the same in all steps, by variant of these steps."""
        variants = dict.fromkeys(self._key(step) for step in which)
        return {key: self.network.variant(*key).prepare(self.network.given) for key in variants}

    def bytes_each(self, n_rows: int) -> int:
        """Return about how much memory a step needs, for so many candidates and trials."""
        n_elements = n_rows * max(self.network.values.sizes)
        return n_elements * self.network.dtype.itemsize * max(1, self.n_operations())

    def n_operations(self) -> int:
        """Return how many operations on tensors a step has at most."""
        return self.network.variant(*self.whole).source.n_operations

    @property
    def whole(self) -> tuple[tuple[bool, ...], bool]:
        """The variant of the step in which all happens that ever does."""
        return tuple(True for _ in self.network.values.clocks), bool(self.recording.names)

    def _key(self, step: int) -> tuple[tuple[bool, ...], bool]:
        clocks = self.network.values.clocks
        due = tuple(is_due(clock, step) for clock in clocks)
        return due, self.recording.is_sampled(step) or self.recording.is_averaged(step)

    def run(
        self,
        carry: Carry,
        fixed: dict[tuple, tuple[Tensor, ...]],
        input_weights: Tensor,
        steps: range,
    ) -> tuple[Carry, Outputs]:
        """Return what goes on and what is recorded after some steps."""
        states, past = dict(carry.states), {name: list(t) for name, t in carry.past.items()}
        outputs, inputs = Outputs(), self._inputs(input_weights, steps)
        stops, bin_ = self.recording.span.bin_stops, 0
        for step in steps:
            states.update(inputs.pop(step, {}))
            while bin_ < len(stops) and stops[bin_] <= step:
                bin_ += 1
            key = self._key(step)
            found = self._step(key, fixed[key], states, past, step)
            self._record(outputs, found, step, bin_ if bin_ < len(stops) else None)
            if (step + 1) % STEPS_BETWEEN_CHECKS == 0 or step + 1 == steps.stop:
                with torch.no_grad():
                    outputs.failed = outputs.failed | watched(self.network, states)
        return Carry(states, past), outputs

    def _inputs(self, weights: Tensor, steps: range) -> dict[int, dict[str, Tensor]]:
        """Return the input variables at the steps at which they change."""
        every, network = self.recording.span.steps_per_input, self.network
        if not network.has_channels:
            return {}
        rows = self.input_rows(weights, steps).unbind(1)
        # In a stretch that begins within a bin, the inputs begin there too.
        bins = range(steps[0] // every, steps[-1] // every + 1)
        starts = (max(steps[0], b * every) for b in bins)
        names = network.program.inputs
        return {at: dict.fromkeys(names, row) for at, row in zip(starts, rows, strict=True)}

    def input_rows(self, weights: Tensor, steps: range) -> Tensor:
        """Return the input variables in the bins of some steps, (candidate, bin, trial, neuron)."""
        every, network = self.recording.span.steps_per_input, self.network
        bins = range(steps[0] // every, steps[-1] // every + 1)
        channels = network.inputs[:, bins.start : bins.stop].transpose(0, 1)
        rows = channels.reshape(1, -1, channels.shape[-1]) @ weights.transpose(1, 2)
        return rows.reshape(len(weights), len(bins), -1, rows.shape[-1])

    def _step(
        self,
        key: tuple,
        fixed: tuple[Tensor, ...],
        states: dict[str, Tensor],
        past: dict[str, list[Tensor]],
        step: int,
    ) -> dict[str, Tensor]:
        network = self.network
        variant = network.variant(*key)
        ticks = tuple(tick_of(clock, step) for clock in network.values.clocks)
        clock: dict[tuple[str, int], float] = {}
        for k, (one, tick) in enumerate(zip(network.values.clocks, ticks, strict=True)):
            clock["t", k] = (one.first + tick) * one.dt
            clock["step", k] = float(one.first + tick)

        def draw(name: tuple) -> Tensor:
            return network.drawn(name, step, ticks)

        found = variant.step(fixed, states, past, clock, draw, self.spike)
        source = variant.source
        n, m = len(source.states), len(source.events)
        states.update(zip(source.states, found[:n], strict=True))
        for event, spikes in zip(source.events, found[n : n + m], strict=True):
            if past[event]:
                past[event] = [spikes, *past[event][:-1]]
        return dict(zip((*source.events, *source.records), found[n:], strict=True))

    def _record(
        self, outputs: Outputs, found: dict[str, Tensor], step: int, bin_: int | None
    ) -> None:
        counted = self.network.program.counted
        if counted in found and bin_ is not None:
            outputs.add(outputs.counts, bin_, found[counted])
        # Between two ticks of the recording's clock nothing is found.
        for name in self.recording.names:
            if name in found and self.recording.is_averaged(step):
                outputs.add(outputs.totals, name, found[name])
            if name in found and self.recording.is_sampled(step):
                outputs.samples[name, step] = found[name]


def tick_of(clock: Clock, step: int) -> int:
    """Return which tick of a clock is next at a step."""
    return (step - clock.offset + clock.every - 1) // clock.every


def is_due(clock: Clock, step: int) -> bool:
    """Return whether a clock ticks in a step."""
    within = step >= clock.offset and tick_of(clock, step) < clock.ticks
    return within and (step - clock.offset) % clock.every == 0


def watched_symbols(network: Network) -> list[str]:
    """Return the real states of neurons, which must be finite numbers."""
    synapses = {
        one.owner for one in network.program.operations if isinstance(one, Propagation | Sum)
    }
    return [
        array.symbol
        for array in network.program.arrays
        if array.role == "state" and array.kind == "float" and not array.shared
        if array.owner not in synapses
    ]


def watched(network: Network, states: Mapping[str, Tensor]) -> Tensor:
    """Return where any real state of neurons is no finite number, (candidate, trial)."""
    bad = torch.zeros((1, 1), dtype=torch.bool)
    for symbol in watched_symbols(network):
        bad = bad | ~torch.isfinite(states[symbol]).all(-1)
    return bad
