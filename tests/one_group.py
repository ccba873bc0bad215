"""Running one group of neurons through the kernel, below everything that a circuit adds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from brian2 import Network, NeuronGroup, StateMonitor

from neurotrain.executions.fused import gather
from neurotrain.executions.fused.kernel import Kernel
from neurotrain.executions.fused.values import Chosen, Span, Values
from neurotrain.lowering.network import Lowered, lower
from neurotrain.unused_objects import expect_unused


@dataclass(frozen=True)
class Ran:
    """What one trial gave: spikes (bin, neuron), samples, averages and last states by name."""

    spike_count: np.ndarray
    samples: Mapping[str, np.ndarray]
    average: Mapping[str, np.ndarray]
    final: Mapping[str, np.ndarray]


def lowered_with(
    group: NeuronGroup, *others, observe: Iterable[str] = (), inputs=(), namespace=None
) -> Lowered:
    """Return the lowered network, whose variables `observe` are sampled and averaged."""
    network, monitor = Network(group, *others), None
    if observe:
        monitor = StateMonitor(group, list(observe), record=True)
        expect_unused((monitor,))
        network.add(monitor)
    return lower(network, namespace or {}, group, inputs, monitor)


def run_group(
    group: NeuronGroup,
    observe: Iterable[str] = (),
    n_steps: int = 1,
    precision: str = "float64",
    sample_every: int = 1,
    bin_stops: tuple[int, ...] = (),
    average: tuple[int, int] = (0, 0),
    values: Mapping[str, np.ndarray] | None = None,
) -> Ran:
    """Run a group from what it holds, or from `values`, for one trial."""
    lowered = lowered_with(group, observe=observe)
    clocks = gather.clocks(lowered.clocks, [0], [n_steps])
    arrays = gather.arrays(lowered)
    for symbol, variable in lowered.arrays.items():
        if variable.name in (values or {}):
            arrays[symbol] = np.asarray(values[variable.name])[np.newaxis, np.newaxis]
    n_samples = -(-n_steps // sample_every) if sample_every else 0
    chosen = (Chosen(np.arange(len(group)), sample_every, n_samples),) if observe else ()
    given = Values(
        constants=lowered.constant_values(),
        sizes=gather.sizes(lowered),
        arrays=arrays,
        inputs=np.zeros((1, 1, 0)),
        input_weights=np.zeros((1, len(group), 0)),
        keys=np.zeros((1, 1), np.uint64),
        clocks=clocks,
        chosen=chosen,
        tables=gather.tables(lowered),
    )
    span = Span(n_steps, bin_stops=bin_stops, average=average, keeps_states=True)
    outcome = Kernel(lowered.program, precision).run(given, span, 1)
    names = {symbol: variable.name for symbol, variable in lowered.arrays.items()}
    return Ran(
        outcome.spike_count[0, 0],
        {name: one[0, 0] for name, one in (outcome.samples[0] if observe else {}).items()},
        {name: one[0, 0] for name, one in outcome.average.items()},
        {names[symbol]: state[0, 0] for symbol, state in outcome.states.items()},
    )
