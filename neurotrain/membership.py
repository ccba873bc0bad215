"""Which Network a Brian2 object belongs to; Brian2 lets each that has run belong to one only."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from brian2 import BrianObject


def with_contained(objects: Iterable[BrianObject]) -> Iterator[BrianObject]:
    """Yield objects and all that they contain."""
    for one in objects:
        yield one
        yield from with_contained(one.contained_objects)


def free(objects: Iterable[BrianObject]) -> None:
    """Let objects join another network."""
    for one in with_contained(objects):
        one._network = None


@contextmanager
def freed(objects: Iterable[BrianObject]) -> Iterator[None]:
    """Let objects join another network in the block; afterwards they belong to their own again."""
    networks = [(one, one._network) for one in with_contained(objects)]
    free(one for one, _ in networks)
    try:
        yield
    finally:
        for one, network in networks:
            one._network = network
