"""A traced step as two Python functions of tensors: what is the same in all steps, and a step."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from neurotrain.executions.torch.expressions import (
    CLOCK,
    CONSTANT,
    FIXED,
    STEP,
    Expressions,
    Node,
    simplified,
)
from neurotrain.executions.torch.trace import Traced

_INFIX = {
    "mul": "{} * {}", "div": "{} / {}", "<": "{} < {}", "<=": "{} <= {}", ">": "{} > {}",
    ">=": "{} >= {}", "==": "{} == {}", "!=": "{} != {}",
}  # fmt: skip
_ON_NUMBERS = {
    "and": "({} and {})", "or": "({} or {})", "not": "(not {})", "where": "({1} if {0} else {2})",
}  # fmt: skip
_ON_TENSORS = {"and": "{} & {}", "or": "{} | {}", "not": "~{}"}


@dataclass(frozen=True)
class StepSource:
    """The source of ``prepare(given)`` and ``step(fixed, states, past, clock, draw, spike)``.

    Parameters
    ----------
    text : str
    numbers : tuple of float
        The constants ``k0, k1, ...`` that the source mentions; ``c0, c1, ...`` are them as
        tensors.
    states, events, records : tuple of str
        What a step returns, in order.
    graph : Expressions
    roots : tuple of int
        The nodes of what a step returns.
    fixed : tuple of int
        The nodes of what ``prepare`` returns.
    times : tuple of int
        The nodes of numbers that change with time, which ``numbers(clock)`` returns.
    """

    text: str
    numbers: tuple[float, ...]
    states: tuple[str, ...]
    events: tuple[str, ...]
    records: tuple[str, ...]
    graph: Expressions
    roots: tuple[int, ...]
    fixed: tuple[int, ...]
    times: tuple[int, ...]

    @property
    def n_operations(self) -> int:
        """How many operations on tensors a step has."""
        return sum(self.graph.stages[n] == STEP for n in self.graph.reachable(self.roots))

    def functions(self, library: Mapping[str, Any], tensor: Callable) -> tuple[Callable, ...]:
        """Return all three functions; `tensor` makes tensors of numbers."""
        names = dict(library)
        for k, value in enumerate(self.numbers):
            names[f"k{k}"], names[f"c{k}"] = value, tensor(value)
        exec(compile(self.text, "<torch step>", "exec"), names)
        return names["prepare"], names["step"], names["numbers"]


def step_source(traced: Traced) -> StepSource:
    """Return the source of a traced step."""
    states, events, records = (
        tuple(found) for found in (traced.states, traced.events, traced.records)
    )
    roots = [*traced.states.values(), *traced.events.values(), *traced.records.values()]
    graph, roots = simplified(traced.graph, roots)
    writer = _Writer(graph, roots)
    text = writer.text()
    found = tuple(roots), tuple(writer.shared), tuple(writer.times)
    return StepSource(text, tuple(writer.numbers), states, events, records, graph, *found)


class _Writer:
    def __init__(self, graph: Expressions, roots: list[int]) -> None:
        self.graph, self.roots = graph, roots
        self.order = graph.reachable(roots)
        self.numbers: list[float] = []
        self.uses = Counter([*roots, *(k for n in self.order for k in graph.nodes[n].args)])
        self.inlined = {n for n in self.order if self._is_added_product(n)}
        stages = graph.stages
        read = set().union(*(self._reads(n) for n in self.order if stages[n] == STEP), roots)
        self.shared = [n for n in self.order if stages[n] == FIXED and n in read]
        self.times = [n for n in self.order if stages[n] == CLOCK]

    def _is_added_product(self, number: int) -> bool:
        """Return whether a product is only part of one sum, so that both are one operation."""
        node, nodes = self.graph.nodes[number], self.graph.nodes
        if node.op != "mul" or self.uses[number] != 1 or self.graph.stages[number] < FIXED:
            return False
        if any(self.graph.stages[k] < FIXED for k in node.args):
            return False
        user = next((n for n in self.order if number in nodes[n].args), None)
        return user is not None and nodes[user].op == "sum" and len(nodes[user].args) > 1

    def text(self) -> str:
        """Return the source of all functions."""
        prepare = self._lines(n for n in self.order if self.graph.stages[n] == FIXED)
        step = self._lines(n for n in self.order if self.graph.stages[n] in (CLOCK, STEP))
        names = "".join(f"x{n}, " for n in self.shared)
        given = [f"    ({names}) = fixed"] if self.shared else []
        results = ", ".join(self._text(root) for root in self.roots)
        times = ", ".join(f"x{n}" for n in self.times)
        return "\n".join(
            [
                "def prepare(given):", *prepare, f"    return ({names})", "",
                "def step(fixed, states, past, clock, draw, spike):", *given, *step,
                f"    return ({results},)", "",
                "def numbers(clock):", *self._lines(self.times), f"    return [{times}]", "",
            ]
        )  # fmt: skip

    def _reads(self, number: int) -> set[int]:
        """Return what the line of a node mentions."""
        found = set()
        for k in self.graph.nodes[number].args:
            found |= {k} | (self._reads(k) if k in self.inlined else set())
        return found

    def _lines(self, numbers: Iterable[int]) -> list[str]:
        return [
            f"    x{n} = {self._expression(n)}"
            for n in numbers
            if n not in self.inlined and self.graph.stages[n] != CONSTANT
        ]

    def _text(self, number: int, as_tensor: bool = False) -> str:
        node = self.graph.nodes[number]
        if node.op != "constant":
            is_number = as_tensor and self.graph.stages[number] == CLOCK
            return f"tensor(x{number})" if is_number else f"x{number}"
        if isinstance(node.data, bool):
            return f"tensor({node.data})" if as_tensor else str(node.data)
        return ("c" if as_tensor else "k") + str(self._number(node.data))

    def _number(self, value: float) -> int:
        self.numbers.append(value)
        return len(self.numbers) - 1

    def _expression(self, number: int) -> str:
        node, stages = self.graph.nodes[number], self.graph.stages
        if node.op == "leaf":
            return self._leaf(node.data, stages[number])
        if node.op == "sum":
            return self._sum(node) if stages[number] > CLOCK else self._sum_of_numbers(node)
        args = [self._text(k) for k in node.args]
        if node.op in _INFIX:
            return _INFIX[node.op].format(*args)
        if stages[number] == CLOCK:
            if node.op in _ON_NUMBERS:
                return _ON_NUMBERS[node.op].format(*args)
            return f"number_{node.op}({', '.join(self._with_data(node, args))})"
        if node.op in _ON_TENSORS:
            return _ON_TENSORS[node.op].format(*args)
        if node.op in ("where", "chosen"):
            args = [self._text(k, as_tensor=True) for k in node.args]
        if node.op == "spike":
            return f"spike({', '.join(args)}, {node.data!r})"
        return f"op_{node.op}({', '.join(self._with_data(node, args))})"

    @staticmethod
    def _leaf(name: tuple, stage: int) -> str:
        if stage == FIXED:
            return f"given[{name!r}]"
        known = {"state": "states[{!r}]", "input": "states[{!r}]", "clock": "clock[{!r}, {}]"}
        if name[0] == "past":
            return f"past[{name[1]!r}][{name[2] - 1}]"
        return known.get(name[0], f"draw({name!r})").format(*name[1:])

    @staticmethod
    def _with_data(node: Node, args: list[str]) -> list[str]:
        return args if node.data is None else [*args, repr(node.data)]

    def _sum_of_numbers(self, node: Node) -> str:
        parts = [
            f"{self._text(k)} * k{self._number(f)}"
            for f, k in zip(node.data[1:], node.args, strict=True)
        ]
        return " + ".join([f"k{self._number(node.data[0])}", *parts])

    def _sum(self, node: Node) -> str:
        """Return a sum, with as few operations on tensors as there are terms."""
        terms = list(zip(node.data[1:], node.args, strict=True))
        numbers = [t for t in terms if self.graph.stages[t[1]] == CLOCK]
        terms = sorted((t for t in terms if t not in numbers), key=self._rank)
        constant = node.data[0]
        start = f"k{self._number(constant)}" if constant else ""
        if numbers:
            parts = [f"{self._text(k)} * k{self._number(f)}" for f, k in numbers]
            start = f"({' + '.join([start, *parts] if start else parts)})"
        factor, first = terms[0]
        if start and factor != 1:
            text = f"tensor({start})" if numbers else f"c{self._number(constant)}"
            start = ""
        else:
            text, terms = self._first(factor, first), terms[1:]
        for factor, number in terms:
            text = self._plus(text, factor, number)
        return f"{text} + {start}" if start else text

    def _rank(self, term: tuple[float, int]) -> tuple[bool, bool]:
        return term[1] in self.inlined, term[0] != 1

    def _first(self, factor: float, number: int) -> str:
        node = self.graph.nodes[number]
        text = self._text(number)
        if number in self.inlined:
            text = " * ".join(self._text(k) for k in node.args)
        return text if factor == 1 else f"{text} * k{self._number(factor)}"

    def _plus(self, text: str, factor: float, number: int) -> str:
        if number in self.inlined:
            left, right = (self._text(k) for k in self.graph.nodes[number].args)
            value = "" if factor == 1 else f", value=k{self._number(factor)}"
            return f"addcmul({text}, {left}, {right}{value})"
        if factor in (1.0, -1.0):
            return f"{text} {'+' if factor > 0 else '-'} {self._text(number)}"
        return f"add({text}, {self._text(number)}, alpha=k{self._number(factor)})"
