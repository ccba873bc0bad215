"""Quantities with a unit from texts, such as '0.5*ms', as files and command lines hold them."""

import ast
import operator
from collections.abc import Mapping
from typing import Any

from neurotrain.errors import InvalidInput

_OPERATORS = {
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.USub: operator.neg,
}


def with_quantities(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options in which texts that begin with a number are quantities.

    Raises
    ------
    InvalidInput
        If such a text is not a number times units of Brian2, such as ``'39.9*uA/cm**2'``.
    """
    return {name: _settled(name, value) for name, value in options.items()}


def _settled(name: str, value: Any) -> Any:
    if not isinstance(value, str) or not value.lstrip("+-. ")[:1].isdigit():
        return value
    from brian2.core.namespace import DEFAULT_UNITS

    try:
        return _evaluated(ast.parse(value, mode="eval").body, DEFAULT_UNITS)
    # Nested deeply, the parser runs out of memory of its own.
    except (
        *(SyntaxError, KeyError, ValueError, ArithmeticError, TypeError),
        *(RecursionError, MemoryError),
    ) as error:
        raise InvalidInput(
            f"'{name}' must be a number times units, such as 0.5*ms, got '{value}'."
        ) from error


def _evaluated(node: ast.AST, units: Mapping[str, Any]) -> Any:
    """Return the value of products, quotients and powers of numbers and units; nothing else."""
    match node:
        case ast.Constant(value=int() | float() as value):
            return value
        case ast.Name(id=unit):
            return units[unit]
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            base = _evaluated(left, units)
            # Powers of powers of whole numbers never end.
            return (float(base) if isinstance(base, int) else base) ** _evaluated(right, units)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_evaluated(left, units), _evaluated(right, units))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_evaluated(operand, units)
    raise ValueError(ast.dump(node))
