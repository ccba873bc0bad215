"""Values as the structures that the compiled code reads."""

import ctypes
from collections.abc import Iterable
from typing import Any

import numpy as np

from neurotrain.executions.fused import interface as c
from neurotrain.executions.fused.values import Chosen, Connections, Queue, Table, Values
from neurotrain.lowering.program import Program, Propagation

_DTYPES = {"float": np.float64, "integer": np.int64, "boolean": np.int8}


class Packed:
    """Structures of the values of one program; keeps alive what they point to."""

    def __init__(self, program: Program, values: Values) -> None:
        self.program, self.values = program, values
        self.alive: list[Any] = []

    def pointer(self, array: np.ndarray) -> int:
        """Return the address of an array."""
        self.alive.append(array)
        return array.ctypes.data

    def output(self, array: np.ndarray) -> int:
        """Return the address of an array that is written to."""
        return self.pointer(array)

    def pointers(self, arrays: Iterable[np.ndarray | None]) -> int:
        """Return the address of the addresses of arrays, 0 for None."""
        addresses = [0 if array is None else self.pointer(array) for array in arrays]
        return self.pointer(np.array(addresses or [0], np.uintp))

    def structures(self, kind: type, items: list[Any]) -> int:
        """Return the address of structures one after the other."""
        array = (kind * max(1, len(items)))(*items)
        self.alive.append(array)
        return ctypes.addressof(array)

    def fields(self) -> dict[str, int]:
        """Return the pointers to everything that does not depend on what is recorded."""
        program, values = self.program, self.values
        constants = [float(values.constants[name]) for name, _ in program.constants]
        tables = [self._table(values.tables.get(one.symbol)) for one in program.functions]
        return {
            "sizes": self.pointer(np.array(values.sizes or [0], np.int64)),
            "slots": self.pointer(np.array(self._slots() or [0], np.int64)),
            "constants": self.pointer(np.array(constants or [0.0])),
            "arrays": self.structures(c.Array, [self._array(a) for a in program.arrays]),
            "tables": self.structures(c.Table, tables),
            "connections": self.structures(
                c.Connections, [self._connections(one) for one in values.connections]
            ),
            "queues": self.structures(c.Queue, [self._queue(one) for one in values.queues]),
            "clocks": self.structures(
                c.Clock,
                [c.Clock(k.dt, k.every, k.offset, k.first, k.ticks) for k in values.clocks],
            ),
            "generated": self.structures(
                c.Generated, [self._generated(e.symbol) for e in program.events]
            ),
            "before": self.structures(c.Before, [self._before(e.symbol) for e in program.events]),
            "logged": self.structures(c.Range, [c.Range(*one) for one in values.logged]),
        }

    def _slots(self) -> list[int]:
        """Return how many steps back the events are needed, and two for the step at hand."""
        waiting = {event.symbol: 0 for event in self.program.events}
        for one in self.program.operations:
            if isinstance(one, Propagation):
                longest = self.values.queues[one.queue].longest
                waiting[one.event] = max(waiting[one.event], longest)
        return [steps + 2 for steps in waiting.values()]

    def _array(self, array: Any) -> c.Array:
        values = self.values.arrays[array.symbol]
        if array.role == "index":
            values = np.ascontiguousarray(values, np.int32)
            return c.Array(self.pointer(values), len(values), 0, 0, 1)
        return self.strided(np.asarray(values, _DTYPES[array.kind]))

    def strided(self, values: np.ndarray) -> c.Array:
        """Return an array (candidate, trial, element) with its strides."""
        strides = [
            0 if size == 1 else stride // values.itemsize
            for size, stride in zip(values.shape, values.strides, strict=True)
        ]
        return c.Array(self.pointer(values), values.shape[-1], *strides)

    def inputs(self, inputs: np.ndarray) -> c.Array:
        """Return the inputs (trial, bin, channel)."""
        flat = np.ascontiguousarray(inputs, float).reshape(len(inputs), -1)
        return c.Array(self.pointer(flat), flat.shape[1], 0, flat.shape[1], 1)

    def chosen(self, one: Chosen, samples: np.ndarray, average: np.ndarray | None) -> c.Chosen:
        """Return what is sampled, and where to."""
        return c.Chosen(
            self.pointer(np.ascontiguousarray(one.elements, np.int32)),
            len(one.elements),
            one.every,
            one.n_samples,
            self.output(samples),
            0 if average is None else self.output(average),
        )

    def _table(self, table: Table | None) -> c.Table:
        if table is None:
            return c.Table(0, 0, 0, 1.0, 1.0)
        values = np.ascontiguousarray(table.values, float)
        columns = values.shape[1] if values.ndim == 2 else 1
        return c.Table(self.pointer(values), len(values), columns, table.epsilon, table.factor)

    def _connections(self, one: Connections) -> c.Connections:
        order = np.argsort(one.post, kind="stable")
        starts = np.searchsorted(one.post[order], np.arange(one.n_post + 1))
        return c.Connections(
            len(one.pre),
            one.first_pre,
            one.n_pre,
            one.first_post,
            one.n_post,
            self._integers(one.pre),
            self._integers(one.post),
            self.pointer(starts.astype(np.int64)),
            self._integers(order),
            self._integers(one.pre[order]),
        )

    def _integers(self, array: np.ndarray) -> int:
        return self.pointer(np.ascontiguousarray(array, np.int32))

    def _queue(self, one: Queue) -> c.Queue:
        delays = np.unique(one.delays)[::-1]
        # Sorted by source, then the longest delay first, then as Brian2 numbers the synapses.
        position = len(delays) - 1 - np.searchsorted(delays[::-1], one.delays)
        rows = one.sources.astype(np.int64) * len(delays) + position
        order = np.argsort(rows, kind="stable")
        starts = np.searchsorted(rows[order], np.arange(one.n_sources * len(delays) + 1))
        n_pending = int(one.pending[:, 0].max()) + 1 if len(one.pending) else 0
        under_way = np.argsort(one.pending[:, 0], kind="stable")
        pending_starts = np.searchsorted(one.pending[under_way, 0], np.arange(n_pending + 1))
        return c.Queue(
            len(delays),
            self.pointer(delays.astype(np.int64)),
            self.pointer(starts.astype(np.int64)),
            self._integers(order),
            n_pending,
            self.pointer(pending_starts.astype(np.int64)),
            self._integers(one.pending[under_way, 1]),
        )

    def _before(self, event: str) -> c.Before:
        elements = self.values.before.get(event, np.zeros(0, int))
        return c.Before(len(elements), self._integers(elements))

    def _generated(self, event: str) -> c.Generated:
        items = self.values.generated.get(event)
        if items is None:
            return c.Generated(0, 0)
        ticks = max(clock.ticks for clock in self.values.clocks)
        order = np.argsort(items[:, 0], kind="stable")
        starts = np.searchsorted(items[order, 0], np.arange(ticks + 2))
        return c.Generated(self.pointer(starts.astype(np.int64)), self._integers(items[order, 1]))
