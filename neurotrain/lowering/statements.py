"""Abstract code to typed statements, by Brian2's own machinery."""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from brian2.codegen.translation import make_statements
from brian2.core.variables import AuxiliaryVariable
from brian2.parsing.bast import brian_ast
from brian2.utils.stringtools import get_identifiers, word_substitute

from neurotrain.errors import InvalidInput, UnsupportedModel
from neurotrain.lowering.capture import CodeObject
from neurotrain.lowering.checks import WAY_OUT
from neurotrain.lowering.program import FIRST, Assignment, Code, Reference
from neurotrain.lowering.symbols import Symbols, kind_of

_DTYPES = {"float": float, "integer": int, "boolean": bool}


def translate(
    code: CodeObject,
    symbols: Symbols,
    block: str,
    statements: str | None = None,
    moved: Mapping[str, str] | None = None,
) -> Code:
    """Turn abstract code into typed statements.

    Parameters
    ----------
    code : CodeObject
    symbols : Symbols
        Takes note of what the code mentions and writes.
    block : str
        A name that keeps the invariants of one piece of code apart from others'.
    statements : str, optional
        Other statements than those of the code object, over the same names.
    moved : mapping of str to str
        Indices that mean something else here.
    """
    text = code.code if statements is None else statements
    variables = dict(code.variables)
    scalar, vector = make_statements(text, variables, np.float64, optimise=True, blockname=block)
    scalar, vector = (tuple(map(_assignment, part)) for part in (scalar, vector))
    if symbols.strict:
        _check_truth_values((*scalar, *vector), code)
    references = _references((*scalar, *vector), code, symbols, moved)
    found = {reference.name: reference for reference in references}
    for one in (*scalar, *vector):
        if one.target in found and one.op != ":=":
            _check_shared(one, found, code)
            symbols.written.add(found[one.target].symbol)
    return _without_counts(Code(scalar, vector, references))


def _without_counts(code: Code) -> Code:
    """Return code in which no name tells how many Brian2 objects were made before."""
    names = {
        r.name: f"_{r.symbol.replace('@', '_')}_{r.index}"
        for r in code.references
        if r.name.startswith("_") or r.symbol.startswith("binomial_")
    }
    if not names:
        return code

    def renamed(one: Assignment) -> Assignment:
        cases = one.cases and tuple(word_substitute(text, names) for text in one.cases)
        return replace(
            one,
            target=names.get(one.target, one.target),
            expression=word_substitute(one.expression, names),
            cases=cases,
        )

    references = (replace(r, name=names.get(r.name, r.name)) for r in code.references)
    return Code(
        tuple(map(renamed, code.scalar)),
        tuple(map(renamed, code.vector)),
        tuple(sorted(references, key=lambda r: r.name)),
    )


def _references(
    statements: Iterable[Assignment],
    code: CodeObject,
    symbols: Symbols,
    moved: Mapping[str, str] | None,
) -> tuple[Reference, ...]:
    names: set[str] = set()
    for one in statements:
        names |= get_identifiers(one.expression) | {one.target}
    found = (symbols.reference(name, code, moved) for name in sorted(names & set(code.variables)))
    return tuple(one for one in found if one is not None)


def _check_truth_values(statements: Iterable[Assignment], code: CodeObject) -> None:
    """Raise for sums of truth values, which Brian2's own targets do in different ways."""
    known = dict(code.variables)
    for one in statements:
        known.setdefault(one.target, AuxiliaryVariable(one.target, dtype=_DTYPES[one.kind]))
        parts = [] if one.cases else ast.walk(brian_ast(one.expression, known))
        if any(isinstance(node, ast.BinOp) and _adds_truth_values(node) for node in parts):
            raise UnsupportedModel(
                f"'{code.runner.name}' adds or subtracts truth values in '{one.expression}', which "
                f"Brian2's own targets do in different ways; write int(...) around each. {WAY_OUT}"
            )


def _adds_truth_values(node: ast.BinOp) -> bool:
    return node.dtype == "boolean" and not isinstance(node.op, ast.Mult)


def _check_shared(one: Assignment, found: Mapping[str, Reference], code: CodeObject) -> None:
    """Raise where Brian2's own code generation refuses a change of a shared variable."""
    if found[one.target].index != FIRST:
        return
    what = f"'{one.target}' of '{code.runner.group.name}' is shared by all elements"
    if code.template != "stateupdate":
        raise InvalidInput(
            f"{what}, and '{code.runner.name}' runs for some of them; change it in "
            "run_regularly(...) only."
        )
    used = get_identifiers(one.expression) & set(found)
    own = sorted(name for name in used if found[name].index not in ("", FIRST))
    if own:
        raise InvalidInput(f"{what}, and '{own[0]}' is not; it cannot be set from that.")


def _assignment(statement: Any) -> Assignment:
    return Assignment(
        statement.var, statement.op, statement.expr, kind_of(statement.dtype), _cases(statement)
    )


def _cases(statement: Any) -> tuple[str, str, str] | None:
    """Return what the expression is for both values of its only truth value, if that saves work.

    Such as what (unless refractory) multiplies by 0 or 1.
    """
    names = statement.used_boolean_variables or ()
    if len(names) != 1 or statement.op not in ("=", ":=") or kind_of(statement.dtype) != "float":
        return None
    by_value = statement.boolean_simplified_expressions
    true, false = (by_value[((names[0], value),)] for value in (True, False))
    if _cost(true) + _cost(false) >= _cost(statement.expr):
        return None
    return names[0], true, false


def _cost(expression: str) -> int:
    """Return about how long an expression takes; a function or division as ten sums."""
    costs = {ast.Call: 10, ast.Div: 10, ast.Pow: 10, ast.BinOp: 1, ast.Compare: 1}
    return sum(costs.get(type(node), 0) for node in ast.walk(ast.parse(expression, mode="eval")))
