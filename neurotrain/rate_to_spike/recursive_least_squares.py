"""Recursive least squares, compiled, for regressors that come one step at a time."""

import numpy as np

from neurotrain.errors import InvalidInput, require_number, require_whole
from neurotrain.rate_to_spike.kernel import PENDING, SIDE, aligned, library


class RecursiveLeastSquares:
    """The inverse correlation matrix of regressors, kept up to date without forgetting.

    A decoder that gives ``y = D @ s`` and should have given ``wanted`` learns by
    ``D += np.outer(wanted - y, gain)`` with ``gain = update(s)`` (Sussillo and Abbott 2009,
    doi:10.1016/j.neuron.2009.07.018, equations 4 and 5).

    Parameters
    ----------
    regressors : int
        How many there are.
    alpha : float
        The matrix starts as the identity divided by `alpha`.

    Attributes
    ----------
    size : int
        Of vectors in the compiled code: `regressors` and zeros to the end of the last tile.
    tiles, columns, pending : array
        The matrix as the compiled code keeps it.
    """

    def __init__(self, regressors: int, alpha: float = 1.0) -> None:
        require_whole("regressors", regressors)
        require_number("alpha", alpha, above=0)
        self.regressors, self.alpha = int(regressors), float(alpha)
        self.tiles_to_a_side = n = -(-self.regressors // SIDE)
        self.size = n * SIDE
        self.tiles = aligned((n * (n + 1) // 2, SIDE, SIDE))
        self.columns = aligned((PENDING, self.size))
        self.pending = np.zeros(1, np.int64)
        self._values, self._gain = aligned(self.size), aligned(self.size)
        # Columns of tiles run from the diagonal down.
        self._rows = np.concatenate([np.arange(j, n) for j in range(n)])
        self._columns = np.repeat(np.arange(n), np.arange(n, 0, -1))
        self.tiles[self._rows == self._columns] = np.eye(SIDE) / self.alpha

    def update(self, values: np.ndarray) -> np.ndarray:
        """Take in the values (regressor,) of one step, and return the gain (regressor,)."""
        if np.shape(values) != (self.regressors,):
            raise InvalidInput(
                f"Recursive least squares of {self.regressors} regressors cannot take values of "
                f"shape {np.shape(values)}."
            )
        self._values[: self.regressors] = values
        library().neurotrain_update(*self._addresses(self._values, self._gain))
        return self._gain[: self.regressors].copy()

    def flush(self) -> None:
        """Bring the last updates, which are kept aside, into the tiles."""
        library().neurotrain_flush(*self._addresses())

    def matrix(self) -> np.ndarray:
        """Return the inverse correlation matrix (regressor, regressor)."""
        self.flush()
        n = self.tiles_to_a_side
        blocks = np.zeros((n, n, SIDE, SIDE))
        # A tile is kept by columns.
        blocks[self._rows, self._columns] = self.tiles.transpose(0, 2, 1)
        blocks[self._columns, self._rows] = self.tiles
        whole = blocks.transpose(0, 2, 1, 3).reshape(self.size, self.size)
        return whole[: self.regressors, : self.regressors]

    def _addresses(self, *vectors: np.ndarray) -> list[int]:
        arrays = (self.tiles, self.columns, self.pending, *vectors)
        return [self.tiles_to_a_side, *(array.ctypes.data for array in arrays)]
