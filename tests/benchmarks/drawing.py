"""Drawing the values of a case from a fixed seed."""

import numpy as np

from neurotrain.benchmarks.cases import CHANNELS, STEPS_PER_INPUT, Case
from neurotrain.benchmarks.networks import NETWORKS, Coupling
from neurotrain.benchmarks.values import Values


def draw_values(case: Case, seed: int = 1) -> Values:
    """Draw the values of a case."""
    rng = np.random.default_rng(seed)
    network = NETWORKS[case.network]
    neurons, bins = case.neurons, -(-case.steps // STEPS_PER_INPUT)
    constants = {**network.constants, "dt": network.dt_ms * 1e-3}
    arrays = {f"constant:{name}": np.array(float(value)) for name, value in constants.items()}
    for coupling in network.couplings:
        arrays |= _draw_coupling(coupling, case, rng)
    shape = (case.candidates, neurons, CHANNELS)
    arrays["input_weight"] = rng.uniform(-network.stimulus, network.stimulus, shape)
    arrays["bias"] = rng.normal(*network.bias, shape[:2])
    arrays["inputs"] = rng.normal(size=(case.trials, bins, CHANNELS))
    for name, (mean, deviation) in network.initial.items():
        arrays[f"initial:{name}"] = rng.normal(mean, deviation, (case.trials, neurons))
    return Values(arrays)


def _draw_coupling(
    coupling: Coupling, case: Case, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    start, stop = (round(share * case.neurons) for share in coupling.columns)
    connected = np.ones((stop - start, case.neurons), bool)
    if coupling.density < 1:
        connected = rng.random(connected.shape) < coupling.density
    pre, post = np.nonzero(connected)
    mean_inputs = max(1.0, coupling.density * (stop - start))
    bounds = np.array(coupling.weight) / mean_inputs**coupling.scaling
    return {
        f"pre:{coupling.name}": pre + start,
        f"post:{coupling.name}": post,
        f"weight:{coupling.name}": rng.uniform(*bounds, (case.candidates, len(pre))),
    }
