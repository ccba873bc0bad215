"""Abstract code to typed statements, by Brian2's own machinery."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from brian2.codegen.translation import (
    analyse_identifiers,
    get_identifiers_recursively,
    make_statements,
)
from brian2.core.functions import Function
from brian2.core.variables import ArrayVariable, Constant, Subexpression
from brian2.groups.group import Group
from brian2.parsing.bast import brian_dtype_from_dtype

from neurotrain.errors import UnsupportedModel
from neurotrain.lowering.program import Assignment, Code

WAY_OUT = "Use execution='brian2', which runs every circuit."


class Scope:
    """Resolves the names used in the code of one Brian2 group.

    Parameters
    ----------
    group : Group
        Its variables come first, then its own namespace, then `namespace`.
    namespace : mapping
        Names of the user's constants.
    extra : mapping
        Constants of other objects that the code mentions, such as synapses'.
    """

    def __init__(
        self,
        group: Group,
        namespace: Mapping[str, Any],
        extra: Mapping[str, Constant] | None = None,
    ) -> None:
        self.group = group
        self.namespace = dict(namespace)
        self.extra = dict(extra or {})
        self.seen: dict[str, Any] = {}

    def variables(self, code: str) -> dict[str, Any]:
        """Return the Brian2 variable of every name that `code` needs, recursively."""
        known = {**self.group.variables, **self.extra}
        _, used, unknown = analyse_identifiers(code, known, recursive=True)
        pending = (used | unknown | {"dt"}) - {"_cond", "_source", "_gain", "_observed"}
        found: dict[str, Any] = {}
        while pending:
            name = pending.pop()
            found[name] = self._resolve(name)
            if isinstance(found[name], Subexpression):
                pending |= get_identifiers_recursively([found[name].expr], known) - set(found)
        self.seen.update(found)
        return found

    def _resolve(self, name: str) -> Any:
        if name in self.extra:
            return self.extra[name]
        return self.group._resolve(name, run_namespace=self.namespace, user_identifier=False)

    def arrays(self) -> dict[str, ArrayVariable]:
        """Return the arrays over neurons that were needed so far."""
        return {
            name: variable
            for name, variable in self.seen.items()
            if isinstance(variable, ArrayVariable) and not variable.scalar
        }

    def scalars(self) -> dict[str, Any]:
        """Return the constants and shared variables that were needed so far, but for time."""
        return {
            name: variable
            for name, variable in self.seen.items()
            if isinstance(variable, Constant)
            or (isinstance(variable, ArrayVariable) and variable.scalar and name != "t")
        }


def kind_of(dtype: Any) -> str:
    """Return 'float', 'integer' or 'boolean'."""
    return brian_dtype_from_dtype(np.dtype(dtype))


def translate(code: str, scope: Scope, supported: Iterable[str], block: str) -> Code:
    """Turn abstract code into typed statements.

    Parameters
    ----------
    code : str
        Brian2 abstract code.
    scope : Scope
        Resolves its names.
    supported : iterable of str
        Functions that the executions know.
    block : str
        A name that keeps the invariants of one piece of code apart from others'.

    Raises
    ------
    UnsupportedModel
        If the code calls a function that is not among `supported`.
    """
    variables = scope.variables(code)
    for name, variable in variables.items():
        check_covered(name, variable, supported, scope.group.name)
    scalar, vector = make_statements(code, variables, np.float64, optimise=True, blockname=block)
    return Code(tuple(map(_assignment, scalar)), tuple(map(_assignment, vector)))


def check_covered(name: str, variable: Any, supported: Iterable[str], owner: str) -> None:
    """Raise `UnsupportedModel` for a function not among `supported`, or for the step's number."""
    function = isinstance(variable, Function)
    if (function and name not in supported) or name == "t_in_timesteps":
        what = "function" if function else "variable"
        raise UnsupportedModel(
            f"'{owner}' uses the {what} '{name}', which the fused execution does not cover. "
            f"{WAY_OUT}"
        )


def _assignment(statement: Any) -> Assignment:
    return Assignment(statement.var, statement.op, statement.expr, kind_of(statement.dtype))
