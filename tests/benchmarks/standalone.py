"""One candidate of the benchmark in Brian2's C++ standalone mode, in a process of its own.

Called as ``standalone.py VALUES.npz RESULT.npz FOLDER``. All trials are simulated at once, as
one NeuronGroup in which they do not see each other. Says 'ready' when it is compiled; then runs
for every line on stdin, writes the outcome and prints the seconds that Brian2's clock took.
"""

import sys
from pathlib import Path

import numpy as np
from brian2 import (
    NeuronGroup,
    SpikeMonitor,
    Synapses,
    TimedArray,
    defaultclock,
    device,
    ms,
    run,
    set_device,
)
from network import MODEL_CONSTANTS

from neurotrain.models.morris_lecar import EQUATIONS


def build(values: dict[str, np.ndarray], folder: str) -> tuple[NeuronGroup, SpikeMonitor]:
    """Build the project; neuron n on trial b is number ``n*trials + b``."""
    set_device("cpp_standalone", directory=folder, build_on_run=False)
    defaultclock.dt = float(values["dt_ms"]) * ms
    trials, neurons = values["v"].shape
    stimuli = TimedArray(_stimuli(values), dt=float(values["bin_ms"]) * ms)
    # Once a step for each neuron, not once for each synapse; all else stays as in the model.
    equations = EQUATIONS.replace(
        "activity = 1/(1 + exp(-(v - V_t)/K_p)) : 1",
        "activity = 1/(1 + exp(-(v - V_t)/K_p)) : 1 (constant over dt)",
    )
    assert equations != EQUATIONS
    group = NeuronGroup(
        neurons * trials,
        equations,
        threshold="v > 0*mV",
        refractory="v > -20*mV",
        method="euler",
        namespace={**MODEL_CONSTANTS, "stimuli": stimuli},
    )
    group.run_regularly("stimulus = stimuli(t, i)", dt=float(values["bin_ms"]) * ms)
    group.variables["v"].set_value(values["v"].T.ravel())
    group.variables["w"].set_value(values["w"].T.ravel())
    group.variables["bias"].set_value(np.repeat(values["bias"], trials))
    synapses = _connect(group, values["weight"], trials)
    monitor = SpikeMonitor(group, record=False)
    run(int(values["steps"]) * defaultclock.dt)
    device.build(directory=folder, compile=True, run=False, with_output=False)
    del synapses
    return group, monitor


def _stimuli(values: dict[str, np.ndarray]) -> np.ndarray:
    driven = np.einsum("nk,btk->tnb", values["input_weight"], values["inputs"])
    return driven.reshape(len(driven), -1)


def _connect(group: NeuronGroup, weight: np.ndarray, trials: int) -> Synapses:
    # Trials innermost: in this order Brian2's loop over synapses goes straight through memory.
    neurons = np.arange(len(weight))
    pre, post, trial = np.meshgrid(neurons, neurons, np.arange(trials), indexing="ij")
    model = "weight : 1\ndrive_post = weight*activity_pre : 1 (summed)"
    synapses = Synapses(group, group, model)
    synapses.connect(i=(pre * trials + trial).ravel(), j=(post * trials + trial).ravel())
    synapses.weight = weight[post, pre].ravel()
    return synapses


def main() -> None:
    """Build, then run as often as asked."""
    values_file, result_file, folder = sys.argv[1:]
    values = dict(np.load(values_file))
    group, monitor = build(values, folder)
    print("ready", flush=True)
    shape = values["v"].T.shape
    for _ in sys.stdin:
        device.run()
        counts, v = np.array(monitor.count), np.array(group.variables["v"].get_value())
        np.savez(Path(result_file), spike_count=counts.reshape(shape), v=v.reshape(shape))
        print(device._last_run_time, flush=True)


if __name__ == "__main__":
    main()
