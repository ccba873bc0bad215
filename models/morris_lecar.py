"""Recurrent networks of Morris-Lecar neurons with instantaneous graded synapses.

The neuron is that of Morris and Lecar (1981), Biophys. J. 35:193-213,
doi:10.1016/S0006-3495(81)84782-0, equations 9 with instantaneous calcium activation, in the
form and with the parameter sets of Rinzel and Ermentrout (1998), Analysis of neural
excitability and oscillations, in Koch and Segev (eds), Methods in Neuronal Modeling, and of
Ermentrout and Terman (2010), Mathematical Foundations of Neuroscience, table 3.1,
doi:10.1007/978-0-387-87708-2. The network, its input scaling and its graded synapses are those
that Hazelden, Liu, Shlizerman and Shea-Brown train on stimulus integration (2023),
arXiv:2311.10869.

Each parameter set reproduces the onset of firing known for it: 'snlc' a saddle-node on a limit
cycle at 39.96 uA/cm2, 'hopf' a Hopf bifurcation at 93.86 uA/cm2, 'homoclinic' a jump to about
41 Hz at 40 uA/cm2, and 'network' a saddle-node on a limit cycle at 39.58 uA/cm2.
"""

from collections.abc import Mapping
from types import MappingProxyType

from brian2 import (
    NeuronGroup,
    Quantity,
    Synapses,
    cm,
    ms,
    msiemens,
    mV,
    uA,
    uF,
)

import neurotrain as nt
from neurotrain.errors import require_whole, unknown_name

EQUATIONS = """
dv/dt = (I - g_Ca*m_inf*(v - E_Ca) - g_K*w*(v - E_K) - g_L*(v - E_L))/C : volt
dw/dt = phi*cosh((v - V3)/(2*V4))*(w_inf - w) : 1
m_inf = 0.5*(1 + tanh((v - V1)/V2)) : 1
w_inf = 0.5*(1 + tanh((v - V3)/V4)) : 1
activity = 1/(1 + exp(-(v - V_t)/K_p)) : 1
I = I_0 + I_scale*(bias + drive + stimulus) : amp/meter**2
bias : 1
drive : 1
stimulus : 1
"""

# Common to the sets of Ermentrout and Terman (2010), table 3.1.
_COMMON = {
    "C": 20 * uF / cm**2,  # membrane capacitance
    "g_K": 8 * msiemens / cm**2,  # maximal potassium conductance
    "g_L": 2 * msiemens / cm**2,  # leak conductance
    "E_Ca": 120 * mV,  # calcium reversal potential
    "E_K": -84 * mV,  # potassium reversal potential
    "E_L": -60 * mV,  # leak reversal potential
    "V1": -1.2 * mV,  # half activation of calcium
    "V2": 18 * mV,  # slope of calcium activation
    "v_rearm": -20 * mV,  # no second spike is counted before v falls below; the cycles do
}

PARAMETER_SETS: Mapping[str, Mapping[str, Quantity]] = MappingProxyType(
    {
        # Hazelden et al. (2023): 'snlc' with V4 = 17 mV and phi = 1/15 per ms.
        "network": _COMMON
        | {"phi": 1 / (15 * ms), "g_Ca": 4 * msiemens / cm**2, "V3": 12 * mV, "V4": 17 * mV},
        # Ermentrout and Terman (2010), table 3.1, column SNLC: type I excitability.
        "snlc": _COMMON
        | {"phi": 0.067 / ms, "g_Ca": 4 * msiemens / cm**2, "V3": 12 * mV, "V4": 17.4 * mV},
        # Ermentrout and Terman (2010), table 3.1, column Hopf: type II excitability.
        "hopf": _COMMON
        | {"phi": 0.04 / ms, "g_Ca": 4.4 * msiemens / cm**2, "V3": 2 * mV, "V4": 30 * mV},
        # Ermentrout and Terman (2010), table 3.1, column homoclinic. The cycle spans -13 to 14 mV.
        "homoclinic": _COMMON
        | {"phi": 0.23 / ms, "g_Ca": 4 * msiemens / cm**2, "V3": 12 * mV, "V4": 17.4 * mV}
        | {"v_rearm": 0 * mV},
        # Morris and Lecar (1981), figure 9.
        "barnacle": {
            "C": 20 * uF / cm**2,
            "g_K": 8 * msiemens / cm**2,
            "g_L": 2 * msiemens / cm**2,
            "E_Ca": 100 * mV,
            "E_K": -70 * mV,
            "E_L": -50 * mV,
            "V1": 10 * mV,
            "V2": 15 * mV,
            "phi": 1 / (15 * ms),
            "g_Ca": 4 * msiemens / cm**2,
            "V3": -1 * mV,
            "V4": 14.5 * mV,
            "v_rearm": 0 * mV,
        },
    }
)

# Hazelden et al. (2023): the synapse, and the current of a dimensionless drive.
SYNAPSE = MappingProxyType({"V_t": -3 * mV, "K_p": 8 * mV})  # half activation, slope
INPUT = MappingProxyType({"I_0": 39.9 * uA / cm**2, "I_scale": 36.75 * uA / cm**2})
BIAS = 0.1  # constant drive: 43.6 uA/cm2, where an uncoupled neuron fires at 9 Hz

INITIAL_V = nt.Normal(-20 * mV, 5 * mV)  # drawn anew for every trial and neuron
INITIAL_W = 0.014173


def morris_lecar_neurons(
    neurons: int = 64,
    *,
    parameter_set: str = "network",
    method: str = "rk2",
    dt: Quantity = 0.2 * ms,
    **parameters: Quantity,
) -> NeuronGroup:
    """Return uncoupled Morris-Lecar neurons with the variables ``drive`` and ``stimulus``.

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
    if parameter_set not in PARAMETER_SETS:
        raise unknown_name("parameter set", parameter_set, PARAMETER_SETS)
    require_whole("neurons", neurons)
    known = {**PARAMETER_SETS[parameter_set], **SYNAPSE, **INPUT}
    for name in parameters:
        if name not in known:
            raise unknown_name("parameter of the Morris-Lecar neuron", name, known)
    group = NeuronGroup(
        neurons,
        EQUATIONS,
        threshold="v > 0*mV",
        refractory="v > v_rearm",
        method=method,
        dt=dt,
        namespace=known | parameters,
    )
    group.v = -20 * mV
    group.w = INITIAL_W
    group.bias = BIAS
    return group


def morris_lecar(
    neurons: int = 64,
    *,
    channels: int = 50,
    classes: int = 3,
    readout: str = "graded",
    dale: float | None = None,
    gain: float = 1.0,
    parameter_set: str = "network",
    method: str = "rk2",
    dt: Quantity = 0.2 * ms,
    **parameters: Quantity,
) -> nt.Circuit:
    """Return a fully connected recurrent network of Morris-Lecar neurons.

    Recurrent and input weights, biases and, with a graded readout, the readout are trained.

    Parameters
    ----------
    neurons : int
        Number of neurons.
    channels : int
        Number of input channels.
    classes : int
        Number of classes to decide among, or of outputs of a readout of trajectories.
    readout : str
        One of `neurotrain.readouts.READOUTS`, such as 'graded', a trained linear readout of the
        graded synaptic activity, or 'spike-count', the spikes of one pool of neurons for each
        class.
    dale : float, optional
        Share of neurons that excite, the first ones; the others inhibit, in every candidate, and
        begin in balance. By default recurrent weights have any sign.
    gain : float
        Spread of the initial recurrent weights, in units of that which learns best; 10 is the
        published one. With `dale` their size.
    parameter_set, method, dt, **parameters
        As for `morris_lecar_neurons`.
    """
    group = morris_lecar_neurons(
        neurons, parameter_set=parameter_set, method=method, dt=dt, **parameters
    )
    recurrent = Synapses(
        group,
        group,
        """weight : 1
        drive_post = weight*activity_pre : 1 (summed)""",
        namespace=group.namespace,
    )
    recurrent.connect()
    bound = 1 / neurons**0.5
    # Chosen: synapses a tenth as strong as published, as which the search varies them too. Those
    # of Hazelden et al. (2023), uniform within 1/sqrt(neurons) of 0.001, drown the input.
    spread = gain * bound / 10
    weight = nt.Uniform(0.001 - spread, 0.001 + spread)
    if dale is not None:
        weight = nt.Parameter(nt.Uniform(0, gain * bound / 4), dale=dale)
    return nt.Circuit(
        group,
        recurrent,
        inputs=nt.Input("stimulus", channels),
        readout=nt.make_readout(readout, classes, "activity"),
        train={
            "recurrent.weight": weight,
            # Hazelden et al. (2023).
            "input.weight": nt.Uniform(0.1 - bound, 0.1 + bound),
            "neurons.bias": nt.Normal(BIAS, 0.05),
        },
        initial={"v": INITIAL_V},
        blocked=nt.Blocked("v", -10 * mV),
        namespace={},
    )
