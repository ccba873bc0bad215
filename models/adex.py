"""Adaptive exponential integrate-and-fire neurons, and a network of them.

The neuron is that of Brette and Gerstner (2005), J. Neurophysiol. 94:3637-3642,
doi:10.1152/jn.00686.2005, equations 1 and 2, with their fit to a regular spiking pyramidal neuron
('brette-gerstner', table 1). The other sets give the eight firing patterns of Naud, Marcille,
Clopath and Gerstner (2008), Biol. Cybern. 99:335-347, doi:10.1007/s00422-008-0264-7, figure 4,
each with the current step shown there as `I_0`.

Rest becomes unstable at a current known in closed form (Touboul and Brette 2008, Biol. Cybern.
99:319-334, doi:10.1007/s00422-008-0267-4): with k = a/g_L and r = C/(g_L*tau_w), by a Hopf
bifurcation where k > r, at

    (g_L + a)*(V_T - E_L - Delta_T + Delta_T*log(1 + r)) + Delta_T*g_L*(k - r),

and otherwise by a saddle-node bifurcation, at the same with k in place of r. The synapses are
those of the benchmark networks of Brette et al. (2007).
"""

from collections.abc import Mapping
from types import MappingProxyType

from brian2 import NeuronGroup, Quantity, ms, mV, nS, pA, pF

import neurotrain as nt
from neurotrain.errors import require_whole

from .excitation_inhibition import INHIBITORY_SHARE, excitation_inhibition
from .parameter_sets import ParameterSet, choose_parameters

EQUATIONS = """
dv/dt = (g_L*(E_L - v) + g_L*Delta_T*exp((v - V_T)/Delta_T) - w
         + g_e*(E_e - v) + g_i*(E_i - v) + I)/C : volt
dw/dt = (a*(v - E_L) - w)/tau_w : amp
dg_e/dt = -g_e/tau_e : siemens
dg_i/dt = -g_i/tau_i : siemens
dactivity/dt = -activity/tau_a : 1
I = I_0 + I_scale*(bias + stimulus) : amp
bias : 1
stimulus : 1
"""


_UNITS = {
    "C": pF,  # membrane capacitance
    "g_L": nS,  # leak conductance
    "E_L": mV,  # resting potential
    "a": nS,  # adaptation to the potential
    "tau_w": ms,  # time constant of adaptation
    "b": pA,  # adaptation to a spike
    "V_r": mV,  # reset
    "I_0": pA,  # constant current; in Naud et al. the step of figure 4
}


def _pattern(*values: float) -> ParameterSet:
    """Return a set of Naud et al. (2008), given in the order and the units of `_UNITS`."""
    units = _UNITS.items()
    return {name: value * unit for value, (name, unit) in zip(values, units, strict=True)} | {
        "V_T": -50 * mV,  # potential at which the exponential takes over
        "Delta_T": 2 * mV,  # sharpness of the exponential
        "V_peak": 0 * mV,  # where a spike ends
    }


PARAMETER_SETS: Mapping[str, ParameterSet] = MappingProxyType(
    {
        # Brette and Gerstner (2005), table 1.
        "brette-gerstner": {
            "C": 281 * pF,
            "g_L": 30 * nS,
            "E_L": -70.6 * mV,
            "V_T": -50.4 * mV,
            "Delta_T": 2 * mV,
            "a": 4 * nS,
            "tau_w": 144 * ms,
            "b": 80.5 * pA,
            "V_r": -70.6 * mV,
            "V_peak": 20 * mV,
            "I_0": 627 * pA,  # where rest becomes unstable, by the closed form
        },
        # Naud et al. (2008), table 1, as P. Mueller adapted it to match their figure 4; so also in
        # Brian2's example of it.
        "tonic": _pattern(200, 10, -70, 2, 30, 0, -58, 500),
        "adapting": _pattern(200, 12, -70, 2, 300, 60, -58, 500),
        "initial-burst": _pattern(130, 18, -58, 4, 150, 120, -50, 400),
        "bursting": _pattern(200, 10, -58, 2, 120, 100, -46, 210),
        "accelerating": _pattern(200, 12, -70, -10, 300, 0, -58, 300),
        "delayed-bursting": _pattern(100, 10, -65, -10, 90, 30, -47, 110),
        "transient": _pattern(100, 10, -65, 10, 90, 100, -47, 180),
        "irregular": _pattern(100, 12, -60, -11, 130, 30, -48, 160),
    }
)

# Brette et al. (2007), doi:10.1007/s10827-007-0038-6, appendix 2, benchmark 1.
SYNAPSE = MappingProxyType(
    {
        "tau_e": 5 * ms,  # decay of excitatory conductances
        "tau_i": 10 * ms,  # decay of inhibitory conductances
        "E_e": 0 * mV,  # excitatory reversal potential
        "E_i": -80 * mV,  # inhibitory reversal potential
        "w_e": 6 * nS,  # an excitatory synapse of weight 1
        "w_i": 67 * nS,  # an inhibitory synapse of weight 1
    }
)
# Chosen: the current of a dimensionless drive, and the memory of what a graded readout reads.
INPUT = MappingProxyType({"I_scale": 500 * pA, "tau_a": 20 * ms})
BIAS = 0.2  # chosen: an uncoupled neuron fires at 10 Hz


def adex_neurons(
    neurons: int = 64,
    *,
    parameter_set: str = "brette-gerstner",
    method: str = "euler",
    dt: Quantity = 0.1 * ms,
    **parameters: Quantity,
) -> NeuronGroup:
    """Return uncoupled adaptive exponential integrate-and-fire neurons with ``stimulus``.

    Parameters
    ----------
    neurons : int
        Number of neurons.
    parameter_set : str
        One of `PARAMETER_SETS`.
    method : str
        One of Brian2's integration methods that evaluates the equations at states of the
        neuron only, such as 'euler': the exponential overflows at a Runge-Kutta midpoint
        of the upstroke.
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
        "AdEx", PARAMETER_SETS, parameter_set, parameters, **SYNAPSE, **INPUT
    )
    group = NeuronGroup(
        neurons,
        EQUATIONS,
        threshold="v > V_peak",
        reset="v = V_r; w += b; activity += 1",
        method=method,
        dt=dt,
        namespace=namespace,
    )
    group.v = namespace["E_L"]
    group.bias = BIAS
    return group


def adex(
    neurons: int = 64,
    *,
    channels: int = 50,
    classes: int = 3,
    readout: str = "spike-count",
    inhibitory_share: float = INHIBITORY_SHARE,
    parameter_set: str = "brette-gerstner",
    method: str = "euler",
    dt: Quantity = 0.1 * ms,
    **parameters: Quantity,
) -> nt.Circuit:
    """Return a network of excitatory and inhibitory AdEx neurons.

    Parameters
    ----------
    neurons : int
        Number of neurons.
    channels, classes, readout, inhibitory_share
        As for `excitation_inhibition`.
    parameter_set, method, dt, **parameters
        As for `adex_neurons`.
    """
    group = adex_neurons(neurons, parameter_set=parameter_set, method=method, dt=dt, **parameters)
    return excitation_inhibition(
        group,
        excitatory={"on_pre": "g_e_post += w_e*abs(weight)"},
        inhibitory={"on_pre": "g_i_post += w_i*abs(weight)"},
        bias=BIAS,
        initial={"v": nt.Uniform(group.namespace["E_L"], group.namespace["V_T"])},
        channels=channels,
        classes=classes,
        readout=readout,
        inhibitory_share=inhibitory_share,
    )
