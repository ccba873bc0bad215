"""Where the entries of a block of weights lie between neurons."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurotrain.errors import InvalidInput, unknown_name
from neurotrain.parameters.matrices import Matrix, PartOfMatrix


@dataclass(frozen=True, eq=False)
class Layout:
    """From which neuron, or channel, to which neuron each entry of a block goes.

    Parameters
    ----------
    shape : tuple of int
        Shape of the block.
    pre, post : (entry,) int array, optional
        Of each entry of the block in order; None where entries connect nothing.
    n_pre, n_post : int
        How many there are of each.
    autapse : (entry,) bool array, optional
        Where a neuron reaches itself; None where source and target differ.
    source : Brian2 group, optional
        The presynaptic neurons.
    """

    shape: tuple[int, ...]
    pre: np.ndarray | None = None
    post: np.ndarray | None = None
    n_pre: int = 0
    n_post: int = 0
    autapse: np.ndarray | None = None
    source: Any = None

    @classmethod
    def dense(cls, shape: tuple[int, int], source: Any = None) -> "Layout":
        """Return that of a matrix to rows from columns."""
        post, pre = (index.ravel() for index in np.indices(shape))
        return cls(shape, pre, post, n_pre=shape[1], n_post=shape[0], source=source)

    @property
    def size(self) -> int:
        """Number of entries."""
        return int(np.prod(self.shape))

    @property
    def connects(self) -> bool:
        """Whether entries go from one neuron to another."""
        return self.pre is not None

    def matrix(self, entries: np.ndarray | None = None) -> Matrix | None:
        """Return the matrix that entries lie in: a shape, if all are there in order.

        Parameters
        ----------
        entries : (chosen,) int array, optional
            Of the block; by default all.

        Returns
        -------
        matrix : (int, int) or PartOfMatrix or None
            None where entries connect nothing, or one pair of neurons more than once.
        """
        if not self.connects:
            return None
        chosen = slice(None) if entries is None else entries
        pre, post = self.pre[chosen], self.post[chosen]
        whole = np.arange(self.n_pre * self.n_post)
        if np.array_equal(pre * self.n_post + post, whole):
            return self.n_pre, self.n_post
        if np.array_equal(post * self.n_pre + pre, whole):
            return self.n_post, self.n_pre
        if len(np.unique(pre * self.n_post + post)) < len(pre):
            return None
        return PartOfMatrix(self.n_post, self.n_pre, post, pre)

    def entries(self, name: str, what: str, array: np.ndarray) -> np.ndarray:
        """Return an array of the block's shape, or (post, pre) like a matrix, as (entry,).

        Raises
        ------
        InvalidInput
            If it has another shape; the message names the block and `what` the array is.
        """
        array = np.asarray(array)
        if array.shape == self.shape:
            return array.ravel()
        matrix = (self.n_post, self.n_pre)
        if self.connects and array.shape == matrix:
            return array[self.post, self.pre]
        also = f" or, to rows from columns, {matrix}" if self.connects else ""
        raise InvalidInput(
            f"'{name}' has shape {self.shape}{also}; got {what} of shape {array.shape}."
        )

    def presynaptic_parameter(self, name: str, parameter: str) -> np.ndarray:
        """Return the values of a parameter of the presynaptic group, (presynaptic neuron,).

        Raises
        ------
        InvalidInput
            If there is no group, or no such parameter of it.
        """
        equations = getattr(self.source, "equations", None)
        if equations is None:
            raise InvalidInput(
                f"What reaches '{name}' has no parameter '{parameter}'; give the signs as an array."
            )
        if parameter not in equations.parameter_names:
            known = equations.parameter_names
            raise unknown_name(f"parameter of '{self.source.name}'", parameter, known)
        # A subgroup shows its own part.
        values = np.asarray(getattr(self.source, f"{parameter}_")[:], dtype=float)
        return np.broadcast_to(values, (self.n_pre,))
