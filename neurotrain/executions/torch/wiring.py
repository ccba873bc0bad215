"""Sizes, clocks and synapses of a network, as far as the steps' code depends on them."""

from dataclasses import dataclass

import numpy as np

from neurotrain.executions.fused.values import Values

# A matrix of so many numbers for each synapse is quicker than going through the synapses.
_ROOM = 16


@dataclass(frozen=True)
class Route:
    """The synapses of a pathway: its `delays` in ticks, each once, and whether it is a matrix."""

    delays: tuple[int, ...]
    n_sources: int
    n_synapses: int


@dataclass(frozen=True)
class Table:
    """The synapses of a sum: which elements it connects, and if some have none."""

    first_pre: int
    n_pre: int
    first_post: int
    n_post: int
    has_gaps: bool


@dataclass(frozen=True)
class Wiring:
    """What a network's structure leaves open and the code of a step depends on.

    Parameters
    ----------
    sizes : tuple of int
        Number of elements of each owner.
    clocks : tuple of float
        Duration of a tick of each.
    routes : tuple of Route
    tables : tuple of Table
    """

    sizes: tuple[int, ...]
    clocks: tuple[float, ...]
    routes: tuple[Route, ...]
    tables: tuple[Table, ...]

    def is_dense(self, queue: int, n_targets: int) -> bool:
        """Return whether a pathway is carried by matrices, one for each delay."""
        route = self.routes[queue]
        return len(route.delays) * route.n_sources * n_targets <= _ROOM * max(1, route.n_synapses)


def wiring_of(values: Values) -> Wiring:
    """Return the wiring of a network with these values."""
    return Wiring(
        sizes=tuple(values.sizes),
        clocks=tuple(clock.dt for clock in values.clocks),
        routes=tuple(
            Route(tuple(np.unique(q.delays).tolist()), q.n_sources, len(q.sources))
            for q in values.queues
        ),
        tables=tuple(
            Table(
                one.first_pre,
                one.n_pre,
                one.first_post,
                one.n_post,
                len(np.unique(one.post)) < one.n_post,
            )
            for one in values.connections
        ),
    )
