"""Networks of excitatory and inhibitory neurons of one group, by Dale's law.

The first neurons of the group excite all others, the last inhibit all others. A weight is a
dimensionless multiple of the strength that a model gives to one synapse, and the equations take
its absolute value: whatever training does to a weight, no neuron changes its sign. Weights begin
in proportion to 1/sqrt(neurons), so that networks of any size begin in a like state.
"""

from collections.abc import Mapping

from brian2 import NeuronGroup, Synapses

import neurotrain as nt
from neurotrain.errors import InvalidInput

INHIBITORY_SHARE = 0.2  # Brette et al. (2007), doi:10.1007/s10827-007-0038-6: 800 of 4000


def excitatory_count(neurons: int, inhibitory_share: float) -> int:
    """Return how many of the neurons, the first, excite.

    Raises
    ------
    InvalidInput
        For a share that is not between 0 and 1.
    """
    if not 0 <= inhibitory_share <= 1:
        raise InvalidInput(f"inhibitory_share must be from 0 to 1, got {inhibitory_share!r}.")
    return neurons - round(neurons * inhibitory_share)


def excitation_inhibition(
    group: NeuronGroup,
    *,
    excitatory: Mapping[str, str],
    inhibitory: Mapping[str, str],
    bias: float,
    initial: Mapping[str, nt.Normal | nt.Uniform],
    start: tuple[float, float] = (0.3, 0.15),
    channels: int = 50,
    classes: int = 3,
    readout: str = "spike-count",
    inhibitory_share: float = INHIBITORY_SHARE,
    blocked: nt.Blocked | None = None,
) -> nt.Circuit:
    """Return a circuit in which every neuron of `group` reaches every other one.

    Excitatory, inhibitory and input weights and biases are trained, and with a graded readout
    the readout.

    Parameters
    ----------
    group : NeuronGroup
        Neurons with the parameters ``bias`` and ``stimulus`` and the variable ``activity``.
    excitatory, inhibitory : mapping of str to str
        What a synapse does, ``'model'`` or ``'on_pre'`` of `Synapses`, in terms of ``weight``.
    bias : float
        Mean of the initial biases.
    initial : mapping of str to distribution
        Where states begin a trial, as for `Circuit`.
    start : (float, float)
        Times 1/sqrt(neurons), the mean of the initial excitatory and inhibitory weights, which
        are uniform within half of it.
    channels, classes : int
        Number of input channels; of classes to decide among, or of outputs of a readout of
        trajectories.
    readout : str
        One of `neurotrain.readouts.READOUTS`, such as 'spike-count', the spikes of one pool of
        neurons for each class, or 'graded', a trained linear readout of ``activity``.
    inhibitory_share : float
        The share of neurons that inhibit.
    blocked : Blocked, optional
        As for `Circuit`.

    Raises
    ------
    InvalidInput
        Where there is not at least one neuron that excites and one that inhibits.
    """
    n_excitatory = excitatory_count(len(group), inhibitory_share)
    if not 0 < n_excitatory < len(group):
        raise InvalidInput(
            f"Of {len(group)} neurons, an inhibitory_share of {inhibitory_share:g} leaves "
            f"{n_excitatory} that excite; at least one must excite and one inhibit."
        )
    excite = _synapses(group, 0, n_excitatory, "excitatory", excitatory)
    inhibit = _synapses(group, n_excitatory, len(group), "inhibitory", inhibitory)
    means = [mean / len(group) ** 0.5 for mean in start]
    return nt.Circuit(
        group,
        excite,
        inhibit,
        inputs=nt.Input("stimulus", channels),
        readout=nt.make_readout(readout, classes, "activity"),
        train={
            "excitatory.weight": nt.Uniform(0.5 * means[0], 1.5 * means[0]),
            "inhibitory.weight": nt.Uniform(0.5 * means[1], 1.5 * means[1]),
            # An input vector of length 1 has this standard deviation over the neurons.
            "input.weight": nt.Normal(0, 0.2),
            "neurons.bias": nt.Normal(bias, 0.1),
        },
        initial=initial,
        blocked=blocked,
        namespace={},
    )


def _synapses(
    group: NeuronGroup, start: int, stop: int, name: str, action: Mapping[str, str]
) -> Synapses:
    """Connect neurons from `start` to `stop` with all but themselves."""
    synapses = Synapses(
        group[start:stop],
        group,
        "weight : 1\n" + action.get("model", ""),
        on_pre=action.get("on_pre"),
        namespace=group.namespace,
        name=name,
    )
    synapses.connect(f"i + {start} != j")
    return synapses
