"""Workers that are the ranks of an MPI job."""

from collections.abc import Callable
from typing import Any

from neurotrain.errors import InvalidInput
from neurotrain.training.executors.engines import Engine, Future

HOW = "mpiexec -n 3 python -m mpi4py.futures -m neurotrain train TASK --executor mpi"


class MPIRanks(Engine):
    """The other ranks of a job that was started with ``mpiexec -n N python -m mpi4py.futures``.

    Raises
    ------
    InvalidInput
        If mpi4py is not installed, or there are no other ranks.
    """

    name = "mpi"

    def __init__(self) -> None:
        try:
            from mpi4py import MPI
            from mpi4py.futures import MPIPoolExecutor
        # mpi4py raises RuntimeError where there is no MPI library.
        except (ImportError, RuntimeError) as error:
            raise InvalidInput(
                "mpi4py, or the MPI library that it needs, is not installed; see "
                f"docs/executors.md. ({error})"
            ) from error
        if MPI.COMM_WORLD.Get_size() < 2:
            raise InvalidInput(
                f"This process has no other ranks of MPI that could work; start it so: {HOW}"
            )
        self._executor = MPIPoolExecutor()
        self._executor.bootup()
        self.count = self._executor.num_workers

    def submit(self, label: str, avoided: set[str], call: Callable, *arguments: Any) -> Future:
        """Let a worker call something."""
        return self._executor.submit(call, *arguments)

    def close(self) -> None:
        """Send the other ranks home."""
        self._executor.shutdown(wait=True, cancel_futures=True)
