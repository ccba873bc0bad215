"""Processes as `faulty_run.launched` starts them, forked where all is imported already."""

import os
import subprocess
import sys
import tempfile
from multiprocessing import get_context
from pathlib import Path

from faults import trainer


class ForkedProcess:
    """What is used of `subprocess.Popen`, of a process that takes a tenth of the time to start."""

    def __init__(self, arguments: list[str]) -> None:
        file, name = tempfile.mkstemp()
        os.close(file)
        self._stderr = Path(name)
        context = get_context("forkserver")
        context.set_forkserver_preload(["neurotrain.training.trainer", "neurotrain.circuit"])
        self._process = context.Process(target=_run, args=(arguments, name))
        self._process.start()
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit code, or minus the signal; None before the end."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """Return the exit code, if there is one."""
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it, unless the process has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def communicate(self, timeout: float) -> tuple[None, str]:
        """Wait for the end and return what was written on stderr."""
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("training", timeout)
        said = self._stderr.read_text()
        self._stderr.unlink()
        return None, said


def forked(arguments: list[str], **environment: str) -> ForkedProcess:
    """Start a process that trains."""
    assert not environment, "a fork has the environment of its parent"
    return ForkedProcess(arguments)


def _run(arguments: list[str], stderr: str) -> None:
    os.dup2(os.open(stderr, os.O_WRONLY | os.O_APPEND), 2)
    sys.exit(trainer.main(*arguments))
