"""Straight-line code as a graph in which equal expressions are one node."""

import ast
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from itertools import count

# Functions of their arguments alone whose result is a real number.
PURE = frozenset(
    ("exp", "expm1", "exprel", "log", "log10", "log1p", "sqrt", "sin", "cos", "tan", "sinh")
    + ("cosh", "tanh", "arcsin", "arccos", "arctan")
)
# Functions of their arguments alone whose result may be a whole number.
_STATELESS = PURE | {"abs", "sign", "floor", "ceil", "clip", "int", "timestep"}
_SYMBOLS = {
    **{ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**", ast.Mod: "%"},
    **{ast.FloorDiv: "//", ast.And: "and", ast.Or: "or", ast.Not: "not", ast.USub: "-"},
    **{ast.UAdd: "+", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "=="},
    ast.NotEq: "!=",
}
_PRECEDENCE = {"or": 1, "and": 2, "not": 3, "compare": 4, "+": 5, "-": 5, "**": 8}
_PRECEDENCE |= {"*": 6, "/": 6, "//": 6, "%": 6, "unary": 7}
ATOM = 9


@dataclass(frozen=True)
class Node:
    """One operation on other nodes, which are given by their numbers.

    `form` is 'number', 'name', 'call', 'unary', 'binary', 'compare' or 'boolean'; `label` the
    number, name or operator; `version` tells apart the values that a name has had, and calls
    that are not functions of their arguments alone.
    """

    form: str
    label: object
    children: tuple[int, ...] = ()
    version: object = 0


class Graph:
    """Nodes, each once.

    Parameters
    ----------
    nodes : list of Node
    is_real : list of bool
        Whether each node is a real number, whatever the kinds of names that are not assigned to.
    since : list of int
        From which statement on each node has its value.
    """

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.is_real: list[bool] = []
        self.since: list[int] = []
        self._numbers: dict[object, int] = {}
        self._versions: dict[str, int] = {}
        self._kinds: dict[tuple[str, object], str] = {}
        self._fresh = count(1)

    def add(self, form: str, label: object, *children: int, version: object = 0) -> int:
        """Return the number of a node, a new one if there is none like it."""
        node = Node(form, label, children, version)
        key = (node, type(label))
        if key not in self._numbers:
            self._numbers[key] = len(self.nodes)
            self.nodes.append(node)
            self.is_real.append(self._is_real(node))
            own = version if form == "name" else 0
            self.since.append(max([own, *(self.since[child] for child in children)]))
        return self._numbers[key]

    def _is_real(self, node: Node) -> bool:
        if node.form == "number":
            return isinstance(node.label, float)
        if node.form == "name":
            return self._kinds.get((node.label, node.version)) == "float"
        if node.form == "call":
            return node.label in PURE
        if node.form == "binary" and node.label == "/":
            return True
        return node.form in ("binary", "unary") and any(self.is_real[k] for k in node.children)

    def number(self, value: float) -> int:
        """Return the node of a literal."""
        return self.add("number", value)

    def scaled(self, number: int, factor: float) -> int:
        """Return a node times a literal, a power of two or minus that: a product's first factor.

        That may be a constant, so that the compiler finds the product to be one.
        """
        node = self.nodes[number]
        if node.form == "unary" and node.label == "-":
            return self.scaled(node.children[0], -factor)
        if factor == 1:
            return number
        if node.form == "binary" and node.label in ("*", "/"):
            first, second = node.children
            return self.add("binary", node.label, self.scaled(first, factor), second)
        if node.form == "number" and factor > 0:
            return self.number(node.label * factor)
        if factor == -1:
            return self.add("unary", "-", number)
        return self.add("binary", "*", self.literal(factor), number)

    def literal(self, value: float) -> int:
        """Return the node of a number that may be negative."""
        if value < 0:
            return self.add("unary", "-", self.number(-value))
        return self.number(value)

    def copy(self, number: int, children: Sequence[int]) -> int:
        """Return the node that does the same with other children."""
        node = self.nodes[number]
        return self.add(node.form, node.label, *children, version=node.version)

    def reachable(self, roots: Iterable[int], done: Container[int] = ()) -> list[int]:
        """Return nodes and all below them that are not done, each behind its children."""
        found: dict[int, None] = {}
        pending = [(root, False) for root in reversed(list(roots))]
        while pending:
            number, is_ready = pending.pop()
            if is_ready:
                found[number] = None
            elif number not in found and number not in done:
                pending.append((number, True))
                pending += [(child, False) for child in reversed(self.nodes[number].children)]
        return list(found)

    def assign(self, name: str, kind: str, statement: int) -> None:
        """Let `name` have a new value from the next statement on."""
        self._versions[name] = statement + 1
        self._kinds[name, statement + 1] = kind

    def parse(self, expression: str) -> int:
        """Return the node of an expression in Brian2's language."""
        return self._visit(ast.parse(expression.strip(), mode="eval").body)

    def _visit(self, tree: ast.AST) -> int:
        if isinstance(tree, ast.Constant):
            return self.number(tree.value)
        if isinstance(tree, ast.Name):
            return self.add("name", tree.id, version=self._versions.get(tree.id, 0))
        if isinstance(tree, ast.Call):
            name = tree.func.id
            version = 0 if name in _STATELESS else next(self._fresh)
            return self.add("call", name, *map(self._visit, tree.args), version=version)
        if isinstance(tree, ast.UnaryOp):
            return self.add("unary", _SYMBOLS[type(tree.op)], self._visit(tree.operand))
        if isinstance(tree, ast.BoolOp):
            return self.add("boolean", _SYMBOLS[type(tree.op)], *map(self._visit, tree.values))
        if isinstance(tree, ast.Compare):
            sides = (tree.left, *tree.comparators)
            label = tuple(_SYMBOLS[type(op)] for op in tree.ops)
            return self.add("compare", label, *map(self._visit, sides))
        left, right = self._visit(tree.left), self._visit(tree.right)
        if isinstance(tree.op, ast.Pow):
            return self._power(left, right)
        return self.add("binary", _SYMBOLS[type(tree.op)], left, right)

    def _power(self, base: int, exponent: int) -> int:
        """Return the node of a power; of an exponential, as Brian2 writes them, another one.

        ``exp(v/mV)**(1/18)`` would leave the range of single precision where ``exp(v/(18*mV))``
        is far from its ends.
        """
        node, power = self.nodes[base], self.nodes[exponent]
        if (node.form, node.label) == ("call", "exp") and power.form == "number" and power.label:
            return self.add("call", "exp", self.add("binary", "*", exponent, *node.children))
        return self.add("binary", "**", base, exponent)


def written(node: Node, parts: Sequence[tuple[str, int]]) -> tuple[str, int]:
    """Return a node as an expression, and how strongly that binds, given so for its children.

    Parentheses stand only where they must: Python reads a limited number of them.
    """
    if node.form in ("number", "name"):
        text = repr(node.label) if node.form == "number" else str(node.label)
        return text, ATOM
    if node.form == "call":
        return f"{node.label}({', '.join(text for text, _ in parts)})", ATOM
    if node.form == "compare":
        binds = _PRECEDENCE["compare"]
        first, *others = (_in(part, binds + 1) for part in parts)
        pairs = zip(node.label, others, strict=True)
        return " ".join([first, *(f"{op} {side}" for op, side in pairs)]), binds
    if node.form == "unary":
        binds = _PRECEDENCE["not" if node.label == "not" else "unary"]
        space = " " if node.label == "not" else ""
        return f"{node.label}{space}{_in(parts[0], binds)}", binds
    binds = _PRECEDENCE[node.label]
    tighter = binds + 1
    first = tighter if node.label in ("**", "and", "or") else binds
    sides = [_in(part, tighter if k else first) for k, part in enumerate(parts)]
    return f" {node.label} ".join(sides), binds


def _in(part: tuple[str, int], least: int) -> str:
    text, binds = part
    return text if binds >= least else f"({text})"
