"""A trained network as plain Brian2 objects, which run without neurotrain."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurotrain.rate_to_spike.signals import Signals
from neurotrain.rate_to_spike.simulation import Simulation

_NEURONS = """
dv/dt = (rest - v + slow + fast + {input})/tau : volt (unless refractory)
dslow/dt = -slow/tau_slow : volt
dfast/dt = -fast/tau_fast : volt
rest : volt (constant)
"""
_OUTPUTS = """
z = slow + fast : 1
dslow/dt = -slow/tau_slow : 1
dfast/dt = -fast/tau_fast : 1
"""
_ON_SPIKE = """
slow_post += w_slow
fast_post += w_fast
"""


@dataclass(frozen=True, eq=False)
class Brian2Network:
    """Brian2 objects, in the state in which the trials begin.

    Parameters
    ----------
    network : brian2.Network
        Of all the others; ``network.run(duration)`` runs the trials.
    neurons, outputs : NeuronGroup
        Spiking neurons; and the output channels, which sum up spikes to ``z``.
    recurrent, readout : Synapses
        All of the weights between neurons, learned, random and inhibitory, in mV; and those to
        the outputs.
    spikes : SpikeMonitor
    recorded : StateMonitor
        Of ``z`` at the end of every step, (output, time).
    duration : Quantity
        Of the trials.
    """

    network: Any
    neurons: Any
    outputs: Any
    recurrent: Any
    readout: Any
    spikes: Any
    recorded: Any
    duration: Any


def brian2_network(simulation: Simulation, signals: Signals) -> Brian2Network:
    """Return the Brian2 network that goes on from where the simulation is, with these inputs.

    Its currents are sums over synapses instead of factors: the same numbers but for rounding,
    which in time moves single spikes.
    """
    from brian2 import Network, SpikeMonitor, StateMonitor, ms

    clock = {"dt": simulation.dt_ms * ms, "method": "exponential_euler"}
    neurons = _neurons(simulation, signals, clock)
    outputs = _outputs(simulation, clock)
    recurrent = _connected(neurons, neurons, _recurrent_weights(simulation), volts=True)
    readout = _connected(neurons, outputs, _readout_weights(simulation), volts=False)
    spikes = SpikeMonitor(neurons)
    recorded = StateMonitor(outputs, "z", record=True, when="end")
    objects = (neurons, outputs, recurrent, readout, spikes, recorded)
    return Brian2Network(Network(*objects), *objects, signals.duration_ms * ms)


def _neurons(simulation: Simulation, signals: Signals, clock: dict[str, Any]) -> Any:
    from brian2 import NeuronGroup, TimedArray, ms, mV

    network, cell = simulation.network, simulation.network.neuron
    channels = range(network.input_weights.shape[1])
    told = " + ".join(f"w_input_{k}*shown(t, {k})" for k in channels) or "0*volt"
    weights = "".join(f"w_input_{k} : volt (constant)\n" for k in channels)
    namespace = {
        **{"tau": cell.tau_ms * ms, "tau_slow": cell.tau_slow_ms * ms},
        **{"tau_fast": cell.tau_fast_ms * ms, "threshold": cell.threshold_mv * mV},
        "v_reset": cell.reset_mv * mV,
    }
    if channels:
        namespace["shown"] = TimedArray(signals.inputs, dt=simulation.dt_ms * ms)
    neurons = NeuronGroup(
        network.neurons,
        _NEURONS.format(input=told) + weights,
        threshold="v > threshold",
        reset="v = v_reset",
        refractory=cell.refractory_ms * ms,
        namespace=namespace,
        **clock,
    )
    for k in channels:
        setattr(neurons, f"w_input_{k}", network.input_weights[:, k] * mV)
    neurons.rest = (cell.rest_mv + network.bias + simulation.constant) * mV
    slow, fast = _currents(simulation)
    neurons.v, neurons.slow, neurons.fast = simulation.voltage * mV, slow * mV, fast * mV
    since = round(cell.refractory_ms / simulation.dt_ms) - simulation.waiting
    if simulation.waiting.any():
        neurons.lastspike = -since * simulation.dt_ms * ms
    return neurons


def _currents(simulation: Simulation) -> tuple[np.ndarray, np.ndarray]:
    """Return what slow and fast synapses give each neuron, (neuron,), in mV."""
    network = simulation.network
    learned = network.by_neuron(simulation.recurrent * simulation.traces)
    state = simulation.state_dict()
    slow, fast = state["slow_current"], state["fast_current"] + state["inhibitory_current"]
    slow = slow + learned["slow"].sum(axis=1) if "slow" in learned else slow
    fast = fast + learned["fast"].sum(axis=1) if "fast" in learned else fast
    return slow, fast


def _outputs(simulation: Simulation, clock: dict[str, Any]) -> Any:
    from brian2 import NeuronGroup, ms

    network, cell = simulation.network, simulation.network.neuron
    taus = {"tau_slow": cell.tau_slow_ms * ms, "tau_fast": cell.tau_fast_ms * ms}
    outputs = NeuronGroup(simulation.outputs, _OUTPUTS, namespace=taus, **clock)
    decoders = simulation.decoders[network.factors :] * simulation.traces
    for kind, each in network.by_neuron(decoders).items():
        setattr(outputs, kind, each.sum(axis=1))
    return outputs


def _connected(source: Any, target: Any, weights: dict[str, np.ndarray], volts: bool) -> Any:
    """Connect all with all, by matrices (target, source) of slow and fast weights."""
    from brian2 import Synapses, mV

    unit, scale = ("volt", mV) if volts else ("1", 1)
    model = f"w_slow : {unit} (constant)\nw_fast : {unit} (constant)"
    synapses = Synapses(source, target, model, on_pre=_ON_SPIKE, dt=source.clock.dt)
    synapses.connect()
    for kind in ("slow", "fast"):
        # Synapses are numbered by their source.
        setattr(synapses, f"w_{kind}", weights[kind].T.ravel() * scale)
    return synapses


def _recurrent_weights(simulation: Simulation) -> dict[str, np.ndarray]:
    network = simulation.network
    n = network.neurons
    weights = {"slow": np.zeros((n, n)), "fast": np.zeros((n, n))}
    weights["fast"][:, network.excitatory :] = network.inhibition
    for kind, learned in network.by_neuron(simulation.recurrent).items():
        weights[kind] += learned
    for kind, random in (("slow", network.random_slow), ("fast", network.random_fast)):
        if random is not None:
            weights[kind] += random
    return weights


def _readout_weights(simulation: Simulation) -> dict[str, np.ndarray]:
    network = simulation.network
    nothing = np.zeros((simulation.outputs, network.neurons))
    learned = network.by_neuron(simulation.decoders[network.factors :])
    return {"slow": nothing, "fast": nothing} | learned
