"""Fast-spiking interneurons of Wang and Buzsaki, and a network of them.

The neuron is that of Wang and Buzsaki (1996), J. Neurosci. 16:6402-6413,
doi:10.1523/JNEUROSCI.16-20-06402.1996, equations 1 to 7 (page 6403). Its figure 1 shows what the
tests hold it to: firing from arbitrarily low rates to 400 Hz at 20 uA/cm2, and spikes whose
afterhyperpolarization stays above the reversal potential of GABA_A synapses, -75 mV.

Reversal potential and decay of inhibition are those of its synapses, whose conductance here jumps
at a spike where theirs rises within a fraction of a millisecond; their network has no excitatory
neurons.
"""

from collections.abc import Mapping
from types import MappingProxyType

from brian2 import NeuronGroup, Quantity, cm, ms, msiemens, mV, uA, uF

import neurotrain as nt
from neurotrain.errors import require_whole

from .excitation_inhibition import INHIBITORY_SHARE, excitation_inhibition
from .parameter_sets import ParameterSet, choose_parameters

# x/(1 - exp(-x)) is 1/exprel(-x), which is finite at 0.
EQUATIONS = """
dv/dt = (g_L*(E_L - v) + g_Na*m_inf**3*h*(E_Na - v) + g_K*n**4*(E_K - v)
         + g_e*(E_e - v) + g_i*(E_i - v) + I)/C : volt
dh/dt = phi*(alpha_h*(1 - h) - beta_h*h) : 1
dn/dt = phi*(alpha_n*(1 - n) - beta_n*n) : 1
m_inf = alpha_m/(alpha_m + beta_m) : 1
alpha_m = 1/exprel(-(v + 35*mV)/(10*mV))/ms : Hz
beta_m = 4*exp(-(v + 60*mV)/(18*mV))/ms : Hz
alpha_h = 0.07*exp(-(v + 58*mV)/(20*mV))/ms : Hz
beta_h = 1/(1 + exp(-(v + 28*mV)/(10*mV)))/ms : Hz
alpha_n = 0.1/exprel(-(v + 34*mV)/(10*mV))/ms : Hz
beta_n = 0.125*exp(-(v + 44*mV)/(80*mV))/ms : Hz
dg_e/dt = -g_e/tau_e : siemens/meter**2
dg_i/dt = -g_i/tau_i : siemens/meter**2
dactivity/dt = -activity/tau_a : 1
I = I_0 + I_scale*(bias + stimulus) : amp/meter**2
bias : 1
stimulus : 1
"""

PARAMETER_SETS: Mapping[str, ParameterSet] = MappingProxyType(
    {
        # Wang and Buzsaki (1996), page 6403.
        "wang-buzsaki": {
            "C": 1 * uF / cm**2,  # membrane capacitance
            "g_L": 0.1 * msiemens / cm**2,  # leak conductance
            "g_Na": 35 * msiemens / cm**2,  # maximal sodium conductance
            "g_K": 9 * msiemens / cm**2,  # maximal potassium conductance
            "E_L": -65 * mV,  # leak reversal potential
            "E_Na": 55 * mV,  # sodium reversal potential
            "E_K": -90 * mV,  # potassium reversal potential
            "phi": 5,  # speed of the gates
            "I_0": 0.16 * uA / cm**2,  # chosen: the onset of firing
        },
    }
)

SYNAPSE = MappingProxyType(
    {
        "tau_e": 5 * ms,  # Brette et al. (2007), doi:10.1007/s10827-007-0038-6, appendix 2
        "tau_i": 10 * ms,  # Wang and Buzsaki (1996), page 6403: 1/beta
        "E_e": 0 * mV,  # Brette et al. (2007), appendix 2
        "E_i": -75 * mV,  # Wang and Buzsaki (1996), page 6403
        "w_e": 0.03 * msiemens / cm**2,  # chosen: an excitatory synapse of weight 1
        "w_i": 0.3 * msiemens / cm**2,  # chosen: an inhibitory synapse of weight 1
    }
)
# Chosen: the current of a dimensionless drive, and the memory of what a graded readout reads.
INPUT = MappingProxyType({"I_scale": 1 * uA / cm**2, "tau_a": 20 * ms})
BIAS = 0.1  # chosen: an uncoupled neuron fires at 15 Hz

INITIAL = MappingProxyType({"h": 0.78, "n": 0.09})  # gates at rest


def wang_buzsaki_neurons(
    neurons: int = 64,
    *,
    parameter_set: str = "wang-buzsaki",
    method: str = "rk2",
    dt: Quantity = 0.05 * ms,
    **parameters: Quantity,
) -> NeuronGroup:
    """Return uncoupled Wang-Buzsaki interneurons with the variable ``stimulus``.

    A spike is an upward crossing of 0 mV.

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
        "Wang-Buzsaki", PARAMETER_SETS, parameter_set, parameters, **SYNAPSE, **INPUT
    )
    group = NeuronGroup(
        neurons,
        EQUATIONS,
        threshold="v > 0*mV",
        reset="activity += 1",
        refractory="v > 0*mV",
        method=method,
        dt=dt,
        namespace=namespace,
    )
    group.v = namespace["E_L"]
    for gate, value in INITIAL.items():
        setattr(group, gate, value)
    group.bias = BIAS
    return group


def wang_buzsaki(
    neurons: int = 64,
    *,
    channels: int = 50,
    classes: int = 3,
    readout: str = "spike-count",
    inhibitory_share: float = INHIBITORY_SHARE,
    parameter_set: str = "wang-buzsaki",
    method: str = "rk2",
    dt: Quantity = 0.05 * ms,
    **parameters: Quantity,
) -> nt.Circuit:
    """Return a network of excitatory and inhibitory Wang-Buzsaki neurons.

    Parameters
    ----------
    neurons : int
        Number of neurons.
    channels, classes, readout, inhibitory_share
        As for `excitation_inhibition`.
    parameter_set, method, dt, **parameters
        As for `wang_buzsaki_neurons`.
    """
    group = wang_buzsaki_neurons(
        neurons, parameter_set=parameter_set, method=method, dt=dt, **parameters
    )
    return excitation_inhibition(
        group,
        excitatory={"on_pre": "g_e_post += w_e*abs(weight)"},
        inhibitory={"on_pre": "g_i_post += w_i*abs(weight)"},
        bias=BIAS,
        initial={"v": nt.Uniform(-70 * mV, -55 * mV)},
        channels=channels,
        classes=classes,
        readout=readout,
        inhibitory_share=inhibitory_share,
    )
