"""Blocks in NWB files, such that Neo reads them, with all else that it leaves out as a note."""

import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from neurotrain.errors import InvalidInput
from neurotrain.export.nwb_note import NOTE, name_in_file, note_of, put_back
from neurotrain.neo_objects import plain_annotations

if TYPE_CHECKING:
    import neo

DESCRIPTION = "A computer simulation; there was no animal, and no electrode."
# The columns by which Neo finds the objects of its own files, and what they hold.
PLACE = {
    "_name": "the name of the Neo object",
    "segment": "the name of its Neo Segment",
    "block": "the name of its Neo Block",
}


def write_nwb(block: "neo.Block", path: Path) -> None:
    """Write a Block into a new NWB file, as Neo's NWBIO writes and reads it, and validate it.

    A Segment that is annotated is a row of the table of trials. What NWBIO leaves out is in the
    scratch space, where `read_nwb` finds it.

    Raises
    ------
    InvalidInput
        If segments have no names of their own.
    """
    import pynwb

    names = [segment.name for segment in block.segments]
    if None in names or len(set(names)) < len(names):
        raise InvalidInput("In an NWB file every segment of a Block needs a name of its own.")
    note = json.dumps(note_of(block))
    file = _new_file(block, note)
    with _silent():
        _add_trials(file, block)
        for segment in block.segments:
            place = {"segment": segment.name, "block": block.name or "block"}
            _add_units(file, segment, place)
            _add_epochs(file, segment, place)
            _add_series(file, segment, place)
        file.add_scratch(note, name=NOTE, description="annotations of the Neo objects, as JSON")
        with pynwb.NWBHDF5IO(str(path), "w") as opened:
            opened.write(file)
        _validate(path)


def read_nwb(path: Path) -> "neo.Block":
    """Return the first Block of an NWB file, with what `write_nwb` noted."""
    import neo
    import pynwb
    from neo.io import NWBIO

    with _silent():
        reader = NWBIO(str(path), "r")
        try:
            block = next(iter(reader.read_all_blocks()), neo.Block())
        finally:
            reader.close()
        with pynwb.NWBHDF5IO(str(path), "r") as opened:
            scratch = opened.read().scratch
            note = json.loads(scratch[NOTE].data) if NOTE in scratch else None
    return block if note is None else put_back(block, note)


def _new_file(block: "neo.Block", note: str) -> Any:
    import pynwb

    start = block.rec_datetime or datetime.now(UTC)
    return pynwb.NWBFile(
        session_description=block.description or DESCRIPTION,
        # The same content has the same name everywhere.
        identifier=f"neurotrain-{sha256(note.encode()).hexdigest()[:32]}",
        session_start_time=start if start.tzinfo else start.replace(tzinfo=UTC),
        experiment_description=DESCRIPTION,
        data_collection="Simulated; times of a trial begin with the trial.",
    )


def _add_trials(file: Any, block: "neo.Block") -> None:
    """Tell label, choice and conditions where NWB's users look for them."""
    told = [plain_annotations(segment.annotations) for segment in block.segments]
    columns = [name for name in (told[0] if told else ()) if _is_column(name, told)]
    for name in ("segment", *columns):
        file.add_trial_column(name, f"{name} of the trial")
    for segment, values in zip(block.segments, told, strict=True):
        start, stop = _limits(segment)
        values = {name: values[name] for name in columns}
        file.add_trial(start_time=start, stop_time=stop, segment=segment.name, **values)


def _is_column(name: str, told: list[dict[str, Any]]) -> bool:
    """Whether every trial tells it, and all by values of one kind."""
    kinds = {type(one.get(name)) for one in told}
    return len(kinds) == 1 and kinds <= {bool, int, float, str}


def _limits(segment: "neo.Segment") -> tuple[float, float]:
    """Return when a Segment begins and ends, in s; one without objects does so at 0."""
    limits = (segment.t_start, segment.t_stop)
    return tuple(0.0 if time is None else float(time.rescale("s")) for time in limits)


def _add_units(file: Any, segment: "neo.Segment", place: dict[str, str]) -> None:
    if len(segment.spiketrains) and (file.units is None or "_name" not in file.units.colnames):
        extra = {"neuron": "its number", "population": "the population of the neuron"}
        for name, description in (PLACE | extra).items():
            file.add_unit_column(name, description)
    for number, train in enumerate(segment.spiketrains):
        file.add_unit(
            spike_times=train.rescale("s").magnitude,
            obs_intervals=[[float(t.rescale("s")) for t in (train.t_start, train.t_stop)]],
            _name=train.name or f"spike train {number}",
            neuron=str(train.annotations.get("neuron", number)),
            population=str(train.annotations.get("population", "")),
            **place,
        )


def _add_epochs(file: Any, segment: "neo.Segment", place: dict[str, str]) -> None:
    if len(segment.epochs) and (file.epochs is None or "_name" not in file.epochs.colnames):
        for name, description in PLACE.items():
            file.add_epoch_column(name, description)
    for number, epoch in enumerate(segment.epochs):
        times, durations = (t.rescale("s").magnitude for t in (epoch.times, epoch.durations))
        for start, duration, label in zip(times, durations, epoch.labels, strict=True):
            name = name_in_file(segment.name, "epochs", number, epoch.name)
            file.add_epoch(start, start + duration, [str(label)], [], _name=name, **place)


def _add_series(file: Any, segment: "neo.Segment", place: dict[str, str]) -> None:
    import pynwb

    where = json.dumps({name: place[name] for name in ("block", "segment")})

    def name(kind: str, number: int, one: Any) -> str:
        return name_in_file(segment.name, kind, number, one.name)

    for number, signal in enumerate(segment.analogsignals):
        times = {
            "starting_time": float(signal.t_start.rescale("s")),
            "rate": float(signal.sampling_rate.rescale("Hz")),
        }
        file.add_acquisition(_series(signal, name("analogsignals", number, signal), where, times))
    for number, signal in enumerate(segment.irregularlysampledsignals):
        times = {"timestamps": signal.times.rescale("s").magnitude}
        called = name("irregularlysampledsignals", number, signal)
        file.add_acquisition(_series(signal, called, where, times))
    for number, event in enumerate(segment.events):
        file.add_acquisition(
            pynwb.misc.AnnotationSeries(
                name=name("events", number, event),
                data=[str(label) for label in event.labels],
                timestamps=event.times.rescale("s").magnitude,
                comments=where,
            )
        )


def _series(signal: Any, name: str, comments: str, times: dict[str, Any]) -> Any:
    import pynwb

    unit = signal.units.dimensionality.string
    description = str(signal.name or "signal")
    return pynwb.TimeSeries(
        name=name,
        data=signal.magnitude,
        unit=unit,
        comments=comments,
        description=description,
        **times,
    )


def _validate(path: Path) -> None:
    import pynwb

    found = pynwb.validate(path=str(path))
    if found:
        raise ValueError(f"it is not valid NWB: {found[0]}")


@contextmanager
def _silent() -> Iterator[None]:
    """Spare the user what pynwb and Neo warn of: classes that Neo reads and pynwb will replace."""
    logger = logging.getLogger("Neo")
    before, logger.disabled = logger.disabled, True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.disabled = before
