"""Statements in Brian2's expression language as nodes of a graph."""

import ast
from collections.abc import Callable, Mapping

from neurotrain.errors import UnsupportedModel
from neurotrain.executions.torch.expressions import Expressions
from neurotrain.lowering.program import Assignment

_COMPARISONS = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip
_TOLERANCE = 1e-3  # of a step, in Brian2's timestep()
WAY_OUT = "Use execution='fused', which needs no derivatives."

# A node and its kind: 'float', 'integer' or 'boolean'.
Typed = tuple[int, str]


class Translator:
    """Turns expressions into nodes.

    Parameters
    ----------
    graph : Expressions
    names : mapping of str to (node, kind)
        What names stand for; looked up when they are met.
    functions : mapping of str to callable
        Those that belong to the network, from typed arguments to a typed node.
    """

    def __init__(
        self,
        graph: Expressions,
        names: Mapping[str, Typed],
        functions: Mapping[str, Callable[[list[Typed]], Typed]],
    ) -> None:
        self.graph, self.names, self.functions = graph, names, functions

    def value(self, one: Assignment) -> Typed:
        """Return what an assignment assigns, leaving out which operator it has."""
        if one.cases:
            condition, true, false = one.cases
            parts = [self.number(self.parse(text)) for text in (true, false)]
            return self.graph.call("where", self.truth(self.parse(condition)), *parts), "float"
        return self.parse(one.expression)

    def parse(self, expression: str) -> Typed:
        """Return the node of an expression."""
        return self._visit(ast.parse(expression.strip(), mode="eval").body)

    def as_kind(self, typed: Typed, kind: str) -> int:
        """Return a node as another kind of number."""
        if kind == "boolean":
            return self.truth(typed)
        number = self.number(typed)
        truncates = kind == "integer" and typed[1] == "float"
        return self.graph.call("trunc", number) if truncates else number

    def number(self, typed: Typed) -> int:
        """Return a node as a real number; truth values are 0 and 1."""
        return self.graph.call("number", typed[0]) if typed[1] == "boolean" else typed[0]

    def truth(self, typed: Typed) -> int:
        """Return a node as a truth value."""
        if typed[1] == "boolean":
            return typed[0]
        return self.graph.call("!=", typed[0], self.graph.constant(0.0))

    def combined(self, operator: str, left: Typed, right: Typed) -> Typed:
        """Return ``left operator right``."""
        graph = self.graph
        if operator == "*" and left[1] == right[1] == "boolean":
            return graph.call("and", left[0], right[0]), "boolean"
        kind = "float" if "float" in (left[1], right[1]) or operator == "/" else "integer"
        x, y = self.number(left), self.number(right)
        made = {
            "+": lambda: graph.total([(1.0, x), (1.0, y)]),
            "-": lambda: graph.total([(1.0, x), (-1.0, y)]),
            "*": lambda: graph.times(x, y),
            "/": lambda: graph.over(x, y),
            "**": lambda: graph.power(x, y),
            "%": lambda: graph.call("mod", x, y),
            "//": lambda: graph.call("floordiv", x, y),
        }
        return made[operator](), kind

    def _visit(self, tree: ast.AST) -> Typed:
        return getattr(self, f"_{type(tree).__name__.lower()}")(tree)

    def _constant(self, tree: ast.Constant) -> Typed:
        kind = {bool: "boolean", int: "integer"}.get(type(tree.value), "float")
        return self.graph.constant(tree.value), kind

    def _name(self, tree: ast.Name) -> Typed:
        return self.names[tree.id]

    def _binop(self, tree: ast.BinOp) -> Typed:
        operator = {
            ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**",
            ast.Mod: "%", ast.FloorDiv: "//",
        }[type(tree.op)]  # fmt: skip
        return self.combined(operator, self._visit(tree.left), self._visit(tree.right))

    def _unaryop(self, tree: ast.UnaryOp) -> Typed:
        operand = self._visit(tree.operand)
        if isinstance(tree.op, ast.Not):
            return self.graph.call("not", self.truth(operand)), "boolean"
        sign = -1.0 if isinstance(tree.op, ast.USub) else 1.0
        return self.graph.total([(sign, self.number(operand))]), operand[1]

    def _boolop(self, tree: ast.BoolOp) -> Typed:
        operator = "and" if isinstance(tree.op, ast.And) else "or"
        first, *others = (self.truth(self._visit(value)) for value in tree.values)
        for other in others:
            first = self.graph.call(operator, first, other)
        return first, "boolean"

    def _compare(self, tree: ast.Compare) -> Typed:
        left, right = (self.number(self._visit(x)) for x in (tree.left, tree.comparators[0]))
        return self.graph.call(_COMPARISONS[type(tree.ops[0])], left, right), "boolean"

    def _call(self, tree: ast.Call) -> Typed:
        name, arguments = tree.func.id, [self._visit(argument) for argument in tree.args]
        if name in self.functions:
            return self.functions[name](arguments)
        return self.standard(name, arguments)

    def standard(self, name: str, arguments: list[Typed]) -> Typed:
        """Return a call of one of Brian2's own functions."""
        graph, numbers = self.graph, [self.number(argument) for argument in arguments]
        kinds = {kind for _, kind in arguments}
        if name == "int":
            return self.as_kind(arguments[0], "integer"), "integer"
        if name == "timestep":
            # Brian2's own tolerance, by which multiples of dt stay out of the step before.
            steps = graph.total([(1.0, graph.over(numbers[0], numbers[1]))], _TOLERANCE)
            return graph.call("trunc", steps), "integer"
        if name in ("floor", "ceil", "sign"):
            return graph.call(name, numbers[0]), "integer"
        if name in ("abs", "clip"):
            kind = "float" if "float" in kinds else "integer"
            return graph.call(name, *numbers), kind
        if name in _UNCOVERED:
            raise UnsupportedModel(
                f"'{name}' has no counterpart in the torch execution; rewrite the equation "
                f"without it. {WAY_OUT}"
            )
        return graph.call(name, *numbers), "float"


_UNCOVERED = frozenset({"poisson"})
