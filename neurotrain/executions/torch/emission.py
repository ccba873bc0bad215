"""Loops over the elements of an object, forth and back, in C++."""

from collections.abc import Callable, Iterable

from neurotrain.executions.torch.adjoints import Elementwise
from neurotrain.executions.torch.expressions import CLOCK, CONSTANT, FIXED, Expressions


class Loops:
    """Writes loops.

    Parameters
    ----------
    graph : Expressions
    writer : Elementwise
    address, gradient : callable
        From a node and the object at hand to where the node's value or gradient lies, in terms of
        ``at``, the place of a vector in a (trial, element) array, and ``v``, that in a row.
    """

    def __init__(
        self,
        graph: Expressions,
        writer: Elementwise,
        address: Callable[[int, int], str],
        gradient: Callable[[int, int], str],
    ) -> None:
        self.graph, self.writer = graph, writer
        self.address, self.gradient = address, gradient

    def closure(self, roots: Iterable[int]) -> list[int]:
        """Return all nodes that roots are computed from in a loop, each behind its arguments."""
        found: set[int] = set()
        pending = [root for root in roots if self.graph.stages[root] != CONSTANT]
        while pending:
            number = pending.pop()
            if number in found or self.graph.stages[number] == CONSTANT:
                continue
            found.add(number)
            if not self.is_given(number):
                pending += self.graph.nodes[number].args
        return sorted(found)

    def is_given(self, number: int) -> bool:
        """Return whether a loop finds a node's value instead of computing it."""
        node, stage = self.graph.nodes[number], self.graph.stages[number]
        return stage in (FIXED, CLOCK) or node.op in ("leaf", "matmul")

    def active(self, closure: Iterable[int]) -> set[int]:
        """Return the nodes of a closure that carry gradients."""
        found: set[int] = set()
        for number in closure:
            if self.is_given(number):
                is_real = not self.writer.is_truth(number)
                if self.graph.stages[number] != CLOCK and is_real:
                    found.add(number)
            elif found & set(self.graph.nodes[number].args) and self._hands_on(number, found):
                found.add(number)
        return found

    def _hands_on(self, number: int, active: set[int]) -> bool:
        return not self.writer.is_truth(number) and any(self.writer.backward(number, active))

    def forward(self, owner: int, stores: list[tuple[str, str, int]]) -> list[str]:
        """Return a loop that stores nodes at addresses."""
        closure = self.closure(number for *_, number in stores)
        lines = [
            self._load(number, owner) if self.is_given(number) else
            self.writer.forward(number)
            for number in closure
        ]  # fmt: skip
        lines += [f"{how}({address}, {self.real(number)});" for how, address, number in stores]
        return _loop(f"n_{owner}", self._fixed(closure, owner), lines)

    def real(self, number: int) -> str:
        """Return a node as a real number."""
        text = self.writer.text(number)
        return f"choose({text}, T(1), T(0))" if self.writer.is_truth(number) else text

    def backward(self, owner: int, seeds: list[tuple[str, int]]) -> list[str]:
        """Return a loop that hands on the gradients of nodes, which lie at addresses."""
        closure = self.closure(number for _, number in seeds)
        active = self.active(closure)
        seeds = [(text, number) for text, number in seeds if number in active]
        if not seeds:
            return []
        lines = [
            self._load(number, owner) if self.is_given(number) else
            self.writer.forward(number)
            for number in closure
        ]  # fmt: skip
        lines += [f"V d{number} = {{}};" for number in closure if number in active]
        lines += [f"d{number} += {text};" for text, number in seeds]
        after = []
        for number in reversed(closure):
            if number not in active:
                continue
            if not self.is_given(number):
                lines += self.writer.backward(number, active)
            elif self.graph.stages[number] == FIXED:
                lines.append(f"g{number} += d{number};")
                after.append(f"add_to({self.gradient(number, owner)}, g{number});")
            else:
                lines.append(f"add_to({self.gradient(number, owner)}, d{number});")
        before = self._fixed(closure, owner)
        before += [f"V g{n} = {{}};" for n in closure if n in active and self._is_fixed(n)]
        return _loop(f"n_{owner}", before, lines, after)

    def _is_fixed(self, number: int) -> bool:
        return self.graph.stages[number] in (FIXED, CLOCK)

    def _fixed(self, closure: Iterable[int], owner: int) -> list[str]:
        """Return the lines that load what is the same for all trials."""
        return [self._loaded(number, owner) for number in closure if self._is_fixed(number)]

    def _load(self, number: int, owner: int) -> str:
        return "" if self._is_fixed(number) else self._loaded(number, owner)

    def _loaded(self, number: int, owner: int) -> str:
        address = self.address(number, owner)
        value = address if self.graph.stages[number] == CLOCK else f"load({address})"
        if self.writer.is_truth(number):
            return f"const VI x{number} = truth({value} != T(0));"
        return f"const V x{number} = {value};"


def _loop(size: str, before: list[str], lines: list[str], after: Iterable[str] = ()) -> list[str]:
    return [
        f"for (int64_t v = 0; v < {size}; v += LANES) {{",
        *(f"  {line}" for line in before),
        "  for (int64_t b = 0; b < n_trials; b++) {",
        f"    const int64_t at = b * {size} + v; (void)at;",
        *(f"    {line}" for line in lines if line),
        "  }",
        *(f"  {line}" for line in after),
        "}",
    ]
