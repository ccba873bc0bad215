"""A lowered network with its values as they are now, as plain data that can travel."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.executions.base import Request
from neurotrain.executions.fused import gather
from neurotrain.executions.fused.values import Clock, Connections, Generator, Queue, Table
from neurotrain.lowering.network import Lowered
from neurotrain.lowering.program import Program

if TYPE_CHECKING:
    from neurotrain.circuit import Circuit


@dataclass(frozen=True)
class Ticking:
    """A clock by its name and the duration between its ticks, in seconds."""

    name: str
    dt_: float


@dataclass(frozen=True)
class NetworkData:
    """All of a network that does not differ between candidates, trials and simulations.

    Parameters
    ----------
    program : Program
    constants, arrays, connections, queues, sizes, tables, before
        As in `Values`.
    clocks : tuple of Ticking
    generators : mapping of str to Generator
        By event.
    trained, states : mapping of str to str
        The symbols of trained blocks and of states that begin each trial, by name; without those
        that no code mentions.
    """

    program: Program
    constants: Mapping[str, float]
    sizes: tuple[int, ...]
    arrays: Mapping[str, np.ndarray]
    connections: tuple[Connections, ...]
    queues: tuple[Queue, ...]
    tables: Mapping[str, Table]
    before: Mapping[str, np.ndarray]
    clocks: tuple[Ticking, ...]
    generators: Mapping[str, Generator]
    trained: Mapping[str, str]
    states: Mapping[str, str]

    def clocks_of(self, request: Request) -> tuple[Clock, ...]:
        """Return when the clocks tick in a simulation from the beginning."""
        duration = request.n_steps * request.dt
        ticks = [int(np.ceil(duration / clock.dt_ - 1e-4)) for clock in self.clocks]
        return gather.clocks(self.clocks, [0] * len(ticks), ticks)


def network_data(circuit: "Circuit", lowered: Lowered) -> NetworkData:
    """Return the network of a circuit as its Brian2 objects are now."""
    blocks = (name.split(".", 1) for name in circuit.parameters.names)
    trained = {
        f"{part}.{variable}": _symbol(lowered, circuit.objects[part], variable)
        for part, variable in blocks
        if part in circuit.objects
    }
    states = {name: _symbol(lowered, *circuit.state_variable(name)) for name in circuit.states}
    return NetworkData(
        program=lowered.program,
        constants=lowered.constant_values(),
        sizes=gather.sizes(lowered),
        arrays=gather.arrays(lowered),
        connections=gather.connections(lowered),
        queues=gather.queues(lowered),
        tables=gather.tables(lowered),
        before=gather.before(lowered),
        clocks=tuple(Ticking(one.name, one.dt_) for one in lowered.clocks),
        generators=gather.generators(lowered),
        trained={name: symbol for name, symbol in trained.items() if symbol},
        states={name: symbol for name, symbol in states.items() if symbol},
    )


def _symbol(lowered: Lowered, owner: object, name: str) -> str | None:
    """Return the symbol of a variable, or None where no code mentions it."""
    variable = owner.variables[name]
    return next((s for s, found in lowered.arrays.items() if found is variable), None)
