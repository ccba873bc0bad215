"""What Neo holds of each trial, whatever it was passed in, and what all trials have in common."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from numbers import Real
from os import PathLike
from typing import Any

import numpy as np

from neurotrain.errors import InvalidInput


@dataclass(frozen=True)
class NeoTrial:
    """What was recorded on a trial, and how it is called in errors."""

    name: str
    objects: list[Any]
    annotations: dict[str, Any]

    def window_ms(self, slack_ms: float) -> tuple[float, float]:
        """Return when all of it has begun and when the first ends, which must nearly be the same.

        Raises
        ------
        InvalidInput
            If starts, or stops, differ by more than `slack_ms`.
        """
        starts, stops = (
            [float(getattr(each, name).rescale("ms")) for each in self.objects]
            for name in ("t_start", "t_stop")
        )
        for what, times in (("begins", starts), ("ends", stops)):
            if max(times) - min(times) > slack_ms:
                raise InvalidInput(
                    f"What was recorded in {self.name} {what} between {min(times):g} and "
                    f"{max(times):g} ms; cut it alike, with segment.time_slice(t_start, t_stop)."
                )
        return max(starts), min(stops)


def trials_of(data: Any, kind: str, wanted: type) -> Iterator[NeoTrial]:
    """Yield the trials of a Block, Segments, or objects of the type `wanted`.

    Parameters
    ----------
    data : Block, Segment, object of the type `wanted`, or a sequence of them
    kind : str
        Where a Segment has such objects, such as ``'spiketrains'``.
    wanted : type
        SpikeTrain or AnalogSignal.

    Raises
    ------
    InvalidInput
        If `data` is something else, such as a path, or a trial has no such object, or a lazy one.
    """
    found = 0
    for number, (trial, annotations) in enumerate(_parts(data, kind, wanted)):
        name = f"segment {number}"
        unread = [each for each in trial if not isinstance(each, wanted)]
        if unread:
            raise InvalidInput(
                f"Not all of {name} was read, it has a {type(unread[0]).__name__}; read the file "
                "without lazy=True."
            )
        if not trial:
            raise InvalidInput(f"There are no {wanted.__name__}s in {name}.")
        found += 1
        yield NeoTrial(name, trial, annotations)
    if not found:
        raise InvalidInput(f"There are no segments, and so no {wanted.__name__}s.")


def _parts(data: Any, kind: str, wanted: type) -> Iterator[tuple[list[Any], dict[str, Any]]]:
    """Yield what each trial has of a kind, and its annotations."""
    import neo

    if isinstance(data, str | PathLike):
        raise InvalidInput(
            f"Read '{data}' with Neo first, such as neo.get_io('{data}').read_block(), and pass "
            "what that returns."
        )
    if isinstance(data, neo.Segment):
        yield list(getattr(data, kind)), data.annotations
    elif isinstance(data, neo.Block):
        for segment in data.segments:
            yield from _parts(segment, kind, wanted)
    else:
        is_one = isinstance(data, np.ndarray) or not isinstance(data, Iterable)
        given = [data] if is_one else list(data)
        if given and all(isinstance(each, wanted) for each in given):
            yield given, {}
        elif all(isinstance(each, neo.Segment | neo.Block) for each in given):
            for each in given:
                yield from _parts(each, kind, wanted)
        else:
            raise _wrong_type(data, wanted)


def _wrong_type(data: Any, wanted: type) -> InvalidInput:
    return InvalidInput(
        f"What was recorded must be a Block, Segment or {wanted.__name__} of Neo, or a list of "
        f"them, got {type(data).__name__}."
    )


def require_same(what: str, first: str, expected: int, name: str, found: int) -> None:
    """Raise `InvalidInput` unless a trial has as many of something as the first one."""
    if found != expected:
        raise InvalidInput(
            f"There are {found} {what} in {name}, but {expected} in {first}; each must be there "
            "on every trial, also where it is silent."
        )


def conditions_of(trials: Sequence[NeoTrial]) -> dict[str, np.ndarray]:
    """Return the annotations that are numbers, or texts, on all trials."""
    columns = {name: [t.annotations.get(name) for t in trials] for name in trials[0].annotations}
    return {name: np.array(column) for name, column in columns.items() if _is_condition(column)}


def _is_condition(column: list[Any]) -> bool:
    are_numbers = all(isinstance(v, Real | np.bool_) and np.isfinite(v) for v in column)
    return are_numbers or all(isinstance(v, str) for v in column)
