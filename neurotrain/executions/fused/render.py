"""Brian2 expressions as C++ on vectors of trials."""

import ast
from collections.abc import Callable, Mapping

import numpy as np
from brian2.core.functions import DEFAULT_FUNCTIONS, Function
from brian2.core.variables import AuxiliaryVariable
from brian2.parsing.bast import brian_ast

from neurotrain.errors import InvalidInput
from neurotrain.lowering.program import Assignment

_DTYPES = {"float": np.float64, "integer": np.int64, "boolean": bool}
_OPERATORS = {"Add": "+", "Sub": "-", "Mult": "*", "Div": "/"}
_COMPARISONS = {"Lt": "<", "LtE": "<=", "Gt": ">", "GtE": ">=", "Eq": "==", "NotEq": "!="}
_NAMED_OPERATORS = {"FloorDiv": "nt_floordiv", "Mod": "nt_mod", "Pow": "nt_pow"}
_LARGEST_POWER = 16
_TOO_LARGE = 2**63
_RANDOM = {"rand": "nt_uniform", "randn": "nt_normal", "poisson": "nt_poisson"}


class Renderer:
    """Renders expressions whose names have the given kinds.

    Parameters
    ----------
    kinds : mapping of str to str
        'float', 'integer' or 'boolean' of every name.
    scalars : set of str
        Names that hold one value for all elements and trials.
    functions : mapping of str to (str, str), optional
        What functions are called in C++, and whether they are 'standard' ones of Brian2, a
        'table', a 'binomial' distribution, or the 'user's. Others are standard.
    site : callable, optional
        Gives a number for each call of a random function.
    """

    def __init__(
        self,
        kinds: Mapping[str, str],
        scalars: set[str],
        functions: Mapping[str, tuple[str, str]] | None = None,
        site: Callable[[], int] = int,
    ) -> None:
        self.functions, self.site, self.element = dict(functions or {}), site, "i"
        self.names = {
            name: AuxiliaryVariable(name, dtype=_DTYPES[kind], scalar=name in scalars)
            for name, kind in kinds.items()
        }

    def declare(self, assignment: Assignment, scalar: bool) -> None:
        """Make the target of an assignment known."""
        self.names[assignment.target] = AuxiliaryVariable(
            assignment.target, dtype=_DTYPES[assignment.kind], scalar=scalar
        )

    def render(self, expression: str, kind: str) -> str:
        """Return `expression` as C++ of the given kind."""
        calls = (n for n in ast.walk(ast.parse(expression, mode="eval")) if isinstance(n, ast.Call))
        known = {
            call.func.id: _typed(self.functions[call.func.id][0], len(call.args))
            for call in calls
            if call.func.id in self.functions
        }
        return self._as(brian_ast(expression, {**DEFAULT_FUNCTIONS, **self.names, **known}), kind)

    def _as(self, node: ast.AST, kind: str) -> str:
        if isinstance(node, ast.Constant):
            return _literal(node.value, kind)
        text = getattr(self, f"_{type(node).__name__.lower()}")(node)
        if node.dtype == kind:
            return text
        if node.dtype == "boolean":
            text = f"({text} & I(1))"
        return {
            "float": f"to_real({text})",
            "integer": f"to_integer({text})",
            "boolean": f"truth({text} != 0)",
        }[kind]

    def _name(self, node: ast.Name) -> str:
        return f"x_{node.id}"

    def _binop(self, node: ast.BinOp) -> str:
        operator = type(node.op).__name__
        if operator == "Pow":
            return self._power(node)
        if node.dtype == "boolean":  # of truth values, only products come here
            return f"({self._as(node.left, 'boolean')} & {self._as(node.right, 'boolean')})"
        kind = _number(node.dtype)
        left, right = self._as(node.left, kind), self._as(node.right, kind)
        if operator in _NAMED_OPERATORS:
            left, right = self._as(node.left, "float"), self._as(node.right, "float")
            return _converted(f"{_NAMED_OPERATORS[operator]}({left}, {right})", node.dtype)
        return f"({left} {_OPERATORS[operator]} {right})"

    def _power(self, node: ast.BinOp) -> str:
        base, exponent = self._as(node.left, "float"), node.right
        if isinstance(exponent, ast.Constant) and exponent.value in range(1, _LARGEST_POWER + 1):
            return _converted(f"nt_power<{int(exponent.value)}>({base})", node.dtype)
        return _converted(f"nt_pow({base}, {self._as(exponent, 'float')})", node.dtype)

    def _unaryop(self, node: ast.UnaryOp) -> str:
        if isinstance(node.op, ast.Not):
            return f"(~{self._as(node.operand, 'boolean')})"
        sign = "-" if isinstance(node.op, ast.USub) else ""
        return f"({sign}{self._as(node.operand, node.dtype)})"

    def _boolop(self, node: ast.BoolOp) -> str:
        operator = " & " if isinstance(node.op, ast.And) else " | "
        return f"({operator.join(self._as(value, 'boolean') for value in node.values)})"

    def _compare(self, node: ast.Compare) -> str:
        left, right = node.left, node.comparators[0]
        kind = "float" if "float" in (left.dtype, right.dtype) else "integer"
        operator = _COMPARISONS[type(node.ops[0]).__name__]
        return f"truth({self._as(left, kind)} {operator} {self._as(right, kind)})"

    def _call(self, node: ast.Call) -> str:
        symbol, kind = self.functions.get(node.func.id, (node.func.id, "standard"))
        return getattr(self, f"_{kind}_call")(symbol, node)

    def _standard_call(self, symbol: str, node: ast.Call) -> str:
        if symbol == "int":
            argument = node.args[0]
            kind = "integer" if argument.dtype == "boolean" else argument.dtype
            return f"to_integer({self._as(argument, kind)})"
        arguments = [self._as(argument, "float") for argument in node.args]
        if symbol in _RANDOM:
            arguments = [*self._place(), *(f"vec({argument})" for argument in arguments)]
        call = f"{_RANDOM.get(symbol, f'nt_{symbol}')}({', '.join(arguments)})"
        return call if symbol == "timestep" else _converted(call, node.dtype)

    def _place(self) -> tuple[str, ...]:
        """What a random number depends on."""
        return "noise", f"{self.site()}u", f"uint32_t({self.element})"

    def _table_call(self, symbol: str, node: ast.Call) -> str:
        arguments = [self._as(argument, "float") for argument in node.args]
        # Time in single precision would be too coarse to find a row.
        exact = self.functions.get(f"{getattr(node.args[0], 'id', '')} exactly")
        if exact:
            arguments[0] = exact[0]
        return f"nt_table(f_{symbol}, {', '.join(arguments)})"

    def _binomial_call(self, symbol: str, node: ast.Call) -> str:
        del node
        return f"nt_binomial({', '.join(self._place())}, f_{symbol}.values, f_{symbol}.rows - 1)"

    def _user_call(self, symbol: str, node: ast.Call) -> str:
        names = [f"a{k}" for k in range(len(node.args))]
        function = (
            f"[&]({', '.join(f'double {name}' for name in names)}) "
            f"{{ return {symbol}({', '.join(names)}); }}"
        )
        arguments = [self._as(argument, "float") for argument in node.args]
        return f"each_lane({', '.join([function, *arguments])})"


def _typed(symbol: str, n_arguments: int) -> Function:
    if symbol in DEFAULT_FUNCTIONS:
        return DEFAULT_FUNCTIONS[symbol]
    return Function(
        lambda *_: 0.0,
        arg_units=[None] * n_arguments,
        arg_types=["any"] * n_arguments,
        return_unit=1,
        return_type="float",
    )


def _literal(value: float, kind: str) -> str:
    if isinstance(value, int) and abs(value) >= _TOO_LARGE:
        raise InvalidInput(
            f"A whole number in the equations has {value.bit_length()} bits, of at most 63; write "
            "it with a point."
        )
    if kind == "float":
        return f"T({float(value)!r})"
    if kind == "integer":
        return f"I({int(value)})"
    return f"I({-int(bool(value))})"


def _number(kind: str) -> str:
    return "float" if kind == "float" else "integer"


def _converted(text: str, kind: str) -> str:
    return text if kind == "float" else f"to_integer({text})"
