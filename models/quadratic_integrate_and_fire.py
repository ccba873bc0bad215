"""Quadratic integrate-and-fire neurons, a network of them, and the theta neuron.

The neuron is that of Latham, Richmond, Nelson and Nirenberg (2000), J. Neurophysiol. 83:808-827,
doi:10.1152/jn.2000.83.2.808, in which potentials keep their unit, and so are the network's
synapses. With x = (v - (V_rest + V_t)/2)/(V_t - V_rest) it is tau*dx/dt = x**2 + k, where
k = I/(V_t - V_rest) - 1/4, and for k > 0 it fires with the period

    tau/sqrt(k)*(atan(x_peak/sqrt(k)) - atan(x_r/sqrt(k))),

or pi*tau/sqrt(k) if spikes go from minus to plus infinity. That is what the theta neuron of
Ermentrout and Kopell (1986), SIAM J. Appl. Math. 46:233-253, doi:10.1137/0146017, does, with
x = tan(theta/2): its equation is smooth, and its period exactly pi*tau/sqrt(I).
"""

from collections.abc import Mapping
from types import MappingProxyType

from brian2 import NeuronGroup, Quantity, ms, mV

import neurotrain as nt
from neurotrain.errors import require_whole

from .excitation_inhibition import INHIBITORY_SHARE, excitation_inhibition
from .parameter_sets import ParameterSet, choose_parameters

# Conductances are multiples of the leak conductance, currents are multiplied by the resistance.
EQUATIONS = """
dv/dt = ((v - V_rest)*(v - V_t)/(V_t - V_rest)
         + g_e*(E_e - v) + g_i*(E_i - v) + I)/tau : volt
dg_e/dt = -g_e/tau_e : 1
dg_i/dt = -g_i/tau_i : 1
dactivity/dt = -activity/tau_a : 1
I = I_0 + I_scale*(bias + stimulus) : volt
bias : 1
stimulus : 1
"""

THETA_EQUATIONS = """
dtheta/dt = (1 - cos(theta) + (1 + cos(theta))*I)/tau : 1
I = I_0 + I_scale*(bias + stimulus) : 1
bias : 1
stimulus : 1
"""

PARAMETER_SETS: Mapping[str, ParameterSet] = MappingProxyType(
    {
        # Latham et al. (2000), table 1.
        "latham": {
            "tau": 10 * ms,  # membrane time constant
            "V_rest": -65 * mV,  # resting potential
            "V_t": -50 * mV,  # threshold
            "V_peak": 20 * mV,  # where a spike ends
            "V_r": -80 * mV,  # reset
            "I_0": 3.75 * mV,  # rheobase, (V_t - V_rest)/4
        },
    }
)

SYNAPSE = MappingProxyType(
    {
        "tau_e": 3 * ms,  # Latham et al. (2000), table 1: decay of excitatory conductances
        "tau_i": 3 * ms,  # Latham et al. (2000), table 1: decay of inhibitory conductances
        "E_e": 0 * mV,  # Latham et al. (2000), table 1: excitatory reversal potential
        "E_i": -80 * mV,  # Latham et al. (2000), table 1: inhibitory reversal potential
        "w_e": 0.6,  # chosen: an excitatory synapse of weight 1
        "w_i": 6.7,  # chosen: an inhibitory synapse of weight 1
    }
)
# Chosen: the current of a dimensionless drive, and the memory of what a graded readout reads.
INPUT = MappingProxyType({"I_scale": 5 * mV, "tau_a": 20 * ms})
BIAS = 0.3  # chosen: an uncoupled neuron fires at 11 Hz

# Ermentrout and Kopell (1986) have no unit of time; this is that of Latham et al.
THETA = MappingProxyType({"tau": 10 * ms, "I_0": 0.0, "I_scale": 1.0})


def quadratic_integrate_and_fire_neurons(
    neurons: int = 64,
    *,
    parameter_set: str = "latham",
    method: str = "rk2",
    dt: Quantity = 0.1 * ms,
    **parameters: Quantity,
) -> NeuronGroup:
    """Return uncoupled quadratic integrate-and-fire neurons with the variable ``stimulus``.

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
        "quadratic integrate-and-fire",
        PARAMETER_SETS,
        parameter_set,
        parameters,
        **SYNAPSE,
        **INPUT,
    )
    group = NeuronGroup(
        neurons,
        EQUATIONS,
        threshold="v > V_peak",
        reset="v = V_r; activity += 1",
        method=method,
        dt=dt,
        namespace=namespace,
    )
    group.v = namespace["V_rest"]
    group.bias = BIAS
    return group


def theta_neurons(
    neurons: int = 64, *, method: str = "rk2", dt: Quantity = 0.1 * ms, **parameters: Quantity
) -> NeuronGroup:
    """Return uncoupled theta neurons with the variable ``stimulus``; they spike at theta = pi.

    Parameters
    ----------
    neurons, method, dt
        As for `quadratic_integrate_and_fire_neurons`.
    **parameters : Quantity or float
        Replace single parameters of `THETA`.

    Raises
    ------
    InvalidInput
        For an unknown parameter, or a number of neurons below 1.
    """
    require_whole("neurons", neurons)
    return NeuronGroup(
        neurons,
        THETA_EQUATIONS,
        threshold="theta > pi",
        reset="theta -= 2*pi",
        method=method,
        dt=dt,
        namespace=choose_parameters("theta", {"theta": THETA}, "theta", parameters),
    )


def quadratic_integrate_and_fire(
    neurons: int = 64,
    *,
    channels: int = 50,
    classes: int = 3,
    readout: str = "spike-count",
    inhibitory_share: float = INHIBITORY_SHARE,
    parameter_set: str = "latham",
    method: str = "rk2",
    dt: Quantity = 0.1 * ms,
    **parameters: Quantity,
) -> nt.Circuit:
    """Return a network of excitatory and inhibitory quadratic integrate-and-fire neurons.

    Parameters
    ----------
    neurons : int
        Number of neurons.
    channels, classes, readout, inhibitory_share
        As for `excitation_inhibition`.
    parameter_set, method, dt, **parameters
        As for `quadratic_integrate_and_fire_neurons`.
    """
    group = quadratic_integrate_and_fire_neurons(
        neurons, parameter_set=parameter_set, method=method, dt=dt, **parameters
    )
    return excitation_inhibition(
        group,
        excitatory={"on_pre": "g_e_post += w_e*abs(weight)"},
        inhibitory={"on_pre": "g_i_post += w_i*abs(weight)"},
        bias=BIAS,
        initial={"v": nt.Uniform(group.namespace["V_r"], group.namespace["V_t"])},
        channels=channels,
        classes=classes,
        readout=readout,
        inhibitory_share=inhibitory_share,
    )
