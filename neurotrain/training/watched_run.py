"""A run seen from another process: what there is so far, and whether it still goes on."""

import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from neurotrain.errors import RunFolderError
from neurotrain.file_locks import is_locked
from neurotrain.training.checkpoint import Arrays, read_checkpoint_meanwhile
from neurotrain.training.metrics_file import Metrics
from neurotrain.training.rebuild import settings_of_run, task_of_run
from neurotrain.training.run_folder import CONFIG, METRICS, RESULT, RunFolder

_OWN = re.compile(rf"{re.escape(CONFIG)}|{re.escape(METRICS)}|{RESULT}|checkpoint-\d+\.npz")

_ALWAYS = {"generation", "trial_simulations"}


@dataclass(frozen=True)
class Glance:
    """What a run holds at one moment.

    Parameters
    ----------
    metrics : list of dict
        One for each generation so far.
    checkpoint : mapping of str to array, or None
        The newest one, if there is any that can be read.
    problem : str or None
        Why there are only checkpoints that cannot be read.
    summary : mapping or None
        What result.json holds, of a complete run.
    """

    metrics: list[Metrics]
    checkpoint: Arrays | None
    problem: str | None
    summary: Mapping[str, Any] | None

    @property
    def generation(self) -> int:
        """The last one."""
        return self.metrics[-1]["generation"] if self.metrics else 0

    @property
    def checkpoint_generation(self) -> int | None:
        """The one after which the checkpoint was written."""
        return None if self.checkpoint is None else int(self.checkpoint["generation"])

    @property
    def seconds_per_generation(self) -> float | None:
        """The mean so far; None before the first checkpoint that knows."""
        if not self.checkpoint_generation:
            return None
        return float(self.checkpoint["wall_seconds"]) / self.checkpoint_generation


class WatchedRun:
    """A run of which nothing is changed, and whose lock is left alone.

    Parameters
    ----------
    path : path
        The run folder.

    Raises
    ------
    RunFolderError
        If it holds no run, or the configuration is damaged.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self.folder = RunFolder(path)
        self.settings = settings_of_run(self.folder)
        self.task = task_of_run(self.folder)

    @property
    def measure(self) -> str:
        """What the metrics call accuracy; of an unknown task a score, which an accuracy is too."""
        return "accuracy" if self.task is not None and self.task.classes else "score"

    def require_same(self) -> None:
        """Raise `RunFolderError` if the folder is gone or holds another run by now."""
        if RunFolder(self.folder.path).config != self.folder.config:
            raise RunFolderError(
                f"'{self.folder.path}' holds another run by now; give the same command again."
            )

    def signs_of_life(self) -> dict[str, int]:
        """Return when each of the run's own files was written, in nanoseconds since 1970."""
        found = {}
        for path in self.folder.path.iterdir():
            if _OWN.fullmatch(path.name):
                try:
                    found[path.name] = path.stat().st_mtime_ns
                except FileNotFoundError:
                    # An older checkpoint, removed since.
                    continue
        return found

    def silent_seconds(self) -> float:
        """Return how long ago the last sign of life was; 0 while a process trains here."""
        if is_locked(self.folder.path / CONFIG):
            return 0.0
        return time.time() - max(self.signs_of_life().values(), default=0) * 1e-9

    def look(self) -> Glance:
        """Return what there is now, whole however far the run gets meanwhile.

        Raises
        ------
        RunFolderError
            If the metrics or the result are damaged.
        """
        # First: what is read after the result is all there will be.
        summary = self.folder.read_result() if self.folder.is_complete else None
        metrics, checkpoint, problem = self.folder.metrics.read(), None, None
        if not all(each.keys() >= _ALWAYS for each in metrics):
            raise RunFolderError(f"'{self.folder.metrics.path}' is damaged: it has foreign lines.")
        try:
            checkpoint = read_checkpoint_meanwhile(self.folder.path)
        except RunFolderError as error:
            problem = str(error)
        return Glance(metrics, checkpoint, problem, summary)
