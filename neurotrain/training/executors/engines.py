"""Where chunks run: the executors that neurotrain starts itself, and any that it is given."""

import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Protocol

from neurotrain.errors import InvalidInput


class Future(Protocol):
    """What `submit` gives back."""

    def done(self) -> bool: ...

    def result(self) -> Any: ...


class Engine(ABC):
    """Workers that take calls.

    Attributes
    ----------
    name : str
    count : int
        How many calls run at a time.
    """

    name: str
    count: int

    @abstractmethod
    def submit(self, label: str, avoided: set[str], call: Callable, *arguments: Any) -> Future:
        """Let a worker call something.

        Parameters
        ----------
        label : str
            What to show of it, where the engine shows its work.
        avoided : set of str
            Workers that cannot do it, where the engine can choose.
        call, *arguments
        """

    def renew(self) -> bool:
        """Replace the workers, so that none is dead or stuck; False where that cannot be done."""
        return False

    @abstractmethod
    def close(self) -> None:
        """Let go of what was started."""


class GivenExecutor(Engine):
    """An executor of the user's: it is neither replaced nor closed.

    Parameters
    ----------
    executor : object
        With a method ``submit``, as `concurrent.futures.Executor` has it, whose futures have
        ``done`` and ``result``.
    workers : int, optional
        How many it has, where it does not tell.

    Raises
    ------
    InvalidInput
        If it has no such method.
    """

    def __init__(self, executor: Any, workers: int | None = None) -> None:
        if isinstance(executor, type) or not callable(getattr(executor, "submit", None)):
            raise InvalidInput(
                "executor must be the name of one, or have a method submit() as those of "
                f"concurrent.futures do, got {executor!r}."
            )
        self.name = type(executor).__name__
        told = getattr(executor, "_max_workers", None)
        self.count = workers or (told if isinstance(told, int) else os.cpu_count() or 1)
        self._executor = executor

    def submit(self, label: str, avoided: set[str], call: Callable, *arguments: Any) -> Future:
        """Let a worker call something."""
        return self._executor.submit(call, *arguments)

    def close(self) -> None:
        """Leave it to who gave it."""


class Processes(Engine):
    """Processes of this machine, each with one thread."""

    name = "processes"

    def __init__(self, workers: int | None = None) -> None:
        self.count = workers or os.cpu_count() or 1
        self._executor = self._started()

    def _started(self) -> Any:
        from loky import ProcessPoolExecutor

        return ProcessPoolExecutor(self.count)

    def submit(self, label: str, avoided: set[str], call: Callable, *arguments: Any) -> Future:
        """Let a worker call something."""
        return self._executor.submit(call, *arguments)

    def renew(self) -> bool:
        """Kill all processes, also those that were stopped, and start others."""
        self.close()
        self._executor = self._started()
        return True

    def close(self) -> None:
        """Kill all processes: nothing that they still do is of use."""
        self._executor.shutdown(wait=True, kill_workers=True)
