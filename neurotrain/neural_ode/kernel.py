"""The compiled solver, called in-process on a population."""

import ctypes
import os
import weakref
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.resources import files

import numpy as np

from neurotrain.compiler import compile_library, vector_bytes, vector_functions
from neurotrain.neural_ode.field import ACTIVATIONS, VectorField

METHODS = ("rk4", "dopri5", "sdirk4")
_SOURCES = ("network.hpp", "methods.hpp", "integration.hpp", "adjoint.hpp", "solver.cpp")
_REAL = {"float32": "float", "float64": "double"}

_WHOLE = (
    *("n_candidates", "n_trajectories", "n_times", "n_parameters", "groups"),
    *("n_states", "width", "depth", "power", "has_biases"),
    *("method", "log_time", "steps", "max_steps", "keeps"),
)
_ARRAYS = (
    *("atol", "parameters", "starts", "times", "states", "reason", "tried", "kept"),
    *("cotangents", "gradient", "next", "stop"),
)


class _Run(ctypes.Structure):
    """As in integration.hpp."""

    _fields_ = [
        *((name, ctypes.c_int64) for name in _WHOLE),
        ("rtol", ctypes.c_double),
        *((name, ctypes.c_void_p) for name in _ARRAYS),
    ]


@cache
def library(activation: str, precision: str) -> ctypes.CDLL:
    """Return the compiled solver for fields of one activation, compiled on first use."""
    package = files("neurotrain.neural_ode")
    source = "\n".join([vector_functions(), *((package / name).read_text() for name in _SOURCES)])
    defines = {
        "REAL": _REAL[precision],
        "WIDTH": vector_bytes(),
        "ACTIVATION": ACTIVATIONS.index(activation),
    }
    loaded = ctypes.CDLL(str(compile_library(source, defines)))
    for function in (loaded.neurotrain_solve, loaded.neurotrain_gradient):
        function.argtypes, function.restype = [ctypes.c_void_p], None
    loaded.neurotrain_forget.argtypes = [ctypes.c_void_p, ctypes.c_int64]
    loaded.neurotrain_forget.restype = None
    return loaded


class Kernel:
    """A population's solve, with all arrays that the compiled code reads and writes.

    Parameters
    ----------
    field : VectorField
    arrays : dict of array
        parameters (candidate, d) with the field's scales in them, starts (trajectory, n),
        times (trajectory, time) and atol (n,), as contiguous float64.
    options : dict
        The numbers of `_Run` that do not follow from the arrays.
    precision : {'float32', 'float64'}
    threads : int
    """

    def __init__(
        self,
        field: VectorField,
        arrays: dict[str, np.ndarray],
        options: dict[str, float],
        precision: str,
        threads: int,
    ) -> None:
        self.library, self.threads = library(field.activation, precision), threads
        p, b, t = len(arrays["parameters"]), *arrays["times"].shape
        shape, n = (p, b), field.states
        self.arrays = arrays | {
            "states": np.full((p, b, t, n), np.nan),
            "reason": np.zeros(shape, np.int32),
            "tried": np.zeros(shape, np.int64),
            "kept": np.zeros((*shape, 2), np.int64),
        }
        self.numbers = options | {
            **{"n_candidates": p, "n_trajectories": b, "n_times": t, "n_parameters": field.size},
            **{"n_states": n, "width": field.width, "depth": field.depth, "power": field.power},
            "has_biases": int(field.biases),
        }

    def solve(self) -> None:
        """Integrate every trajectory of every candidate."""
        p, b = self.arrays["reason"].shape
        kept = self.arrays["kept"]
        weakref.finalize(self, _forget, self.library, kept)
        self._execute(self.library.neurotrain_solve, b if p < 4 * self.threads else 1)

    def gradient(self, cotangents: np.ndarray) -> np.ndarray:
        """Return the gradient (candidate, d) for cotangents of the states."""
        p, b = self.arrays["reason"].shape
        # Their number decides in which order contributions are added: never that of threads.
        groups = min(b, 8)
        gradient = np.zeros((p, groups, self.numbers["n_parameters"]))
        given = {"cotangents": np.ascontiguousarray(cotangents, float), "gradient": gradient}
        self._execute(self.library.neurotrain_gradient, groups, given)
        return gradient.sum(axis=1)

    def _execute(
        self, function: object, groups: int, given: dict[str, np.ndarray] | None = None
    ) -> None:
        """Share the units of work among threads, and let Ctrl-C through."""
        shared = {"next": np.zeros(1, np.int64), "stop": np.zeros(1, np.int64)}
        arrays = self.arrays | (given or {}) | shared
        addresses = {name: array.ctypes.data for name, array in arrays.items()}
        run = _Run(**self.numbers, **addresses, groups=groups)
        threads = min(self.threads, groups * self.numbers["n_candidates"])
        # Also a single one, which alone could not be interrupted.
        with ThreadPoolExecutor(threads) as pool:
            calls = [pool.submit(function, ctypes.addressof(run)) for _ in range(threads)]
            try:
                for call in calls:
                    call.result()
            except BaseException:
                shared["stop"][0] = 1
                raise


def _forget(library: ctypes.CDLL, kept: np.ndarray) -> None:
    library.neurotrain_forget(kept.ctypes.data, kept.size // 2)


def available_threads() -> int:
    """Return how many processors there are."""
    return os.cpu_count() or 1
