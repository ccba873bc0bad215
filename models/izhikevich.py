"""Izhikevich's simple spiking neurons, and a network of them.

The neuron is that of Izhikevich (2003), IEEE Trans. Neural Netw. 14:1569-1572,
doi:10.1109/TNN.2003.820440, equations 1 to 3, and the sets are the seven kinds of neurons of its
figure 2, which shows what the tests hold them to. Its potential is in mV and its time in ms.

At constant current, rest is lost by a Hopf bifurcation where a < b, at v = (a - 5)/0.08, and
otherwise by a saddle-node bifurcation, at v = (b - 5)/0.08; the current there is
b*v - 0.04*v**2 - 5*v - 140.
"""

from collections.abc import Mapping
from types import MappingProxyType

from brian2 import NeuronGroup, Quantity, ms, mV

import neurotrain as nt
from neurotrain.errors import require_whole

from .excitation_inhibition import INHIBITORY_SHARE, excitation_inhibition
from .parameter_sets import ParameterSet, choose_parameters

# A conductance is a rate: it is divided by the capacitance.
EQUATIONS = """
dv/dt = 0.04*v**2/(ms*mV) + 5*v/ms + 140*mV/ms - u
        + g_e*(E_e - v) + g_i*(E_i - v) + I : volt
du/dt = a*(b*v - u) : volt/second
dg_e/dt = -g_e/tau_e : Hz
dg_i/dt = -g_i/tau_i : Hz
dactivity/dt = -activity/tau_a : 1
I = I_0 + I_scale*(bias + stimulus) : volt/second
bias : 1
stimulus : 1
"""


def _kind(a: float, b: float, c: float, d: float, onset: float) -> ParameterSet:
    """Return a set of Izhikevich (2003), given in mV and ms."""
    return {
        "a": a / ms,  # speed of recovery
        "b": b / ms,  # sensitivity of recovery to the potential
        "c": c * mV,  # reset of the potential
        "d": d * mV / ms,  # reset of recovery
        "I_0": onset * mV / ms,  # chosen: where rest is lost
    }


# Izhikevich (2003), figure 2.
PARAMETER_SETS: Mapping[str, ParameterSet] = MappingProxyType(
    {
        "RS": _kind(0.02, 0.2, -65, 8, 3.8),  # regular spiking
        "IB": _kind(0.02, 0.2, -55, 4, 3.8),  # intrinsically bursting
        "CH": _kind(0.02, 0.2, -50, 2, 3.8),  # chattering
        "FS": _kind(0.1, 0.2, -65, 2, 3.94),  # fast spiking
        "LTS": _kind(0.02, 0.25, -65, 2, 0.69),  # low-threshold spiking
        "TC": _kind(0.02, 0.25, -65, 0.05, 0.69),  # thalamo-cortical
        "RZ": _kind(0.1, 0.26, -65, 2, 0.26),  # resonator
    }
)

SYNAPSE = MappingProxyType(
    {
        # Izhikevich, Gally and Edelman (2004), doi:10.1093/cercor/bhh053, AMPA and GABA_A.
        "tau_e": 5 * ms,  # decay of excitatory conductances
        "tau_i": 6 * ms,  # decay of inhibitory conductances
        "E_e": 0 * mV,  # excitatory reversal potential
        "E_i": -70 * mV,  # inhibitory reversal potential
        "w_e": 0.03 / ms,  # chosen: an excitatory synapse of weight 1
        "w_i": 1 / ms,  # chosen: an inhibitory synapse of weight 1
    }
)
# Chosen: the current of a dimensionless drive, and the memory of what a graded readout reads.
INPUT = MappingProxyType({"I_scale": 5 * mV / ms, "tau_a": 20 * ms})
BIAS = 0.3  # chosen: an uncoupled neuron fires at 11 Hz


def izhikevich_neurons(
    neurons: int = 64,
    *,
    parameter_set: str = "RS",
    method: str = "euler",
    dt: Quantity = 0.1 * ms,
    **parameters: Quantity,
) -> NeuronGroup:
    """Return uncoupled Izhikevich neurons with the variable ``stimulus``.

    Parameters
    ----------
    neurons : int
        Number of neurons.
    parameter_set : str
        One of `PARAMETER_SETS`.
    method : str
        Any of Brian2's integration methods.
    dt : Quantity
        Duration of a step.
    **parameters : Quantity
        Replace single parameters of the set, of `SYNAPSE` or of `INPUT`.

    Raises
    ------
    InvalidInput
        For an unknown set or parameter, or a number of neurons below 1.
    """
    require_whole("neurons", neurons)
    namespace = choose_parameters(
        "Izhikevich", PARAMETER_SETS, parameter_set, parameters, **SYNAPSE, **INPUT
    )
    group = NeuronGroup(
        neurons,
        EQUATIONS,
        threshold="v >= 30*mV",
        reset="v = c; u += d; activity += 1",
        method=method,
        dt=dt,
        namespace=namespace,
    )
    # As in the program of Izhikevich (2003).
    group.v = -65 * mV
    group.u = namespace["b"] * -65 * mV
    group.bias = BIAS
    return group


def izhikevich(
    neurons: int = 64,
    *,
    channels: int = 50,
    classes: int = 3,
    readout: str = "spike-count",
    inhibitory_share: float = INHIBITORY_SHARE,
    parameter_set: str = "RS",
    method: str = "euler",
    dt: Quantity = 0.1 * ms,
    **parameters: Quantity,
) -> nt.Circuit:
    """Return a network of excitatory and inhibitory Izhikevich neurons.

    Parameters
    ----------
    neurons : int
        Number of neurons.
    channels, classes, readout, inhibitory_share
        As for `excitation_inhibition`.
    parameter_set, method, dt, **parameters
        As for `izhikevich_neurons`.
    """
    group = izhikevich_neurons(
        neurons, parameter_set=parameter_set, method=method, dt=dt, **parameters
    )
    return excitation_inhibition(
        group,
        excitatory={"on_pre": "g_e_post += w_e*abs(weight)"},
        inhibitory={"on_pre": "g_i_post += w_i*abs(weight)"},
        bias=BIAS,
        initial={"v": nt.Uniform(-75 * mV, -55 * mV)},
        channels=channels,
        classes=classes,
        readout=readout,
        inhibitory_share=inhibitory_share,
    )
