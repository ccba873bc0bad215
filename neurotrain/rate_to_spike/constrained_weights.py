"""Recurrent weights by Dale's law, sparse, as the compiled code learns them."""

import ctypes

import numpy as np

from neurotrain.rate_to_spike.kernel import CONSTRAINED_RUN, PENDING, SIDE, aligned
from neurotrain.rate_to_spike.spiking_network import Connections


class ConstrainedWeights:
    """The weights of each neuron's own inputs, at the constrained minimum of the squared error.

    Each neuron also learns a constant current, of either sign: synapses that must not change
    their sign need not create what the target has on average.

    Parameters
    ----------
    connections : Connections
    alpha : float
        The squared weights count as errors, times this.
    """

    def __init__(self, connections: Connections, alpha: float) -> None:
        self.alpha = alpha
        neurons, regressors = len(connections.sources), len(connections.signs) + 1
        constant = np.full((neurons, 1), regressors - 1)
        own = np.hstack([connections.sources, constant])
        self._count = own.shape[1]
        self._side = n = -(-self._count // SIDE)
        self._signs = np.append(connections.signs, 0.0)
        self._columns = aligned((neurons, PENDING, n * SIDE))
        self._pending = np.zeros(neurons, np.int64)
        self._updates = np.zeros(1, np.int64)
        shapes = {name: (neurons, n * SIDE) for name in ("weights", "moments")}
        shapes |= {"correlations": (regressors, regressors)}
        shapes |= {"tiles": (neurons, n * (n + 1) // 2, SIDE, SIDE)}
        self._state = {name: aligned(shape) for name, shape in shapes.items()}
        # The compiled code brings those to the front whose weights are free.
        self._state["sources"] = np.full((neurons, n * SIDE), -1)
        self._state["sources"][:, : self._count] = own
        self._state["n_free"] = np.full(neurons, self._count)
        diagonal = np.cumsum([0, *range(n, 1, -1)])
        self._state["tiles"][:, diagonal] = np.eye(SIDE) / alpha

    def changing(self) -> dict[str, np.ndarray]:
        """Return all that changes, the arrays themselves."""
        return self._state | {"updates": self._updates}

    def matrix(self) -> np.ndarray:
        """Return the weights to each neuron from each regressor (neuron, regressor)."""
        return self._whole()[:, :-1]

    def constant(self) -> np.ndarray:
        """Return the learned constant current of each neuron (neuron,), in mV."""
        return self._whole()[:, -1]

    def _whole(self) -> np.ndarray:
        weights, sources = (self._state[n][:, : self._count] for n in ("weights", "sources"))
        whole = np.zeros((len(weights), len(self._signs)))
        np.put_along_axis(whole, sources, weights, axis=1)
        return whole

    def run(self) -> ctypes.Structure:
        """Return what the compiled code reads and writes."""
        arrays = self._state | {"signs": self._signs}
        arrays |= {"columns": self._columns, "pending": self._pending}
        return CONSTRAINED_RUN(
            n_neurons=len(self._pending),
            n_regressors=len(self._signs),
            n_sources=self._count,
            tiles_to_a_side=self._side,
            n_updates=int(self._updates[0]),
            alpha=self.alpha,
            **{name: array.ctypes.data for name, array in arrays.items()},
        )

    def ran(self, run: ctypes.Structure) -> None:
        """Take back what is not in arrays."""
        self._updates[0] = run.n_updates
