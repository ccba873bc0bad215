"""What compiled steps are called with, as in steps.cpp."""

import ctypes
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor

_POINTER, _INTEGER = ctypes.c_void_p, ctypes.c_int64


class Run(ctypes.Structure):
    """The struct of the same name in C++."""

    _fields_ = [
        *((name, _INTEGER) for name in ("n_candidates", "n_trials", "n_steps", "frame")),
        ("n_samples", _INTEGER),
        *((name, _POINTER) for name in ("k", "clocks", "frames", "fixed", "fixed_by_candidate")),
        *((name, _POINTER) for name in ("fixed_gradients", "matrices", "transposed")),
        *((name, _POINTER) for name in ("matrices_by_candidate", "transposed_by_candidate")),
        *((name, _POINTER) for name in ("matrix_gradients", "inputs", "input_gradients")),
        *((name, _INTEGER) for name in ("inputs_by_candidate", "inputs_by_bin")),
        *((name, _POINTER) for name in ("input_bins", "count_bins", "averaged", "samples")),
        ("counts", _POINTER),
        ("counts_by_candidate", _INTEGER),
        *((name, _POINTER) for name in ("totals", "sampled")),
        ("recorded", _INTEGER),
        *((name, _POINTER) for name in ("adjoint", "sizes", "padded", "offsets")),
    ]


# Which of them are known by how far apart candidates lie; one for all has no distance.
_DISTANCES = {
    "fixed": "fixed_by_candidate",
    "matrices": "matrices_by_candidate",
    "transposed": "transposed_by_candidate",
}


class Packed:
    """Makes pointers of arrays and tensors, and keeps these alive."""

    def __init__(self) -> None:
        self.alive: list[Any] = []

    def array(self, array: np.ndarray) -> int:
        """Return the address of an array."""
        array = np.ascontiguousarray(array if array.size else np.zeros(1, array.dtype))
        self.alive.append(array)
        return array.ctypes.data

    def numbers(self, numbers: Iterable[float]) -> int:
        """Return the address of real numbers."""
        return self.array(np.array([*numbers, 0.0], np.float64))

    def integers(self, numbers: Iterable[int]) -> int:
        """Return the address of whole numbers."""
        return self.array(np.array([*numbers, 0], np.int64))

    def tensors(self, tensors: Mapping[str, Tensor | Sequence[Tensor]]) -> dict[str, int]:
        """Return the fields that tensors stand for."""
        found: dict[str, int] = {}
        for name, one in tensors.items():
            self.alive.append(one)
            if isinstance(one, Tensor):
                found[name] = one.data_ptr()
                continue
            found[name] = self.array(np.array([t.data_ptr() for t in one] or [0], np.uintp))
            if name in _DISTANCES:
                found[_DISTANCES[name]] = self.integers(_distance(t) for t in one)
        inputs = tensors["inputs"]
        found["inputs_by_candidate"] = _distance(inputs)
        found["inputs_by_bin"] = inputs[0, 0].numel() if inputs.shape[1] > 1 else 0
        return found


def _distance(tensor: Tensor) -> int:
    return tensor[0].numel() if len(tensor) > 1 else 0
