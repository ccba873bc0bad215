"""Chunks of a generation: candidates that a worker simulates together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from neurotrain.optimizers import Optimizer

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Chunk:
    """Some candidates of a generation, and how a worker comes by them.

    Parameters
    ----------
    generation, level : int
        Of the training and of its curriculum; trials and initial states follow from them.
    first, stop : int
        Which candidates.
    state : mapping of str to array or None
        From which the optimizer makes all candidates of the generation again, such as its guess;
        None where they travel themselves.
    candidates : (candidate, parameter) array or None
        Where they do.
    digest : bytes
        Of the candidates.
    """

    generation: int
    level: int
    first: int
    stop: int
    state: Arrays | None
    candidates: np.ndarray | None
    digest: bytes

    def made_by(self, optimizer: Optimizer) -> np.ndarray | None:
        """Return the candidates, (candidate, parameter).

        None where this machine makes others of the same state, since it rounds in another way.
        """
        if self.candidates is not None:
            return self.candidates
        made = optimizer.sample_as(self.state)[self.first : self.stop]
        return made if digest_of(made) == self.digest else None


def digest_of(candidates: np.ndarray) -> bytes:
    """Return a digest of the bits of candidates."""
    return blake2b(np.ascontiguousarray(candidates), digest_size=16).digest()


def chunks_of(
    optimizer: Optimizer,
    candidates: np.ndarray,
    chosen: np.ndarray,
    size: int,
    generation: int,
    level: int,
) -> Iterator[Chunk]:
    """Yield the chunks of a generation, each in the form that has fewer numbers.

    Parameters
    ----------
    optimizer : Optimizer
        Which was asked for the candidates.
    candidates : (candidate, parameter) array
    chosen : (candidate,) bool array
        Which are simulated.
    size : int
        Most candidates of a chunk.
    generation, level : int
    """
    state = getattr(optimizer, "sampling_state", lambda: None)()
    numbers = np.inf if state is None else sum(array.size for array in state.values())
    for first in range(0, len(candidates), size):
        rows = slice(first, min(first + size, len(candidates)))
        part = candidates[rows]
        by_state = bool(chosen[rows].all()) and numbers < part.size
        if chosen[rows].any():
            yield Chunk(
                generation,
                level,
                rows.start,
                rows.stop,
                state if by_state else None,
                None if by_state else part,
                digest_of(part),
            )
