"""Names in a piece of code, and what becomes of what it assigns."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from neurotrain.errors import UnsupportedModel
from neurotrain.executions.torch.statements import WAY_OUT, Translator, Typed
from neurotrain.lowering.program import FIRST, OWN, Assignment, Code, Reference

if TYPE_CHECKING:
    from neurotrain.executions.torch.trace import Tracing

# Of no gradient: when something happened, and what follows from it.
_HARD = ("boolean", "integer")


class Names:
    """What the names in a piece of code stand for."""

    def __init__(self, tracing: "Tracing", code: Code) -> None:
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


class Elementwise:
    """Writes every element."""

    def __init__(self, tracing: "Tracing") -> None:
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


class Masked(Elementwise):
    """Writes where an event has happened."""

    def __init__(self, tracing: "Tracing", spike: int) -> None:
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


class Writer(Protocol):
    """Takes what code assigns to arrays."""

    def write(self, names: Names, reference: Reference, one: Assignment, value: Typed) -> None:
        """Let an array have a new value."""
