"""The networks of the benchmark, the same for all variants and versions, and their values.

They stay as they are, whatever becomes of the models that neurotrain ships, so that times remain
comparable and the hand-written kernel fits.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from brian2 import Quantity, cm, ms, msiemens, mV, uA, uF


@dataclass(frozen=True)
class Coupling:
    """One kind of synapse.

    Parameters
    ----------
    name : str
    model : str
        Equations of the Synapses.
    columns : (float, float)
        Which of the presynaptic neurons, as shares of all.
    weight : (float, float)
        Bounds between which weights are drawn, in SI units, for a single presynaptic neuron;
        each is divided by the number of them, to the power `scaling`.
    on_pre : str, optional
    delay : Quantity, optional
    density : float
        Share of pairs that are connected.
    """

    name: str
    model: str
    columns: tuple[float, float]
    weight: tuple[float, float]
    scaling: float = 1.0
    on_pre: str | None = None
    delay: Quantity | None = None
    density: float = 1.0


@dataclass(frozen=True)
class Network:
    """Neurons and their couplings, in the words of Brian2.

    Parameters
    ----------
    title : str
    equations, threshold, reset, refractory, method
        As Brian2 takes them.
    constants : mapping of str to Quantity
    couplings : tuple of Coupling
    initial : mapping of str to (mean, standard deviation)
        Of every state, in SI units.
    bias : (mean, standard deviation)
        Of the constant drive, in SI units.
    stimulus : float
        Bound of the input weights, in SI units.
    dt_ms : float
    trials_innermost : bool
        How Brian2 numbers the neurons of several trials, whichever way it is faster.
    """

    title: str
    equations: str
    threshold: str
    reset: str
    refractory: str | Quantity
    method: str
    constants: Mapping[str, Quantity]
    couplings: tuple[Coupling, ...]
    initial: Mapping[str, tuple[float, float]]
    bias: tuple[float, float]
    stimulus: float
    dt_ms: float
    trials_innermost: bool


ACTIVITY = "activity = 1/(1 + exp(-(v - V_t)/K_p)) : 1"

# Morris and Lecar (1981), doi:10.1016/S0006-3495(81)84782-0, equations 9 with instantaneous
# calcium, in the network of Hazelden et al. (2023), arXiv:2311.10869.
_MORRIS_LECAR = f"""
dw/dt = phi*cosh((v - V3)/(2*V4))*(w_inf - w) : 1
m_inf = 0.5*(1 + tanh((v - V1)/V2)) : 1
w_inf = 0.5*(1 + tanh((v - V3)/V4)) : 1
{ACTIVITY}
bias : 1
stimulus : 1
"""
_GRADED = """
dv/dt = (I - g_Ca*m_inf*(v - E_Ca) - g_K*w*(v - E_K) - g_L*(v - E_L))/C : volt
I = I_0 + I_scale*(bias + drive + stimulus) : amp/meter**2
drive : 1
"""
_CONDUCTANCE = """
dv/dt = (I - g_Ca*m_inf*(v - E_Ca) - g_K*w*(v - E_K) - g_L*(v - E_L)
         - g_e*(v - E_e) - g_i*(v - E_i))/C : volt
I = I_0 + I_scale*(bias + stimulus) : amp/meter**2
g_e : siemens/meter**2
g_i : siemens/meter**2
"""
_CONSTANTS = {
    "C": 20 * uF / cm**2,
    "g_Ca": 4 * msiemens / cm**2,
    "g_K": 8 * msiemens / cm**2,
    "g_L": 2 * msiemens / cm**2,
    "E_Ca": 120 * mV,
    "E_K": -84 * mV,
    "E_L": -60 * mV,
    "V1": -1.2 * mV,
    "V2": 18 * mV,
    "V3": 12 * mV,
    "V4": 17 * mV,
    "phi": 1 / (15 * ms),
    "V_t": -3 * mV,
    "K_p": 8 * mV,
    "I_0": 39.9 * uA / cm**2,
    "I_scale": 36.75 * uA / cm**2,
}


def _morris_lecar(title: str, own: str, couplings: tuple[Coupling, ...], **more: Quantity):
    return Network(
        title=title,
        equations=own + _MORRIS_LECAR,
        threshold="v > 0*mV",
        reset="",
        refractory="v > -20*mV",
        method="euler",
        constants=_CONSTANTS | more,
        couplings=couplings,
        initial={"v": (-0.02, 0.005), "w": (0.014173, 0.0)},
        bias=(0.1, 0.05),
        stimulus=0.1,
        dt_ms=0.05,
        trials_innermost=True,
    )


GRADED = _morris_lecar(
    "Morris-Lecar neurons, instantaneous graded synapses",
    _GRADED,
    (
        Coupling(
            "recurrent",
            "weight : 1\ndrive_post = weight*activity_pre : 1 (summed)",
            (0.0, 1.0),
            (-1.0, 1.0),
            scaling=0.5,
        ),
    ),
)

CONDUCTANCE = _morris_lecar(
    "Morris-Lecar neurons, graded excitatory and inhibitory conductances",
    _CONDUCTANCE,
    tuple(
        Coupling(
            name,
            f"weight : siemens/meter**2\n"
            f"{target}_post = weight*activity_pre : siemens/meter**2 (summed)",
            columns,
            (0.0, 40.0),  # 4 mS/cm2 were all presynaptic neurons active
        )
        for name, target, columns in (
            ("excitatory", "g_e", (0.0, 0.8)),
            ("inhibitory", "g_i", (0.8, 1.0)),
        )
    ),
    E_e=0 * mV,
    E_i=-80 * mV,
)

SPIKING = Network(
    title="leaky integrate-and-fire neurons, 10 % connectivity, exponential currents, delays",
    equations="""
    dv/dt = (E_L - v + bias + stimulus + drive)/tau_m : volt (unless refractory)
    ddrive/dt = -drive/tau_s : volt
    bias : volt
    stimulus : volt
    """,
    threshold="v > -50*mV",
    reset="v = E_L",
    refractory=2 * ms,
    method="exact",
    constants={"E_L": -65 * mV, "tau_m": 20 * ms, "tau_s": 5 * ms},
    couplings=tuple(
        Coupling(
            name,
            "weight : volt",
            columns,
            weight,
            on_pre="drive_post += weight",
            delay=1.5 * ms,
            density=0.1,
        )
        for name, columns, weight in (
            ("excitatory", (0.0, 0.8), (0.0, 0.08)),
            ("inhibitory", (0.8, 1.0), (-0.08, 0.0)),
        )
    ),
    initial={"v": (-0.058, 0.004), "drive": (0.0, 0.0)},
    bias=(0.0135, 0.004),  # a third above the threshold of 15 mV: 10 Hz on average
    stimulus=0.0005,
    dt_ms=0.1,
    trials_innermost=False,
)

NETWORKS = {"graded": GRADED, "conductance": CONDUCTANCE, "spiking": SPIKING}
