"""Hyperbolic tangents that are logistic functions in disguise."""

from math import frexp

from neurotrain.executions.fused.graph import Graph


class Logistic:
    """Rewrites ``c + c*tanh(x)`` as ``2*c/(1 + exp(-2*x))``.

    One exponential and one quotient instead of a hyperbolic tangent, which must be exact near
    zero, where the sum need not.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.done: dict[int, int] = {}
        self.quotients: dict[int, tuple[float, int]] = {}

    def rewritten(self, root: int) -> int:
        """Return the node to use in place of another one."""
        for number in self.graph.reachable([root], self.done):
            node = self.graph.nodes[number]
            copy = self.graph.copy(number, [self.done[child] for child in node.children])
            if node.form == "binary" and node.label in ("+", "-"):
                copy = self._sum(copy)
            elif node.form == "binary" and node.label in ("*", "/"):
                copy = self._scaled(copy)
            self.done[number] = copy
        return self.done[root]

    def _terms(self, number: int, sign: int) -> list[tuple[int, int]]:
        """Return the terms of a sum, each with its sign."""
        node = self.graph.nodes[number]
        if node.form == "binary" and node.label in ("+", "-"):
            second = sign if node.label == "+" else -sign
            return self._terms(node.children[0], sign) + self._terms(node.children[1], second)
        return [(number, sign)]

    def _tangent(self, number: int) -> tuple[float, int] | None:
        """Return c and x of ``c*tanh(x)``; None for all else."""
        node = self.graph.nodes[number]
        if node.form == "call" and node.label == "tanh":
            return 1.0, node.children[0]
        if node.form == "unary" and node.label == "-":
            inner = self._tangent(node.children[0])
            return inner and (-inner[0], inner[1])
        if node.form == "binary" and node.label in ("*", "/"):
            left, right = node.children
            if node.label == "*" and self._literal(left) is not None:
                left, right = right, left
            factor, inner = self._literal(right), self._tangent(left)
            if factor and inner:
                return (inner[0] * factor if node.label == "*" else inner[0] / factor), inner[1]
        return None

    def _literal(self, number: int) -> float | None:
        node = self.graph.nodes[number]
        if node.form == "unary" and node.label == "-":
            inner = self._literal(node.children[0])
            return None if inner is None else -inner
        is_number = node.form == "number" and not isinstance(node.label, bool)
        return float(node.label) if is_number else None

    def _sum(self, number: int) -> int:
        terms = self._terms(number, 1)
        literals = [(k, self._literal(k) * sign) for k, sign in terms if self._literal(k)]
        for leaf, sign in terms if literals else ():
            tangent = self._tangent(leaf)
            for literal, value in literals if tangent else ():
                if abs(tangent[0]) == abs(value):
                    same = tangent[0] * sign == value
                    new = self._quotient(2 * value * sign, tangent[1], -2.0 if same else 2.0)
                    return self._sum(self._replaced(number, {literal: None, leaf: new}))
        return number

    def _quotient(self, over: float, argument: int, slope: float) -> int:
        """Return ``over/(1 + exp(slope*argument))``."""
        graph = self.graph
        exponential = graph.add("call", "exp", graph.scaled(argument, slope))
        return self._over(over, graph.add("binary", "+", graph.number(1.0), exponential))

    def _over(self, over: float, under: int) -> int:
        quotient = self.graph.add("binary", "/", self.graph.literal(over), under)
        self.quotients[quotient] = (over, under)
        return quotient

    def _replaced(self, number: int, new: dict[int, int | None]) -> int | None:
        """Return a sum whose terms are replaced, the first of each kind; None leaves one out."""
        node, graph = self.graph.nodes[number], self.graph
        if number in new:
            return new.pop(number)
        if node.form != "binary" or node.label not in ("+", "-"):
            return number
        left, right = (self._replaced(child, new) for child in node.children)
        if right is None:
            return left
        if left is None:
            return right if node.label == "+" else self._negated(right)
        return graph.add("binary", node.label, left, right)

    def _negated(self, number: int) -> int:
        if number in self.quotients:
            over, under = self.quotients[number]
            return self._over(-over, under)
        return self.graph.scaled(number, -1.0)

    def _scaled(self, number: int) -> int:
        """Return a quotient times a power of two as one quotient."""
        node = self.graph.nodes[number]
        left, right = node.children
        if node.label == "*" and right in self.quotients:
            left, right = right, left
        factor = self._literal(right)
        if left not in self.quotients or not factor or abs(frexp(factor)[0]) != 0.5:
            return number
        over, under = self.quotients[left]
        return self._over(over * factor if node.label == "*" else over / factor, under)
