"""Workers of Dask: of this machine, or of a scheduler somewhere, as on a cluster."""

import logging
from collections.abc import Callable
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

from neurotrain.errors import InvalidInput, TrainingFailed
from neurotrain.training.executors.engines import Engine, Future
from neurotrain.training.executors.worker import worker_name

# How long to wait for a scheduler that has vanished, and for the first worker.
PATIENCE_SECONDS = 60.0


class Dask(Engine):
    """Workers of a Dask scheduler.

    Parameters
    ----------
    workers : int, optional
        How many to start on this machine, by default one a core; for a scheduler elsewhere, how
        many to expect.
    scheduler : str or Client, optional
        Its address, such as ``'tcp://node1:8786'``, or a client that is connected. By default
        scheduler and workers are started, which listen on this machine alone.

    Raises
    ------
    InvalidInput
        If Dask is not installed, or no scheduler answers.
    """

    name = "dask"

    def __init__(self, workers: int | None = None, scheduler: Any = None) -> None:
        try:
            import distributed
        except ImportError as error:
            raise InvalidInput(
                "Dask is not installed; run: pip install 'neurotrain[distributed]'"
            ) from error
        self._distributed, self._cluster = distributed, None
        self._workers, self._scheduler = workers, scheduler
        self._is_own = scheduler is None or isinstance(scheduler, str)
        if scheduler is None:
            self._cluster = self._started()
        self._client = self._connected()

    def _started(self) -> Any:
        return self._distributed.LocalCluster(
            n_workers=self._workers,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            # It warns of workers that do not end at once.
            silence_logs=logging.ERROR,
        )

    def _connected(self) -> Any:
        if not self._is_own:
            return self._scheduler
        address = self._cluster or self._scheduler
        try:
            if isinstance(address, str):
                # A client of an address that cannot be used would take minutes to end.
                self._distributed.comm.resolve_address(address)
                self._require_certificates(address)
            return self._distributed.Client(address, timeout=PATIENCE_SECONDS, set_as_default=False)
        except InvalidInput:
            raise
        except (OSError, TimeoutError, ValueError) as error:
            raise InvalidInput(
                f"No Dask scheduler answers at '{address}': start one there (dask scheduler), or "
                f"give another address. ({error})"
            ) from error

    def _require_certificates(self, address: str) -> None:
        """Raise where there are none for TLS."""
        from dask import config

        if not address.startswith("tls://") or config.get("distributed.client.security-loader"):
            return
        found = None
        try:
            found = self._distributed.Security().get_connection_args("client").get("ssl_context")
        except OSError as error:
            problem = f"cannot be read ({error})"
        else:
            problem = "are not named"
        if found is None:
            raise InvalidInput(
                f"For '{address}' certificates are needed, which {problem} in Dask's "
                "configuration: ca-file in distributed.comm.tls, and cert and key in its client."
            )

    @property
    def count(self) -> int:
        """Threads of all workers, of which there is at least one after a while."""
        started = monotonic()
        while not (threads := sum(self._client.nthreads().values())):
            if monotonic() > started + PATIENCE_SECONDS:
                raise TrainingFailed(
                    "The Dask scheduler has no workers; start some: dask worker ADDRESS"
                )
            sleep(0.1)
        return max(threads, self._workers or 0)

    def submit(self, label: str, avoided: set[str], call: Callable, *arguments: Any) -> Future:
        """Let a worker call something; the dashboard shows it by its label."""
        names = self._client.run(worker_name) if avoided else {}
        others = [address for address, name in names.items() if name not in avoided]
        # What has failed on one worker is tried elsewhere by who submits it.
        return self._client.submit(
            call,
            *arguments,
            key=f"{label}-{uuid4().hex}",
            workers=others or None,
            pure=False,
            retries=0,
        )

    def renew(self) -> bool:
        """Start this machine's workers anew, or connect to the scheduler again."""
        if not self._is_own:
            return False
        self.close()
        if self._scheduler is None:
            self._cluster = self._started()
        self._client = self._connected()
        return True

    def close(self) -> None:
        """Disconnect, and end what was started."""
        if self._is_own:
            self._client.close(timeout=5)
        if self._cluster is not None:
            self._cluster.close(timeout=5)
