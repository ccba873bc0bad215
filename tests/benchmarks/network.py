"""The network that every variant of the benchmark simulates, and the values they share."""

from dataclasses import dataclass

import numpy as np
from brian2 import Synapses, ms

import neurotrain as nt
from neurotrain.models.morris_lecar import (
    BIAS,
    INITIAL_V,
    INPUT,
    PARAMETER_SETS,
    SYNAPSE,
    morris_lecar_neurons,
)

STEPS_PER_INPUT = 20
MODEL_CONSTANTS = {**PARAMETER_SETS["network"], **SYNAPSE, **INPUT}


@dataclass(frozen=True)
class Size:
    """How much is simulated; one step of one neuron on one trial is a neuron-step."""

    neurons: int = 100
    trials: int = 16
    channels: int = 4
    candidates: int = 4
    steps: int = 4000
    dt_ms: float = 0.05
    method: str = "euler"

    @property
    def neuron_steps(self) -> int:
        """Units of work of all candidates."""
        return self.candidates * self.trials * self.neurons * self.steps


@dataclass(frozen=True)
class Work:
    """One circuit with candidates, trials and initial state, drawn from a fixed seed."""

    size: Size
    circuit: nt.Circuit
    candidates: np.ndarray
    trials: nt.Trials
    initial_state: dict[str, np.ndarray]

    @classmethod
    def draw(cls, size: Size, seed: int = 1) -> "Work":
        """Draw the values of a benchmark of this size."""
        rng = np.random.default_rng(seed)
        circuit = build_circuit(size)
        return cls(
            size,
            circuit,
            np.stack([circuit.parameters.draw(rng) for _ in range(size.candidates)]),
            draw_trials(size, rng),
            circuit.draw_initial_state(size.trials, rng),
        )

    @property
    def blocks(self) -> dict[str, np.ndarray]:
        """Weights (candidate, post, pre), input weights and biases."""
        blocks = self.circuit.parameters.split(self.candidates)
        shape = (self.size.candidates, self.size.neurons, self.size.neurons)
        return {
            "weight": blocks["recurrent.weight"].reshape(shape).swapaxes(1, 2),
            "input_weight": blocks["input.weight"],
            "bias": blocks["neurons.bias"],
        }


def build_circuit(size: Size) -> nt.Circuit:
    """Return the Morris-Lecar network with graded synapses, of which only spikes are recorded."""
    neurons = morris_lecar_neurons(size.neurons, method=size.method, dt=size.dt_ms * ms)
    recurrent = Synapses(
        neurons, neurons, "weight : 1\ndrive_post = weight*activity_pre : 1 (summed)"
    )
    recurrent.connect()
    bound = 1 / size.neurons**0.5
    return nt.Circuit(
        neurons,
        recurrent,
        inputs=nt.Input("stimulus", size.channels),
        readout=nt.SpikeCountReadout(pools=2),
        train={
            "recurrent.weight": nt.Uniform(-bound, bound),
            "input.weight": nt.Uniform(-bound, bound),
            "neurons.bias": nt.Normal(BIAS, 0.05),
        },
        initial={"v": INITIAL_V},
        namespace={},
    )


def draw_trials(size: Size, rng: np.random.Generator) -> nt.Trials:
    """Return trials of Gaussian inputs that change every `STEPS_PER_INPUT` steps."""
    bins = -(-size.steps // STEPS_PER_INPUT)
    return nt.Trials(
        inputs=rng.normal(size=(size.trials, bins, size.channels)),
        bin_ms=STEPS_PER_INPUT * size.dt_ms,
        labels=np.zeros(size.trials, dtype=int),
        periods={"decision": (0.0, bins * STEPS_PER_INPUT * size.dt_ms)},
    )
