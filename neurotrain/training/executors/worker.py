"""What workers do: simulate the candidates of a chunk, and tell their scores."""

import os
import socket
from dataclasses import dataclass, fields
from threading import Lock
from typing import Any

import numpy as np

from neurotrain import __version__
from neurotrain.errors import CompilerNotFound
from neurotrain.optimizers import Optimizer
from neurotrain.training.evaluation import FAILED, Scores, score
from neurotrain.training.executors.chunk import Chunk
from neurotrain.training.executors.messages import pack, unpack
from neurotrain.training.executors.travelling import with_circuit
from neurotrain.training.generation import simulate_usable
from neurotrain.training.plan import Plan

# A worker of several runs, one after another, forgets the older ones.
KNOWN = 4
SCORES, NEEDS_PLAN, NEEDS_CANDIDATES = "scores", "needs plan", "needs candidates"
OTHER_VERSION, NO_COMPILER, RAISED = "other version", "no compiler", "raised"

Answer = dict[str, Any]


@dataclass
class _Run:
    """A run that this worker takes part in: its plan, and an optimizer that makes candidates."""

    plan: Plan
    optimizer: Optimizer
    lock: Lock


_known: dict[str, _Run] = {}
_adding = Lock()


def versions() -> dict[str, str]:
    """Return what trainer and workers must have in common."""
    return {"neurotrain": __version__, "numpy": np.__version__}


def worker_name() -> str:
    """Return by what name this process goes in messages."""
    return f"{socket.gethostname()}:{os.getpid()}"


def work(common: dict[str, str], key: str, chunk: bytes, plan: bytes | None = None) -> Answer:
    """Simulate a chunk; this is what every executor is given.

    Its arguments are plain, so that another version of neurotrain can refuse them.

    Parameters
    ----------
    common : dict
        The `versions` of the trainer.
    key : str
        Of the run.
    chunk : bytes
        A packed `Chunk`.
    plan : bytes, optional
        The run's packed plan; a worker asks for it where it does not know the run.

    Returns
    -------
    dict
        What came of it under 'kind': scores as packed arrays, or what is missing.
    """
    answer = {"worker": worker_name()}
    if common != versions():
        return {**answer, "kind": OTHER_VERSION, "versions": versions()}
    try:
        return {**answer, **_worked(key, unpack(chunk), plan)}
    except CompilerNotFound as error:
        return {**answer, "kind": NO_COMPILER, "problem": str(error)}
    # What is the user's own, such as a task, may raise anything: the trainer raises it again.
    except Exception as error:
        return {**answer, "kind": RAISED, "error": pack(error), "problem": repr(error)}


def _worked(key: str, chunk: Chunk, plan: bytes | None) -> Answer:
    run = _run_of(key, plan)
    if run is None:
        return {"kind": NEEDS_PLAN}
    with run.lock:
        candidates = chunk.made_by(run.optimizer)
    if candidates is None:
        return {"kind": NEEDS_CANDIDATES}
    scores = scores_of(run.plan, candidates, chunk.generation, chunk.level)
    return {"kind": SCORES, "scores": [getattr(scores, f.name) for f in fields(Scores)]}


def _run_of(key: str, plan: bytes | None) -> _Run | None:
    with _adding:
        if key not in _known and plan is not None:
            for outdated in list(_known)[: len(_known) + 1 - KNOWN]:
                del _known[outdated]
            made = with_circuit(unpack(plan))
            _known[key] = _Run(made, made.make_optimizer(), Lock())
        return _known.get(key)


def scores_of(plan: Plan, candidates: np.ndarray, generation: int, level: int) -> Scores:
    """Return the scores of candidates on the trials of a generation."""
    trials, state = plan.draw_training_trials(generation, level)
    usable, recording = simulate_usable(plan, candidates, trials, state)
    if recording is None:
        return FAILED.of_all(usable)
    return score(plan.circuit, plan.levels[level], plan.loss, recording, trials).of_all(usable)
