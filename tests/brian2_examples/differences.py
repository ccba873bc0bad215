"""Where two recordings of the same script differ, spike by spike and value by value."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Arrays = Mapping[str, np.ndarray]
TRACE_TOLERANCE = 1e-8
TIMES = ("/lastspike", "/lastupdate")


@dataclass(frozen=True)
class Difference:
    """The first difference in one item of a recording.

    Attributes
    ----------
    run, time : int, float
        Which run of the script, and the time within it in seconds, from its start.
    item, text : str
        What differs, as ``kind/object/variable``, and how.
    size : float
        Of values, the largest difference in units of the largest magnitude; else infinite.
    """

    run: int
    time: float
    item: str
    text: str
    size: float = np.inf


def differences(
    expected: Arrays, found: Arrays, runs: list[dict[str, Any]], tolerance: float = TRACE_TOLERANCE
) -> list[Difference]:
    """Return the first difference of each item, the earliest first; none if all is equal.

    Events must have the same steps and neurons. Traces, rates and state may differ by
    `tolerance` times the largest magnitude of that variable; whole numbers and truth values
    must be the same.
    """
    found_here = (
        one
        for item in sorted({_item(key) for key in (*expected, *found)})
        for one in _item_differences(item, expected, found, runs, tolerance)
    )
    return sorted(found_here, key=lambda one: (one.run, one.time))


def equal_events(expected: Arrays, found: Arrays) -> int:
    """Return how many events of all monitors come before the first that differs in its item."""
    steps = (key for key in expected if key.endswith("/step"))
    return sum(_equal_prefix(expected, found, _item(key)) for key in steps)


def _item(key: str) -> str:
    """Return what a key belongs to: a monitor of events as a whole, else the variable."""
    run, kind, name, variable = key.split("/")
    return f"{run}/{kind}/{name}" if kind == "events" and variable != "count" else key


def _item_differences(
    item: str, expected: Arrays, found: Arrays, runs: list[dict[str, Any]], tolerance: float
) -> Iterator[Difference]:
    run, _, name = item.partition("/")
    described = runs[int(run)]
    if not _has(expected, item) or not _has(found, item):
        side = "the reference" if not _has(expected, item) else "the candidate"
        yield Difference(int(run), 0.0, name, f"{side} did not record it")
    elif name.startswith("events") and not name.endswith("/count"):
        yield from _event_difference(item, expected, found, described, tolerance)
    else:
        yield from _value_difference(item, expected, found, described, tolerance)


def _has(arrays: Arrays, item: str) -> bool:
    return item in arrays or f"{item}/step" in arrays


def _equal_prefix(expected: Arrays, found: Arrays, item: str) -> int:
    pairs = ((expected[f"{item}/{key}"], found[f"{item}/{key}"]) for key in ("step", "i"))
    return min(_first_unequal(*pair) for pair in pairs)


def _first_unequal(a: np.ndarray, b: np.ndarray) -> int:
    n = min(len(a), len(b))
    unequal = np.flatnonzero(a[:n] != b[:n])
    return int(unequal[0]) if len(unequal) else n


def _event_difference(
    item: str, expected: Arrays, found: Arrays, run: dict[str, Any], tolerance: float
) -> Iterator[Difference]:
    number, _, name = item.partition("/")
    times = expected[f"{item}/t"], found[f"{item}/t"]
    equal = _equal_prefix(expected, found, item)
    if equal < max(map(len, times)):
        at = min(one[equal] for one in times if equal < len(one)) - run["start"]
        text = f"{len(times[0])} events expected, {len(times[1])} found, the first {equal} equal"
        yield Difference(int(number), float(at), name, text)
        return
    for key in sorted(key for key in expected if _item(key) == item):
        yield from _value_difference(key, expected, found, run, tolerance)


def _value_difference(
    key: str, expected: Arrays, found: Arrays, run: dict[str, Any], tolerance: float
) -> Iterator[Difference]:
    number, _, name = key.partition("/")
    a, b = expected[key], found[key]
    if a.shape != b.shape:
        yield Difference(int(number), 0.0, name, f"shape {a.shape} expected, {b.shape} found")
        return
    excess = _distance(name, a, b) > tolerance
    if not excess.any():
        return
    row = int(np.flatnonzero(excess.reshape(len(a), -1).any(axis=1))[0])
    fraction = row / len(a) if name.startswith(("trace", "rate")) else 1.0
    worst = _distance(name, a, b).max()
    text = f"off by {worst:.1e} of the largest magnitude, in {excess.mean():.1%} of the values"
    yield Difference(int(number), fraction * run["duration"], name, text, float(worst))


def _distance(name: str, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return how far apart the values are, in units of the largest magnitude expected."""
    if a.dtype.kind != "f" or b.dtype.kind != "f":
        return np.where(a == b, 0.0, np.inf)
    equal = (a == b) | (np.isnan(a) & np.isnan(b))
    finite = np.abs(a[np.isfinite(a)])
    # What never happened, happened 10,000 s ago: no magnitude to measure times by.
    scale = 1.0 if name.endswith(TIMES) else finite.max(initial=0.0) or 1.0
    with np.errstate(invalid="ignore"):
        apart = np.nan_to_num(np.abs(a - b) / scale, nan=np.inf)
    return np.where(equal, 0.0, apart)
