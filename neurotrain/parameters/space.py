"""The map between named blocks of trained parameters and one flat vector."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import prod

import numpy as np

from neurotrain.distributions import Distribution
from neurotrain.errors import InvalidInput, unknown_name
from neurotrain.parameters.matrices import Matrix, Shape


@dataclass(frozen=True)
class Block:
    """One named array of trained parameters, in SI units, each of them searched as it is.

    Parameters
    ----------
    name : str
        Such as ``'recurrent.weight'``.
    shape : tuple of int
        Shape of the array.
    initial : Distribution or array
        Where training starts: drawn anew for every run, or as given.
    scale : float
        How far a typical value lies from zero; perturbations and learning rates
        are relative to it.
    matrix : (int, int) or PartOfMatrix, optional
        Where the coordinates in their order are a matrix of weights though the array is flat.
    """

    name: str
    shape: tuple[int, ...]
    initial: Distribution | np.ndarray
    scale: float
    matrix: Matrix | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if not (np.isfinite(self.scale) and self.scale > 0):
            raise InvalidInput(f"The scale of '{self.name}' must be positive, got {self.scale}.")

    @property
    def size(self) -> int:
        """Number of searched coordinates."""
        return prod(self.shape)

    @property
    def coordinate_shape(self) -> Shape:
        """Shape of the coordinates, of two axes where they are a matrix."""
        return self.matrix or self.shape

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Return where a search begins, (size,)."""
        if isinstance(self.initial, np.ndarray):
            return np.array(self.initial, dtype=float).ravel()
        return self.initial.draw(self.shape, rng).ravel()

    def decode(self, coordinates: np.ndarray) -> np.ndarray:
        """Return the values (..., *shape) of coordinates (..., size)."""
        return coordinates.reshape(*coordinates.shape[:-1], *self.shape)

    def encode(self, values: np.ndarray) -> np.ndarray:
        """Return the coordinates (..., size) of values (..., *shape)."""
        return values.reshape(*values.shape[: values.ndim - len(self.shape)], self.size)

    def pull_back(self, coordinates: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Return the derivatives by coordinates (..., size) from those by values (..., *shape)."""
        return gradient.reshape(*gradient.shape[: gradient.ndim - len(self.shape)], -1)

    def described(self) -> Iterator[str | np.ndarray]:
        """Yield what distinguishes it from others of its name and shape, for fingerprints."""
        yield from ()


class ParameterSpace:
    """The trained parameters of a circuit: named blocks and one flat vector.

    The vector holds the coordinates of all blocks, any real numbers; a fixed block has none.

    Parameters
    ----------
    blocks : tuple of Block
        In the order in which they lie in the vector.

    Raises
    ------
    InvalidInput
        If there is nothing to search.
    """

    def __init__(self, blocks: tuple[Block, ...]) -> None:
        if not blocks:
            raise InvalidInput("Nothing is trained: name at least one variable in train=[...].")
        if not any(block.size for block in blocks):
            raise InvalidInput("Nothing is trained: every value is fixed or masked.")
        self.blocks = blocks

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the blocks."""
        return tuple(block.name for block in self.blocks)

    def require(self, *names: str) -> None:
        """Raise `InvalidInput` unless there are blocks of these names."""
        for name in names:
            if name not in self.names:
                raise unknown_name("trained parameter", name, self.names)

    @property
    def size(self) -> int:
        """Number of coordinates of all blocks."""
        return sum(block.size for block in self.blocks)

    @cached_property
    def scale(self) -> np.ndarray:
        """The scale of every coordinate, (parameter,)."""
        return np.concatenate([np.full(block.size, block.scale) for block in self.blocks])

    @property
    def shapes(self) -> list[Shape]:
        """Shapes of the coordinates of each block, in the order in which they lie in the vector."""
        return [block.coordinate_shape for block in self.blocks if block.size]

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Return a starting vector, (parameter,)."""
        return np.concatenate([block.draw(rng) for block in self.blocks])

    def split(self, vectors: np.ndarray) -> dict[str, np.ndarray]:
        """Return the values of vectors (..., parameter), blocks of shape (..., *block shape).

        Raises
        ------
        InvalidInput
            If the vectors have another length or hold NaN or infinity.
        """
        vectors = np.asarray(vectors, dtype=float)
        if vectors.shape[-1:] != (self.size,):
            raise InvalidInput(
                f"Expected vectors of {self.size} parameters ({', '.join(self.names)}), "
                f"got shape {vectors.shape}."
            )
        if not np.isfinite(vectors).all():
            raise InvalidInput("Parameters hold NaN or infinity; they must be finite numbers.")
        pieces = self._pieces(vectors)
        return {block.name: block.decode(pieces[block.name]) for block in self.blocks}

    def with_values(self, vector: np.ndarray, values: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return a vector (parameter,) with other values of some blocks, (*block shape).

        Raises
        ------
        InvalidInput
            If a block is unknown or of another shape, values are not finite, or no vector gives
            them.
        """
        pieces = self._pieces(vector)
        self.require(*values)
        for block in self.blocks:
            if block.name in values:
                pieces[block.name] = _encode(block, np.asarray(values[block.name], dtype=float))
        changed = np.concatenate([*pieces.values()])
        self.split(changed)
        return changed

    def _pieces(self, vectors: np.ndarray) -> dict[str, np.ndarray]:
        """Return the coordinates (..., size) of each block."""
        ends = np.cumsum([block.size for block in self.blocks])[:-1]
        return dict(zip(self.names, np.split(vectors, ends, axis=-1), strict=True))

    def pull_back(
        self, vectors: np.ndarray, block_gradients: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        """Return the derivatives of a function by the coordinates.

        Parameters
        ----------
        vectors : (..., parameter) array
            Where it is differentiated.
        block_gradients : mapping of str to (..., *block shape) array
            Its derivatives by the values of each block, in SI units; of a block that is not
            among them they are 0.

        Returns
        -------
        (..., parameter) array

        Raises
        ------
        InvalidInput
            If a block is unknown, or derivatives have another shape.
        """
        vectors = np.asarray(vectors, dtype=float)
        self.require(*block_gradients)
        pieces, lead = self._pieces(vectors), vectors.shape[:-1]
        pulled = [np.zeros_like(piece) for piece in pieces.values()]
        for k, block in enumerate(self.blocks):
            if block.name in block_gradients:
                gradient = np.asarray(block_gradients[block.name], dtype=float)
                _require_shape(block, gradient, lead)
                pulled[k] = block.pull_back(pieces[block.name], gradient)
        return np.concatenate(pulled, axis=-1)

    def join(self, values: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return the vectors (..., parameter) of blocks (..., *block shape).

        Raises
        ------
        InvalidInput
            If a block is unknown, missing or of another shape, or no vector gives its values.
        """
        self.require(*values)
        missing = set(self.names) - set(values)
        if missing:
            raise InvalidInput(f"No values were given for {', '.join(sorted(missing))}.")
        flat = [_encode(block, np.asarray(values[block.name])) for block in self.blocks]
        return np.concatenate(flat, axis=-1)


def _encode(block: Block, values: np.ndarray) -> np.ndarray:
    _require_shape(block, values, values.shape[: values.ndim - len(block.shape)])
    return block.encode(values)


def _require_shape(block: Block, values: np.ndarray, lead: tuple[int, ...]) -> None:
    if values.shape != (*lead, *block.shape):
        raise InvalidInput(
            f"'{block.name}' has shape {block.shape}, got values of shape {values.shape}."
        )
