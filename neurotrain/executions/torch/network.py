"""A circuit's values as tensors, and its steps as functions of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from neurotrain.errors import UnsupportedModel
from neurotrain.executions.fused.schedule import event_clock, is_late
from neurotrain.executions.fused.values import Values
from neurotrain.executions.torch.noise import Noise
from neurotrain.executions.torch.operations import library
from neurotrain.executions.torch.source import StepSource, step_source
from neurotrain.executions.torch.trace import Tracer
from neurotrain.executions.torch.wiring import Wiring, wiring_of
from neurotrain.lowering.program import Program, Propagation, Reaction

_DTYPES = {"boolean": torch.bool}


@lru_cache(maxsize=256)
def _source(tracer: Tracer, due: tuple[bool, ...], records: bool) -> StepSource:
    return step_source(tracer.trace(due, records))


@dataclass
class Carry:
    """What goes from one step to the next.

    Parameters
    ----------
    states : dict of str to Tensor
    past : dict of str to list of Tensor
        By event, where it happened in each of the last ticks, the last one first.
    """

    states: dict[str, Tensor]
    past: dict[str, list[Tensor]]

    def tensors(self) -> list[Tensor]:
        """Return all tensors, in an order of their own."""
        return [*self.states.values(), *(one for ticks in self.past.values() for one in ticks)]

    def detached(self) -> "Carry":
        """Return the same without where it comes from."""
        return self.replaced(iter([one.detach() for one in self.tensors()]))

    def replaced(self, found: Iterator[Tensor]) -> "Carry":
        """Return the same with other tensors."""
        states = {name: next(found) for name in self.states}
        return Carry(states, {name: [next(found) for _ in t] for name, t in self.past.items()})


@dataclass(frozen=True)
class Variant:
    """One step's functions, with the clocks that tick in it."""

    prepare: Callable
    step: Callable
    numbers: Callable
    source: StepSource


class Network:
    """Steps of a program with these values.

    Parameters
    ----------
    program : Program
    values : Values
        Trained arrays may be tensors.
    dtype : torch.dtype
    has_surrogate : bool

    Raises
    ------
    UnsupportedModel
        For what has no counterpart in PyTorch.
    """

    def __init__(
        self, program: Program, values: Values, dtype: torch.dtype, has_surrogate: bool
    ) -> None:
        self.program, self.values, self.dtype = program, values, dtype
        _check_begins_quietly(values)
        constants = tuple(float(values.constants[name]) for name, _ in program.constants)
        self.tracer = Tracer(program, constants, wiring_of(values), has_surrogate)
        self.library = library(values, dtype)
        self.noise = Noise(values.keys[0], dtype)
        self.given = self._given()
        self.inputs = torch.as_tensor(np.asarray(values.inputs), dtype=dtype)
        self.input_weights = self._tensor(values.input_weights)
        self._variants: dict[tuple, Variant] = {}

    @property
    def wiring(self) -> Wiring:
        """Sizes, clocks and synapses."""
        return self.tracer.wiring

    @property
    def has_channels(self) -> bool:
        """Whether input channels set the input variables."""
        return bool(self.program.inputs) and self.input_weights.shape[-1] > 0

    def variant(self, due: tuple[bool, ...], records: bool) -> Variant:
        """Return the step in which these clocks tick, with or without what is sampled."""
        if (due, records) not in self._variants:
            source = _source(self.tracer, due, records)
            functions = source.functions(self.library, self.library["tensor"])
            self._variants[due, records] = Variant(*functions, source)
        return self._variants[due, records]

    def _tensor(self, value: Any, dtype: torch.dtype | None = None) -> Tensor:
        if isinstance(value, Tensor):
            return value.to(dtype or self.dtype)
        return torch.as_tensor(np.asarray(value), dtype=dtype or self.dtype)

    def _given(self) -> dict[tuple, Tensor]:
        """Return what does not change, by the names that steps have for it."""
        found: dict[tuple, Tensor] = {}
        for array in self.program.arrays:
            value = self.values.arrays[array.symbol]
            if array.role == "parameter":
                dtype = _DTYPES.get(array.kind)
                found["parameter", array.symbol, array.kind] = self._tensor(value, dtype)
            elif array.role == "index":
                found["index", array.symbol, array.kind] = self._tensor(value[None, None])
                found["positions", array.symbol] = self._tensor(value, torch.int64)
        for k, one in enumerate(self.values.connections):
            found["table", k, "pre"] = self._tensor(one.pre, torch.int64)
            found["table", k, "post"] = self._tensor(one.post, torch.int64)
            reached = np.isin(np.arange(one.n_post), one.post)
            found["table", k, "reached"] = torch.from_numpy(reached)
        for k, queue in enumerate(self.values.queues):
            # Where each synapse's delay and source lie where the ticks are beside each other.
            row = np.searchsorted(np.unique(queue.delays), queue.delays)
            found["queue", k] = self._tensor(row * queue.n_sources + queue.sources, torch.int64)
        return found

    def begin(self) -> Carry:
        """Return the values before the first step."""
        states = {
            array.symbol: self._tensor(self.values.arrays[array.symbol], _DTYPES.get(array.kind))
            for array in self.program.arrays
            if array.role in ("state", "input")
        }
        return Carry(states, {name: self._silence(name, n) for name, n in self.depths().items()})

    def _silence(self, event: str, ticks: int) -> list[Tensor]:
        owner = next(one.owner for one in self.program.events if one.symbol == event)
        silent = torch.zeros((1, 1, self.values.sizes[owner]), dtype=self.dtype)
        return [silent] * ticks

    def depths(self) -> dict[str, int]:
        """Return how many ticks back each event is needed."""
        depths = {one.symbol: 0 for one in self.program.events}
        for one in self.program.operations:
            if isinstance(one, Propagation | Reaction):
                longest = getattr(one, "queue", None)
                longest = 0 if longest is None else self.values.queues[longest].longest
                back = longest + is_late(self.program, one)
                depths[one.event] = max(depths[one.event], back)
        return depths

    def drawn(self, name: tuple, step: int, ticks: tuple[int, ...]) -> Tensor:
        """Return noise, or where a generator's event happens."""
        if name[0] == "noise":
            _, kind, operation, call, owner = name
            size = 1 if owner < 0 else self.values.sizes[owner]
            return self.noise.at(kind, (operation, call), size, step)
        event = next(one for one in self.program.events if one.symbol == name[1])
        items = self.values.generated[event.symbol]
        spikes = self._silence(event.symbol, 1)[0].clone()
        now = ticks[event_clock(self.program, event.symbol)]
        spikes[..., torch.from_numpy(items[items[:, 0] == now, 1])] = 1.0
        return spikes


def _check_begins_quietly(values: Values) -> None:
    under_way = any(len(queue.pending) for queue in values.queues)
    if under_way or any(len(elements) for elements in values.before.values()):
        raise UnsupportedModel(
            "Spikes are under way in the circuit's objects, from an earlier run, with which the "
            "torch execution cannot begin; make the objects anew."
        )
