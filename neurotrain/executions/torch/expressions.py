"""Expressions of one step as a graph in which equal ones are one node.

Numbers that do not change are folded, and sums and products brought into a form that takes few
operations on tensors.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite, log

import numpy as np

# What a node's value is: a number, a number that changes with time, a tensor that is the same in
# all steps, a tensor of the step at hand.
CONSTANT, CLOCK, FIXED, STEP = range(4)
_LARGEST_POWER = 16
_FOLDED = {
    "exp": np.exp, "expm1": np.expm1, "log": np.log, "log10": np.log10, "log1p": np.log1p,
    "sqrt": np.sqrt, "sin": np.sin, "cos": np.cos, "tan": np.tan, "sinh": np.sinh,
    "cosh": np.cosh, "tanh": np.tanh, "arcsin": np.arcsin, "arccos": np.arccos,
    "arctan": np.arctan, "abs": np.abs, "sign": np.sign, "floor": np.floor, "ceil": np.ceil,
    "trunc": np.trunc, "recip": np.reciprocal, "pow": np.power, "mod": np.mod,
    "floordiv": np.floor_divide, "clip": lambda x, low, high: np.minimum(np.maximum(x, low), high),
    "exprel": lambda x: np.expm1(x) / x if x else 1.0, "number": float,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal,
    "==": np.equal, "!=": np.not_equal, "and": np.logical_and, "or": np.logical_or,
    "not": np.logical_not, "where": lambda c, x, y: x if c else y,
}  # fmt: skip


@dataclass(frozen=True)
class Node:
    """One operation on other nodes, which are given by their numbers.

    `op` is 'constant' (whose value is `data`), 'leaf' (named by `data`), 'sum' (of `data`, a
    number and a factor for each argument), or names the operation.
    """

    op: str
    args: tuple[int, ...] = ()
    data: object = None


class Expressions:
    """Nodes, each once, behind those that they depend on.

    Attributes
    ----------
    nodes : list of Node
    stages : list of int
        `CONSTANT`, `CLOCK`, `FIXED` or `STEP` for each.
    """

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.stages: list[int] = []
        self._numbers: dict[Node, int] = {}

    def constant(self, value: float) -> int:
        """Return the node of a number or truth value."""
        value = bool(value) if isinstance(value, bool | np.bool_) else float(value)
        # 1.0 and True are equal to each other, and 0.0 to -0.0.
        return self._add(Node("constant", (), value), CONSTANT, (type(value), str(value)))

    def leaf(self, name: tuple, stage: int) -> int:
        """Return the node of something that is given."""
        return self._add(Node("leaf", (), name), stage)

    def call(self, op: str, *args: int, data: object = None) -> int:
        """Return the node of an operation, a number where all arguments are."""
        stage = max(self.stages[k] for k in args)
        if stage == CONSTANT and op in _FOLDED:
            with np.errstate(all="ignore"):
                return self.constant(_FOLDED[op](*(self.value(k) for k in args)))
        if op == "full":
            stage = FIXED if stage == CONSTANT else STEP
        elif stage == CONSTANT:
            stage = CLOCK
        # A number that changes with time becomes a tensor beside one.
        if stage == FIXED and any(self.stages[k] == CLOCK for k in args):
            stage = STEP
        return self._add(Node(op, args, data), stage)

    def _add(self, node: Node, stage: int, key: object = None) -> int:
        key = (node, key)
        if key not in self._numbers:
            self._numbers[key] = len(self.nodes)
            self.nodes.append(node)
            self.stages.append(stage)
        return self._numbers[key]

    def value(self, number: int) -> float:
        """Return the value of a constant."""
        return self.nodes[number].data

    def is_constant(self, number: int) -> bool:
        """Return whether a node is a number that never changes."""
        return self.stages[number] == CONSTANT

    def total(self, terms: Iterable[tuple[float, int]], constant: float = 0.0) -> int:
        """Return a sum of multiples of nodes and of a number."""
        factors: dict[int, float] = {}
        for factor, number in terms:
            node = self.nodes[number]
            if node.op == "constant":
                constant += factor * node.data
                continue
            if node.op == "sum" and len(node.args) == 1:
                constant += factor * node.data[0]
                factor, number = factor * node.data[1], node.args[0]
            factors[number] = factors.get(number, 0.0) + factor
        constant = self._logistic(factors, constant)
        factors = {number: factor for number, factor in factors.items() if factor != 0}
        if not factors:
            return self.constant(constant)
        if constant == 0 and list(factors.values()) == [1.0]:
            return next(iter(factors))
        return self.call("sum", *factors, data=(constant, *factors.values()))

    def _logistic(self, factors: dict[int, float], constant: float) -> float:
        """Replace ``k + k*tanh(x)`` by ``2*k/(1 + exp(-2*x))``."""
        for number, factor in list(factors.items()):
            if constant != 0 and factor == constant and self.nodes[number].op == "tanh":
                del factors[number]
                twice = self.total([(2.0, self.nodes[number].args[0])])
                sigmoid = self.call("sigmoid", twice)
                factors[sigmoid] = factors.get(sigmoid, 0.0) + 2 * factor
                return 0.0
        return constant

    def scaled(self, number: int) -> tuple[float, int]:
        """Return a factor and a node, whose product a node is."""
        node = self.nodes[number]
        if node.op == "sum" and len(node.args) == 1 and node.data[0] == 0:
            return node.data[1], node.args[0]
        return 1.0, number

    def times(self, left: int, right: int) -> int:
        """Return a product."""
        for one, other in ((left, right), (right, left)):
            if self.is_constant(one):
                return self.total([(self.value(one), other)])
        (first, left), (second, right) = self.scaled(left), self.scaled(right)
        product = self.call("mul", *sorted((left, right)))
        return self.total([(first * second, product)])

    def over(self, left: int, right: int) -> int:
        """Return a quotient."""
        if self.is_constant(right):
            with np.errstate(all="ignore"):
                inverse = float(np.float64(1.0) / np.float64(self.value(right)))
            return self.times(left, self.constant(inverse))
        factor, right = self.scaled(right)
        inverse = self._inverse(right)
        if inverse is None and not self.is_constant(left):
            first, left = self.scaled(left)
            return self.total([(first / factor, self.call("div", left, right))])
        inverse = self.call("recip", right) if inverse is None else inverse
        return self.total([(1 / factor, self.times(left, inverse))])

    def _inverse(self, number: int) -> int | None:
        """Return 1/node where that is no quotient, else None."""
        node = self.nodes[number]
        if node.op == "exp":
            return self.call("exp", self.total([(-1.0, node.args[0])]))
        if node.op != "sum" or len(node.args) != 1:
            return None
        (constant, factor), (only,) = node.data, node.args
        ratio = factor / constant if constant else 0.0
        if self.nodes[only].op != "exp" or not (ratio > 0 and isfinite(ratio)):
            return None
        # 1/(1 + r*exp(u)) is a logistic function of -u - log(r).
        exponent = self.total([(-1.0, self.nodes[only].args[0])], -log(ratio))
        return self.total([(1 / constant, self.call("sigmoid", exponent))])

    def power(self, base: int, exponent: int) -> int:
        """Return a power, as products where the exponent is a small whole number."""
        if not self.is_constant(exponent) or self.is_constant(base):
            return self.call("pow", base, exponent)
        value = self.value(exponent)
        if self.nodes[base].op == "exp":
            return self.call("exp", self.total([(value, self.nodes[base].args[0])]))
        if value == 0.5:
            return self.call("sqrt", base)
        if value < 0:
            return self.over(self.constant(1.0), self.power(base, self.constant(-value)))
        if value != int(value) or not 1 <= value <= _LARGEST_POWER:
            return self.call("pow", base, exponent)
        return self._product([base], int(value))

    def _product(self, squares: list[int], times: int) -> int:
        result = None
        while times:
            if times & 1:
                result = squares[-1] if result is None else self.times(result, squares[-1])
            times >>= 1
            squares.append(self.times(squares[-1], squares[-1])) if times else None
        return result

    def reachable(self, roots: Iterable[int]) -> list[int]:
        """Return roots and all below them, each behind its arguments."""
        found: set[int] = set()
        pending = list(roots)
        while pending:
            number = pending.pop()
            if number not in found:
                found.add(number)
                pending += self.nodes[number].args
        return sorted(found)


def simplified(graph: Expressions, roots: Sequence[int]) -> tuple[Expressions, list[int]]:
    """Return a graph in which sums that only one sum uses are part of it, and its roots."""
    order = graph.reachable(roots)
    uses: dict[int, int] = {}
    for number in [*roots, *(k for one in order for k in graph.nodes[one].args)]:
        uses[number] = uses.get(number, 0) + 1
    to, moved = Expressions(), {}
    for number in order:
        node = graph.nodes[number]
        args = [moved[k] for k in node.args]
        if node.op == "constant":
            moved[number] = to.constant(node.data)
        elif node.op == "leaf":
            moved[number] = to.leaf(node.data, graph.stages[number])
        elif node.op == "sum":
            single = [uses[k] == 1 for k in node.args]
            moved[number] = _joined(to, node, args, single)
        else:
            moved[number] = to.call(node.op, *args, data=node.data)
    return to, [moved[root] for root in roots]


def _joined(to: Expressions, node: Node, args: list[int], single: list[bool]) -> int:
    constant, *factors = node.data
    terms = []
    for factor, number, only in zip(factors, args, single, strict=True):
        inner = to.nodes[number]
        if inner.op == "sum" and only:
            constant += factor * inner.data[0]
            pairs = zip(inner.data[1:], inner.args, strict=True)
            terms += [(factor * own, arg) for own, arg in pairs]
        else:
            terms.append((factor, number))
    fixed = [t for t in terms if to.stages[t[1]] == FIXED]
    if len(fixed) + (constant != 0) > 1 and len(fixed) < len(terms):
        # The same in all steps, so that it need not be added in each.
        terms = [t for t in terms if t not in fixed]
        return to.total([*terms, (1.0, to.total(fixed, constant))])
    return to.total(terms, constant)
