"""How answers are read from what neurons do: decision variables of classes, or trajectories."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from neurotrain.errors import unknown_name
from neurotrain.readouts.base import Readout, reads_spikes_only
from neurotrain.readouts.linear import (
    GradedReadout,
    RateReadout,
    RateTrajectoryReadout,
    TrajectoryReadout,
)
from neurotrain.readouts.pools import FirstSpikeReadout, SpikeCountReadout, SpikeTrainReadout

__all__ = [
    "READOUTS",
    "FirstSpikeReadout",
    "GradedReadout",
    "RateReadout",
    "RateTrajectoryReadout",
    "Readout",
    "SpikeCountReadout",
    "SpikeTrainReadout",
    "TrajectoryReadout",
    "make_readout",
    "reads_spikes_only",
]

# From the number of classes or outputs, and the graded variable.
READOUTS: Mapping[str, Callable[[int, str], Readout]] = MappingProxyType(
    {
        "graded": lambda size, variable: GradedReadout(variable, size),
        "spike-count": lambda size, variable: SpikeCountReadout(size),
        "first-spike": lambda size, variable: FirstSpikeReadout(size),
        "rate": lambda size, variable: RateReadout(size),
        "trajectory": lambda size, variable: TrajectoryReadout(variable, size),
        "rate-trajectory": lambda size, variable: RateTrajectoryReadout(size),
        "spike-train": lambda size, variable: SpikeTrainReadout(size),
    }
)


def make_readout(name: str, size: int, variable: str) -> Readout:
    """Return the readout called `name`, as models choose one by name.

    Parameters
    ----------
    name : str
        One of `READOUTS`.
    size : int
        Number of classes, or of outputs for a readout of trajectories.
    variable : str
        The graded variable of the neurons, for readouts of one.

    Raises
    ------
    InvalidInput
        If there is no such readout.
    """
    if name not in READOUTS:
        raise unknown_name("readout", name, READOUTS)
    return READOUTS[name](size, variable)
