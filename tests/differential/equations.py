"""Drawn expressions: bounded or of linear growth, so that networks stay tame.

Simple ones come first in every choice, which is what failures shrink to.
"""

import re
from dataclasses import dataclass, field

from hypothesis import strategies as st

from .values import Quantity

SMOOTH = (
    "{a}",
    "tanh({a})",
    "exp(-({a})**2)",
    "1/cosh({a})",
    "sqrt(1 + ({a})**2)",
    "1/(1 + exp(-({a})/0.3))",
    "1/exprel(clip({a}, -3, 3))",
    "exprel(-abs({a}))",
    "sin({a})",
    "cos(3*({a}))",
    "arctan({a})",
    "log(1 + ({a})**2)",
    "log1p(abs({a}))",
    "expm1(clip({a}, -2, 1))",
    "sinh(clip({a}, -1, 1))",
    "tanh({a})*({b})",
    "({a})/(1 + ({b})**2)",
    "(1 + ({a})**2)**-0.5",
    "({a})**3/(1 + ({a})**2)",
    "log10(2 + abs({a}))",
    "arcsin(clip({a}, -0.9, 0.9))",
    "tan(clip({a}, -1, 1))",
    "squash({a})",
)
KINKED = (
    "abs({a})",
    "clip({a}, -1, 1)",
    "int({p})",
    "int({p})*({a})",
    "sign({a} - {c})",
    "floor(2*clip({a}, -2, 2))/2",
    "ceil(3*clip({a}, -1, 1))/4",
    "(clip({a}, -2, 2) % 0.7)",
    "abs({a})**0.5",
)
CONDITIONS = (
    "{a} > {c}",
    "{a} <= {c}",
    "{a} > {c} and {b} < {c}",
    "{a} > {c} or {b} > {c}",
    "not ({a} > {c})",
    "abs({a} - {c}) < 0.3",
)
CONDITIONS_OF_FLAGS = ("{f}", "not {f}", "{f} and {a} > {c}", "{a} < {c} or {f}")
CONDITIONS_OF_WHOLE = ("{n} == 1", "{n} != 1 and {a} > {c}", "{n} % 2 == 0", "{n} >= 1")
WHOLE = (
    "{n}",
    "{n} % 3",
    "{n}/2",
    "{n}//2",
    "-{n} % 3",
    "abs({n} - 2)",
    "clip({n}, 0, 2)",
    "{n}**2/4",
)


@dataclass
class Scope:
    """What expressions of one owner may name; constants are made as they are asked for.

    `atoms` are dimensionless expressions; `behind` has the variables that a name depends on.
    """

    prefix: str
    atoms: list[str] = field(default_factory=list)
    behind: dict[str, frozenset[str]] = field(default_factory=dict)
    whole: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    constants: list[Quantity] = field(default_factory=list)

    def constant(self, low: float, high: float, unit: str = "") -> str:
        """Return the name of a new constant."""
        name = f"{self.prefix}{len(self.constants)}"
        self.constants.append(Quantity(name, low, high, unit, each=False))
        return name

    def without(self, avoided: frozenset[str]) -> list[str]:
        """Return the atoms that depend on nothing avoided."""
        return [atom for atom in self.atoms if not self.needs(atom) & avoided]

    def needs(self, expression: str) -> frozenset[str]:
        """Return the variables that an expression depends on."""
        names = re.findall(r"[A-Za-z_]\w*", expression)
        return frozenset().union(*(self.behind.get(name, frozenset()) for name in names))


@st.composite
def arguments(draw: st.DrawFn, scope: Scope, avoided: frozenset[str], depth: int) -> str:
    """Draw what a function is applied to."""
    atoms = st.sampled_from(scope.without(avoided) or ["0.5"])
    form = draw(st.integers(0, 3 if depth else 2))
    if form == 0:
        return draw(atoms)
    if form == 1:
        return f"{scope.constant(0.3, 1.5)}*{draw(atoms)}"
    if form == 2:
        return f"{draw(atoms)} - {scope.constant(-0.5, 0.5)}*{draw(atoms)}"
    return draw(expressions(scope, avoided, depth - 1))


def forms(scope: Scope) -> st.SearchStrategy[str]:
    """Draw the outermost function of an expression."""
    # Several times, since few groups have whole numbers, and these many forms of their own.
    whole = ["0.3*({n})", "0.2*({n})", "0.1*1.5**({n})"] * (4 * bool(scope.whole))
    return st.sampled_from([*SMOOTH, *KINKED, *whole])


@st.composite
def expressions(
    draw: st.DrawFn, scope: Scope, avoided: frozenset[str] = frozenset(), depth: int = 1
) -> str:
    """Draw an expression that does not depend on what is avoided."""
    return _filled(draw, draw(forms(scope)), scope, avoided, depth)


@st.composite
def conditions(draw: st.DrawFn, scope: Scope, avoided: frozenset[str] = frozenset()) -> str:
    """Draw a condition."""
    own = CONDITIONS_OF_FLAGS * bool(scope.flags) + CONDITIONS_OF_WHOLE * bool(scope.whole)
    return _filled(draw, draw(st.sampled_from([*CONDITIONS, *own])), scope, avoided, 0)


def _filled(draw: st.DrawFn, form: str, scope: Scope, avoided: frozenset[str], depth: int) -> str:
    parts = {}
    for key in ("a", "b"):
        if f"{{{key}}}" in form:
            parts[key] = draw(arguments(scope, avoided, depth))
    if "{p}" in form:
        parts["p"] = draw(conditions(scope, avoided))
    if "{c}" in form:
        parts["c"] = scope.constant(-0.5, 0.8)
    if "{f}" in form:
        parts["f"] = draw(st.sampled_from(scope.flags))
    if "{n}" in form:
        whole = draw(st.sampled_from(scope.whole))
        parts["n"] = draw(st.sampled_from(WHOLE)).format(n=whole) if depth else whole
        parts["n"] = f"({parts['n']})"
    return form.format(**parts)
