"""How often a checkpoint is written: as often as that takes little of the time."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter, thread_time

# The share of the time for which checkpoints keep a processor busy, at most.
SHARE = 0.03
# One that took long by chance, as with a busy disk, does not count alone.
REMEMBERED = 5


class CheckpointPace:
    """When the next checkpoint is due.

    Parameters
    ----------
    every : int or None
        After so many generations, however long they take; None for as soon as the processor time
        that the last ones cost is a small share of the time since.
    """

    def __init__(self, every: int | None) -> None:
        self._every = every
        self._costs: deque[float] = deque(maxlen=REMEMBERED)
        self._begun, self._is_loaded = perf_counter(), False

    def is_due(self, generation: int) -> bool:
        """Whether there is to be a checkpoint after `generation`."""
        if self._every is not None:
            return generation % self._every == 0
        cost = median(self._costs) if self._costs else 0.0
        return perf_counter() - self._begun >= cost / SHARE

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Write a checkpoint, in a thread of which the processor time counts."""
        self._begun, started = perf_counter(), thread_time()
        yield
        # The first one loads what it needs.
        if self._is_loaded:
            self._costs.append(thread_time() - started)
        self._is_loaded = True
