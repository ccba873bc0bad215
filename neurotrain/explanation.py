"""What became of the objects of a circuit, and what a run of it costs, in words."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.executions.fused.schedule import Loop, Node, Sources, schedule
from neurotrain.lowering.network import Lowered
from neurotrain.lowering.operations import whole
from neurotrain.lowering.program import (
    Array,
    Code,
    Generator,
    Propagation,
    Reaction,
    Sample,
    Sum,
    Threshold,
    Update,
)
from neurotrain.parameters.space import Block

if TYPE_CHECKING:
    from neurotrain.circuit import Circuit

_SINGLE = 4


@dataclass(frozen=True)
class _Network:
    """A lowered network whose objects have the names that the circuit's `train` uses."""

    lowered: Lowered
    names: Mapping[str, str]

    def name(self, one: Any) -> str:
        group = whole(one)
        name = self.names.get(group.name, group.name)
        return name if group is one else f"{name}[{one.start}:{one.stop}]"

    def owner(self, number: int) -> str:
        return self.name(self.lowered.owners[number])


def explain(circuit: "Circuit") -> str:
    """Return what became of each object, in the order of a step, and what a step costs."""
    lowered = circuit.lower()
    # Where an object has two names, that which does not depend on Brian2's counting comes last.
    network = _Network(lowered, {one.name: name for name, one in circuit.objects.items()})
    nodes = schedule(lowered.program)
    return "\n".join(
        [
            *_members(circuit, network),
            "in every step:",
            *(f"  {line}" for node in nodes for line in _node(node, network)),
            *_cost(lowered),
            *(_trained(block) for block in circuit.parameters.blocks),
        ]
    )


def _trained(block: Block) -> str:
    if not block.size:
        return f"trained: {block.name} {block.shape}, fixed"
    fewer = f", {block.size} coordinates" if block.size < prod(block.shape) else ""
    return f"trained: {block.name} {block.shape}{fewer}"


def _members(circuit: "Circuit", network: _Network) -> Iterator[str]:
    lowered = network.lowered
    by_owner: dict[str, list[Array]] = {}
    for array in lowered.program.arrays:
        if array.role != "index":
            owner = lowered.arrays[array.symbol].owner.name
            by_owner.setdefault(owner, []).append(array)
    for one in (circuit.neurons, *circuit.others):
        name, kind = network.name(one), type(one).__name__
        known = kind if name == one.name else f"{kind} '{one.name}'"
        size = f"{len(one)} elements, " if hasattr(type(one), "__len__") else ""
        yield f"{name} ({known}): {size}dt {float(one.clock.dt_) * 1e3:g} ms"
        for array in by_owner.get(one.name, ()):
            shared = ", shared" if array.shared else ""
            yield f"  {lowered.arrays[array.symbol].name}: {array.kind} {array.role}{shared}"


def _node(node: Node, network: _Network) -> Iterator[str]:
    if isinstance(node, Sources):
        return
    if isinstance(node, Loop):
        for one in node.sums:
            yield _sum(one, network)
        if node.parts:
            what = ", ".join(_part(part) for part in node.parts)
            yield f"{network.owner(node.owner)}: {what}, in one loop"
    elif isinstance(node, Sum):
        yield _sum(node, network)
    elif isinstance(node, Propagation):
        yield _propagation(node, network)
    elif isinstance(node, Reaction):
        name = network.owner(node.owner)
        yield f"{name}: reset of the elements that '{_event(node.event)}' happened to"
    elif isinstance(node, Generator):
        yield f"{network.owner(node.owner)}: given spikes"
    elif isinstance(node, Sample):
        names = ", ".join(node.values)
        yield f"{network.owner(node.owner)}: {names} averaged and recorded where asked for"


def _event(symbol: str) -> str:
    return symbol.rpartition("_")[0]


def _part(part: Any) -> str:
    if isinstance(part, Threshold):
        return f"threshold of '{_event(part.event)}'"
    if isinstance(part, Reaction):
        return f"reset after '{_event(part.event)}'"
    return "equations" if isinstance(part, Update) else type(part).__name__


def _sum(one: Sum, network: _Network) -> str:
    lowered = network.lowered
    synapses, _ = lowered.tables[one.table]
    name, target = network.name(synapses), lowered.arrays[one.target].name
    possible = len(synapses.source) * len(synapses.target)
    share = f"{len(synapses)} of {possible} connections"
    if not one.terms:
        return (
            f"{name}: {target} summed synapse by synapse ({share}), since it is no sum "
            "of products weight*f(pre)*g(post)"
        )
    how = "matrix product" if one.layout == "dense" else "sum over compressed rows"
    times = f"{len(one.terms)} of them, " if len(one.terms) > 1 else ""
    return f"{name}: {target} by {how} ({times}{share})"


def _propagation(node: Propagation, network: _Network) -> str:
    pathway = network.lowered.queues[node.queue]
    delays = np.asarray(pathway.variables["delay"].get_value()) * 1e3
    span = sorted({f"{delays.min():g}", f"{delays.max():g}"}) if delays.size else ["0"]
    when = f"after {' to '.join(span)} ms" if span != ["0"] else "at once"
    return (
        f"{network.name(pathway.synapses)}, {pathway.objname}: code for the synapses that "
        f"'{_event(node.event)}' of '{network.name(pathway.source)}' reaches, {when} "
        f"({len(pathway.synapses)} synapses)"
    )


def _cost(lowered: Lowered) -> Iterator[str]:
    program = lowered.program
    products = operations = 0
    for one in program.operations:
        if isinstance(one, Sum):
            synapses, _ = lowered.tables[one.table]
            dense = len(synapses.source) * len(synapses.target)
            products += len(one.terms) * (dense if one.layout == "dense" else len(synapses))
            for term in one.terms:
                operations += _arithmetic(term.source) * len(lowered.owners[one.pre])
                operations += _arithmetic(term.gain) * len(lowered.owners[one.post])
            operations += _arithmetic(one.code) * len(synapses)
        elif isinstance(one, Update | Threshold):
            operations += _arithmetic(one.code) * len(lowered.owners[one.owner])
    yield (
        f"arithmetic per step and trial: {products} multiply-adds of sums, {operations} "
        "operations and functions of equations; spikes come on top"
    )
    states = sum(len(lowered.arrays[s].get_value()) for s in program.symbols("state", "input"))
    fixed = sum(len(lowered.arrays[s].get_value()) for s in program.symbols("parameter"))
    yield (
        f"memory in single precision: {_size(_SINGLE * states)} of state for each trial, "
        f"{_size(_SINGLE * fixed)} of parameters for each candidate at work; beside them only "
        "what is recorded"
    )


def _size(n: int) -> str:
    return f"{n / 1e6:.1f} MB" if n >= 1e6 else f"{n / 1e3:.1f} kB"


def _arithmetic(code: Code | None) -> int:
    """Count operations and calls of functions in what is done for each element."""
    counted = (ast.BinOp, ast.UnaryOp, ast.Compare, ast.Call)
    return sum(
        isinstance(node, counted)
        for one in (code.vector if code else ())
        for node in ast.walk(ast.parse(one.expression, mode="eval"))
    )
