"""From what the user asks for to workers."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from neurotrain.errors import InvalidInput, require_whole, unknown_name
from neurotrain.training.executors.engines import Engine, GivenExecutor, Processes
from neurotrain.training.executors.travelling import check_distributable
from neurotrain.training.executors.workers import Workers
from neurotrain.training.plan import Plan

# Threads inside the kernel need no executor.
THREADS = "threads"
EXECUTORS = (THREADS, "processes", "dask", "mpi")
OPTIONS = ("workers", "scheduler", "chunk_candidates", "chunk_seconds")


@contextmanager
def opened_workers(
    executor: Any, options: Mapping[str, Any] | None, plan: Plan
) -> Iterator[Workers | None]:
    """Start the workers of a run, and end those that were started; None for threads.

    Parameters
    ----------
    executor : str or object, optional
        As for `neurotrain.train`.
    options : mapping, optional
    plan : Plan

    Raises
    ------
    InvalidInput
        If there is no such executor or option, or the run cannot be distributed.
    """
    options = _checked(executor, options)
    if executor is None or executor == THREADS:
        yield None
        return
    check_distributable(plan)
    chunking = {name: options[name] for name in OPTIONS[2:] if name in options}
    engine = open_engine(executor, options.get("workers"), options.get("scheduler"))
    try:
        yield Workers(engine, plan, **chunking)
    finally:
        engine.close()


def open_engine(executor: Any, workers: int | None = None, scheduler: Any = None) -> Engine:
    """Return where chunks run.

    Parameters
    ----------
    executor : str or object
        One of `EXECUTORS` but threads; or a Dask client; or whatever has a method ``submit``.
    workers : int, optional
    scheduler : str, optional
        For Dask.
    """
    if executor == "processes":
        return Processes(workers)
    if executor == "mpi":
        from neurotrain.training.executors.mpi import MPIRanks

        return MPIRanks()
    if executor == "dask" or _is_dask_client(executor):
        from neurotrain.training.executors.dask import Dask

        return Dask(workers, scheduler if executor == "dask" else executor)
    return GivenExecutor(executor, workers)


def _is_dask_client(executor: Any) -> bool:
    kind = type(executor)
    return kind.__name__ == "Client" and kind.__module__.startswith("distributed")


def _checked(executor: Any, options: Mapping[str, Any] | None) -> dict[str, Any]:
    if isinstance(executor, str) and executor not in EXECUTORS:
        raise unknown_name("executor", executor, EXECUTORS)
    options = {key: value for key, value in (options or {}).items() if value is not None}
    for name in options:
        if name not in OPTIONS:
            raise unknown_name("option of executors", name, OPTIONS)
    if options and executor in (None, THREADS):
        raise InvalidInput(
            f"Options of executors ({', '.join(options)}) go with an executor other than threads; "
            "choose processes, dask or mpi."
        )
    if "workers" in options:
        require_whole("workers", options["workers"])
    if "scheduler" in options and executor != "dask":
        raise InvalidInput("The address of a scheduler goes with executor 'dask'.")
    return options
