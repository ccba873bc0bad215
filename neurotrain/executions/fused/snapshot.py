"""A circuit as plain data: what a worker simulates, which has no Brian2 objects."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from neurotrain.circuit import Circuit
from neurotrain.distributions import Distribution
from neurotrain.errors import InvalidInput
from neurotrain.executions.fused.network_data import NetworkData, network_data
from neurotrain.inputs import Input
from neurotrain.parameters.space import ParameterSpace
from neurotrain.readouts import Readout
from neurotrain.simulable import Blocked, Simulable


@dataclass(frozen=True, kw_only=True)
class Snapshot(Simulable):
    """What a circuit was when the snapshot was taken; it simulates like it, to the bit.

    Only in the fused executions, and it records nothing but what its readout needs. The
    parameters are those of `Simulable`.

    Parameters
    ----------
    data : NetworkData
    beginnings : mapping of str to (neuron,) array
        Where each state begins unless it is drawn.
    """

    data: NetworkData
    beginnings: Mapping[str, np.ndarray]
    parameters: ParameterSpace
    readout: Readout
    inputs: Input | None
    initial: Mapping[str, Distribution]
    blocked: Blocked | None
    n_neurons: int
    dt_ms: float
    states: tuple[str, ...]
    is_stochastic: bool
    fingerprint: str

    def beginning(self, state: str) -> np.ndarray:
        """Return where a state begins unless it is drawn, (neuron,), in SI units."""
        return self.beginnings[state]

    def network(self, observed: tuple[str, ...]) -> NetworkData:
        """Return the network that was lowered.

        Raises
        ------
        InvalidInput
            If more is to be recorded than what the readout needs.
        """
        if observed != self.observed:
            raise InvalidInput("A snapshot of a circuit records what its readout needs, no more.")
        return self.data


def take_snapshot(circuit: Circuit) -> Snapshot:
    """Return a circuit as it is now, as plain data.

    Raises
    ------
    UnsupportedModel
        If the fused execution does not cover it.
    """
    return Snapshot(
        data=network_data(circuit, circuit.lower(circuit.observed)),
        beginnings={name: np.array(circuit.beginning(name)) for name in circuit.states},
        **{name: getattr(circuit, name) for name in Simulable.__annotations__},
    )
