"""The standard normal noise of a generation, drawn once and held until its losses are told."""

from collections.abc import Iterator, Sequence
from math import prod, sqrt

import numpy as np

from neurotrain.errors import InvalidInput, require_whole
from neurotrain.parameters.matrices import PartOfMatrix, Shape, is_matrix

# Numbers that are worked on at a time: what was just drawn is still in the cache when it
# is used.
CHUNK = 2**15

Chunks = Iterator[tuple[slice, np.ndarray]]
Shapes = Sequence[Sequence[int] | PartOfMatrix]


def row_chunks(count: int, size: int) -> Iterator[slice]:
    """Yield slices of `count` rows of `size` numbers, each of a chunk, or of one row."""
    step = max(1, CHUNK // size)
    for first in range(0, count, step):
        yield slice(first, min(first + step, count))


class Noise:
    """Independent standard normal directions, (direction, parameter).

    Directions come in chunks: pairs of a slice of directions and an array
    (direction, parameter), which is overwritten by the next chunk or the next draw.

    Parameters
    ----------
    count, size : int
        Number of directions and of parameters.
    """

    def __init__(self, count: int, size: int) -> None:
        self.count, self.size = count, size
        self._held = np.empty((count, self._numbers()))

    def _numbers(self) -> int:
        """Return how many numbers are held for a direction."""
        return self.size

    def draw(self, rng: np.random.Generator) -> Chunks:
        """Draw all directions anew; to be consumed to its end."""
        for rows in self._rows():
            rng.standard_normal(out=self._held[rows])
            yield rows, self._directions(rows)

    def held(self) -> Chunks:
        """Return the directions that were drawn last."""
        for rows in self._rows():
            yield rows, self._directions(rows)

    def total(self, weights: np.ndarray, power: int = 1) -> np.ndarray:
        """Return the sum of ``weight * direction**power``, (parameter,), for a power of 1 or 2.

        Parameters
        ----------
        weights : (direction,) array
        power : int
        """
        return _total(weights, self._held, power)

    def _rows(self) -> Iterator[slice]:
        return row_chunks(self.count, self.size)

    def _directions(self, rows: slice) -> np.ndarray:
        return self._held[rows]


class LowRankNoise(Noise):
    """Directions that are of low rank in every matrix, (direction, parameter).

    In a block of shape (m, n), or one that is a part of such a matrix, a direction is
    ``A @ B.T / sqrt(rank)`` with standard normal A of shape (m, rank) and B of shape
    (n, rank), so that each entry has mean 0 and variance 1; in every other block it is
    standard normal. Only the factors are held (Sarkar et al. 2025, arXiv:2511.16652).

    Parameters
    ----------
    count, size : int
        Number of directions and of parameters.
    rank : int
        Rank of the matrices.
    shapes : sequence of tuple of int or PartOfMatrix
        Shape of each block, in the order in which they lie in the parameter vector.

    Raises
    ------
    InvalidInput
        If the shapes do not add up to `size`, or the rank is not a whole number.
    """

    def __init__(self, count: int, size: int, rank: int, shapes: Shapes | None) -> None:
        require_whole("rank", rank)
        self.rank, self.shapes = rank, _checked_shapes(shapes, size)
        super().__init__(count, size)
        self._scratch = np.empty((min(count, max(1, CHUNK // size)), size))

    def total(self, weights: np.ndarray, power: int = 1) -> np.ndarray:
        """Return the sum of ``weight * direction**power``, without making all directions."""
        total = np.zeros(self.size)
        for rows, directions in self.held():
            total += _total(weights[rows], directions, power)
        return total

    def _numbers(self) -> int:
        return sum(self._numbers_of(shape) for shape in self.shapes)

    def _numbers_of(self, shape: Shape) -> int:
        return self.rank * sum(_lengths(shape)) if is_matrix(shape) else prod(shape)

    def _directions(self, rows: slice) -> np.ndarray:
        held = self._held[rows]
        directions = self._scratch[: len(held)]
        read = written = 0
        for shape in self.shapes:
            numbers = held[:, read : read + self._numbers_of(shape)]
            block = directions[:, written : written + _size(shape)]
            if is_matrix(shape):
                self._multiply(numbers, block, shape)
            else:
                block[:] = numbers
            read, written = read + numbers.shape[1], written + block.shape[1]
        return directions

    def _multiply(self, numbers: np.ndarray, block: np.ndarray, shape: Shape) -> None:
        """Write the products of the factors in `numbers` into `block`."""
        m, n = _lengths(shape)
        left = numbers[:, : self.rank * m].reshape(-1, self.rank, m)
        right = numbers[:, self.rank * m :].reshape(-1, self.rank, n)
        if isinstance(shape, PartOfMatrix):
            left, right = left[:, :, shape.row], right[:, :, shape.column]
        else:
            left, right = left[..., np.newaxis], right[:, :, np.newaxis]
        total = left[:, 0] * right[:, 0]
        for i in range(1, self.rank):
            total += left[:, i] * right[:, i]
        block[:] = total.reshape(block.shape)
        block /= sqrt(self.rank)


def _lengths(matrix: Shape) -> tuple[int, int]:
    return (matrix.rows, matrix.columns) if isinstance(matrix, PartOfMatrix) else matrix


def _size(shape: Shape) -> int:
    return shape.size if isinstance(shape, PartOfMatrix) else prod(shape)


def _checked_shapes(shapes: Shapes | None, size: int) -> list[Shape]:
    if shapes is None:
        raise InvalidInput("Low-rank noise must know the matrices: set shapes.")
    if not isinstance(shapes, Sequence) or not all(
        isinstance(shape, Sequence | PartOfMatrix) for shape in shapes
    ):
        raise InvalidInput(
            f"shapes must be a list of shapes such as [(64, 50), (64,)], got {shapes!r}."
        )
    shapes = [shape if isinstance(shape, PartOfMatrix) else tuple(shape) for shape in shapes]
    for shape in shapes:
        for length in () if isinstance(shape, PartOfMatrix) else shape:
            require_whole("Each length in shapes", length)
    in_all = sum(_size(shape) for shape in shapes)
    if in_all != size:
        raise InvalidInput(f"shapes must hold {size} parameters in all, they hold {in_all}.")
    return shapes


def make_noise(count: int, size: int, rank: int | None, shapes: Shapes | None) -> Noise:
    """Return noise of full rank, or of `rank` in the matrices among `shapes`."""
    return Noise(count, size) if rank is None else LowRankNoise(count, size, rank, shapes)


def _total(weights: np.ndarray, directions: np.ndarray, power: int) -> np.ndarray:
    # Unlike a product by BLAS, the same to the last bit on any number of threads.
    return np.einsum("k,kd->d" if power == 1 else "k,kd,kd->d", weights, *[directions] * power)
