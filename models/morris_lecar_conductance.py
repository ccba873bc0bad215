"""Morris-Lecar neurons with kinetic synapses and reversal potentials, excitatory and inhibitory.

The neuron, its parameter sets and their sources are those of `morris_lecar`. A synapse has a
gating variable between 0 and 1,

    ds/dt = alpha*T(v)*(1 - s) - beta*s,    T(v) = 1/(1 + exp(-(v - V_T)/K_T)),

that follows the presynaptic potential (Destexhe, Mainen and Sejnowski 1994, Neural Comput.
6:14-18, doi:10.1162/neco.1994.6.1.14, equation 4; Ermentrout and Terman 2010, Mathematical
Foundations of Neuroscience, section 7.1, doi:10.1007/978-0-387-87708-2). All synapses that a neuron
makes share it, so that it is a variable of the neuron. It rises with the rate alpha*T + beta and
decays with beta, those of AMPA or NMDA receptors for excitatory and of GABA_A receptors for
inhibitory neurons. NMDA receptors are taken as without magnesium, which would block them at rest.
"""

from types import MappingProxyType

import numpy as np
from brian2 import Hz, NeuronGroup, Quantity, cm, ms, msiemens, mV, uA

import neurotrain as nt
from neurotrain.errors import require_whole, unknown_name

from .excitation_inhibition import INHIBITORY_SHARE, excitation_inhibition, excitatory_count
from .morris_lecar import INITIAL_V, INITIAL_W, PARAMETER_SETS
from .parameter_sets import choose_parameters

EQUATIONS = """
dv/dt = (I + g_e*(E_e - v) + g_i*(E_i - v)
         - g_Ca*m_inf*(v - E_Ca) - g_K*w*(v - E_K) - g_L*(v - E_L))/C : volt
dw/dt = phi*cosh((v - V3)/(2*V4))*(w_inf - w) : 1
ds/dt = alpha*(1 - s)/(1 + exp(-(v - V_T)/K_T)) - beta*s : 1
m_inf = 0.5*(1 + tanh((v - V1)/V2)) : 1
w_inf = 0.5*(1 + tanh((v - V3)/V4)) : 1
activity = s : 1
I = I_0 + I_scale*(bias + stimulus) : amp/meter**2
alpha : Hz (constant)
beta : Hz (constant)
g_e : siemens/meter**2
g_i : siemens/meter**2
bias : 1
stimulus : 1
"""

SYNAPSE = MappingProxyType(
    {
        # Ermentrout and Terman (2010), section 7.1, after Destexhe et al. (1994); 1 mM transmitter.
        "V_T": 2 * mV,  # half release of transmitter
        "K_T": 5 * mV,  # slope of its release
        "E_e": 0 * mV,  # reversal potential of AMPA receptors
        "E_i": -80 * mV,  # reversal potential of GABA_A receptors
        # Chosen: synapses of weight 1.
        "w_e": 1 * msiemens / cm**2,
        "w_i": 1 * msiemens / cm**2,
    }
)
# Ermentrout and Terman (2010), section 7.1: opening and closing of receptors.
AMPA = MappingProxyType({"alpha": 1.1 / ms, "beta": 0.19 / ms})
NMDA = MappingProxyType({"alpha": 0.072 / ms, "beta": 0.0066 / ms})
GABA_A = MappingProxyType({"alpha": 5 / ms, "beta": 0.18 / ms})
EXCITATORY_RECEPTORS = MappingProxyType({"AMPA": AMPA, "NMDA": NMDA})
# Times 1/sqrt(neurons), the mean of initial weights, excitatory and inhibitory, with which
# neurons go on firing at the rate that their bias gives them: NMDA receptors stay open for long.
START = MappingProxyType({"AMPA": (1.0, 1.0), "NMDA": (0.3, 0.3)})
# As for `morris_lecar`.
INPUT = MappingProxyType({"I_0": 39.9 * uA / cm**2, "I_scale": 36.75 * uA / cm**2})
BIAS = 0.1


def morris_lecar_conductance_neurons(
    neurons: int = 64,
    *,
    inhibitory_share: float = INHIBITORY_SHARE,
    receptor: str = "AMPA",
    parameter_set: str = "network",
    method: str = "rk2",
    dt: Quantity = 0.2 * ms,
    **parameters: Quantity,
) -> NeuronGroup:
    """Return uncoupled Morris-Lecar neurons with the gating variable ``s`` of their synapses.

    Parameters
    ----------
    neurons : int
        Number of neurons; the first excite, the last inhibit.
    inhibitory_share : float
        The share of neurons that inhibit.
    receptor : {'AMPA', 'NMDA'}
        What excitatory neurons act on, which decays in 5 or in 150 ms.
    parameter_set : str
        One of the sets of `morris_lecar`.
    method : str
        Any of Brian2's integration methods.
    dt : Quantity
        Duration of a step.
    **parameters : Quantity
        Replace single parameters of the set, of `SYNAPSE` or of `INPUT`.

    Raises
    ------
    InvalidInput
        For an unknown receptor, set or parameter, or too few neurons.
    """
    require_whole("neurons", neurons)
    if receptor not in EXCITATORY_RECEPTORS:
        raise unknown_name("receptor", receptor, EXCITATORY_RECEPTORS)
    excitatory = EXCITATORY_RECEPTORS[receptor]
    namespace = choose_parameters(
        "Morris-Lecar", PARAMETER_SETS, parameter_set, parameters, **SYNAPSE, **INPUT
    )
    group = NeuronGroup(
        neurons,
        EQUATIONS,
        threshold="v > 0*mV",
        refractory="v > v_rearm",
        method=method,
        dt=dt,
        namespace=namespace,
    )
    group.v = -20 * mV
    group.w = INITIAL_W
    group.bias = BIAS
    inhibits = np.arange(neurons) >= excitatory_count(neurons, inhibitory_share)
    group.alpha = np.where(inhibits, GABA_A["alpha"], excitatory["alpha"]) * Hz
    group.beta = np.where(inhibits, GABA_A["beta"], excitatory["beta"]) * Hz
    return group


def morris_lecar_conductance(
    neurons: int = 64,
    *,
    channels: int = 50,
    classes: int = 3,
    readout: str = "graded",
    inhibitory_share: float = INHIBITORY_SHARE,
    receptor: str = "AMPA",
    parameter_set: str = "network",
    method: str = "rk2",
    dt: Quantity = 0.2 * ms,
    **parameters: Quantity,
) -> nt.Circuit:
    """Return a network of excitatory and inhibitory Morris-Lecar neurons with kinetic synapses.

    Parameters
    ----------
    neurons : int
        Number of neurons.
    channels, classes, readout
        As for `excitation_inhibition`; a graded readout reads the gating variable.
    inhibitory_share, receptor, parameter_set, method, dt, **parameters
        As for `morris_lecar_conductance_neurons`.
    """
    group = morris_lecar_conductance_neurons(
        neurons,
        inhibitory_share=inhibitory_share,
        receptor=receptor,
        parameter_set=parameter_set,
        method=method,
        dt=dt,
        **parameters,
    )
    unit = "siemens/meter**2 (summed)"
    return excitation_inhibition(
        group,
        excitatory={"model": f"g_e_post = w_e*abs(weight)*s_pre : {unit}"},
        inhibitory={"model": f"g_i_post = w_i*abs(weight)*s_pre : {unit}"},
        bias=BIAS,
        initial={"v": INITIAL_V},
        start=START[receptor],
        channels=channels,
        classes=classes,
        readout=readout,
        inhibitory_share=inhibitory_share,
        blocked=nt.Blocked("v", -10 * mV),
    )
