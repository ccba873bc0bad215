"""The engine itself, through its public interface, conversions included."""

from pathlib import Path

import numpy as np
from brian2 import Quantity, prefs

import neurotrain as nt
from neurotrain.benchmarks.brian2_objects import make_neurons, make_synapses, set_weight
from neurotrain.benchmarks.cases import CHANNELS, STEPS_PER_INPUT, Case
from neurotrain.benchmarks.networks import NETWORKS
from neurotrain.benchmarks.outcome import Outcome, Seconds, peak_memory_mb, stopwatch
from neurotrain.benchmarks.values import Values
from neurotrain.benchmarks.variants import Variant

EXECUTIONS = {"float32": "fused", "float64": "fused-float64"}


class Fused:
    """A circuit with its candidates and trials."""

    note = ""
    peak_memory_mb = staticmethod(peak_memory_mb)

    def __init__(self, case: Case, variant: Variant, values: Values) -> None:
        self.case = case
        self.share = (case.candidates, case.trials)
        self.circuit = build_circuit(case, values)
        self.given = (
            join_candidates(self.circuit, values),
            make_trials(case, values),
            self.circuit.draw_initial_state(case.trials, np.random.default_rng(1)) | values.initial,
        )
        self.how = {"execution": EXECUTIONS[variant.precision], "threads": variant.threads}

    def compare(self) -> Outcome:
        """Simulate all steps, tracing the compared one."""
        until = self.case.compared_steps * NETWORKS[self.case.network].dt_ms
        recording = self.circuit.simulate(
            *self.given, **self.how, states=("v",), sample_ms=until, bins_ms=[until]
        )
        return Outcome(recording.state["v"][:, :, 1] * 1e3, recording.spike_count[:, :, 0])

    def run(self) -> Seconds:
        """Simulate as a training does."""
        with stopwatch() as seconds:
            self.circuit.simulate(*self.given, **self.how)
        return seconds


def build_circuit(case: Case, values: Values) -> nt.Circuit:
    """Return the circuit of a case, of which only spikes are recorded."""
    network = NETWORKS[case.network]
    neurons = make_neurons(network, network.equations, case.neurons)
    synapses = make_synapses(network, neurons, values, lambda neuron, trial: neuron + 0 * trial, 1)
    for one in synapses:
        set_weight(one, values[f"weight:{one.name}"][0])
    neurons.variables["bias"].set_value(values["bias"][0])
    bound = Quantity(network.stimulus, dim=neurons.variables["stimulus"].dim)
    return nt.Circuit(
        neurons,
        *synapses,
        inputs=nt.Input("stimulus", CHANNELS, weight=nt.Uniform(-bound, bound)),
        readout=nt.SpikeCountReadout(pools=2),
        train=[*(f"{one.name}.weight" for one in synapses), "input.weight", "neurons.bias"],
        namespace={},
    )


def join_candidates(circuit: nt.Circuit, values: Values) -> np.ndarray:
    """Return the candidates of the circuit, (candidate, parameter)."""
    blocks = {"input.weight": values["input_weight"], "neurons.bias": values["bias"]}
    for name in set(circuit.parameters.names) - set(blocks):
        blocks[name] = values[f"weight:{name.removesuffix('.weight')}"]
    return circuit.parameters.join(blocks)


def make_trials(case: Case, values: Values) -> nt.Trials:
    """Return the trials of the circuit."""
    bin_ms = STEPS_PER_INPUT * NETWORKS[case.network].dt_ms
    return nt.Trials(
        inputs=values["inputs"],
        bin_ms=bin_ms,
        labels=np.zeros(case.trials, dtype=int),
        periods={"decision": (0.0, values["inputs"].shape[1] * bin_ms)},
    )


def prepare(case: Case, variant: Variant, values: Values, folder: Path) -> Fused:
    """Return the circuit of a case, ready to run."""
    # Compiling what sets the objects up takes longer than doing it.
    prefs.codegen.target = "numpy"
    return Fused(case, variant, values)
