"""Brian2's reports on how far a simulation has come, while compiled code runs."""

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
from brian2 import second
from brian2.core.network import TextReport

from neurotrain.errors import InvalidInput

_POLL_SECONDS = 0.1
_Result = TypeVar("_Result")


def reported(
    run: Callable[[np.ndarray], _Result],
    n_steps: int,
    start: float,
    duration: float,
    report: Any,
    period: float,
) -> _Result:
    """Return what `run` returns, and tell `report` at the start, every `period` s, and the end.

    `run` is given an array of two whole numbers: it writes the step that it has reached into the
    first, and ends early once the second is not 0.

    Raises
    ------
    InvalidInput
        For a report that Brian2 does not know.
    """
    callback, progress = _callback(report), np.zeros(2, np.int64)
    began = time.perf_counter()

    def tell(completed: float) -> None:
        elapsed = time.perf_counter() - began
        callback(elapsed * second, completed, start * second, duration * second)

    tell(0.0)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run, progress)
        told = began
        try:
            while not running.done():
                time.sleep(min(_POLL_SECONDS, 1e-3 + 0.1 * (time.perf_counter() - began)))
                if time.perf_counter() - told > period:
                    tell(float(progress[0]) / n_steps)
                    told = time.perf_counter()
        except BaseException:
            progress[1] = 1
            raise
        result = running.result()
    tell(1.0)
    return result


def _callback(report: Any) -> Callable[..., Any]:
    if report is None:
        return lambda *_: None
    if report in ("text", "stdout"):
        return TextReport(sys.stdout)
    if report == "stderr":
        return TextReport(sys.stderr)
    if callable(report):
        return report
    raise InvalidInput(f"Brian2 knows no report '{report}'; use 'text', 'stderr' or a function.")
