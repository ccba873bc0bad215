"""The networks of the benchmark as Brian2 objects, for one trial or for several side by side."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from brian2 import NeuronGroup, Quantity, SpikeMonitor, StateMonitor, Synapses, TimedArray, ms

from neurotrain.benchmarks.cases import STEPS_PER_INPUT, Case
from neurotrain.benchmarks.networks import ACTIVITY, NETWORKS, Network
from neurotrain.benchmarks.outcome import Outcome
from neurotrain.benchmarks.values import Values

Numbering = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Objects:
    """What simulates the first candidate on the first trials.

    Several trials are blocks of one NeuronGroup that do not see each other, numbered neuron by
    neuron or trial by trial, whichever way Brian2 is faster.

    Parameters
    ----------
    case : Case
    trials : int
    group : NeuronGroup
    synapses : tuple of Synapses
    stimuli : TimedArray
    spikes : SpikeMonitor
    voltage : StateMonitor
        For comparing; not among what is timed.
    """

    case: Case
    trials: int
    group: NeuronGroup
    synapses: tuple[Synapses, ...]
    stimuli: TimedArray
    spikes: SpikeMonitor
    voltage: StateMonitor

    @property
    def timed(self) -> tuple:
        """The objects that are timed."""
        return (self.group, *self.synapses, self.spikes)

    def set_values(self, values: Values) -> None:
        """Set stimulus, bias, initial state and weights."""
        driven = np.einsum(
            "nk,btk->tbn", values["input_weight"][0], values["inputs"][: self.trials]
        )
        self.stimuli.values[...] = [self._ordered(at_once) for at_once in driven]
        for name, of_trials in {"bias": values["bias"][:1], **values.initial}.items():
            self.group.variables[name].set_value(self._ordered(of_trials))
        for one in self.synapses:
            set_weight(one, self._ordered(values[f"weight:{one.name}"][:1]))

    def outcome(self) -> Outcome:
        """Return what came out after the compared steps of a run that was longer."""
        number = _numbering(self.case, self.trials)
        at = number(np.arange(self.case.neurons), np.arange(self.trials)[:, np.newaxis])
        until_ms = self.case.compared_steps * NETWORKS[self.case.network].dt_ms
        early = np.asarray(self.spikes.t / ms) < until_ms * (1 - 1e-9)
        count = np.bincount(np.asarray(self.spikes.i)[early], minlength=at.size)
        v_mV = np.asarray(self.voltage.v)[:, 1] * 1e3  # noqa: N806
        return Outcome(v_mV[at][np.newaxis], count[at][np.newaxis])

    def _ordered(self, of_trials: np.ndarray) -> np.ndarray:
        """Flatten (trial or 1, member) values in the order of the numbers."""
        shape = (self.trials, of_trials.shape[1])
        values = np.broadcast_to(of_trials[: self.trials], shape)
        return (values.T if NETWORKS[self.case.network].trials_innermost else values).ravel()


def build_objects(case: Case, values: Values, trials: int) -> Objects:
    """Build the objects with the values of the first candidate, for any of Brian2's devices.

    Their time step is the default clock's too, which must be set before.
    """
    network = NETWORKS[case.network]
    # Once a step for each neuron, not once for each synapse; all else stays as it is.
    equations = network.equations.replace(ACTIVITY, f"{ACTIVITY} (constant over dt)")
    group = make_neurons(network, equations, case.neurons * trials)
    bin_ = STEPS_PER_INPUT * network.dt_ms * ms
    shape = (values["inputs"].shape[1], len(group))
    stimuli = TimedArray(Quantity(np.zeros(shape), dim=group.variables["stimulus"].dim), dt=bin_)
    group.namespace["stimuli"] = stimuli
    group.run_regularly("stimulus = stimuli(t, i)", dt=bin_)
    synapses = make_synapses(network, group, values, _numbering(case, trials), trials)
    compared = case.compared_steps * network.dt_ms * ms
    voltage = StateMonitor(group, "v", record=True, dt=compared)
    objects = Objects(case, trials, group, synapses, stimuli, SpikeMonitor(group), voltage)
    objects.set_values(values)
    return objects


def _numbering(case: Case, trials: int) -> Numbering:
    """Return the function that numbers a neuron on a trial."""
    if NETWORKS[case.network].trials_innermost:
        return lambda neuron, trial: neuron * trials + trial
    return lambda neuron, trial: trial * case.neurons + neuron


def make_neurons(network: Network, equations: str, number: int) -> NeuronGroup:
    """Return so many neurons of a network."""
    return NeuronGroup(
        number,
        equations,
        threshold=network.threshold,
        reset=network.reset or None,
        refractory=network.refractory,
        method=network.method,
        dt=network.dt_ms * ms,
        namespace=dict(network.constants),
    )


def make_synapses(
    network: Network, neurons: NeuronGroup, values: Values, number: Numbering, trials: int
) -> tuple[Synapses, ...]:
    """Connect the neurons of each trial among themselves, in the order of their numbers."""
    connected = []
    trial = np.arange(trials)[:, np.newaxis]
    for coupling in network.couplings:
        pairs = [number(values[f"{end}:{coupling.name}"], trial) for end in ("pre", "post")]
        pre, post = [(p.T if network.trials_innermost else p).ravel() for p in pairs]
        synapses = Synapses(
            neurons,
            neurons,
            coupling.model,
            on_pre=coupling.on_pre,
            delay=coupling.delay,
            namespace=neurons.namespace,
            name=coupling.name,
        )
        synapses.connect(i=pre, j=post)
        connected.append(synapses)
    return tuple(connected)


def set_weight(synapses: Synapses, weight: np.ndarray) -> None:
    """Set the weights (synapse,), in SI units."""
    synapses.weight = Quantity(weight, dim=synapses.variables["weight"].dim)
