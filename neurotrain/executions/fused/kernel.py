"""A compiled Program, called in-process on many candidates and trials."""

import ctypes
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from neurotrain.compiler import compile_library, vector_bytes
from neurotrain.executions.base import STEPS_BETWEEN_CHECKS
from neurotrain.executions.fused import interface as c
from neurotrain.executions.fused.outcome import Outcome
from neurotrain.executions.fused.pack import Packed
from neurotrain.executions.fused.source import generate_source
from neurotrain.executions.fused.values import Span, Values
from neurotrain.lowering.program import Program, Sample, Sum

_POINTER = ctypes.c_void_p
# As in engine.hpp.
_TIMED_OUT = 2
_ENTRY = np.dtype([("tick", np.int64), ("element", np.int32), ("trial", np.int32)])


@dataclass(frozen=True)
class _Tiling:
    """How trials are laid out: `width` bytes a vector, `tile` vectors side by side."""

    width: int
    tile: int
    rows: int

    def tiles(self, n_trials: int, item: int) -> int:
        return -(-n_trials * item // (self.tile * self.width))


def _tiling(n_rows: int, n_trials: int, item: int, threads_each: float = 0.0) -> _Tiling:
    """Return the widest vectors that the trials fill, and as many rows as there are registers.

    Rows beyond the last one are computed in vain, so there should be few. Tiles are single
    vectors where there would be fewer than the threads that each candidate can have.
    """
    width = vector_bytes()
    while width > 16 and width // 2 >= n_trials * item:
        width //= 2
    fills_one = n_trials * item <= width
    tile = 1 if fills_one or -(-n_trials * item // (2 * width)) < threads_each else 2
    most = ((32 if vector_bytes() == 64 else 16) - 4) // tile
    rows = min(range(max(1, min(8, n_rows, most)), most + 1), key=lambda r: (-n_rows % r, -r))
    return _Tiling(width, tile, rows)


@lru_cache(maxsize=64)
def _compiled(program: Program, item: int, tiling: _Tiling) -> ctypes.CDLL:
    defines = {
        "REAL": "double" if item == 8 else "float",
        "WIDTH": tiling.width,
        "TILE": tiling.tile,
        "ROWS": tiling.rows,
        "BESIDE": next(k for k in (5, 4, 3, 2, 1) if tiling.rows % k == 0),
        "CHECK_EVERY": STEPS_BETWEEN_CHECKS,
    }
    library = ctypes.CDLL(str(compile_library(generate_source(program), defines)))
    library.neurotrain_run.argtypes = [_POINTER, ctypes.c_int64, ctypes.c_int64]
    library.neurotrain_run.restype = None
    library.neurotrain_forget.argtypes = [_POINTER]
    library.neurotrain_forget.restype = None
    return library


@dataclass(frozen=True)
class Kernel:
    """A Program in one precision; compiled on first use for each tiling of trials.

    Parameters
    ----------
    program : Program
    precision : {'float32', 'float64'}
    """

    program: Program
    precision: str = "float32"

    def run(
        self,
        values: Values,
        span: Span,
        threads: int | None = None,
        progress: np.ndarray | None = None,
    ) -> Outcome:
        """Simulate all candidates on all trials.

        `progress` (2,) int64 is told the step that the unit of work at hand has reached, and
        tells all of them to stop when its second item is not 0.
        """
        threads = threads or os.cpu_count() or 1
        call = _ProcessorCall(self.program, self.precision, values, span, threads)
        call.execute(threads, progress)
        return call.outcome()


class Call:
    """The arrays of one call, which must outlive it.

    Parameters
    ----------
    program : Program
    precision : {'float32', 'float64'}
    values : Values
    span : Span
    """

    n_tiles = 1

    def __init__(self, program: Program, precision: str, values: Values, span: Span) -> None:
        self.program, self.values, self.span = program, values, span
        self.real = np.dtype(precision)
        self.n_candidates, self.n_trials = values.n_candidates, values.n_trials

    def allocate(self) -> None:
        """Make room for all that is recorded; `n_tiles` must be known."""
        p, b = self.n_candidates, self.n_trials
        counted = next(
            (e.owner for e in self.program.events if e.symbol == self.program.counted), None
        )
        n = 0 if counted is None else self.values.sizes[counted]
        self.spike_count = np.zeros((p, len(self.span.bin_stops), n, b), np.int32)
        self.failed = np.zeros((p, b), np.int32)
        self.samples, self.averages = [], []
        for one in self._sampling():
            chosen, k = self.values.chosen[one.sample], len(one.values)
            n = len(chosen.elements)
            self.samples.append(np.zeros((p, k, chosen.n_samples, n, b), self.real))
            averaged = one.sample == self.program.averaged
            self.averages.append(np.zeros((p, k, n, b), self.real) if averaged else None)
        self.final = [self._final(array.symbol, array.kind) for array in self.program.arrays]
        self.n_noted = self.program.n_logs + len(self.program.events)
        self.noted = (c.Noted * (p * self.n_tiles * self.n_noted + 1))()

    def _sampling(self) -> list[Sample]:
        """Return the samples by position."""
        found = [one for one in self.program.operations if isinstance(one, Sample)]
        return sorted(found, key=lambda one: one.sample)

    def _final(self, symbol: str, kind: str) -> np.ndarray | None:
        if not self.span.keeps_states or symbol not in self.program.symbols("state", "input"):
            return None
        n = self.values.arrays[symbol].shape[-1]
        dtype = self.real if kind == "float" else np.dtype(f"i{self.real.itemsize}")
        return np.zeros((self.n_candidates, n, self.n_trials), dtype)

    def run(self, packed: Packed, progress: np.ndarray | None = None) -> c.Run:
        """Return what the compiled code is given, with the addresses that `packed` gives."""
        span, values = self.span, self.values
        chosen = [
            packed.chosen(values.chosen[k], samples, average)
            for k, (samples, average) in enumerate(zip(self.samples, self.averages, strict=True))
        ]
        weights, keys = values.input_weights, np.ascontiguousarray(values.keys)
        return c.Run(
            n_trials=self.n_trials,
            n_candidates=self.n_candidates,
            n_steps=span.n_steps,
            n_channels=values.inputs.shape[2],
            steps_per_input=span.steps_per_input,
            n_bins=len(span.bin_stops),
            average_start=span.average[0],
            average_stop=span.average[1],
            ends_failed=span.ends_failed,
            keeps_events=span.keeps_states,
            keys_by_candidate=0 if len(keys) == 1 else keys.shape[1],
            weights_by_candidate=0 if len(weights) == 1 else weights[0].size,
            first_step=span.first_step,
            unit_seconds=span.trial_seconds * self.n_trials / self.n_tiles,
            bin_stops=packed.pointer(np.array(span.bin_stops, np.int64)),
            keys=packed.pointer(keys),
            input_weights=packed.pointer(np.ascontiguousarray(weights, float)),
            inputs=packed.inputs(values.inputs),
            chosen=packed.structures(c.Chosen, chosen),
            spike_count=packed.output(self.spike_count),
            final_state=packed.pointers(self.final),
            failed=packed.output(self.failed),
            noted=ctypes.addressof(self.noted),
            progress=0 if progress is None else packed.pointer(progress),
            **packed.fields(),
        )

    def outcome(self) -> Outcome:
        """Return what was recorded."""
        averaged = self.program.averaged
        names = [one.values for one in self._sampling()]
        average = _by_name(names[averaged], self.averages[averaged]) if averaged >= 0 else {}
        return Outcome(
            spike_count=np.moveaxis(self.spike_count, -1, 1),
            failed=self.failed != 0,
            timed_out=self.failed == _TIMED_OUT,
            samples=tuple(
                _by_name(own, array) for own, array in zip(names, self.samples, strict=True)
            ),
            average=average,
            states=self._states(),
            notes=tuple(self._notes(k) for k in range(self.program.n_logs)),
            last_events={
                event.symbol: self._notes(self.program.n_logs + k)[0]
                for k, event in enumerate(self.program.events)
            },
        )

    def _states(self) -> dict[str, np.ndarray]:
        # Truth values are -1 in the kernel and 1 outside.
        return {
            array.symbol: np.moveaxis(final * (-1 if array.kind == "boolean" else 1), -1, 1)
            for array, final in zip(self.program.arrays, self.final, strict=True)
            if final is not None
        }

    def _notes(self, log: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the entries of one log, of all candidates and tiles."""
        entries, values = [], []
        width = next(
            (len(o.values) for o in self.program.operations if getattr(o, "log", -1) == log), 0
        )
        for k in range(log, len(self.noted) - 1, self.n_noted):
            one = self.noted[k]
            if one.n:
                entries.append(_copied(one.entries, one.n * _ENTRY.itemsize).view(_ENTRY))
                values.append(
                    _copied(one.values, one.n * width * 8).view(float).reshape(one.n, width)
                )
        if not entries:
            return np.zeros(0, _ENTRY), np.zeros((0, width))
        return np.concatenate(entries), np.concatenate(values)


class _ProcessorCall(Call):
    def __init__(
        self, program: Program, precision: str, values: Values, span: Span, threads: int
    ) -> None:
        super().__init__(program, precision, values, span)
        item = self.real.itemsize
        self.tiling = _tiling(self._rows(), self.n_trials, item, threads / self.n_candidates)
        self.n_tiles = self.tiling.tiles(self.n_trials, item)
        self.packed = Packed(program, values)
        self.allocate()

    def _rows(self) -> int:
        """Return the size of the largest matrix product."""
        dense = [o for o in self.program.operations if isinstance(o, Sum) and o.layout == "dense"]
        return max((self.values.connections[one.table].n_post for one in dense), default=8)

    def execute(self, threads: int, progress: np.ndarray | None) -> None:
        """Run every candidate on every tile of trials."""
        self.library = _compiled(self.program, self.real.itemsize, self.tiling)
        run = self.run(self.packed, progress)
        address = ctypes.addressof(run)
        units = [(p, tile) for p in range(self.n_candidates) for tile in range(self.n_tiles)]
        if threads == 1 or len(units) == 1:
            for unit in units:
                self.library.neurotrain_run(address, *unit)
            return
        with ThreadPoolExecutor(min(threads, len(units))) as pool:
            list(pool.map(lambda unit: self.library.neurotrain_run(address, *unit), units))

    def outcome(self) -> Outcome:
        found = super().outcome()
        for one in self.noted:
            self.library.neurotrain_forget(ctypes.byref(one))
        return found


def _copied(address: int, size: int) -> np.ndarray:
    return np.frombuffer(ctypes.string_at(address, size) if size else b"", np.uint8).copy()


def _by_name(names: tuple[str, ...], array: np.ndarray) -> dict[str, np.ndarray]:
    """Take (candidate, name, ..., trial) apart into (candidate, trial, ...) for each name."""
    return dict(zip(names, np.moveaxis(array, (1, -1), (0, 2)), strict=True))
