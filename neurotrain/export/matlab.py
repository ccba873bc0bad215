"""Blocks in MATLAB files, by Neo's own writer."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from neurotrain.neo_objects import all_objects

if TYPE_CHECKING:
    import neo

# Longer names of fields are not written.
LONGEST_NAME = 31


def write_matlab(block: "neo.Block", path: Path) -> None:
    """Write a Block into a new MATLAB file, with the structure that Neo documents.

    Names of annotations are cut after 31 letters, the most that the format has room for.
    """
    from neo.io import NeoMatlabIO

    with _short_names(block):
        NeoMatlabIO(str(path)).write_block(block)


@contextmanager
def _short_names(block: "neo.Block") -> Iterator[None]:
    before = [(one, one.annotations) for one in all_objects(block)]
    try:
        for one, annotations in before:
            one.annotations = {name[:LONGEST_NAME]: told for name, told in annotations.items()}
        yield
    finally:
        for one, annotations in before:
            one.annotations = annotations
