"""Which operations of a step share one loop over the elements of an object."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from neurotrain.lowering.program import (
    FIRST,
    OWN,
    Code,
    Generator,
    Log,
    Operation,
    Program,
    Propagation,
    Reaction,
    Sample,
    Sum,
    Threshold,
    Update,
)


@dataclass
class Access:
    """What something reads and writes, by symbol; `far` is what it finds at other elements."""

    reads: set[str] = field(default_factory=set)
    writes: set[str] = field(default_factory=set)
    far: set[str] = field(default_factory=set)

    def __or__(self, other: "Access") -> "Access":
        return Access(self.reads | other.reads, self.writes | other.writes, self.far | other.far)

    def conflicts(self, other: "Access") -> set[str]:
        """Return what makes the order of the two matter."""
        return (self.writes & (other.reads | other.writes)) | (other.writes & self.reads)


@dataclass
class Sources:
    """The sources of a sum, evaluated for every presynaptic element."""

    sum: Sum


@dataclass
class Loop:
    """Sums and code for one element of `owner` after the other."""

    owner: int
    clock: int
    sums: list[Sum] = field(default_factory=list)
    parts: list[Operation] = field(default_factory=list)
    access: Access = field(default_factory=Access)

    @property
    def whole(self) -> bool:
        """Whether the loop runs over all elements."""
        return all(one.whole for one in self.sums)


Node = Sources | Loop | Generator | Reaction | Propagation | Sum | Log | Sample


def source_symbol(one: Sum, term: int) -> str:
    """Return the name of the sources of one term."""
    return f"{one.table}_{term}"


def schedule(program: Program) -> list[Node]:
    """Return what is done in a step, with as few loops as give the same result."""
    nodes: list[Node] = []
    for one in program.operations:
        if isinstance(one, Sum) and one.terms:
            nodes.append(Sources(one))
            _add_sum(nodes, one)
        elif isinstance(one, Update | Threshold | Reaction):
            _add_part(nodes, one, program)
        else:
            nodes.append(one)
    return nodes


def listed_events(program: Program, nodes: Iterable[Node]) -> set[str]:
    """Return the events whose elements must be listed, since not only their own loop needs them."""
    return {
        node.event for node in nodes if isinstance(node, Propagation | Log | Reaction | Generator)
    }


def is_late(program: Program, node: Reaction | Propagation | Log) -> bool:
    """Return whether a node precedes what makes its events, and so sees those of the last step."""
    makers = [
        k
        for k, one in enumerate(program.operations)
        if isinstance(one, Threshold | Generator) and one.event == node.event
    ]
    return bool(makers) and program.operations.index(node) < makers[0]


def event_clock(program: Program, event: str) -> int:
    """Return the clock of what makes an event."""
    makers = (Threshold, Generator)
    found = (o for o in program.operations if isinstance(o, makers) and o.event == event)
    return next((one.clock for one in found), 0)


def _add_sum(nodes: list[Node], one: Sum) -> None:
    last = nodes[-2] if len(nodes) > 1 else None
    sources = Sources(one)
    if (
        isinstance(last, Loop)
        and (last.owner, last.clock) == (one.post, one.clock)
        and last.whole
        and one.whole
        and not last.parts
        and not last.access.conflicts(_access(sources))
        and not last.access.conflicts(_access(one))
    ):
        # The sources are needed before the loop.
        nodes[-2:] = [nodes[-1], last]
        loop = last
    else:
        loop = Loop(one.post, one.clock)
        nodes.append(loop)
    loop.sums.append(one)
    loop.access |= _access(one)


def _add_part(nodes: list[Node], one: Update | Threshold | Reaction, program: Program) -> None:
    own = _access(one)
    for node in reversed(nodes if _fuses(one.code, program) else []):
        access = node.access if isinstance(node, Loop) else _access(node)
        if _joins(node, one, program) and not access.conflicts(own) & (access.far | own.far):
            node.parts.append(one)
            node.access |= own
            return
        if access.conflicts(own):
            break
    if isinstance(one, Reaction):
        nodes.append(one)
    else:
        nodes.append(Loop(one.owner, one.clock, [], [one], own))


def _joins(node: Node, one: Update | Threshold | Reaction, program: Program) -> bool:
    if not isinstance(node, Loop) or (node.owner, node.clock) != (one.owner, one.clock):
        return False
    if isinstance(one, Reaction):
        own = [p for p in node.parts if isinstance(p, Threshold) and p.event == one.event]
        return bool(own) and node.whole
    return node.whole and all(_fuses(part.code, program) for part in node.parts)


def _fuses(code: Code, program: Program) -> bool:
    """Shared variables are the same for all elements: their code has a loop of its own."""
    states = set(program.symbols("state", "input"))
    return not any(r.index == FIRST and r.symbol in states for r in code.references)


def _access(node: Operation | Sources) -> Access:
    if isinstance(node, Sources):
        found = Access()
        for k, term in enumerate(node.sum.terms):
            found |= _of_code(term.source, everything_far=True)
            found.writes.add(source_symbol(node.sum, k))
        return found
    if isinstance(node, Sum):
        return _of_sum(node)
    if isinstance(node, Generator):
        return Access(set(), {node.event}, {node.event})
    far = isinstance(node, Propagation | Log | Sample)
    found = _of_code(node.code, everything_far=far)
    if isinstance(node, Threshold):
        found.writes |= {node.event, *(node.refractory or ())}
    if isinstance(node, Reaction | Propagation | Log):
        found.reads.add(node.event)
    if far:
        found.far |= found.reads | found.writes
    return found


def _of_sum(one: Sum) -> Access:
    found = Access(set(), {one.target}, set())
    for k, term in enumerate(one.terms):
        found |= _of_code(term.gain or Code())
        found.reads.add(source_symbol(one, k))
        found.far.add(source_symbol(one, k))
    if one.code:
        found |= _of_code(one.code, everything_far=True)
        found.far |= found.reads | found.writes
    return found


def _of_code(code: Code, everything_far: bool = False) -> Access:
    targets = set(written(code))
    found = Access()
    for reference in code.references:
        if not reference.index:
            continue
        found.reads |= {reference.symbol, *filter(None, [reference.condition])}
        if reference.name in targets:
            found.writes.add(reference.symbol)
        if reference.index != OWN or everything_far:
            found.far |= {reference.symbol, *filter(None, [reference.condition])}
    return found


def written(code: Code) -> Iterator[str]:
    """Yield the names that a piece of code assigns and does not declare."""
    declared: set[str] = set()
    for one in (*code.scalar, *code.vector):
        if one.op == ":=":
            declared.add(one.target)
        elif one.target not in declared:
            yield one.target
