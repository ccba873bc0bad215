"""A compiled Program, called in-process on many candidates and trials."""

import ctypes
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from neurotrain.executions.base import STEPS_BETWEEN_CHECKS, Activity, Request
from neurotrain.executions.fused.compiler import compile_library, vector_bytes
from neurotrain.executions.fused.source import arrays_of, generate_source, is_kept
from neurotrain.lowering.program import Program, Variable

_POINTER = ctypes.c_void_p


class _Run(ctypes.Structure):
    """Mirrors `struct Run` of kernel.cpp."""

    _fields_ = [
        *((name, ctypes.c_int64) for name in (
            "n_neurons", "n_channels", "n_trials", "n_steps", "first_step",
            "steps_per_input", "n_bins",
            "average_start", "average_stop", "sample_every", "n_samples", "ends_failed",
        )),
        ("dt", ctypes.c_double),
        *((name, _POINTER) for name in (
            "bin_stops", "constants", "weights", "weight_strides", "input_weights",
        )),
        ("input_weight_stride", ctypes.c_int64),
        *((name, _POINTER) for name in (
            "inputs", "arrays", "array_strides", "spike_count", "averages", "samples",
            "final_state", "failed",
        )),
    ]  # fmt: skip


@dataclass(frozen=True)
class Values:
    """Everything a Program needs to run, in SI units; P candidates or 1, shared by all.

    Parameters
    ----------
    constants : mapping of str to float
    weights : tuple of (candidate or 1, post, pre) array
        For each term of the program.
    input_weights : (candidate or 1, neuron, channel) array
    inputs : (trial, input bin, channel) array
    parameters : mapping of str to (candidate or 1, neuron) array
    states : mapping of str to (trial, neuron) array
        Where each state begins.
    """

    constants: Mapping[str, float]
    weights: tuple[np.ndarray, ...]
    input_weights: np.ndarray
    inputs: np.ndarray
    parameters: Mapping[str, np.ndarray]
    states: Mapping[str, np.ndarray]

    @property
    def n_candidates(self) -> int:
        """Number of candidates."""
        arrays = (*self.weights, self.input_weights, *self.parameters.values())
        return max(len(array) for array in arrays)


@dataclass(frozen=True)
class _Tiling:
    """How trials are laid out: `width` bytes a vector, `tile` vectors side by side."""

    width: int
    tile: int
    rows: int

    def padded(self, n_trials: int, item: int) -> int:
        trials = self.tile * self.width // item
        return -(-n_trials // trials) * trials


def _tiling(n_neurons: int, n_trials: int, item: int) -> _Tiling:
    """Return the widest vectors that the trials fill, and as many rows as there are registers.

    Rows beyond the last neuron are computed in vain, so there should be few.
    """
    width = vector_bytes()
    while width > 16 and width // 2 >= n_trials * item:
        width //= 2
    tile = 1 if n_trials * item <= width else 2
    most = ((32 if vector_bytes() == 64 else 16) - 4) // tile
    rows = min(range(min(8, n_neurons, most), most + 1), key=lambda r: (-n_neurons % r, -r))
    return _Tiling(width, tile, rows)


@lru_cache(maxsize=64)
def _compiled(program: Program, item: int, tiling: _Tiling) -> ctypes._CFuncPtr:
    defines = {
        "REAL": "double" if item == 8 else "float",
        "WIDTH": tiling.width,
        "TILE": tiling.tile,
        "ROWS": tiling.rows,
        "CHECK_EVERY": STEPS_BETWEEN_CHECKS,
    }
    function = ctypes.CDLL(str(compile_library(generate_source(program), defines))).neurotrain_run
    function.argtypes = [_POINTER, ctypes.c_int64, ctypes.c_int64]
    function.restype = None
    return function


@dataclass
class Kernel:
    """A Program in one precision; compiled on first use for each tiling of trials.

    Parameters
    ----------
    program : Program
    precision : {'float32', 'float64'}
    """

    program: Program
    precision: str = "float32"
    final_state: dict[str, np.ndarray] = field(default_factory=dict)

    def run(
        self, values: Values, request: Request, threads: int | None = None, first_step: int = 0
    ) -> Activity:
        """Simulate all candidates on all trials.

        After it, `final_state` holds the (candidate, trial, neuron) states.
        """
        call = _Call(self, values, request, first_step)
        call.execute(threads or os.cpu_count() or 1)
        self.final_state = call.final_states()
        return call.activity()


class _Call:
    """The arrays of one call, which must outlive it."""

    def __init__(self, kernel: Kernel, values: Values, request: Request, first_step: int) -> None:
        self.program, self.values, self.request = kernel.program, values, request
        self.real = np.dtype(kernel.precision)
        self.integer = np.dtype(f"i{self.real.itemsize}")
        self.n_candidates = values.n_candidates
        self.n_trials, _, self.n_channels = values.inputs.shape
        self.n_neurons = values.input_weights.shape[1]
        self.tiling = _tiling(self.n_neurons, self.n_trials, self.real.itemsize)
        self.padded = self.tiling.padded(self.n_trials, self.real.itemsize)
        self.alive: list[object] = []
        self._allocate()
        self.run = self._run(first_step)

    def _allocate(self) -> None:
        first, last = self.n_candidates, (self.n_neurons, self.padded)
        observed = len(self.program.observables)
        self.spike_count = np.zeros((first, len(self.request.bin_stops), *last), np.int32)
        self.averages = np.zeros((first, observed, *last), self.real)
        self.samples = np.zeros((first, observed, self.request.n_samples, *last), self.real)
        self.failed = np.zeros((first, self.padded), np.int32)
        self.final = [
            np.zeros((first, *last), self._dtype(v.kind)) if is_kept(self.program, v) else None
            for v in arrays_of(self.program)
        ]

    def _dtype(self, kind: str) -> np.dtype:
        return self.real if kind == "float" else self.integer

    def _run(self, first_step: int) -> _Run:
        request, values = self.request, self.values
        constants = [float(values.constants[name]) for name, _ in self.program.constants]
        weights = [self._real(w) for w in values.weights]
        input_weights = self._real(values.input_weights)
        arrays = [self._array(v) for v in arrays_of(self.program)]
        return _Run(
            n_neurons=self.n_neurons,
            n_channels=self.n_channels,
            n_trials=self.n_trials,
            n_steps=request.n_steps,
            first_step=first_step,
            steps_per_input=request.steps_per_input,
            n_bins=len(request.bin_stops),
            average_start=request.average[0],
            average_stop=request.average[1],
            sample_every=max(1, request.sample_every),
            n_samples=request.n_samples,
            ends_failed=request.ends_failed,
            dt=request.dt,
            bin_stops=self._pointer(np.array(request.bin_stops, np.int64)),
            constants=self._pointer(np.array(constants, np.float64)),
            weights=self._pointers(weights),
            weight_strides=self._strides(weights),
            input_weights=self._pointer(input_weights),
            input_weight_stride=self._stride(input_weights),
            inputs=self._pointer(self._real(self._by_trial(values.inputs, (1, 2, 0)))),
            arrays=self._pointers(arrays),
            array_strides=self._strides(arrays),
            spike_count=self._pointer(self.spike_count),
            averages=self._pointer(self.averages),
            samples=self._pointer(self.samples),
            final_state=self._pointers(self.final),
            failed=self._pointer(self.failed),
        )

    def _array(self, variable: Variable) -> np.ndarray:
        """Return a state as (1, neuron, trial) or a parameter as (candidate or 1, neuron)."""
        if is_kept(self.program, variable):
            array = self._by_trial(self.values.states[variable.name], (1, 0))[np.newaxis]
        else:
            array = self.values.parameters[variable.name]
        if variable.kind == "boolean":
            array = -np.asarray(array, dtype=self.integer)
        return np.ascontiguousarray(array, self._dtype(variable.kind))

    def _by_trial(self, array: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
        """Move trials to the last axis and fill the last tile with copies of the last trial."""
        spare = self.padded - self.n_trials
        padding = [(0, spare)] + [(0, 0)] * (array.ndim - 1)
        return np.pad(array, padding, mode="edge").transpose(axes)

    def _real(self, array: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(array, self.real)

    def _pointer(self, array: np.ndarray) -> int:
        self.alive.append(array)
        return array.ctypes.data

    def _pointers(self, arrays: list[np.ndarray | None]) -> int:
        addresses = [0 if array is None else self._pointer(array) for array in arrays]
        return self._pointer(np.array(addresses or [0], np.uintp))

    def _stride(self, array: np.ndarray) -> int:
        return 0 if len(array) == 1 else array[0].size

    def _strides(self, arrays: list[np.ndarray]) -> int:
        return self._pointer(np.array([self._stride(a) for a in arrays] or [0], np.int64))

    def execute(self, threads: int) -> None:
        """Run every candidate on every tile of trials."""
        function = _compiled(self.program, self.real.itemsize, self.tiling)
        address = ctypes.addressof(self.run)
        tiles = self.padded * self.real.itemsize // (self.tiling.tile * self.tiling.width)
        units = [(p, c) for p in range(self.n_candidates) for c in range(tiles)]
        if threads == 1 or len(units) == 1:
            for candidate, tile in units:
                function(address, candidate, tile)
            return
        with ThreadPoolExecutor(min(threads, len(units))) as pool:
            list(pool.map(lambda unit: function(address, *unit), units))

    def activity(self) -> Activity:
        """Return the recorded arrays, without the padding of trials."""
        names = [name for name, _ in self.program.observables]
        averages = np.moveaxis(self.averages[..., : self.n_trials], -1, 2)
        samples = np.moveaxis(self.samples[..., : self.n_trials], -1, 2)
        return Activity(
            spike_count=np.moveaxis(self.spike_count[..., : self.n_trials], -1, 1),
            failed=self.failed[:, : self.n_trials] != 0,
            average={name: averages[:, k] for k, name in enumerate(names)},
            samples={name: samples[:, k] for k, name in enumerate(names)},
        )

    @staticmethod
    def _sign(variable: Variable) -> int:
        """Truth values are -1 in the kernel and 1 outside."""
        return -1 if variable.kind == "boolean" else 1

    def final_states(self) -> dict[str, np.ndarray]:
        """Return the last value of every kept variable, (candidate, trial, neuron)."""
        return {
            v.name: np.moveaxis(array[..., : self.n_trials] * self._sign(v), -1, 1)
            for v, array in zip(arrays_of(self.program), self.final, strict=True)
            if array is not None
        }
