"""The hand-written kernel, compiled in several shapes, of which the fastest is kept."""

import ctypes
import subprocess
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from network import MODEL_CONSTANTS, STEPS_PER_INPUT, Work

from neurotrain.executions.fused.compiler import find_compiler, vector_bytes

SOURCE = Path(__file__).with_name("reference_kernel.cpp")
FLAGS = [
    "-O3",
    "-march=native",
    "-std=c++17",
    "-fPIC",
    "-shared",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-ffp-contract=fast",
    "-Wno-psabi",
]
# In the order of `struct Constants`; dt comes first.
CONSTANTS = (
    *("C", "g_Ca", "g_K", "g_L", "E_Ca", "E_K", "E_L", "V1", "V2", "V3", "V4", "phi"),
    *("V_t", "K_p", "I_0", "I_scale"),
)
THRESHOLD, REST = 0.0, -0.02
# (vectors side by side, rows) worth a try, for each width of vectors.
SHAPES = {
    64: ((1, 8), (1, 10), (1, 20), (1, 25), (2, 6), (2, 8), (2, 10), (2, 12)),
    32: ((1, 8), (1, 10), (2, 4), (2, 5), (2, 6), (4, 2), (4, 3)),
    16: ((1, 8), (2, 4), (2, 5), (2, 6), (4, 2), (4, 3)),
}


@dataclass(frozen=True)
class Result:
    """Spikes and final voltage of every candidate, (candidate, neuron, trial), and CPU seconds."""

    spike_count: np.ndarray
    v: np.ndarray
    seconds: float


@dataclass(frozen=True)
class Reference:
    """The hand-written kernel in one precision and shape."""

    dtype: np.dtype
    width: int
    tile: int
    rows: int
    library: Path

    @property
    def shape(self) -> str:
        """The shape in words."""
        return f"{self.rows} rows x {self.tile} vectors of {self.width} bytes"

    @property
    def trials(self) -> int:
        """Trials that are computed side by side."""
        return self.tile * self.width // self.dtype.itemsize

    @cached_property
    def function(self) -> ctypes._CFuncPtr:
        """The compiled function."""
        function = ctypes.CDLL(str(self.library)).reference_run
        function.argtypes = [ctypes.c_void_p, *[ctypes.c_int64] * 6, *[ctypes.c_void_p] * 7]
        function.restype = None
        return function

    def run(self, work: Work, steps: int | None = None) -> Result:
        """Simulate all candidates of `work` on all trials, in one thread."""
        size, blocks = work.size, work.blocks
        steps = steps or size.steps
        constants = [size.dt_ms * 1e-3, *(float(MODEL_CONSTANTS[name]) for name in CONSTANTS)]
        constants = np.array([*constants, THRESHOLD, REST])
        weight, input_weight, bias = (
            np.ascontiguousarray(blocks[name], self.dtype)
            for name in ("weight", "input_weight", "bias")
        )
        inputs = np.ascontiguousarray(work.trials.inputs.transpose(1, 2, 0), self.dtype)
        v, w = (self._initial(work, name) for name in ("v", "w"))
        spike_count = np.zeros(v.shape, np.int32)
        start = time.process_time()
        for p in range(size.candidates):
            for first in range(0, size.trials, self.trials):
                self.function(
                    *(constants.ctypes.data, size.neurons, size.channels, size.trials, first),
                    *(steps, STEPS_PER_INPUT, weight[p].ctypes.data, input_weight[p].ctypes.data),
                    *(bias[p].ctypes.data, inputs.ctypes.data),
                    *(v[p].ctypes.data, w[p].ctypes.data, spike_count[p].ctypes.data),
                )
        return Result(spike_count, v, time.process_time() - start)

    def _initial(self, work: Work, name: str) -> np.ndarray:
        shape = (work.size.candidates, work.size.neurons, work.size.trials)
        values = np.broadcast_to(work.initial_state[name].T, shape)
        return np.array(values, self.dtype, order="C")


def fastest_reference(work: Work, precision: str, folder: Path) -> Reference:
    """Compile the kernel into `folder` in every shape that fits and return the fastest."""
    dtype, width = np.dtype(precision), vector_bytes()
    while width > 16 and width > work.size.trials * dtype.itemsize:
        width //= 2
    fitting = [
        _compile(dtype, width, tile, rows, folder)
        for tile, rows in SHAPES[width]
        if work.size.trials % (tile * width // dtype.itemsize) == 0
    ]
    steps = min(work.size.steps, 1000)
    seconds = [[one.run(work, steps).seconds for one in fitting] for _ in range(5)]
    return fitting[int(np.argmin(np.median(seconds, axis=0)))]


def _compile(dtype: np.dtype, width: int, tile: int, rows: int, folder: Path) -> Reference:
    real = "double" if dtype.itemsize == 8 else "float"
    library = folder / f"reference_{real}_{width}_{tile}_{rows}.so"
    defines = {"REAL": real, "WIDTH": width, "TILE": tile, "ROWS": rows}
    options = [*FLAGS, *(f"-D{name}={value}" for name, value in defines.items())]
    subprocess.run([find_compiler(), *options, "-o", library, SOURCE], check=True)
    return Reference(dtype, width, tile, rows, library)
