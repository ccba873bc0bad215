"""From what the user asks for to workers."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from neurotrain.errors import InvalidInput, require_whole, unknown_name
from neurotrain.training.executors.engines import Engine, GivenExecutor, Processes
from neurotrain.training.executors.travelling import check_distributable
from neurotrain.training.executors.workers import Workers
from neurotrain.training.plan import Plan

# Threads inside the kernel need no executor.
THREADS = "threads"
CHUNKING = ("chunk_candidates", "chunk_seconds")


def _mpi() -> Engine:
    from neurotrain.training.executors.mpi import MPIRanks

    return MPIRanks()


def _dask(workers: int | None = None, scheduler: Any = None) -> Engine:
    from neurotrain.training.executors.dask import Dask

    return Dask(workers, scheduler)


# What has a name beside threads: how it is started, and by which options.
ENGINES: Mapping[str, tuple[Callable[..., Engine], tuple[str, ...]]] = {
    "processes": (Processes, ("workers",)),
    "dask": (_dask, ("workers", "scheduler")),
    "mpi": (_mpi, ()),
}


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
    options = checked_options(executor, options)
    if executor is None or executor == THREADS:
        yield None
        return
    check_distributable(plan)
    chunking = {name: options.pop(name) for name in CHUNKING if name in options}
    engine = open_engine(executor, **options)
    try:
        yield Workers(engine, plan, **chunking)
    finally:
        engine.close()


def open_engine(executor: Any, **options: Any) -> Engine:
    """Return where chunks run.

    Parameters
    ----------
    executor : str or object
        One of `ENGINES`; or a Dask client; or whatever has a method ``submit``.
    **options
        How many ``workers``; for Dask the address of a ``scheduler``.
    """
    if isinstance(executor, str):
        return ENGINES[executor][0](**options)
    if _is_dask_client(executor):
        return _dask(scheduler=executor, **options)
    return GivenExecutor(executor, **options)


def _is_dask_client(executor: Any) -> bool:
    kind = type(executor)
    return kind.__name__ == "Client" and kind.__module__.startswith("distributed")


def checked_options(executor: Any, options: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the options of an executor that were given, without those that are None.

    Raises
    ------
    InvalidInput
        If there is no such executor or option, or the two do not go together.
    """
    if isinstance(executor, str) and executor not in (THREADS, *ENGINES):
        raise unknown_name("executor", executor, (THREADS, *ENGINES))
    known = ("workers", "scheduler", *CHUNKING)
    options = {key: value for key, value in (options or {}).items() if value is not None}
    for name in options:
        if name not in known:
            raise unknown_name("option of executors", name, known)
    if executor in (None, THREADS) and options:
        raise InvalidInput(
            f"Options of executors ({', '.join(options)}) go with an executor other than threads; "
            f"choose one of: {', '.join(ENGINES)}."
        )
    if "workers" in options:
        require_whole("workers", options["workers"])
    _require_taken(executor, options)
    return options


def _require_taken(executor: Any, options: Mapping[str, Any]) -> None:
    """Raise where an option is of another executor."""
    for name in options:
        taken = ENGINES[executor][1] if isinstance(executor, str) else ("workers",)
        if name not in (*taken, *CHUNKING):
            takers = " or ".join(f"'{each}'" for each in ENGINES if name in ENGINES[each][1])
            raise InvalidInput(f"The option '{name}' goes with executor {takers}; leave it out.")
