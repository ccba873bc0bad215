"""Rate units, and a random recurrent network of them.

The network is that of Sompolinsky, Crisanti and Sommers (1988), Phys. Rev. Lett. 61:259-262,
doi:10.1103/PhysRevLett.61.259: weights are normal with mean 0 and standard deviation
g/sqrt(neurons). It returns to rest where the gain g is below 1, and is chaotic above if it is
large. With inputs and a trained readout it is what the field trains as a recurrent network, by
backpropagation: ``neurotrain train TASK --model rate --optimizer adam``.
"""

from types import MappingProxyType

from brian2 import NeuronGroup, Quantity, Synapses, ms

import neurotrain as nt
from neurotrain.errors import InvalidInput, require_whole, unknown_name

EQUATIONS = """
dx/dt = (-x + drive + bias + stimulus)/tau : 1
activity = {nonlinearity} : 1
drive : 1
bias : 1
stimulus : 1
"""

NONLINEARITIES = MappingProxyType(
    {
        "tanh": "tanh(x)",  # Sompolinsky et al. (1988), equation 1, gain in the weights
        "rectified-linear": "clip(x, 0, inf)",
        "logistic": "1/(1 + exp(-x))",
    }
)

# Yang et al. (2019), doi:10.1038/s41593-018-0310-2: a time constant with which networks learn
# tasks of seconds; that of Sompolinsky et al. (1988) is 1.
TAU = 100 * ms
GAIN = 1.0  # chosen: at the onset of chaos, where activity decays slowest


def rate_units(
    neurons: int = 64,
    *,
    nonlinearity: str = "tanh",
    method: str = "euler",
    dt: Quantity = 1 * ms,
    tau: Quantity = TAU,
) -> NeuronGroup:
    """Return uncoupled rate units with the variables ``drive`` and ``stimulus``.

    Parameters
    ----------
    neurons : int
        Number of units.
    nonlinearity : str
        One of `NONLINEARITIES`, from the state ``x`` to the ``activity``.
    method : str
        Any of Brian2's integration methods.
    dt : Quantity
        Duration of a step.
    tau : Quantity
        Time constant.

    Raises
    ------
    InvalidInput
        For an unknown nonlinearity, or a number of units below 1.
    """
    require_whole("neurons", neurons)
    if nonlinearity not in NONLINEARITIES:
        raise unknown_name("nonlinearity", nonlinearity, NONLINEARITIES)
    return NeuronGroup(
        neurons,
        EQUATIONS.format(nonlinearity=NONLINEARITIES[nonlinearity]),
        method=method,
        dt=dt,
        namespace={"tau": tau},
    )


def rate(
    neurons: int = 64,
    *,
    channels: int = 50,
    classes: int = 3,
    readout: str = "graded",
    gain: float = GAIN,
    dale: float | None = None,
    nonlinearity: str = "tanh",
    method: str = "euler",
    dt: Quantity = 1 * ms,
    tau: Quantity = TAU,
) -> nt.Circuit:
    """Return a fully connected recurrent network of rate units.

    Recurrent and input weights, biases and the readout are trained.

    Parameters
    ----------
    neurons : int
        Number of units.
    channels : int
        Number of input channels.
    classes : int
        Number of classes to decide among, or of outputs of a readout of trajectories.
    readout : {'graded', 'trajectory'}
        A trained linear readout of the activity, in the decision period or all along; a rate unit
        does not spike.
    gain : float
        Standard deviation of the initial recurrent weights, times sqrt(neurons).
    dale : float, optional
        Share of units that excite, the first ones; the others inhibit, in every candidate, and
        begin in balance. It is a law of signs where activity has none: not with 'tanh'. By
        default recurrent weights have any sign.
    nonlinearity, method, dt, tau
        As for `rate_units`.
    """
    made = nt.make_readout(readout, classes, "activity")
    if not (made.observed or made.sampled):
        raise InvalidInput(
            f"Rate units do not spike, so that they have no readout '{readout}'; use 'graded' or "
            "'trajectory'."
        )
    group = rate_units(neurons, nonlinearity=nonlinearity, method=method, dt=dt, tau=tau)
    recurrent = Synapses(
        group,
        group,
        """weight : 1
        drive_post = weight*activity_pre : 1 (summed)""",
    )
    recurrent.connect()
    weight = nt.Normal(0, gain / neurons**0.5)
    if dale is not None:
        weight = nt.Parameter(nt.Uniform(0, gain / neurons**0.5), dale=dale)
    return nt.Circuit(
        group,
        recurrent,
        inputs=nt.Input("stimulus", channels),
        readout=made,
        train={
            "recurrent.weight": weight,
            "input.weight": nt.Normal(0, 1),
            "neurons.bias": nt.Normal(0, 0.1),
        },
        initial={"x": nt.Normal(0, 0.1)},
        namespace={},
    )
