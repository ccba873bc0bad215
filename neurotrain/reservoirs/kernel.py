"""The compiled loop over the steps of a trial, called in-process."""

import ctypes
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import numpy as np

from neurotrain.compiler import compile_library, vector_bytes, vector_functions
from neurotrain.rate_to_spike.kernel import PENDING, SIDE

# As in reservoir.hpp.
_WHOLE = """
n_units n_outputs n_inputs n_steps n_segments tiles_to_a_side update_every
mastery exploration explores teacher_learns mastery_learns exploration_learns
only_improvements smooth_teacher feedback_given
"""
_REAL = """
step noise reward_low_pass output_low_pass amplitude amplitude_power
exploration_rate reward_power threshold mastery_rate reward_noise
"""
_ARRAYS = """
starts sources weights feedback_weights input_weights inputs feedback targets lengths origin costs
x activity output low_passes mastery_weights exploration_weights tiles columns pending random
outputs errors gates
"""
_FIELDS = (
    *((name, ctypes.c_int64) for name in _WHOLE.split()),
    *((name, ctypes.c_double) for name in _REAL.split()),
    *((name, ctypes.c_void_p) for name in _ARRAYS.split()),
)
_RUN = type("ReservoirRun", (ctypes.Structure,), {"_fields_": list(_FIELDS)})


@cache
def _library() -> ctypes.CDLL:
    squares, own = files("neurotrain.rate_to_spike"), files("neurotrain.reservoirs")
    source = "\n".join(
        [
            vector_functions(),
            "#include <algorithm>\n#include <vector>\n",
            f"static const int64_t SIDE = {SIDE}, PENDING = {PENDING};\n",
            (squares / "linear_algebra.hpp").read_text(),
            (squares / "recursive_least_squares.hpp").read_text(),
            (own / "reservoir.hpp").read_text(),
        ]
    )
    return ctypes.CDLL(str(compile_library(source, {"REAL": "double", "WIDTH": vector_bytes()})))


def run_trial(numbers: Mapping[str, float], arrays: Mapping[str, np.ndarray]) -> None:
    """Go through the steps of a trial; states and weights are changed in their arrays."""
    addresses = {name: array.ctypes.data for name, array in arrays.items()}
    _library().neurotrain_reservoir(ctypes.byref(_RUN(**numbers, **addresses)))


def lanes() -> int:
    """Return how many weights go through one instruction, of which rows have multiples."""
    return vector_bytes() // 8
