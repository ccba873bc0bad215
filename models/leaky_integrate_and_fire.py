"""Leaky integrate-and-fire neurons, and a network of them coupled by conductances.

The neuron goes back to Lapicque (1907). With a refractory period it has the closed form

    f(I) = 1/(t_ref + tau*log((R*I + E_L - V_r)/(R*I + E_L - V_t))),    tau = C/g_L, R = 1/g_L,

which is what the tests hold it to. The network, with exponential conductances and Dale's law, is
that of Vogels and Abbott (2005), J. Neurosci. 25:10786-10795,
doi:10.1523/JNEUROSCI.3508-05.2005, as in benchmark 1 (COBA) of Brette et al. (2007), J. Comput.
Neurosci. 23:349-398, doi:10.1007/s10827-007-0038-6, appendix 2; here it is small, connected all
to all, and trained.
"""

from collections.abc import Mapping
from types import MappingProxyType

from brian2 import NeuronGroup, Quantity, ms, mV, nS, pA, pF

import neurotrain as nt
from neurotrain.errors import require_whole

from .excitation_inhibition import INHIBITORY_SHARE, excitation_inhibition
from .parameter_sets import ParameterSet, choose_parameters

EQUATIONS = """
dv/dt = (g_L*(E_L - v) + g_e*(E_e - v) + g_i*(E_i - v) + I)/C : volt (unless refractory)
dg_e/dt = -g_e/tau_e : siemens
dg_i/dt = -g_i/tau_i : siemens
dactivity/dt = -activity/tau_a : 1
I = I_0 + I_scale*(bias + stimulus) : amp
bias : 1
stimulus : 1
"""

PARAMETER_SETS: Mapping[str, ParameterSet] = MappingProxyType(
    {
        # Brette et al. (2007), appendix 2, benchmarks 1 and 2.
        "vogels-abbott": {
            "C": 200 * pF,  # membrane capacitance: 1 uF/cm2 on 20000 um2
            "g_L": 10 * nS,  # leak conductance: 5e-5 S/cm2
            "E_L": -60 * mV,  # resting potential
            "V_t": -50 * mV,  # threshold
            "V_r": -60 * mV,  # reset
            "t_ref": 5 * ms,  # refractory period
            "I_0": 100 * pA,  # rheobase, g_L*(V_t - E_L)
        },
        # Potjans and Diesmann (2014), table 5, doi:10.1093/cercor/bhs358.
        "potjans-diesmann": {
            "C": 250 * pF,
            "g_L": 25 * nS,  # C over a membrane time constant of 10 ms
            "E_L": -65 * mV,
            "V_t": -50 * mV,
            "V_r": -65 * mV,
            "t_ref": 2 * ms,
            "I_0": 375 * pA,
        },
    }
)

# Brette et al. (2007), appendix 2, benchmark 1.
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
INPUT = MappingProxyType({"I_scale": 100 * pA, "tau_a": 20 * ms})
BIAS = 0.3  # chosen: an uncoupled neuron fires at 29 Hz


def leaky_integrate_and_fire_neurons(
    neurons: int = 64,
    *,
    parameter_set: str = "vogels-abbott",
    method: str = "exponential_euler",
    dt: Quantity = 0.1 * ms,
    **parameters: Quantity,
) -> NeuronGroup:
    """Return uncoupled leaky integrate-and-fire neurons with the variable ``stimulus``.

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
        "leaky integrate-and-fire", PARAMETER_SETS, parameter_set, parameters, **SYNAPSE, **INPUT
    )
    group = NeuronGroup(
        neurons,
        EQUATIONS,
        threshold="v > V_t",
        reset="v = V_r; activity += 1",
        refractory="t_ref",
        method=method,
        dt=dt,
        namespace=namespace,
    )
    group.v = namespace["E_L"]
    group.bias = BIAS
    return group


def leaky_integrate_and_fire(
    neurons: int = 64,
    *,
    channels: int = 50,
    classes: int = 3,
    readout: str = "spike-count",
    inhibitory_share: float = INHIBITORY_SHARE,
    parameter_set: str = "vogels-abbott",
    method: str = "exponential_euler",
    dt: Quantity = 0.1 * ms,
    **parameters: Quantity,
) -> nt.Circuit:
    """Return a network of excitatory and inhibitory leaky integrate-and-fire neurons.

    Parameters
    ----------
    neurons : int
        Number of neurons.
    channels, classes, readout, inhibitory_share
        As for `excitation_inhibition`.
    parameter_set, method, dt, **parameters
        As for `leaky_integrate_and_fire_neurons`.
    """
    group = leaky_integrate_and_fire_neurons(
        neurons, parameter_set=parameter_set, method=method, dt=dt, **parameters
    )
    return excitation_inhibition(
        group,
        excitatory={"on_pre": "g_e_post += w_e*abs(weight)"},
        inhibitory={"on_pre": "g_i_post += w_i*abs(weight)"},
        bias=BIAS,
        initial={"v": nt.Uniform(group.namespace["V_r"], group.namespace["V_t"])},
        start=(0.15, 0.1),
        channels=channels,
        classes=classes,
        readout=readout,
        inhibitory_share=inhibitory_share,
    )
