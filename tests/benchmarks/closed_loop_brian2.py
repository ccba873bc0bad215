"""The same network as in `closed_loop_numpy`, in Brian2 with a `network_operation`."""

from typing import Any

import numpy as np

from neurotrain.benchmarks.closed_loop_numpy import ClosedLoop
from neurotrain.rate_to_spike.spiking_network import SpikingNetwork

EQUATIONS = """
dv/dt = (I - v)/tau_m : volt (unless refractory)
dslow/dt = -slow/tau_slow : 1
dfast/dt = -fast/tau_fast : 1
I : volt
"""


def run_in_brian2(
    network: SpikingNetwork,
    dt_ms: float,
    voltage: np.ndarray,
    inputs: np.ndarray,
    wanted: np.ndarray,
    learns: np.ndarray,
    *,
    alpha: float = 1.0,
) -> ClosedLoop:
    """Run in closed loop from decoders of zero; arguments are those of `run_in_numpy`.

    Neurons and traces are equations; what is read out, fed back and learned is NumPy at the end
    of each step. There are no random weights.
    """
    from brian2 import Network, SpikeMonitor, ms, mV, network_operation

    group = _neurons(network, dt_ms)
    group.v = voltage * mV
    loop = _Loop(network, dt_ms, inputs, wanted, learns, alpha)
    traces = [group.variables[name].get_value() for name in ("slow", "fast")]
    current = group.variables["I"].get_value()
    monitor = SpikeMonitor(group)
    spiking = group.variables["_spikespace"]

    @network_operation(dt=dt_ms * ms, when="before_groups")
    def feed_back() -> None:
        current[:] = loop.current() * 1e-3

    @network_operation(dt=dt_ms * ms, when="end")
    def learn() -> None:
        loop.advance(*traces, spiking.get_value()[-1])

    Network(group, monitor, feed_back, learn).run(len(wanted) * dt_ms * ms)
    spikes = np.zeros((len(wanted), network.neurons), dtype=bool)
    spikes[np.rint(monitor.t / (dt_ms * ms)).astype(int), monitor.i] = True
    return ClosedLoop(loop.readouts, spikes, group.v / mV, loop.decoders, loop.correlation)


def _neurons(network: SpikingNetwork, dt_ms: float) -> Any:
    from brian2 import NeuronGroup, ms, mV

    neuron = network.neuron
    return NeuronGroup(
        network.neurons,
        EQUATIONS,
        threshold=f"v > {neuron.threshold_mv}*mV",
        reset="v = reset_to; slow += 1; fast += 1",
        refractory=neuron.refractory_ms * ms,
        method="exact",
        dt=dt_ms * ms,
        namespace={
            "tau_m": neuron.tau_ms * ms,
            "tau_slow": neuron.tau_slow_ms * ms,
            "tau_fast": neuron.tau_fast_ms * ms,
            "reset_to": neuron.reset_mv * mV,
            "mV": mV,
        },
    )


class _Loop:
    """What happens outside the equations, step by step; currents in mV."""

    def __init__(
        self,
        network: SpikingNetwork,
        dt_ms: float,
        inputs: np.ndarray,
        wanted: np.ndarray,
        learns: np.ndarray,
        alpha: float,
    ) -> None:
        self.network, self.inputs, self.wanted, self.learns = network, inputs, wanted, learns
        self.decay = np.exp(-dt_ms / network.neuron.tau_fast_ms)
        self.decoders = np.zeros((wanted.shape[1], network.regressors))
        self.correlation = np.eye(network.regressors) / alpha
        self.readouts = np.zeros(wanted.shape)
        self.feedback, self.inhibition, self.step = np.zeros(network.factors), 0.0, 0
        self.constant = network.neuron.rest_mv + network.bias

    def current(self) -> np.ndarray:
        """Return the current of each neuron in this step, (neuron,)."""
        network = self.network
        given = network.input_weights @ self.inputs[self.step]
        return network.encoders @ self.feedback + given + self.constant + self.inhibition

    def advance(self, slow: np.ndarray, fast: np.ndarray, n_spikes: int) -> None:
        """Read out the traces (neuron,) of this step, and learn."""
        pool, t = self.network.pool, self.step
        self.inhibition = self.inhibition * self.decay + self.network.inhibition * n_spikes
        traces = {"slow": (slow,), "fast": (fast,), "both": (slow, fast)}[self.network.traces]
        regressors = np.concatenate([trace[pool] for trace in traces])
        self.readouts[t] = self.decoders @ regressors
        self.feedback = self.readouts[t, : self.network.factors]
        if self.learns[t]:
            projected = self.correlation @ regressors
            gain = projected / (1 + regressors @ projected)
            self.correlation -= np.outer(projected, gain)
            self.decoders -= np.outer(self.readouts[t] - self.wanted[t], gain)
        self.step += 1
