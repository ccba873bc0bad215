"""Exponentials of rational multiples of one expression, as powers of one exponential."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from math import gcd, lcm

from neurotrain.executions.fused.graph import Graph

LARGEST_POWER = 8
_SHARED = ("exp", "cosh")
_PRIME = 2**61 - 1
_POINTS = 3
_RATIOS = {
    sign * a * pow(b, -1, _PRIME) % _PRIME: Fraction(sign * a, b)
    for a in range(1, LARGEST_POWER + 1)
    for b in range(1, LARGEST_POWER + 1)
    for sign in (1, -1)
}


class Residues:
    """Values of expressions at a few points, modulo a prime.

    Expressions that have the same values are equal: any two others would agree by a chance of
    less than one in 10^40 (Schwartz 1980, doi:10.1145/322217.322225). Numbers keep their size,
    however long the expressions.

    Parameters
    ----------
    graph : Graph
    constants : mapping of str to int
        Nodes that names stand for.
    """

    def __init__(self, graph: Graph, constants: Mapping[str, int]) -> None:
        self.graph, self.constants = graph, constants
        self.known: dict[int, tuple[int, ...] | None] = {}

    def of(self, number: int) -> tuple[int, ...] | None:
        """Return the values of a node; None where it has none, or an exponential within it."""
        for k in self.graph.reachable([number], self.known):
            self.known[k] = self._value(k)
        return self.known[number]

    def _value(self, number: int) -> tuple[int, ...] | None:
        node = self.graph.nodes[number]
        if node.form == "name" and node.version == 0 and node.label in self.constants:
            return self.of(self.constants[node.label])
        if node.form == "number" and not isinstance(node.label, bool):
            exact = Fraction(str(node.label))
            if exact.denominator % _PRIME:
                return (exact.numerator * pow(exact.denominator, -1, _PRIME) % _PRIME,) * _POINTS
        parts = [self.known[child] for child in node.children]
        if None in parts or (node.form == "call" and node.label in _SHARED):
            return None
        if node.form == "unary" and node.label in ("+", "-"):
            return tuple(x if node.label == "+" else -x % _PRIME for x in parts[0])
        if node.form == "binary" and node.label in ("+", "-", "*", "/"):
            values = [_binary(node.label, x, y) for x, y in zip(*parts, strict=True)]
            return None if None in values else tuple(values)
        name = f"{node.label} {node.version}" if node.form == "name" else f"#{number}"
        digests = (sha256(f"{name} {point}".encode()).digest() for point in range(_POINTS))
        return tuple(int.from_bytes(digest[:16]) % _PRIME for digest in digests)


def _binary(operator: str, x: int, y: int) -> int | None:
    if operator == "/":
        return x * pow(y, -1, _PRIME) % _PRIME if y else None
    return {"+": x + y, "-": x - y, "*": x * y}[operator] % _PRIME


@dataclass(frozen=True)
class _Member:
    """A call, by its number, the statement that does it first, and its multiple of the first."""

    number: int
    statement: int
    multiple: Fraction


def shared_exponentials(
    graph: Graph, roots: Sequence[int], constants: Mapping[str, int]
) -> list[int]:
    """Return the nodes to use in place of the values of statements.

    Parameters
    ----------
    graph : Graph
    roots : sequence of int
        The value of each statement.
    constants : mapping of str to int
        Nodes that names stand for when arguments are compared.
    """
    new: dict[int, int] = {}
    for members in _groups(graph, roots, Residues(graph, constants)):
        new |= _powers(graph, members)
    for number in graph.reachable(roots):
        if number not in new:
            children = graph.nodes[number].children
            new[number] = graph.copy(number, [new[child] for child in children])
    return [new[root] for root in roots]


def _groups(graph: Graph, roots: Sequence[int], residues: Residues) -> list[list[_Member]]:
    """Return calls whose arguments are rational multiples of each other, two or more each."""
    groups: dict[tuple[int, ...], list[tuple[int, list[_Member]]]] = {}
    done: set[int] = set()
    for statement, root in enumerate(roots):
        for number in graph.reachable([root], done):
            done.add(number)
            node = graph.nodes[number]
            if node.form != "call" or node.label not in _SHARED:
                continue
            values = residues.of(node.children[0])
            if not values or not values[0] or len(set(values)) == 1:
                continue
            inverse = pow(values[0], -1, _PRIME)
            alike = groups.setdefault(tuple(x * inverse % _PRIME for x in values[1:]), [])
            for first, members in alike:
                ratio = _RATIOS.get(values[0] * pow(first, -1, _PRIME) % _PRIME)
                if ratio is not None:
                    members.append(_Member(number, statement, ratio))
                    break
            else:
                alike.append((values[0], [_Member(number, statement, Fraction(1))]))
    found = [members for alike in groups.values() for _, members in alike]
    return [members for members in found if len(members) > 1]


def _powers(graph: Graph, members: list[_Member]) -> dict[int, int]:
    """Return what stands for each member: a power of the exponential of their common divisor."""
    unit = Fraction(
        gcd(*(m.multiple.numerator for m in members)),
        lcm(*(m.multiple.denominator for m in members)),
    )
    powers = {m.number: int(m.multiple / unit) for m in members}
    if max(map(abs, powers.values())) > LARGEST_POWER:
        return {}
    signs = [k > 0 for number, k in powers.items() if graph.nodes[number].label == "exp"]
    if signs and sum(signs) * 2 < len(signs):
        powers = {number: -k for number, k in powers.items()}
    base = graph.add("call", "exp", _base(graph, members, powers))
    new = {}
    for number, power in powers.items():
        value = _power(graph, base, power)
        if graph.nodes[number].label == "cosh":
            both = [_power(graph, base, k) for k in (abs(power), -abs(power))]
            value = graph.add("binary", "+", *both)
            value = graph.add("binary", "*", graph.number(0.5), value)
        new[number] = value
    return {number: value for number, value in new.items() if number != value}


def _base(graph: Graph, members: list[_Member], powers: dict[int, int]) -> int:
    """Return the argument of the shared exponential, of what is known where it is needed first."""
    first = min(m.statement for m in members)

    def preference(member: _Member) -> tuple[bool, ...]:
        node, power = graph.nodes[member.number], powers[member.number]
        return abs(power) > 1, power < 0, node.label != "exp"

    usable = [m for m in members if graph.since[m.number] <= first]
    chosen = min(usable, key=preference)
    argument, power = graph.nodes[chosen.number].children[0], powers[chosen.number]
    if abs(power) in (1, 2, 4, 8):
        return graph.scaled(argument, 1 / power)
    return graph.add("binary", "/", argument, graph.literal(float(power)))


def _power(graph: Graph, base: int, power: int) -> int:
    if power < 0:
        return graph.add("binary", "/", graph.number(1.0), _power(graph, base, -power))
    return base if power == 1 else graph.add("binary", "**", base, graph.number(power))
