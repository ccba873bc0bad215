"""The hand-written kernel, compiled in several shapes, of which the fastest is kept."""

import ctypes
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from neurotrain.benchmarks.cases import STEPS_PER_INPUT, Case
from neurotrain.benchmarks.outcome import Outcome, Seconds, peak_memory_mb, stopwatch
from neurotrain.benchmarks.values import Values
from neurotrain.benchmarks.variants import Variant
from neurotrain.compiler import find_compiler, vector_bytes

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
# In the order of `struct Constants`.
CONSTANTS = (
    *("dt", "C", "g_Ca", "g_K", "g_L", "E_Ca", "E_K", "E_L", "V1", "V2", "V3", "V4", "phi"),
    *("V_t", "K_p", "I_0", "I_scale"),
)
THRESHOLD, REST = 0.0, -0.02
# (vectors side by side, rows) worth a try, for each width of vectors.
SHAPES = {
    64: ((1, 8), (1, 10), (1, 20), (1, 25), (2, 6), (2, 8), (2, 10), (2, 12), (4, 5)),
    32: ((1, 8), (1, 10), (2, 4), (2, 5), (2, 6), (4, 2), (4, 3)),
    16: ((1, 8), (2, 4), (2, 5), (2, 6), (4, 2), (4, 3)),
}
TRIED_STEPS, TRIES = 500, 5


@dataclass(frozen=True)
class Shape:
    """How much the kernel keeps in registers, and what it was compiled into."""

    dtype: np.dtype
    width: int
    tile: int
    rows: int
    library: Path

    def __str__(self) -> str:
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


class HandWritten:
    """The kernel with the values of a case, in one precision and thread."""

    peak_memory_mb = staticmethod(peak_memory_mb)

    def __init__(self, case: Case, dtype: np.dtype, values: Values) -> None:
        self.case, self.dtype = case, dtype
        self.share = (case.candidates, case.trials)
        constants = values.constants
        self.constants = np.array([*(constants[name] for name in CONSTANTS), THRESHOLD, REST])
        self.weight = np.ascontiguousarray(values.matrix("recurrent"), dtype)
        self.input_weight = np.ascontiguousarray(values["input_weight"], dtype)
        self.bias = np.ascontiguousarray(values["bias"], dtype)
        self.inputs = np.ascontiguousarray(values["inputs"].transpose(1, 2, 0), dtype)
        self.initial = values.initial
        self.shape: Shape

    @property
    def note(self) -> str:
        """The shape that was the fastest."""
        return str(self.shape)

    def choose_shape(self, folder: Path) -> None:
        """Compile into `folder` in every shape that fits the trials and keep the fastest."""
        width = vector_bytes()
        while width > 16 and width > self.case.trials * self.dtype.itemsize:
            width //= 2
        fitting = [
            (tile, rows)
            for tile, rows in SHAPES[width]
            if self.case.trials % (tile * width // self.dtype.itemsize) == 0
        ]
        # In a run too short for a choice, one shape is as good as another.
        tried = fitting if self.case.steps >= TRIED_STEPS else fitting[:1]
        shapes = [compile_kernel(self.dtype, width, *shape, folder) for shape in tried]
        steps = min(self.case.steps, TRIED_STEPS)
        seconds = [[self._time(shape, steps) for shape in shapes] for _ in range(TRIES)]
        self.shape = shapes[int(np.argmin(np.median(seconds, axis=0)))]

    def compare(self) -> Outcome:
        """Simulate the compared steps."""
        v, spike_count, _ = self._simulate(self.shape, self.case.compared_steps)
        return Outcome(v.swapaxes(1, 2) * 1e3, spike_count.swapaxes(1, 2))

    def run(self) -> Seconds:
        """Simulate all steps."""
        return self._simulate(self.shape, self.case.steps)[2]

    def _time(self, shape: Shape, steps: int) -> float:
        return self._simulate(shape, steps)[2].cpu

    def _simulate(self, shape: Shape, steps: int) -> tuple[np.ndarray, np.ndarray, Seconds]:
        case = self.case
        v, w = (self._initial(name) for name in ("v", "w"))
        spike_count = np.zeros(v.shape, np.int32)
        with stopwatch() as seconds:
            for p in range(case.candidates):
                own = (self.weight[p], self.input_weight[p], self.bias[p])
                changed = (v[p], w[p], spike_count[p])
                for first in range(0, case.trials, shape.trials):
                    shape.function(
                        *(self.constants.ctypes.data, case.neurons, self.inputs.shape[1]),
                        *(case.trials, first, steps, STEPS_PER_INPUT),
                        *(array.ctypes.data for array in (*own, self.inputs, *changed)),
                    )
        return v, spike_count, seconds

    def _initial(self, name: str) -> np.ndarray:
        shape = (self.case.candidates, self.case.neurons, self.case.trials)
        return np.array(np.broadcast_to(self.initial[name].T, shape), self.dtype, order="C")


def compile_kernel(dtype: np.dtype, width: int, tile: int, rows: int, folder: Path) -> Shape:
    """Compile the kernel in one shape."""
    real = "double" if dtype.itemsize == 8 else "float"
    library = folder / f"reference_{real}_{width}_{tile}_{rows}.so"
    defines = {"REAL": real, "WIDTH": width, "TILE": tile, "ROWS": rows}
    options = [*FLAGS, *(f"-D{name}={value}" for name, value in defines.items())]
    subprocess.run([find_compiler(), *options, "-o", library, SOURCE], check=True)
    return Shape(dtype, width, tile, rows, library)


def prepare(case: Case, variant: Variant, values: Values, folder: Path) -> HandWritten:
    """Return the kernel in its fastest shape."""
    kernel = HandWritten(case, np.dtype(variant.precision), values)
    kernel.choose_shape(folder)
    return kernel
