"""Blocks in NIX files, by Neo's own reader and writer."""

from pathlib import Path
from typing import TYPE_CHECKING

from neurotrain.neo_objects import all_objects

if TYPE_CHECKING:
    import neo


def write_nix(block: "neo.Block", path: Path) -> None:
    """Write a Block into a new NIX file; the Block itself stays as it is."""
    from neo.io import NixIO

    try:
        with NixIO(str(path), "ow") as file:
            file.write_block(block)
    finally:
        _forget_names(block)


def read_nix(path: Path) -> "neo.Block":
    """Return the first Block of a NIX file."""
    from neo.io import NixIO

    with NixIO(str(path), "ro") as file:
        block = file.read_block()
    _forget_names(block)
    for index, segment in enumerate(block.segments):
        # The only thing that NixIO does not write.
        segment.index = index
    return block


def _forget_names(block: "neo.Block") -> None:
    """Remove the names by which NixIO finds objects in a file; in another file they have others."""
    for one in all_objects(block):
        one.annotations.pop("nix_name", None)
