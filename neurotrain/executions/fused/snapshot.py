"""A circuit as plain data: what a worker simulates, which has no Brian2 objects."""

import numpy as np

from neurotrain.circuit import Circuit
from neurotrain.errors import InvalidInput
from neurotrain.executions.fused.network_data import NetworkData, network_data
from neurotrain.simulable import Simulable


class Snapshot(Simulable):
    """What a circuit is now, which simulates like it, to the bit.

    Only in the fused executions, and it records nothing but what its readout needs.

    Parameters
    ----------
    circuit : Circuit

    Raises
    ------
    UnsupportedModel
        If the fused execution does not cover it.
    """

    def __init__(self, circuit: Circuit) -> None:
        for name in Simulable.__annotations__:
            setattr(self, name, getattr(circuit, name))
        self._network = network_data(circuit, circuit.lower(circuit.observed))
        self._beginnings = {name: np.array(circuit.beginning(name)) for name in circuit.states}

    def beginning(self, state: str) -> np.ndarray:
        """Return where a state begins unless it is drawn, (neuron,), in SI units."""
        return self._beginnings[state]

    def network(self, observed: tuple[str, ...]) -> NetworkData:
        """Return the network that was lowered.

        Raises
        ------
        InvalidInput
            If more is to be recorded than what the readout needs.
        """
        if observed != self.observed:
            raise InvalidInput("A snapshot of a circuit records what its readout needs, no more.")
        return self._network
