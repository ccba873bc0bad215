"""Spiking neurons in a closed loop with recursive least squares, as one writes it in NumPy.

After the code of DePasquale, Churchland & Abbott (2016), arXiv:1601.07620: plain steps, plain
matrices, nothing clever. The tests hold the compiled network to it.
"""

from dataclasses import dataclass

import numpy as np

from neurotrain.rate_to_spike.spiking_network import SpikingNetwork


@dataclass(frozen=True)
class ClosedLoop:
    """What came of a run that begins at rest.

    Parameters
    ----------
    readouts : (time, factor + output) array
        Before the learning of each step.
    spikes : (time, neuron) bool array
    voltage : (neuron,) array
        At the end, in mV.
    decoders : (factor + output, regressor) array
        At the end.
    correlation : (regressor, regressor) array
        The inverse correlation matrix at the end.
    """

    readouts: np.ndarray
    spikes: np.ndarray
    voltage: np.ndarray
    decoders: np.ndarray
    correlation: np.ndarray


def run_in_numpy(
    network: SpikingNetwork,
    dt_ms: float,
    voltage: np.ndarray,
    inputs: np.ndarray,
    wanted: np.ndarray,
    learns: np.ndarray,
    *,
    teach: bool = False,
    alpha: float = 1.0,
) -> ClosedLoop:
    """Run from decoders of zero.

    Parameters
    ----------
    network : SpikingNetwork
    dt_ms : float
    voltage : (neuron,) array
        At the start, in mV.
    inputs : (time, input) array
    wanted : (time, factor + output) array
    learns : (time,) bool array
    teach : bool
        Whether the wanted factors are fed back instead of those that are read out.
    alpha : float
        The inverse correlation matrix starts as the identity divided by it.
    """
    neuron, n = network.neuron, network.neurons
    decay, decay_slow, decay_fast = (
        np.exp(-dt_ms / tau) for tau in (neuron.tau_ms, neuron.tau_slow_ms, neuron.tau_fast_ms)
    )
    refractory = round(neuron.refractory_ms / dt_ms)
    v, last_spike = np.array(voltage, float), np.full(n, -refractory - 1)
    slow, fast = np.zeros((2, n))
    slow_current, fast_current, inhibition = np.zeros(n), np.zeros(n), 0.0
    feedback = np.zeros(network.factors)
    decoders = np.zeros((wanted.shape[1], network.regressors))
    correlation = np.eye(network.regressors) / alpha
    readouts, spikes = np.zeros(wanted.shape), np.zeros((len(wanted), n), dtype=bool)
    for t in range(len(wanted)):
        current = network.encoders @ feedback + network.input_weights @ inputs[t]
        current += neuron.rest_mv + network.bias + slow_current + fast_current + inhibition
        moves = t - last_spike >= refractory
        v[moves] = (current + (v - current) * decay)[moves]
        spikes[t] = fired = v > neuron.threshold_mv
        v[fired], last_spike[fired] = neuron.reset_mv, t
        if network.random_slow is not None:
            slow_current = slow_current * decay_slow + network.random_slow[:, fired].sum(axis=1)
        if network.random_fast is not None:
            fast_current = fast_current * decay_fast + network.random_fast[:, fired].sum(axis=1)
        inhibition = inhibition * decay_fast + network.inhibition * fired.sum()
        slow, fast = slow * decay_slow + fired, fast * decay_fast + fired
        traces = {"slow": (slow,), "fast": (fast,), "both": (slow, fast)}[network.traces]
        regressors = np.concatenate([trace[network.pool] for trace in traces])
        readouts[t] = decoders @ regressors
        feedback = (wanted if teach else readouts)[t, : network.factors]
        if learns[t]:
            projected = correlation @ regressors
            gain = projected / (1 + regressors @ projected)
            correlation -= np.outer(projected, gain)
            decoders -= np.outer(readouts[t] - wanted[t], gain)
    return ClosedLoop(readouts, spikes, v, decoders, correlation)
