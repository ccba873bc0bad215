"""What synapses do in a step: sums over them, and spikes that they carry."""

from typing import TYPE_CHECKING

from brian2.utils.stringtools import get_identifiers

from neurotrain.errors import UnsupportedModel
from neurotrain.executions.torch.assignments import Masked, Names
from neurotrain.executions.torch.expressions import FIXED
from neurotrain.executions.torch.statements import WAY_OUT, Typed
from neurotrain.lowering.program import (
    FIRST,
    OWN,
    Assignment,
    Code,
    Propagation,
    Reference,
    Sum,
    Term,
)

if TYPE_CHECKING:
    from neurotrain.executions.torch.trace import Tracing


def summed(tracing: "Tracing", one: Sum) -> int:
    """Return the new value of a summed variable."""
    graph, table = tracing.graph, tracing.wiring.tables[one.table]
    post = graph.leaf(("table", one.table, "post"), FIXED)
    if one.terms:
        terms = [(1.0, _term(tracing, one, term, k)) for k, term in enumerate(one.terms)]
        total = graph.total(terms)
    else:
        names = tracing.run(one.code, Refused())
        value = names.translator.number(names["_synaptic_var"])
        total = graph.call("scatter", value, post, data=table.n_post)
    if one.whole:
        return total
    return graph.call("part", tracing.read(one.target), total, data=table.first_post)


def _term(tracing: "Tracing", one: Sum, term: Term, k: int) -> int:
    graph, table = tracing.graph, tracing.wiring.tables[one.table]
    source = _assigned(tracing, term.source, "_source")
    source = tracing.tensor(source, one.pre)
    if table.n_pre != tracing.wiring.sizes[one.pre]:
        source = graph.call("slice", source, data=(table.first_pre, table.n_pre))
    weight = _assigned(tracing, term.weight, "_weight")
    if one.layout == "dense":
        matrix = graph.call("matrix", _fixed(graph, weight), data=("table", one.table))
        total = graph.call("matmul", source, matrix, data=one.post)
    else:
        ends = [graph.leaf(("table", one.table, end), FIXED) for end in ("pre", "post")]
        carried = graph.times(graph.call("gather", source, ends[0]), weight)
        total = graph.call("scatter", carried, ends[1], data=table.n_post)
    if term.gain is None:
        return total
    gain = _assigned(tracing, term.gain, "_gain")
    if not one.whole and graph.stages[gain] >= FIXED:
        gain = graph.call("slice", gain, data=(table.first_post, table.n_post))
    gained = graph.times(gain, total)
    if not table.has_gaps:
        return gained
    # Where there are none the sum is 0, even if the gain is not finite, as 1/N_incoming.
    reached = graph.leaf(("table", one.table, "reached"), FIXED)
    return graph.call("where", reached, gained, graph.constant(0.0))


def _fixed(graph: object, weight: int) -> int:
    # A weight that is a number is one for each synapse all the same.
    return weight if graph.stages[weight] == FIXED else graph.call("full", weight, data=1)


def _assigned(tracing: "Tracing", code: Code, name: str) -> int:
    names = tracing.run(code, Refused())
    return names.translator.number(names[name])


class Refused:
    """Where code may change nothing."""

    def write(self, names: Names, reference: Reference, one: Assignment, value: Typed) -> None:
        """Refuse."""
        raise UnsupportedModel(f"'{one.target}' changes within a sum. {WAY_OUT}")


def propagate(tracing: "Tracing", one: Propagation, late: int) -> None:
    """Let the spikes that a pathway's synapses carry act."""
    route = tracing.wiring.routes[one.queue]
    if route.n_synapses:
        arrived = [tracing.event(one.event, delay + late) for delay in route.delays]
        writer = Carried(tracing, one, arrived)
        tracing.run(one.code, writer)
        writer.finish()


class Carried:
    """Writes where spikes arrive: to the synapses themselves, or sums at their ends."""

    def __init__(self, tracing: "Tracing", one: Propagation, arrived: list[int]) -> None:
        self.tracing, self.graph, self.one, self.arrived = tracing, tracing.graph, one, arrived
        self.added: dict[tuple[str, str, str], int] = {}
        targets = {a.target for a in one.code.vector}
        self.summed = {
            r.symbol
            for r in one.code.references
            if r.name in targets and r.index != OWN and r.symbol in tracing.arrays
        }
        self._check_reads(one.code)

    def _check_reads(self, code: Code) -> None:
        names = {r.name for r in code.references if r.symbol in self.summed}
        for one in code.vector:
            read = names & get_identifiers(one.expression)
            if read:
                raise UnsupportedModel(
                    f"'{min(read)}' is read and changed by the same synapses in "
                    f"'{one.target} {one.op} {one.expression}', whose result depends on the order "
                    f"of spikes; the torch execution does not cover it. {WAY_OUT}"
                )

    def _at_synapses(self) -> int:
        """Return the spikes that reach each synapse."""
        spikes = self.arrived[0]
        if len(self.arrived) > 1:
            spikes = self.graph.call("beside", *self.arrived)
        return self.graph.call("gather", spikes, self.graph.leaf(("queue", self.one.queue), FIXED))

    def write(self, names: Names, reference: Reference, one: Assignment, value: Typed) -> None:
        """Add to the ends of synapses, or change the synapses."""
        if reference.index == OWN:
            Masked(self.tracing, self._at_synapses()).write(names, reference, one, value)
            return
        if one.op not in ("+=", "-="):
            raise UnsupportedModel(
                f"'{one.target} {one.op} {one.expression}' depends on the order in which spikes "
                f"arrive, which the torch execution does not cover. {WAY_OUT}"
            )
        if reference.index == FIRST:
            raise UnsupportedModel(
                f"'{one.target}' is shared and changed by spikes, which the torch execution does "
                f"not cover. {WAY_OUT}"
            )
        key = (reference.symbol, reference.index, reference.condition)
        sign = 1.0 if one.op == "+=" else -1.0
        part = self._arriving(reference, names.translator.number(value))
        before = self.added.get(key)
        terms = [(sign, part)] if before is None else [(1.0, before), (sign, part)]
        self.added[key] = self.graph.total(terms)

    def _arriving(self, reference: Reference, value: int) -> int:
        graph, queue = self.graph, self.one.queue
        owner = self.tracing.arrays[reference.symbol].owner
        n = self.tracing.wiring.sizes[owner]
        if graph.stages[value] <= FIXED and self.tracing.wiring.is_dense(queue, n):
            weight = _fixed(graph, value)
            places = enumerate(self.arrived)
            data = ("queue", queue, reference.index, n)
            parts = [
                (1.0, self._product(spikes, graph.call("matrix", weight, data=(*data, k)), owner))
                for k, spikes in places
            ]
            return graph.total(parts)
        carried = graph.times(self._at_synapses(), value)
        return graph.call("scatter", carried, self.tracing.positions(reference.index), data=n)

    def _product(self, spikes: int, matrix: int, owner: int) -> int:
        return self.graph.call("matmul", spikes, matrix, data=owner)

    def finish(self) -> None:
        """Let the sums take effect."""
        for (symbol, _, condition), added in self.added.items():
            old = self.tracing.read(symbol)
            new = self.graph.total([(1.0, old), (1.0, added)])
            if condition:
                new = self.graph.call("where", self.tracing.read(condition), new, old)
            self.tracing.current[symbol] = new
