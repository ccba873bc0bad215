"""Summed synaptic variables as matrix products: gain(post) * sum_j weight_ij * source(pre_j)."""

from typing import Any

import sympy
from brian2.core.functions import Function
from brian2.core.variables import ArrayVariable, Constant, Subexpression
from brian2.parsing.sympytools import str_to_sympy, sympy_to_str
from brian2.utils.stringtools import get_identifiers, word_substitute

from neurotrain.lowering.capture import CodeObject
from neurotrain.lowering.program import OWN, Term
from neurotrain.lowering.statements import translate
from neurotrain.lowering.symbols import Symbols

PRE, POST, SYNAPSE, CONSTANT, TIME, OTHER = "pre", "post", "synapse", "constant", "time", "other"


class SummedExpression:
    """One ``(summed)`` equation of a Synapses object, split by where its factors live.

    'post' is the side that the sum belongs to, as a rule the postsynaptic one, and 'pre' the
    other.

    Parameters
    ----------
    code : CodeObject
    symbols : Symbols
    """

    def __init__(self, code: CodeObject, symbols: Symbols) -> None:
        self.code, self.symbols = code, symbols
        synapses = code.runner.group
        ends = {name: synapses.variables[f"_synaptic_{name}"] for name in ("pre", "post")}
        self.post_side = "post" if code.options["_index_var"] is ends["post"] else "pre"
        self.pre_side = "pre" if self.post_side == "post" else "post"
        self.end = {
            f"_{name}synaptic_idx": POST if name == self.post_side else PRE for name in ends
        }
        self._places: dict[str, str] = {}

    def terms(self, block: str) -> tuple[Term, ...]:
        """Return the products whose sum is the expression; none if it is no such sum."""
        whole = str_to_sympy(self._expand(self.code.runner.expression.code))
        products = self._split(whole)
        if products is None:
            products = self._split(sympy.expand(whole, deep=False, power_exp=False))
        if products is None:
            return ()
        return tuple(self._term(p, f"{block}_{k}") for k, p in enumerate(products))

    def _term(self, factors: dict[str, sympy.Expr], block: str) -> Term:
        def lowered(place: str, name: str) -> Any:
            moved = {index: OWN for index, end in self.end.items() if end == place}
            code = f"_{name} = {sympy_to_str(factors[place])}"
            return translate(self.code, self.symbols, f"{block}_{name}", code, moved)

        gain = None if factors[POST] == 1 else lowered(POST, "gain")
        return Term(lowered(PRE, "source"), lowered(SYNAPSE, "weight"), gain)

    def _split(self, expression: sympy.Expr) -> list[dict[str, sympy.Expr]] | None:
        products = [self._product(term) for term in sympy.Add.make_args(expression)]
        return None if any(p is None for p in products) else products

    def _product(self, term: sympy.Expr) -> dict[str, sympy.Expr] | None:
        factors: dict[str, list[sympy.Expr]] = {PRE: [], POST: [], SYNAPSE: []}
        for factor in sympy.Mul.make_args(term):
            place = self._place_of_factor(factor)
            if place is None:
                return None
            factors[place].append(factor)
        return {place: sympy.Mul(*parts) for place, parts in factors.items()}

    def _place_of_factor(self, factor: sympy.Expr) -> str | None:
        """Return where a factor is evaluated; weights once, the others in every step."""
        names = {s.name for s in factor.free_symbols} | {
            f.func.__name__ for f in factor.atoms(sympy.Function)
        }
        places = {self._places.get(name, CONSTANT) for name in names}
        lasting = places - {CONSTANT, TIME}
        if len(lasting) > 1 or OTHER in places or (lasting == {SYNAPSE} and TIME in places):
            return None
        return lasting.pop() if lasting else PRE if TIME in places else SYNAPSE

    def _expand(self, expression: str) -> str:
        """Replace the synapses' own subexpressions and record where every name lives."""
        for name in sorted(get_identifiers(expression)):
            variable = self.code.variables.get(name)
            place = self._place_of(name, variable)
            if isinstance(variable, Subexpression) and place in (SYNAPSE, CONSTANT):
                inner = self._expand(variable.expr)
                expression = word_substitute(expression, {name: f"({inner})"})
                continue
            self._places[name] = place
        return expression

    def _place_of(self, name: str, variable: Any) -> str:
        if isinstance(variable, Function):
            return CONSTANT if variable.stateless else OTHER
        if variable is None or isinstance(variable, Constant):
            return CONSTANT
        index = self.code.indices.get(name, "0")
        if index in self.end:
            return self.end[index]
        if index != "_idx" or isinstance(variable, Subexpression):
            return self._place_of_shared(variable)
        # Synaptic variables that change in time are no weights.
        return SYNAPSE if self._lasts(variable) else OTHER

    def _place_of_shared(self, variable: Any) -> str:
        if isinstance(variable, Subexpression):
            return SYNAPSE
        if not isinstance(variable, ArrayVariable) or not variable.scalar:
            return OTHER
        if variable.name in ("t", "timestep"):
            return TIME
        return CONSTANT if self._lasts(variable) else OTHER

    def _lasts(self, variable: ArrayVariable) -> bool:
        return self.symbols.array(variable) not in self.symbols.written
