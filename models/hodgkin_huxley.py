"""Hodgkin-Huxley neurons with the channels of Traub and Miles, and a network of them.

The channels are those of Traub and Miles (1991), Neuronal Networks of the Hippocampus,
doi:10.1017/CBO9780511895401, in the form in which Brette et al. (2007), J. Comput. Neurosci.
23:349-398, doi:10.1007/s10827-007-0038-6, use them in benchmark 3 (COBAHH, appendix 2): potentials
are counted from V_T, which sets the threshold. Neuron, synapses and their strengths are of that
benchmark; here the network is small, connected all to all, and trained.
"""

from collections.abc import Mapping
from types import MappingProxyType

from brian2 import NeuronGroup, Quantity, ms, mV, nS, pA, pF, uS

import neurotrain as nt
from neurotrain.errors import require_whole

from .excitation_inhibition import INHIBITORY_SHARE, excitation_inhibition
from .parameter_sets import ParameterSet, choose_parameters

# x/(exp(x) - 1) is 1/exprel(x), which is finite at 0.
EQUATIONS = """
dv/dt = (g_L*(E_L - v) + g_Na*m**3*h*(E_Na - v) + g_K*n**4*(E_K - v)
         + g_e*(E_e - v) + g_i*(E_i - v) + I)/C : volt
dm/dt = alpha_m*(1 - m) - beta_m*m : 1
dh/dt = alpha_h*(1 - h) - beta_h*h : 1
dn/dt = alpha_n*(1 - n) - beta_n*n : 1
alpha_m = 1.28/exprel((V_T + 13*mV - v)/(4*mV))/ms : Hz
beta_m = 1.4/exprel((v - V_T - 40*mV)/(5*mV))/ms : Hz
alpha_h = 0.128*exp((V_T + 17*mV - v)/(18*mV))/ms : Hz
beta_h = 4/(1 + exp((V_T + 40*mV - v)/(5*mV)))/ms : Hz
alpha_n = 0.16/exprel((V_T + 15*mV - v)/(5*mV))/ms : Hz
beta_n = 0.5*exp((V_T + 10*mV - v)/(40*mV))/ms : Hz
dg_e/dt = -g_e/tau_e : siemens
dg_i/dt = -g_i/tau_i : siemens
dactivity/dt = -activity/tau_a : 1
I = I_0 + I_scale*(bias + stimulus) : amp
bias : 1
stimulus : 1
"""

PARAMETER_SETS: Mapping[str, ParameterSet] = MappingProxyType(
    {
        # Brette et al. (2007), appendix 2, benchmark 3; densities times an area of 20000 um2.
        "traub-miles": {
            "C": 200 * pF,  # membrane capacitance: 1 uF/cm2
            "g_L": 10 * nS,  # leak conductance: 5e-5 S/cm2
            "g_Na": 20 * uS,  # maximal sodium conductance: 100 mS/cm2
            "g_K": 6 * uS,  # maximal potassium conductance: 30 mS/cm2
            "E_L": -60 * mV,  # leak reversal potential
            "E_Na": 50 * mV,  # sodium reversal potential
            "E_K": -90 * mV,  # potassium reversal potential
            "V_T": -63 * mV,  # from where the channels' potentials are counted
            "I_0": 0 * pA,  # constant current
        },
    }
)

# Brette et al. (2007), appendix 2, benchmark 3.
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
INPUT = MappingProxyType({"I_scale": 200 * pA, "tau_a": 20 * ms})
BIAS = 0.1  # chosen: an uncoupled neuron fires at 18 Hz

INITIAL = MappingProxyType({"m": 0.02, "h": 0.98, "n": 0.07})  # gates at rest


def hodgkin_huxley_neurons(
    neurons: int = 64,
    *,
    parameter_set: str = "traub-miles",
    method: str = "exponential_euler",
    dt: Quantity = 0.05 * ms,
    **parameters: Quantity,
) -> NeuronGroup:
    """Return uncoupled Hodgkin-Huxley neurons with the variable ``stimulus``.

    A spike is an upward crossing of -20 mV.

    Parameters
    ----------
    neurons : int
        Number of neurons.
    parameter_set : str
        One of `PARAMETER_SETS`.
    method : str
        Any of Brian2's integration methods. The default is stable at any conductance; at
        0.05 ms it fires up to 5 % slower than in the limit of short steps, 'rk2' 0.2 %.
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
        "Hodgkin-Huxley", PARAMETER_SETS, parameter_set, parameters, **SYNAPSE, **INPUT
    )
    group = NeuronGroup(
        neurons,
        EQUATIONS,
        threshold="v > -20*mV",
        reset="activity += 1",
        refractory="v > -20*mV",
        method=method,
        dt=dt,
        namespace=namespace,
    )
    group.v = namespace["E_L"]
    for gate, value in INITIAL.items():
        setattr(group, gate, value)
    group.bias = BIAS
    return group


def hodgkin_huxley(
    neurons: int = 64,
    *,
    channels: int = 50,
    classes: int = 3,
    readout: str = "spike-count",
    inhibitory_share: float = INHIBITORY_SHARE,
    parameter_set: str = "traub-miles",
    method: str = "exponential_euler",
    dt: Quantity = 0.05 * ms,
    **parameters: Quantity,
) -> nt.Circuit:
    """Return a network of excitatory and inhibitory Hodgkin-Huxley neurons.

    Parameters
    ----------
    neurons : int
        Number of neurons.
    channels, classes, readout, inhibitory_share
        As for `excitation_inhibition`.
    parameter_set, method, dt, **parameters
        As for `hodgkin_huxley_neurons`.
    """
    group = hodgkin_huxley_neurons(
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
