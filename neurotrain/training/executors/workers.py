"""The scores of a generation from many workers, whatever becomes of some of them."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, wait
from concurrent.futures import Future as StandardFuture
from dataclasses import fields, replace
from hashlib import blake2b
from math import ceil
from statistics import median
from time import sleep

import numpy as np

from neurotrain.errors import NeurotrainError, TrainingFailed, require_number, require_whole
from neurotrain.optimizers import Optimizer
from neurotrain.training.evaluation import FAILED, Scores
from neurotrain.training.executors import worker
from neurotrain.training.executors.assignment import ATTEMPTS, Assignment, Lost
from neurotrain.training.executors.chunk import chunks_of
from neurotrain.training.executors.engines import Engine
from neurotrain.training.executors.messages import pack, unpack
from neurotrain.training.executors.traffic import Traffic
from neurotrain.training.executors.travelling import check_distributable, portable
from neurotrain.training.plan import Plan

# How often workers are replaced in a generation before it is given up.
RENEWALS = 3
# A chunk is tried elsewhere too after so many times as long as others took, but not before.
SLOWNESS, LEAST_SECONDS = 5.0, 10.0
# What a new worker may take until it simulates, on a busy machine.
START_SECONDS = 60.0
# How many chunks tell how long one takes.
REMEMBERED = 100
POLL_SECONDS, LONGEST_WAIT_SECONDS = 0.002, 0.1


class WorkersFailed(TrainingFailed):
    """The workers cannot do what is asked of them; the run can go on with others."""


class Workers:
    """The workers of one run.

    A chunk whose worker dies, is stuck or lost is done by another one; of results that come twice
    the first counts. Scores do not depend on any of this, nor on how candidates are divided.

    Parameters
    ----------
    engine : Engine
    plan : Plan
    chunk_candidates : int, optional
        Most candidates that a worker simulates together; by default one chunk for each worker.
    chunk_seconds : float, optional
        After how long a chunk is tried elsewhere too; by default after 10 s and 5 times as long as
        the others took.

    Raises
    ------
    InvalidInput
        If the run cannot be distributed, or a number is out of its range.
    """

    def __init__(
        self,
        engine: Engine,
        plan: Plan,
        chunk_candidates: int | None = None,
        chunk_seconds: float | None = None,
    ) -> None:
        if chunk_candidates is not None:
            require_whole("chunk_candidates", chunk_candidates)
        if chunk_seconds is not None:
            require_number("chunk_seconds", chunk_seconds, above=0)
        check_distributable(plan)
        # There is a worker for each core, as a rule.
        settings = replace(plan.settings, threads=plan.settings.threads or 1)
        self._plan = pack(replace(portable(plan), settings=settings))
        self._key = blake2b(self._plan, digest_size=16).hexdigest()
        self.engine, self.traffic = engine, Traffic()
        self._size, self._limit = chunk_candidates, chunk_seconds
        self._seconds: list[float] = []
        self._avoided: set[str] = set()
        self._renewed, self._lost = 0, Lost("nothing", broken=False)

    def scores(
        self, optimizer: Optimizer, candidates: np.ndarray, generation: int, level: int
    ) -> Scores:
        """Return the scores of the candidates that the optimizer was asked for.

        Raises
        ------
        WorkersFailed
            If chunks fail again and again, or a worker has another version.
        """
        self._renewed = 0
        usable = np.isfinite(candidates).all(axis=1)
        size = self._size or max(1, ceil(len(candidates) / self.engine.count))
        chunks = chunks_of(optimizer, candidates, usable, size, generation, level)
        is_first = not self.traffic.generations
        parts = list(self._answered([Assignment(chunk, is_first) for chunk in chunks], candidates))
        self.traffic.generations += 1
        self.traffic.candidates += len(candidates)
        return _joined(parts, len(candidates))

    def _answered(
        self, assignments: list[Assignment], candidates: np.ndarray
    ) -> Iterator[tuple[slice, Scores]]:
        """Yield the scores of each chunk as soon as they are there."""
        for one in assignments:
            self._submit(one)
        remaining = list(assignments)
        while remaining:
            _wait(remaining)
            for one in list(remaining):
                scores = self._scores_of(one, candidates)
                if scores is not None:
                    remaining.remove(one)
                    yield slice(one.chunk.first, one.chunk.stop), scores
                elif not one.calls or one.waits_since > self._patience_with(one):
                    self._try_again(one, remaining)
        if any(not call.done() for one in assignments for call in one.calls):
            # What is stuck would take the place of a worker for ever.
            self.engine.renew()

    def _patience_with(self, one: Assignment) -> float:
        """After how many seconds a call is late."""
        # A worker that gets the plan is new, and imports Brian2 first.
        start = START_SECONDS if one.with_plan else 0.0
        if self._limit is not None:
            return start + self._limit
        usual = median(self._seconds[-REMEMBERED:]) if self._seconds else np.inf
        return start + max(LEAST_SECONDS, SLOWNESS * usual)

    def _submit(self, one: Assignment) -> None:
        one.attempts += 1
        chunk, plan = pack(one.chunk), self._plan if one.with_plan else None
        self.traffic.sent += len(chunk)
        self.traffic.plans += len(plan or b"")
        arguments = (worker.versions(), self._key, chunk, plan)
        try:
            one.called(self.engine.submit(one.label, self._avoided, worker.work, *arguments))
        # As where all workers have died meanwhile, or the scheduler.
        except Exception as error:
            self._lost = Lost(f"{type(error).__name__}: {error}", broken=True)

    def _scores_of(self, one: Assignment, candidates: np.ndarray) -> Scores | None:
        """Return the scores of a chunk if a worker has told them, and see to what else it told."""
        for answer, seconds in one.answers():
            if isinstance(answer, Lost):
                self._lost = answer
            elif answer["kind"] == worker.SCORES:
                self._seconds.append(seconds)
                self.traffic.received += sum(array.nbytes for array in answer["scores"])
                return Scores(*answer["scores"])
            else:
                self._react(answer, one, candidates)
        return None

    def _react(self, answer: worker.Answer, one: Assignment, candidates: np.ndarray) -> None:
        """Change an assignment so that it can be done, or raise what the user must know."""
        kind, name = answer["kind"], answer["worker"]
        if kind == worker.RAISED:
            raise unpack(answer["error"])
        if kind == worker.OTHER_VERSION:
            raise WorkersFailed(
                f"The worker {name} has {_listed(answer['versions'])}, and this process has "
                f"{_listed(worker.versions())}: install the same there."
            )
        if kind == worker.NO_COMPILER:
            self._avoided.add(name)
            self._lost = Lost(f"worker {name}: {answer['problem']}", broken=False)
        elif kind == worker.NEEDS_PLAN:
            # The worker is new, which is no fault of the chunk.
            one.with_plan, one.attempts = True, one.attempts - 1
        elif kind == worker.NEEDS_CANDIDATES:
            one.carry(candidates)

    def _try_again(self, one: Assignment, remaining: list[Assignment]) -> None:
        """Call another worker; where all are dead, or that was of no use, call new ones."""
        if one.is_exhausted:
            raise WorkersFailed(
                f"Candidates were given to workers of '{self.engine.name}' {ATTEMPTS} times, and "
                f"no scores came back. The last that was heard of them: {self._lost.problem}"
            )
        if (self._lost.broken or len(one.calls) > 1) and self._renew():
            for other in remaining:
                other.calls.clear()
                other.with_plan = True
                self._submit(other)
        else:
            self._submit(one)

    def _renew(self) -> bool:
        """Replace the workers, where that can be done and has not been done too often."""
        if self._renewed >= RENEWALS:
            return False
        self._renewed, self._lost = self._renewed + 1, replace(self._lost, broken=False)
        try:
            return self.engine.renew()
        except NeurotrainError as error:
            raise WorkersFailed(str(error)) from error


def _wait(assignments: list[Assignment]) -> None:
    """Wait until a call has ended, or for a moment."""
    calls = [call for one in assignments for call in one.calls]
    if calls and all(isinstance(call, StandardFuture) for call in calls):
        wait(calls, timeout=LONGEST_WAIT_SECONDS, return_when=FIRST_COMPLETED)
    elif not any(call.done() for call in calls):
        sleep(POLL_SECONDS)


def _joined(parts: Iterable[tuple[slice, Scores]], count: int) -> Scores:
    """Return the scores of all candidates; of those that are in no part, that they failed."""
    joined = FAILED.of_all(np.zeros(count, dtype=bool))
    for rows, scores in parts:
        for each in fields(Scores):
            getattr(joined, each.name)[rows] = getattr(scores, each.name)
    return joined


def _listed(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())
