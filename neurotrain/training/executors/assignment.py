"""A chunk and the calls of workers that are to do it."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass, field, replace
from time import monotonic

import numpy as np

from neurotrain.training.executors.chunk import Chunk
from neurotrain.training.executors.engines import Future
from neurotrain.training.executors.worker import Answer

# How often a chunk is tried before its run is given up.
ATTEMPTS = 5


@dataclass
class Lost:
    """What was heard last of a worker that gave no answer."""

    problem: str
    broken: bool


@dataclass
class Assignment:
    """A chunk that has no scores yet.

    Parameters
    ----------
    chunk : Chunk
    with_plan : bool
        Whether the plan of the run goes along.
    """

    chunk: Chunk
    with_plan: bool
    attempts: int = 0
    calls: dict[Future, float] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """What dashboards show."""
        return f"neurotrain-generation-{self.chunk.generation}-candidates-{self.chunk.first}"

    @property
    def is_exhausted(self) -> bool:
        """Whether it was tried as often as is reasonable."""
        return self.attempts >= ATTEMPTS

    @property
    def waits_since(self) -> float:
        """For how many seconds the last call has been under way."""
        return monotonic() - max(self.calls.values())

    def called(self, call: Future) -> None:
        """Note a call that has begun."""
        self.calls[call] = monotonic()

    def answers(self) -> Iterator[tuple[Answer | Lost, float]]:
        """Yield what came of calls that have ended, and after how many seconds."""
        for call in [one for one in self.calls if one.done()]:
            seconds = monotonic() - self.calls.pop(call)
            try:
                yield call.result(), seconds
            # Dead workers and lost connections have many names.
            except (Exception, asyncio.CancelledError) as error:
                problem = f"{type(error).__name__}: {error}"
                yield Lost(problem, isinstance(error, BrokenExecutor)), seconds

    def carry(self, candidates: np.ndarray) -> None:
        """Let its candidates travel themselves; `candidates` are those of the generation."""
        rows = candidates[self.chunk.first : self.chunk.stop]
        self.chunk = replace(self.chunk, state=None, candidates=rows)
