"""The Morris-Lecar networks of the benchmark in the words of an array library.

The equations stand as a user of such a library would write them down from a paper; how they are
fused is the library's own affair.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from neurotrain.benchmarks.values import Values

THRESHOLD, REST = 0.0, -0.02


class State(NamedTuple):
    """Voltage, potassium gate, whether a spike may come, and spikes so far."""

    v: Any
    w: Any
    ready: Any
    spike_count: Any


def advance(library: Any, c: dict[str, float], state: State, applied: Any, incoming: Any) -> State:
    """Return the state one step later, by Euler's method.

    Parameters
    ----------
    library : module
        With ``tanh`` and ``cosh``.
    c : mapping of str to float
        The constants, and ``dt``.
    state : State
    applied, incoming : array
        Current density that does not depend on v, and that of the synapses.
    """
    v, w = state.v, state.w
    m_inf = 0.5 * (1 + library.tanh((v - c["V1"]) / c["V2"]))
    w_inf = 0.5 * (1 + library.tanh((v - c["V3"]) / c["V4"]))
    ionic = (
        c["g_Ca"] * m_inf * (v - c["E_Ca"])
        + c["g_K"] * w * (v - c["E_K"])
        + c["g_L"] * (v - c["E_L"])
    )
    new_v = v + c["dt"] * (applied + incoming - ionic) / c["C"]
    new_w = w + c["dt"] * c["phi"] * library.cosh((v - c["V3"]) / (2 * c["V4"])) * (w_inf - w)
    spiking = (new_v > THRESHOLD) & (state.ready | (v <= REST))
    ready = (state.ready | (v <= REST)) & ~spiking
    return State(new_v, new_w, ready, state.spike_count + spiking)


def synaptic_current(
    library: Any, c: dict[str, float], v: Any, product: Callable[[str, Any], Any]
) -> Any:
    """Return the current density of the synapses; `product` multiplies the weights by activity."""
    activity = 1 / (1 + library.exp(-(v - c["V_t"]) / c["K_p"]))
    if "E_e" not in c:
        return c["I_scale"] * product("recurrent", activity)
    excitatory, inhibitory = (product(name, activity) for name in ("excitatory", "inhibitory"))
    return excitatory * (c["E_e"] - v) + inhibitory * (c["E_i"] - v)


def arrays_of(values: Values, dtype: str) -> dict[str, np.ndarray]:
    """Return weights (candidate, post, pre) of each coupling, and all else, in one precision.

    Of the presynaptic neurons, a coupling's weights have those alone that it has.
    """
    arrays = {name: values[name] for name in ("input_weight", "bias", "inputs")}
    arrays |= {"v": values["initial:v"], "w": values["initial:w"]}
    arrays |= {name: values.matrix(name) for name in values.couplings}
    return {name: np.ascontiguousarray(array, dtype) for name, array in arrays.items()}
