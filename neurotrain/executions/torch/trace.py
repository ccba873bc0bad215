"""One step of a Program as a graph: what every state becomes, and what is told of it."""

from dataclasses import dataclass, field

from neurotrain.errors import UnsupportedModel
from neurotrain.executions.fused.schedule import is_late
from neurotrain.executions.torch.assignments import Elementwise, Masked, Names, Writer
from neurotrain.executions.torch.expressions import CLOCK, FIXED, STEP, Expressions
from neurotrain.executions.torch.spikes import Spikes
from neurotrain.executions.torch.statements import WAY_OUT, Typed
from neurotrain.executions.torch.synapses import propagate, summed
from neurotrain.executions.torch.wiring import Wiring
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
    Reference,
    Sample,
    Sum,
    Threshold,
    Update,
)

_STAGES = {"parameter": FIXED, "index": FIXED, "state": STEP, "input": STEP}


@dataclass
class Traced:
    """One step.

    Parameters
    ----------
    graph : Expressions
    states : dict of str to int
        The node of every state that has changed.
    events : dict of str to int
        The node of every event that may have happened, 1 where it has and else 0.
    records : dict of str to int
        The nodes of what is sampled.
    """

    graph: Expressions
    states: dict[str, int] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)
    records: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Tracer:
    """Traces the steps of a program.

    Parameters
    ----------
    program : Program
    constants : tuple of float
        Their values, in the program's order.
    wiring : Wiring
    has_surrogate : bool
        Whether there is a derivative through spikes.
    """

    program: Program
    constants: tuple[float, ...]
    wiring: Wiring
    has_surrogate: bool

    def trace(self, due: tuple[bool, ...], records: bool) -> Traced:
        """Return a step in which these clocks tick, with or without what is sampled."""
        tracing = Tracing(self)
        for number, one in enumerate(self.program.operations):
            wanted = records or not isinstance(one, Sample)
            if due[one.clock] and wanted:
                tracing.add(number, one)
        return tracing.finished()


class Tracing:
    """A step that is being traced, operation by operation."""

    def __init__(self, tracer: Tracer) -> None:
        self.program, self.wiring = tracer.program, tracer.wiring
        self.graph = Expressions()
        self.step = Traced(self.graph)
        self.arrays = {array.symbol: array for array in self.program.arrays}
        self.kinds = dict(self.program.constants)
        names = (name for name, _ in self.program.constants)
        self.constants = dict(zip(names, tracer.constants, strict=True))
        self.spikes = Spikes(self.graph, tracer.has_surrogate)
        self.current: dict[str, int] = {}
        self.functions = {one.symbol: one for one in self.program.functions}
        self.site = (0, 0)

    def add(self, number: int, one: Operation) -> None:
        """Trace an operation."""
        self.site = (number, 0)
        if isinstance(one, Log):
            raise UnsupportedModel(f"The torch execution has no monitors of events. {WAY_OUT}")
        getattr(self, f"_{type(one).__name__.lower()}")(one)

    def finished(self) -> Traced:
        """Return the step; what became a number is a tensor again."""
        for symbol, number in self.current.items():
            if self.arrays[symbol].role == "state":
                owner, shared = self.arrays[symbol].owner, self.arrays[symbol].shared
                self.step.states[symbol] = self.tensor(number, -1 if shared else owner)
        return self.step

    def tensor(self, number: int, owner: int) -> int:
        """Return a node that is a tensor even where its value is a number."""
        if self.graph.stages[number] > CLOCK:
            return number
        size = 1 if owner < 0 else self.wiring.sizes[owner]
        return self.graph.call("full", number, data=size)

    # --- operations

    def _update(self, one: Update) -> None:
        self.run(one.code, Elementwise(self))

    def _sample(self, one: Sample) -> None:
        found = self.run(one.code, Elementwise(self))
        for name in one.values:
            self.step.records[name] = self.tensor(
                found.translator.number(found["_to_record_" + name]), one.owner
            )

    def _threshold(self, one: Threshold) -> None:
        found = self.run(one.code, Elementwise(self))
        condition = self.tensor(found.translator.truth(found["_cond"]), one.owner)
        self.step.events[one.event] = self.spikes.of(
            condition, one.event, set(self.current.values())
        )
        if one.refractory:
            last, ready = one.refractory
            now = self.graph.leaf(("clock", "t", one.clock), CLOCK)
            self.current[last] = self.graph.call("where", condition, now, self.read(last))
            silent = self.graph.call("not", condition)
            self.current[ready] = self.graph.call("and", self.read(ready), silent)

    def _generator(self, one: Generator) -> None:
        self.step.events[one.event] = self.graph.leaf(("generated", one.event), STEP)

    def _reaction(self, one: Reaction) -> None:
        back = 1 if is_late(self.program, one) else 0
        self.run(one.code, Masked(self, self.event(one.event, back)))

    def _propagation(self, one: Propagation) -> None:
        propagate(self, one, 1 if is_late(self.program, one) else 0)

    def _sum(self, one: Sum) -> None:
        self.current[one.target] = self.tensor(summed(self, one), one.post)

    # --- values

    def event(self, symbol: str, back: int) -> int:
        """Return where an event happened so many ticks ago, as 1 and 0."""
        if back == 0:
            return self.step.events[symbol]
        return self.graph.leaf(("past", symbol, back), STEP)

    def read(self, symbol: str) -> int:
        """Return the value that an array has at this point of the step."""
        if symbol not in self.current:
            role = self.arrays[symbol].role
            kind = self.arrays[symbol].kind
            return self.graph.leaf((role, symbol, kind), _STAGES[role])
        return self.current[symbol]

    def value(self, reference: Reference) -> Typed:
        """Return what a reference stands for."""
        symbol = reference.symbol
        if "@" in symbol:
            name, clock = symbol.split("@")
            if name == "dt":
                return self.graph.constant(self.wiring.clocks[int(clock)]), "float"
            kind = "integer" if name == "step" else "float"
            return self.graph.leaf(("clock", name, int(clock)), CLOCK), kind
        if symbol in self.constants:
            kind = self.kinds[symbol]
            value = self.constants[symbol]
            return self.graph.constant(bool(value) if kind == "boolean" else value), kind
        return self.at(self.read(symbol), reference.index), self.arrays[symbol].kind

    def at(self, number: int, index: str) -> int:
        """Return an array's values for the elements at hand."""
        if index in (OWN, FIRST):
            return number
        return self.graph.call("gather", number, self.positions(index))

    def positions(self, symbol: str) -> int:
        """Return the node of an array of positions."""
        return self.graph.leaf(("positions", symbol), FIXED)

    def run(self, code: Code, writer: Writer) -> Names:
        """Trace statements; return what their names stand for afterwards."""
        names = Names(self, code)
        for one in (*code.scalar, *code.vector):
            typed = names.translator.value(one)
            reference = names.written(one)
            if reference:
                writer.write(names, reference, one, typed)
            else:
                if one.op not in ("=", ":="):
                    typed = names.translator.combined(one.op[:-1], names[one.target], typed)
                names.local[one.target] = names.translator.as_kind(typed, one.kind), one.kind
        return names

    def noise(self, kind: str, owner: int) -> int:
        """Return random numbers of which each call in the program has its own."""
        operation, call = self.site
        self.site = (operation, call + 1)
        return self.graph.leaf(("noise", kind, operation, call, owner), STEP)
