"""What a variant hands back: how long it took, and what it computed."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np


@dataclass
class Seconds:
    """Time of one run.

    Parameters
    ----------
    cpu, wall : float
        For the simulation itself; CPU time is that of all threads.
    preparation : float
        Wall time of what else had to be done for this run.
    """

    cpu: float = 0.0
    wall: float = 0.0
    preparation: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """Final voltage in mV and spikes of the first candidates and trials.

    Parameters
    ----------
    v_mV : (candidate, trial, neuron) array
    spike_count : (candidate, trial, neuron) int array
    """

    v_mV: np.ndarray  # noqa: N815
    spike_count: np.ndarray


class Runner(Protocol):
    """A variant that is ready to run.

    Attributes
    ----------
    share : (candidates, trials)
        How many it simulates in a run; the others would take as long.
    note : str
        What is worth knowing about it.
    """

    share: tuple[int, int]
    note: str

    def compare(self) -> Outcome:
        """Simulate the compared steps."""
        ...

    def run(self) -> Seconds:
        """Simulate all steps once."""
        ...

    def peak_memory_mb(self) -> float:
        """Return the peak resident set of the process that simulates."""
        ...


@contextmanager
def stopwatch() -> Iterator[Seconds]:
    """Time what is done within."""
    seconds = Seconds()
    cpu, wall = time.process_time(), time.perf_counter()
    yield seconds
    seconds.cpu, seconds.wall = time.process_time() - cpu, time.perf_counter() - wall


def peak_memory_mb(status: Path = Path("/proc/self/status")) -> float:
    """Return the peak resident set that such a file tells, in units of 1e6 bytes; NaN without it.

    Unlike that of getrusage, it does not begin with the size of the process's parent.
    """
    return _memory_mb("VmHWM", status)


def memory_mb() -> float:
    """Return the resident set of this process as it is now, and let its peak begin anew there."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return _memory_mb("VmRSS", Path("/proc/self/status"))


def _memory_mb(what: str, status: Path) -> float:
    lines = status.read_text().splitlines() if status.is_file() else []
    kilobytes = [float(line.split()[1]) for line in lines if line.startswith(what)]
    return kilobytes[0] * 1.024e-3 if kilobytes else float("nan")
