"""The compiled loops over steps, called in-process."""

import ctypes
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import numpy as np

from neurotrain.compiler import compile_library, vector_bytes, vector_functions

# Of the tiles of recursive_least_squares.hpp.
SIDE, PENDING = 32, 16
_SOURCES = (
    "linear_algebra.hpp",
    "recursive_least_squares.hpp",
    "rate_network.hpp",
    "constrained_weights.hpp",
    "spiking_network.hpp",
)


def _structure(name: str, whole: str, real: str, arrays: str) -> type[ctypes.Structure]:
    fields = [(field, ctypes.c_int64) for field in whole.split()]
    fields += [(field, ctypes.c_double) for field in real.split()]
    fields += [(field, ctypes.c_void_p) for field in arrays.split()]
    return type(name, (ctypes.Structure,), {"_fields_": fields})


# As in constrained_weights.hpp, rate_network.hpp and spiking_network.hpp.
CONSTRAINED_RUN = _structure(
    "ConstrainedRun",
    "n_neurons n_regressors n_sources tiles_to_a_side n_updates",
    "alpha",
    "signs sources n_free weights moments correlations tiles columns pending",
)
_RUNS = {
    "neurotrain_drive": _structure(
        "RateRun",
        "n_units n_drives n_inputs n_steps",
        "decay",
        "recurrent drive_weights input_weights drives inputs x currents",
    ),
    "neurotrain_advance": _structure(
        "SpikingRun",
        "n_neurons n_factors n_outputs n_inputs n_pool tiles_to_a_side "
        "slow fast refractory_steps n_steps teach first_inhibiting",
        "decay_v decay_slow decay_fast threshold reset inhibition",
        "constant encoders input_weights random_slow random_fast pool "
        "v slow_current fast_current inhibitory_current traces feedback decoders "
        "tiles columns pending waiting inputs wanted learns readouts current_sums spikes "
        "constrained unspread random_currents",
    ),
}


@cache
def library() -> ctypes.CDLL:
    """Return the compiled loops, compiled on first use."""
    package = files("neurotrain.rate_to_spike")
    source = "\n".join(
        [
            vector_functions(),
            "#include <algorithm>\n#include <optional>\n#include <vector>\n",
            f"static const int64_t SIDE = {SIDE}, PENDING = {PENDING};\n",
            *((package / name).read_text() for name in _SOURCES),
        ]
    )
    loaded = ctypes.CDLL(str(compile_library(source, {"REAL": "double", "WIDTH": vector_bytes()})))
    for name in ("neurotrain_update", "neurotrain_flush"):
        function = getattr(loaded, name)
        others = 5 if name == "neurotrain_update" else 3
        function.argtypes, function.restype = [ctypes.c_int64, *[ctypes.c_void_p] * others], None
    return loaded


def call(
    function: str,
    numbers: Mapping[str, float],
    arrays: Mapping[str, np.ndarray],
    **structures: ctypes.Structure,
) -> None:
    """Call a loop over steps; what a run does without is not among the arguments."""
    addresses = {name: array.ctypes.data for name, array in arrays.items()}
    addresses |= {name: ctypes.addressof(each) for name, each in structures.items()}
    getattr(library(), function)(ctypes.byref(_RUNS[function](**numbers, **addresses)))


def aligned(shape: int | tuple[int, ...]) -> np.ndarray:
    """Return zeros that begin where a vector of any width may begin."""
    size = int(np.prod(shape))
    memory = np.zeros(8 * size + 64, np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + 8 * size].view(float).reshape(shape)
