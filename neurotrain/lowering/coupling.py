"""Summed synaptic variables as matrix products: gain(post) * sum_j weight_ij * source(pre_j)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy
from brian2 import Quantity, Synapses
from brian2.core.functions import Function
from brian2.core.variables import Constant, Subexpression
from brian2.parsing.expressions import parse_expression_dimensions
from brian2.parsing.sympytools import str_to_sympy, sympy_to_str
from brian2.units.fundamentalunits import fail_for_dimension_mismatch
from brian2.utils.stringtools import get_identifiers, word_substitute

from neurotrain.errors import UnsupportedModel
from neurotrain.lowering.checks import explained
from neurotrain.lowering.statements import WAY_OUT, check_covered

PRE, POST, SYNAPSE, CONSTANT, TIME = "pre", "post", "synapse", "constant", "time"


@dataclass(frozen=True)
class Product:
    """One product of a summed variable; each factor is an expression string or None."""

    weight: str
    source: str
    gain: str | None


class SummedExpression:
    """One ``(summed)`` equation of a Synapses object, split by where its factors live.

    Parameters
    ----------
    synapses : Synapses
        The object that owns the equation.
    target : str
        Name of the summed variable.
    index : int
        Position of the object in the network. Constants are named after it, since Brian2
        counts its objects up and a program must not depend on how many came before.
    namespace : mapping
        Names of the user's constants.
    supported : iterable of str
        Functions that the executions know.

    Raises
    ------
    UnsupportedModel
        If the expression is not a sum of products of a presynaptic, a synaptic
        and a postsynaptic factor.
    """

    def __init__(
        self,
        synapses: Synapses,
        target: str,
        index: int,
        namespace: Mapping[str, Any],
        supported: Iterable[str],
    ) -> None:
        self.synapses = synapses
        self.index = index
        self.target = target
        self.namespace = dict(namespace)
        self.supported = supported
        self.variable = target.removesuffix("_post")
        self.constants: dict[str, Constant] = {}
        self._places: dict[str, str] = {}
        self._updater = synapses.summed_updaters[target]
        code = self._updater.expression.code
        with explained(f"'{target} = {code}' of '{synapses.name}'"):
            self.expression = self._expand(code)
            self._check_units()

    def products(self) -> tuple[Product, ...]:
        """Return the products whose sum is the expression."""
        whole = str_to_sympy(self.expression)
        products = self._split(whole)
        if products is None:
            products = self._split(sympy.expand(whole, deep=False, power_exp=False))
        if products is None:
            raise UnsupportedModel(
                f"'{self.target}' of '{self.synapses.name}' is not a sum of products "
                f"weight * f(presynaptic) * g(postsynaptic): {self._updater.expression.code}. "
                f"{WAY_OUT}"
            )
        return tuple(products)

    def _split(self, expression: sympy.Expr) -> list[Product] | None:
        products = [self._product(term) for term in sympy.Add.make_args(expression)]
        return None if any(p is None for p in products) else products

    def _product(self, term: sympy.Expr) -> Product | None:
        factors: dict[str, list[sympy.Expr]] = {PRE: [], POST: [], SYNAPSE: []}
        for factor in sympy.Mul.make_args(term):
            place = self._place_of_factor({self._place(s.name) for s in factor.free_symbols})
            if place is None:
                return None
            factors[place].append(factor)
        gain = sympy.Mul(*factors[POST])
        return Product(
            weight=sympy_to_str(sympy.Mul(*factors[SYNAPSE])),
            source=self._in_group(sympy_to_str(sympy.Mul(*factors[PRE])), "_pre"),
            gain=None if gain == 1 else self._in_group(sympy_to_str(gain), "_post"),
        )

    @staticmethod
    def _place_of_factor(places: set[str]) -> str | None:
        """Return where a factor is evaluated; weights once, the others in every step."""
        lasting = places - {CONSTANT, TIME}
        if len(lasting) > 1 or (lasting == {SYNAPSE} and TIME in places):
            return None
        return lasting.pop() if lasting else PRE if TIME in places else SYNAPSE

    def _expand(self, expression: str) -> str:
        """Replace the synapses' own subexpressions and record where every name lives."""
        for name in sorted(get_identifiers(expression)):
            variable = self._resolve(name)
            check_covered(name, variable, self.supported, self.synapses.name)
            if isinstance(variable, Function):
                continue
            place = self._place_of(name, variable)
            if place == SYNAPSE and isinstance(variable, Subexpression):
                inner = self._expand(variable.expr)
                expression = word_substitute(expression, {name: f"({inner})"})
                continue
            if place == CONSTANT and name != "dt":
                renamed = f"{name}_of_synapses_{self.index}"
                expression = word_substitute(expression, {name: renamed})
                self.constants[renamed] = variable
                name = renamed
            self._places[name] = place
        return expression

    def _resolve(self, name: str) -> Any:
        return self.synapses._resolve(name, run_namespace=self.namespace, user_identifier=False)

    def _place_of(self, name: str, variable: Any) -> str:
        if name in ("t", "dt"):
            return self._place_of_clock(name)
        if name not in self.synapses.variables or getattr(variable, "scalar", False):
            return CONSTANT
        index = self.synapses.variables.indices[name]
        return {"_presynaptic_idx": PRE, "_postsynaptic_idx": POST}.get(index, SYNAPSE)

    def _place_of_clock(self, name: str) -> str:
        if self.synapses.clock.dt_ != self.synapses.target.clock.dt_:
            raise UnsupportedModel(
                f"'{self.target}' of '{self.synapses.name}' depends on '{name}' of a clock with "
                f"another dt than the neurons'. Give both the same dt. {WAY_OUT}"
            )
        return TIME if name == "t" else CONSTANT

    def _place(self, name: str) -> str:
        return self._places.get(name, CONSTANT)

    def _in_group(self, expression: str, suffix: str) -> str:
        names = {
            name: name.removesuffix(suffix)
            for name in get_identifiers(expression)
            if self._place(name) in (PRE, POST)
        }
        return word_substitute(expression, names)

    def _check_units(self) -> None:
        expression = self._updater.expression
        variables = {name: self._resolve(name) for name in expression.identifiers}
        found = parse_expression_dimensions(expression.code, variables)
        fail_for_dimension_mismatch(self._updater.target_var, Quantity(1, dim=found))
