"""One step of a Program as a graph: what every state becomes, and what is told of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from neurotrain.errors import UnsupportedModel
from neurotrain.executions.fused.schedule import is_late
from neurotrain.executions.torch.expressions import CLOCK, FIXED, STEP, Expressions
from neurotrain.executions.torch.spikes import Spikes
from neurotrain.executions.torch.statements import WAY_OUT, Translator, Typed
from neurotrain.executions.torch.wiring import Wiring
from neurotrain.lowering.program import (
    FIRST,
    OWN,
    Assignment,
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
# Of no gradient: when something happened, and what follows from it.
_HARD = ("boolean", "integer")


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
        tracing = _Tracing(self)
        for number, one in enumerate(self.program.operations):
            wanted = records or not isinstance(one, Sample)
            if due[one.clock] and wanted:
                tracing.add(number, one)
        return tracing.finished()


class _Tracing:
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
                self.step.states[symbol] = self._tensor(number, -1 if shared else owner)
        return self.step

    def _tensor(self, number: int, owner: int) -> int:
        if self.graph.stages[number] > CLOCK:
            return number
        size = 1 if owner < 0 else self.wiring.sizes[owner]
        return self.graph.call("full", number, data=size)

    # --- operations

    def _update(self, one: Update) -> None:
        self.run(one.code, _Elementwise(self))

    def _sample(self, one: Sample) -> None:
        found = self.run(one.code, _Elementwise(self))
        for name in one.values:
            self.step.records[name] = self._tensor(
                found.translator.number(found["_to_record_" + name]), one.owner
            )

    def _threshold(self, one: Threshold) -> None:
        found = self.run(one.code, _Elementwise(self))
        condition = self._tensor(found.translator.truth(found["_cond"]), one.owner)
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
        self.run(one.code, _Masked(self, self.event(one.event, back)))

    def _propagation(self, one: Propagation) -> None:
        from neurotrain.executions.torch.synapses import propagate

        propagate(self, one, 1 if is_late(self.program, one) else 0)

    def _sum(self, one: Sum) -> None:
        from neurotrain.executions.torch.synapses import summed

        self.current[one.target] = self._tensor(summed(self, one), one.post)

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

    def run(self, code: Code, writer: "_Elementwise") -> "Names":
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


class Names:
    """What the names in a piece of code stand for."""

    def __init__(self, tracing: _Tracing, code: Code) -> None:
        self.tracing, self.local = tracing, {}
        self.references = {r.name: r for r in code.references}
        self.owner = self._owner(code)
        self.translator = Translator(tracing.graph, self, dict(self._functions()))

    def __getitem__(self, name: str) -> Typed:
        if name in self.local:
            return self.local[name]
        return self.tracing.value(self.references[name])

    def written(self, one: Assignment) -> Reference | None:
        """Return the array that an assignment changes, if any."""
        reference = self.references.get(one.target)
        is_array = reference is not None and reference.symbol in self.tracing.arrays
        return reference if is_array and one.op != ":=" else None

    def _owner(self, code: Code) -> int:
        owners = [
            self.tracing.arrays[r.symbol].owner
            for r in code.references
            if r.index == OWN and r.symbol in self.tracing.arrays
        ]
        return owners[0] if owners else -1

    def _functions(self) -> Iterator[tuple[str, object]]:
        graph, tracing = self.tracing.graph, self.tracing
        for name, reference in self.references.items():
            symbol = reference.symbol
            own = tracing.functions.get(symbol)
            if symbol in ("rand", "randn"):
                yield name, lambda _, kind=symbol: (tracing.noise(kind, self.owner), "float")
            elif own and own.kind == "table":
                yield (
                    name,
                    lambda args, s=symbol: (
                        graph.call("table", *(self.translator.number(a) for a in args), data=s),
                        "float",
                    ),
                )
            elif own and own.kind == "binomial":
                yield (
                    name,
                    lambda _, s=symbol: (
                        graph.call("binomial", tracing.noise("rand", self.owner), data=s),
                        "float",
                    ),
                )
            elif own:
                raise UnsupportedModel(
                    f"'{name}' is a function in C++, which has no derivative for the torch "
                    f"execution; write its expression in the equations. {WAY_OUT}"
                )
            elif (
                name != symbol
                and symbol not in tracing.arrays
                and symbol not in (tracing.constants)
                and "@" not in symbol
            ):
                yield name, lambda args, s=symbol: self.translator.standard(s, args)


class _Elementwise:
    """Writes every element."""

    def __init__(self, tracing: _Tracing) -> None:
        self.tracing, self.graph = tracing, tracing.graph

    def write(self, names: Names, reference: Reference, one: Assignment, value: Typed) -> None:
        """Let an array have a new value."""
        if reference.index not in (OWN, FIRST):
            raise UnsupportedModel(
                f"'{one.target}' of another object is changed element by element, which the "
                f"torch execution does not cover. {WAY_OUT}"
            )
        kind, old = self.tracing.arrays[reference.symbol].kind, names[one.target]
        if one.op != "=":
            value = names.translator.combined(one.op[:-1], old, value)
        new = names.translator.as_kind(value, kind)
        if reference.condition:
            new = self.graph.call("where", self.tracing.read(reference.condition), new, old[0])
        self.tracing.current[reference.symbol] = new


class _Masked(_Elementwise):
    """Writes where an event has happened."""

    def __init__(self, tracing: _Tracing, spike: int) -> None:
        super().__init__(tracing)
        self.spike = spike

    def write(self, names: Names, reference: Reference, one: Assignment, value: Typed) -> None:
        """Let an array have a new value where the event has happened."""
        tracing, graph, translator = self.tracing, self.graph, names.translator
        symbol = reference.symbol
        kind, old, spike = tracing.arrays[symbol].kind, names[one.target], self.spike
        if reference.condition:
            spike = graph.times(spike, graph.call("number", tracing.read(reference.condition)))
        if kind == "float" and one.op in ("+=", "-="):
            sign = 1.0 if one.op == "+=" else -1.0
            change = graph.times(spike, translator.number(value))
            tracing.current[symbol] = graph.total([(1.0, old[0]), (sign, change)])
            return
        if one.op != "=":
            value = translator.combined(one.op[:-1], old, value)
        new = translator.as_kind(value, kind)
        if kind in _HARD:
            tracing.current[symbol] = graph.call("where", tracing.spikes.hard(spike), new, old[0])
        else:
            tracing.current[symbol] = tracing.spikes.chosen(spike, new, old[0])
