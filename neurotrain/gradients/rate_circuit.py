"""Circuits of rate units as the recurrent networks that learning rules know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.learning_rules.activations import ACTIVATIONS
from neurotrain.learning_rules.recurrent_network import RecurrentNetwork, RecurrentWeights
from neurotrain.rate_start import BIAS, INPUT, READOUT, READOUT_BIAS, RECURRENT
from neurotrain.readouts import GradedReadout, TrajectoryReadout
from neurotrain.required_torch import require_torch
from neurotrain.seeding import generator
from neurotrain.trials import Trials

if TYPE_CHECKING:
    from torch import Tensor

    from neurotrain.circuit import Circuit

# In the order of `RecurrentWeights`.
BLOCKS = (INPUT, RECURRENT, READOUT, BIAS, READOUT_BIAS)
_PROBE_BINS, _PROBE_TRIALS, _TOLERANCE = 8, 3, 1e-9


@dataclass(frozen=True, eq=False)
class RateCircuit:
    """A circuit that is a recurrent network of rate units, which a rule can look into.

    Parameters
    ----------
    circuit : Circuit
        Such as `neurotrain.models.rate`: equations ``dx/dt = (-x + drive + bias + stimulus)/tau``
        with ``tau`` in the namespace of the group and the method ``'euler'``, whose activity is
        read.

    Raises
    ------
    InvalidInput
        If it does something else: it is simulated for a moment, and compared.
    """

    circuit: Circuit

    def __post_init__(self) -> None:
        circuit = self.circuit
        if set(circuit.parameters.names) != set(BLOCKS):
            raise InvalidInput(
                f"Learning rules are for circuits that train {', '.join(BLOCKS)}, such as the "
                f"model 'rate'; this one trains {', '.join(circuit.parameters.names)}."
            )
        if len(circuit.states) != 1:
            raise InvalidInput(
                "Learning rules are for circuits of rate units, which have one state, such as the "
                f"model 'rate'; this one has {', '.join(circuit.states)}. Evolution strategies and "
                "backpropagation train it."
            )
        if not isinstance(circuit.readout, GradedReadout | TrajectoryReadout):
            raise InvalidInput(
                "Learning rules need a readout 'graded' or 'trajectory', got a "
                f"{type(circuit.readout).__name__}."
            )
        if "tau" not in circuit.neurons.namespace:
            raise InvalidInput("Learning rules need 'tau' in the namespace of the rate units.")
        # Finds out now whether it is such a network.
        _ = self.network

    @cached_property
    def network(self) -> RecurrentNetwork:
        """The same network as rules know it."""
        circuit = self.circuit
        outputs = circuit.readout.classes or circuit.readout.outputs
        shape = circuit.channels, circuit.n_neurons, outputs
        leak = circuit.dt_ms * 1e-3 / float(circuit.neurons.namespace["tau"])
        candidate, trials, state = self._probe()
        recording = circuit.simulate(
            candidate, trials, state, execution="fused-float64", states=(circuit.readout.variable,)
        )
        done = recording.state[circuit.readout.variable]
        given = self.weights(candidate), self.inputs(trials), self.start(state)
        for name in ACTIVATIONS:
            network = RecurrentNetwork(*shape, name, leak, "identity")
            told = network.activity(*given)
            if np.allclose(told[..., :-1, :].numpy(), done, _TOLERANCE, _TOLERANCE):
                return network
        raise InvalidInput(
            "Learning rules are for rate units dx/dt = (-x + drive + bias + stimulus)/tau with "
            f"method='euler' and one of the activations {', '.join(ACTIVATIONS)}; this circuit "
            "does something else."
        )

    def weights(self, candidate: np.ndarray) -> RecurrentWeights:
        """Return what the coordinates (parameter,) of a candidate stand for."""
        values = self.circuit.parameters.split(candidate)
        recurrent = np.zeros((self.circuit.n_neurons,) * 2)
        recurrent[self._ends] = values[RECURRENT]
        values |= {RECURRENT: recurrent}
        tensor = require_torch().tensor
        return RecurrentWeights(*(tensor(values[name])[np.newaxis] for name in BLOCKS))

    def gradient(self, candidate: np.ndarray, changes: RecurrentWeights) -> np.ndarray:
        """Return changes of weights as what a descent takes for the gradient, (1, parameter)."""
        blocks = {name: -one.numpy() for name, one in zip(BLOCKS, changes, strict=True)}
        blocks[RECURRENT] = blocks[RECURRENT][(slice(None), *self._ends)]
        return self.circuit.parameters.pull_back(candidate[np.newaxis], blocks)

    def inputs(self, trials: Trials) -> Tensor:
        """Return inputs of every step, (1, trial, step, channel)."""
        steps = round(trials.bin_ms / self.circuit.dt_ms)
        return require_torch().tensor(np.repeat(trials.inputs, steps, axis=1))[np.newaxis]

    def start(self, initial_state: Mapping[str, np.ndarray]) -> Tensor:
        """Return the states to begin with, (1, trial, neuron)."""
        (name,) = self.circuit.states
        return require_torch().tensor(initial_state[name])[np.newaxis]

    def reading(self, trials: Trials) -> Tensor:
        """Return the weights of activity in what is read, (read, step + 1)."""
        dt_ms = self.circuit.dt_ms
        steps = round(trials.duration_ms / dt_ms)
        if isinstance(self.circuit.readout, GradedReadout):
            start, stop = (round(time / dt_ms) for time in trials.periods["decision"])
            reading = np.zeros((1, steps + 1))
            reading[0, start:stop] = 1 / (stop - start)
        else:
            every = round(trials.bin_ms / dt_ms)
            reading = np.eye(steps + 1)[:steps:every]
        return require_torch().tensor(reading)

    @cached_property
    def _ends(self) -> tuple[np.ndarray, np.ndarray]:
        synapses = self.circuit.objects["recurrent"]
        return np.asarray(synapses.j[:]), np.asarray(synapses.i[:])

    def _probe(self) -> tuple[np.ndarray, Trials, Mapping[str, np.ndarray]]:
        """Return a candidate, trials and a state that show what the units do."""
        circuit, rng = self.circuit, generator(0, "rate-parameters")
        bin_ms = 2 * circuit.dt_ms
        trials = Trials(
            inputs=rng.normal(size=(_PROBE_TRIALS, _PROBE_BINS, circuit.channels)),
            bin_ms=bin_ms,
            labels=np.zeros(_PROBE_TRIALS, dtype=int),
            periods={"decision": (0.0, _PROBE_BINS * bin_ms)},
        )
        state = circuit.draw_initial_state(_PROBE_TRIALS, generator(0, "rate-state"))
        state = {name: values + rng.normal(size=values.shape) for name, values in state.items()}
        return circuit.parameters.draw(rng), trials, state
