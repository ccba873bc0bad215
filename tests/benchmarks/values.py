"""The values that all variants of a case share: weights, inputs, initial state."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Values:
    """The values of a case, in SI units.

    Parameters
    ----------
    arrays : mapping of str to array
        ``pre:NAME``, ``post:NAME`` (synapse,) and ``weight:NAME`` (candidate, synapse) of every
        coupling; ``input_weight`` (candidate, neuron, channel); ``bias`` (candidate, neuron);
        ``inputs`` (trial, bin, channel); ``initial:NAME`` (trial, neuron) of every state;
        ``constant:NAME`` of every constant of the network, ``dt`` among them.
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

    @property
    def couplings(self) -> tuple[str, ...]:
        """The names of the couplings."""
        return tuple(name.removeprefix("pre:") for name in self.arrays if name.startswith("pre:"))

    def columns(self, coupling: str) -> slice:
        """Return which presynaptic neurons a coupling has."""
        pre = self.arrays[f"pre:{coupling}"]
        return slice(int(pre.min()), int(pre.max()) + 1)

    def matrix(self, coupling: str) -> np.ndarray:
        """Return the weights of a coupling as (candidate, post, pre), of its own columns only."""
        pre, post = self.arrays[f"pre:{coupling}"], self.arrays[f"post:{coupling}"]
        weight, columns = self.arrays[f"weight:{coupling}"], self.columns(coupling)
        neurons = self.arrays["bias"].shape[1]
        matrix = np.zeros((len(weight), neurons, columns.stop - columns.start))
        matrix[:, post, pre - columns.start] = weight
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
