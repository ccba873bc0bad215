"""Simulations of the compiled neurons, and of Brian2's."""

import numpy as np

from neurotrain.rate_to_spike.brian2_neuron import Brian2Neuron
from neurotrain.rate_to_spike.brian2_simulation import Brian2Simulation
from neurotrain.rate_to_spike.simulation import Simulation
from neurotrain.rate_to_spike.spiking_network import SpikingNetwork

AnySimulation = Simulation | Brian2Simulation


def make_simulation(
    network: SpikingNetwork, outputs: int, dt_ms: float, alpha: float, rng: np.random.Generator
) -> AnySimulation:
    """Return the simulation of a network's kind of neurons, which start near rest.

    Parameters
    ----------
    network : SpikingNetwork
    outputs, dt_ms, alpha
        As for `Simulation`.
    rng : numpy.random.Generator
        Of the first voltages of `LifNeuron`; others bring their own.
    """
    if isinstance(network.neuron, Brian2Neuron):
        return Brian2Simulation(network, outputs, dt_ms, alpha)
    voltage = network.neuron.rest_mv + 1e-3 * rng.normal(size=network.neurons)
    return Simulation(network, outputs, dt_ms, voltage, alpha)
