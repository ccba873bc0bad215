"""Doing once what statements do several times: equal expressions, and exponentials."""

from collections.abc import Callable, Sequence

from neurotrain.executions.fused.exponentials import shared_exponentials
from neurotrain.executions.fused.graph import ATOM, Graph, written
from neurotrain.executions.fused.logistic import Logistic
from neurotrain.lowering.program import Assignment


def share(
    assignments: Sequence[Assignment],
    unique: Callable[[str], str],
    scalar: Sequence[Assignment] = (),
) -> list[Assignment]:
    """Return statements that do the same with fewer operations.

    Real subexpressions with a call, a quotient or a power that occur several times are computed
    once, as long as nothing they read is assigned to in between; calls of random and unknown
    functions never are. ``0.5 + 0.5*tanh(x)`` becomes ``1.0/(1.0 + exp(-2.0*x))``. Exponentials
    and hyperbolic cosines of rational multiples of one expression become powers of one
    exponential: ``exp(2*x)``, ``exp(-x)`` and ``cosh(x)`` become ``e**2``, ``1.0/e`` and
    ``0.5*(e + 1.0/e)``. Floating-point operations are not reordered otherwise.

    A power ``e**k``, k <= 8, is off by up to k times the error of the exponential, in units in
    the last place, and by that of its argument as the exponential in its place would be. Where
    that overflows or vanishes, so does the power.

    Parameters
    ----------
    assignments : sequence of Assignment
        A straight line of statements.
    unique : callable
        Makes a new name from a prefix.
    scalar : sequence of Assignment
        Statements done before, whose targets are not assigned to again: what names stand for
        when arguments of exponentials are compared.
    """
    graph = Graph()
    logistic = Logistic(graph)
    constants = {one.target: logistic.rewritten(graph.parse(one.expression)) for one in scalar}
    roots = []
    for k, one in enumerate(assignments):
        roots.append(logistic.rewritten(graph.parse(one.expression)))
        graph.assign(one.target, one.kind, k)
    return _Writer(graph, shared_exponentials(graph, roots, constants), unique).written(assignments)


class _Writer:
    """Writes a graph as statements; what is used several times gets a name of its own."""

    def __init__(self, graph: Graph, roots: list[int], unique: Callable[[str], str]) -> None:
        self.graph, self.roots, self.unique = graph, roots, unique
        self.texts: dict[int, tuple[str, int]] = {}
        self.uses: dict[int, int] = {}
        order = graph.reachable(roots)
        for number in [*roots, *(child for k in order for child in graph.nodes[k].children)]:
            self.uses[number] = self.uses.get(number, 0) + 1
        self.costly: set[int] = set()
        for number in order:
            node = graph.nodes[number]
            if (
                node.form == "call"
                or node.label in ("/", "//", "%", "**")
                or any(child in self.costly for child in node.children)
            ):
                self.costly.add(number)

    def written(self, assignments: Sequence[Assignment]) -> list[Assignment]:
        """Return the statements, each behind those that it needs."""
        lines: list[Assignment] = []
        done: set[int] = set()
        for one, root in zip(assignments, self.roots, strict=True):
            for number in self.graph.reachable([root], done):
                done.add(number)
                node = self.graph.nodes[number]
                self.texts[number] = written(node, [self.texts[k] for k in node.children])
                if self._is_named(number):
                    name = self.unique("_shared")
                    lines.append(Assignment(name, ":=", self.texts[number][0], "float"))
                    self.texts[number] = name, ATOM
            text = self.texts[root][0]
            lines.append(Assignment(one.target, one.op, text, one.kind))
        return lines

    def _is_named(self, number: int) -> bool:
        return self.uses[number] > 1 and number in self.costly and self.graph.is_real[number]
