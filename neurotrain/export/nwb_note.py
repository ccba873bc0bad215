"""What Neo's NWB reader does not bring back: annotations, units, names and groups, as JSON."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.neo_objects import plain_annotations

if TYPE_CHECKING:
    import neo

NOTE = "neo_note"
KINDS = {
    "spiketrains": "train",
    "analogsignals": "signal",
    "irregularlysampledsignals": "irregular",
    "events": "event",
    "epochs": "epoch",
}


def name_in_file(segment: str, kind: str, number: int, name: str | None) -> str:
    """Return what a series or epoch is called in a file, where no two have the same name.

    Parameters
    ----------
    segment : str
        The name of its Segment.
    kind : str
        One of `KINDS`.
    number : int
        Which one of this kind in the Segment.
    name : str or None
        The name of the Neo object.
    """
    said = f"{segment} {KINDS[kind]} {number} {name or ''}".strip()
    # Both separate the parts of paths within a file.
    return said.replace("/", "-").replace(":", "-")


def note_of(block: "neo.Block") -> dict[str, Any]:
    """Return what has to be noted of a Block."""
    places = {}
    segments = []
    for index, segment in enumerate(block.segments):
        told = _told(segment) | {"index": segment.index}
        for kind in KINDS:
            members = getattr(segment, kind)
            places |= {id(one): (index, kind, number) for number, one in enumerate(members)}
            told[kind] = [_told(one) for one in members]
        segments.append(told)
    groups = [_told(group) | {"members": list(_members(group, places))} for group in block.groups]
    return _told(block) | {"segments": segments, "groups": groups}


def _told(one: Any) -> dict[str, Any]:
    told = {"name": one.name, "description": one.description}
    told["annotations"] = plain_annotations(one.annotations)
    if hasattr(one, "dimensionality"):
        told["units"] = one.units.dimensionality.string
    if getattr(one, "array_annotations", None):
        told["array_annotations"] = {
            name: [np.asarray(values).tolist(), _unit(values)]
            for name, values in one.array_annotations.items()
        }
    return told


def _unit(values: Any) -> str | None:
    return values.dimensionality.string if hasattr(values, "dimensionality") else None


def _members(group: "neo.Group", places: dict[int, tuple]) -> Iterator[tuple]:
    for kind in KINDS:
        yield from (places[id(one)] for one in getattr(group, kind) if id(one) in places)


def put_back(block: "neo.Block", note: dict[str, Any]) -> "neo.Block":
    """Return a Block as it was, from what Neo read and what was noted."""
    import neo

    read = {segment.name: segment for segment in block.segments}
    whole = _with(neo.Block(name=note["name"]), note)
    whole.rec_datetime = block.rec_datetime
    for told in note["segments"]:
        whole.segments.append(_segment(read.get(told["name"]), told))
    for told in note["groups"]:
        objects = [getattr(whole.segments[i], kind)[number] for i, kind, number in told["members"]]
        whole.groups.append(_with(neo.Group(objects), told))
    return whole


def _segment(read: "neo.Segment | None", told: dict[str, Any]) -> "neo.Segment":
    import neo

    # Of a Segment without objects nothing is in the file.
    read = neo.Segment() if read is None else read
    segment = neo.Segment(name=told["name"], index=told["index"])
    for kind in KINDS:
        by_name = {one.name: one for one in getattr(read, kind)}
        for number, one in enumerate(told[kind]):
            if kind == "spiketrains":
                member = read.spiketrains[number]
            else:
                name = name_in_file(told["name"], kind, number, one["name"])
                member = by_name.get(name, neo.Epoch())
            getattr(segment, kind).append(_with(_in_units(member, one), one))
    return _with(segment, told)


def _in_units(member: Any, told: dict[str, Any]) -> Any:
    """Return times, or values whose unit Neo's reader may not know, in the units they had."""
    import quantities

    if "rescale" not in dir(member):
        return member
    if member.units.dimensionality.string == told["units"]:
        return member
    if member.units == quantities.dimensionless:
        return member.duplicate_with_new_data(member.magnitude, units=told["units"])
    return member.rescale(told["units"])


def _with(one: Any, told: dict[str, Any]) -> Any:
    one.name, one.description = told["name"], told["description"]
    one.annotations = dict(told["annotations"])
    if "array_annotations" in told:
        import quantities

        one.array_annotations = {}
        for name, (values, unit) in told["array_annotations"].items():
            array = np.array(values)
            one.array_annotate(
                **{name: array if unit is None else quantities.Quantity(array, unit)}
            )
    return one
