"""The values that all variants of a case share: weights, inputs, initial state."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neurotrain.benchmarks.cases import CHANNELS, STEPS_PER_INPUT, Case
from neurotrain.benchmarks.networks import NETWORKS, Coupling


@dataclass(frozen=True)
class Values:
    """The values of a case, in SI units.

    Parameters
    ----------
    arrays : mapping of str to array
        ``pre:NAME``, ``post:NAME`` (synapse,) and ``weight:NAME`` (candidate, synapse) of every
        coupling; ``input_weight`` (candidate, neuron, channel); ``bias`` (candidate, neuron);
        ``inputs`` (trial, bin, channel); ``initial:NAME`` (trial, neuron) of every state;
        ``constant:NAME``.
    """

    arrays: dict[str, np.ndarray]

    def __getitem__(self, name: str) -> np.ndarray:
        return self.arrays[name]

    @property
    def constants(self) -> dict[str, float]:
        """The constants of the network."""
        return self._named("constant:", float)

    @property
    def initial(self) -> dict[str, np.ndarray]:
        """Where every state begins, (trial, neuron)."""
        return self._named("initial:", np.asarray)

    def matrix(self, coupling: str, neurons: int) -> np.ndarray:
        """Return the weights of a coupling as (candidate, post, pre)."""
        weight = self.arrays[f"weight:{coupling}"]
        matrix = np.zeros((len(weight), neurons, neurons))
        matrix[:, self.arrays[f"post:{coupling}"], self.arrays[f"pre:{coupling}"]] = weight
        return matrix

    def save(self, path: Path) -> None:
        """Write everything into one file."""
        np.savez(path, **self.arrays)

    @classmethod
    def load(cls, path: Path) -> "Values":
        """Read what `save` wrote."""
        with np.load(path) as file:
            return cls(dict(file))

    def _named(self, prefix: str, kind: type) -> dict:
        return {
            name.removeprefix(prefix): kind(array)
            for name, array in self.arrays.items()
            if name.startswith(prefix)
        }


def draw_values(case: Case, seed: int = 1) -> Values:
    """Draw the values of a case."""
    rng = np.random.default_rng(seed)
    network = NETWORKS[case.network]
    neurons, bins = case.neurons, -(-case.steps // STEPS_PER_INPUT)
    arrays = {f"constant:{name}": np.array(float(x)) for name, x in network.constants.items()}
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
