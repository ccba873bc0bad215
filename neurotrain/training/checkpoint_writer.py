"""Checkpoints written beside the training, which does not wait for the disk."""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from neurotrain.training.checkpoint import name_of, write_checkpoint
from neurotrain.training.checkpoint_pace import CheckpointPace
from neurotrain.training.run_folder import RunFolder

Snapshot = Mapping[str, np.ndarray]


class CheckpointWriter:
    """Writes snapshots of a training, one after the other, in a thread of its own.

    Parameters
    ----------
    folder : RunFolder
        Where to.
    fingerprint : str
        Of the circuit.
    every : int or None
        As for `CheckpointPace`.
    """

    def __init__(self, folder: RunFolder, fingerprint: str, every: int | None) -> None:
        self._folder, self._fingerprint, self._every = folder, fingerprint, every
        self._pace = CheckpointPace(every)
        self._thread = ThreadPoolExecutor(1)
        self._pending: Future[None] | None = None

    def offer(self, snapshot: Snapshot) -> None:
        """Begin to write a checkpoint, if one is due.

        Raises
        ------
        NotWritten
            If the one before could not be written.
        """
        if self._pending is not None and self._pending.done():
            self.wait()
        # Where the disk is slower than the training, it is not waited for.
        if self._every is None and self._pending is not None:
            return
        if self._pace.is_due(int(snapshot["generation"])):
            self.wait()
            self._pending = self._thread.submit(self._write, snapshot)

    def write(self, snapshot: Snapshot) -> None:
        """Write a checkpoint, and wait until it is on the disk; raises as `wait` does."""
        self.wait()
        self._pending = self._thread.submit(self._write, snapshot)
        self.wait()

    def wait(self) -> None:
        """Wait until the last checkpoint is on the disk.

        Raises
        ------
        NotWritten
            If it could not be written.
        """
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.result()

    def close(self) -> None:
        """Write nothing more; what has begun comes to its end."""
        self._thread.shutdown()

    def _write(self, snapshot: Snapshot) -> None:
        arrays = {**snapshot, "fingerprint": np.array(self._fingerprint)}
        generation = int(snapshot["generation"])
        with self._folder.writing(name_of(generation)), self._pace.measured():
            # A checkpoint must not have seen more than the metrics.
            self._folder.metrics.sync()
            write_checkpoint(self._folder.path, generation, arrays)
