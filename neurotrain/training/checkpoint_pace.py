"""How often a checkpoint is written: as often as that takes little of the time."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter

# The share of the time that checkpoints take at most.
SHARE = 0.03
# One that took long by chance, as with a busy disk, does not count alone.
REMEMBERED = 5


class CheckpointPace:
    """When the next checkpoint is due.

    Parameters
    ----------
    every : int or None
        After so many generations, however long they take; None for as soon as the time since
        the last one makes what it costs a small share.
    """

    def __init__(self, every: int | None) -> None:
        self._every = every
        self._costs: deque[float] = deque(maxlen=REMEMBERED)
        self._written = perf_counter()

    def is_due(self, generation: int) -> bool:
        """Whether there is to be a checkpoint after `generation`."""
        if self._every is not None:
            return generation % self._every == 0
        # Of a training that goes on nothing has been written yet, and so no cost is known.
        cost = median(self._costs) if self._costs else 0.0
        return perf_counter() - self._written >= cost / SHARE

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Write a checkpoint, which is timed."""
        started = perf_counter()
        yield
        self._written = perf_counter()
        self._costs.append(self._written - started)
