"""Matrices of weights that lie in a vector, whole or in part."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class PartOfMatrix:
    """Some entries of a matrix, in the order in which they lie in a vector.

    Parameters
    ----------
    rows, columns : int
        Shape of the matrix.
    row, column : (entry,) int array
        Where each entry lies in it.
    """

    rows: int
    columns: int
    row: np.ndarray
    column: np.ndarray

    @property
    def size(self) -> int:
        """Number of entries."""
        return len(self.row)


Matrix = tuple[int, int] | PartOfMatrix
Shape = tuple[int, ...] | PartOfMatrix


def is_matrix(shape: Shape) -> bool:
    """Whether a shape is that of a matrix or of a part of one."""
    return isinstance(shape, PartOfMatrix) or len(shape) == 2
