"""Brian2 warns of objects that were never in a Network; those of a circuit are not meant to be."""

import logging
import re
from collections.abc import Iterable

from brian2 import BrianObject


class _OfCircuits(logging.Filter):
    """Drops the warnings about objects with the given names, and no others."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        found = re.match(r"The object '(.*?)'", record.getMessage())
        return not (found and found[1] in self.names)


_filter = _OfCircuits()
logging.getLogger("brian2.core.base.unused_brian_object").addFilter(_filter)


def expect_unused(objects: Iterable[BrianObject]) -> None:
    """Let Brian2 not warn when these objects are deleted without ever having been in a Network."""
    for one in objects:
        _filter.names.add(one.name)
        expect_unused(one.contained_objects)
