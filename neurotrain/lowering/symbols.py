"""Which variable of which Brian2 object a name stands for, under names that do not depend on how
many objects were made before."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from brian2 import Clock, TimedArray
from brian2.core.functions import DEFAULT_FUNCTIONS
from brian2.core.functions import Function as BrianFunction
from brian2.core.variables import ArrayVariable, Constant
from brian2.input.binomial import BinomialFunction
from brian2.parsing.bast import brian_dtype_from_dtype

from neurotrain.errors import InvalidInput, UnsupportedModel
from neurotrain.lowering.capture import CodeObject
from neurotrain.lowering.checks import WAY_OUT, owner_name
from neurotrain.lowering.functions import user_function
from neurotrain.lowering.program import FIRST, OWN, Array, Function, Reference

_CLOCK_VALUES = {"t": "t", "dt": "dt", "timestep": "step"}


def kind_of(dtype: Any) -> str:
    """Return 'float', 'integer' or 'boolean'."""
    return brian_dtype_from_dtype(np.dtype(dtype))


@dataclass
class Symbols:
    """Every Brian2 object and variable that the code of a network mentions.

    Attributes
    ----------
    strict : bool
        Whether to refuse what only Brian2 itself can run.
    owners, clocks : list
        Brian2 objects and clocks, in the order in which they were met.
    constants, arrays : dict of str to Brian2 variable
        By symbol.
    functions : dict of str to (Function, Brian2 function)
    written : set of str
        Symbols of the arrays that some code changes.
    positions : set of str
        Symbols of the arrays that tell where elements of others are.
    """

    strict: bool = True
    owners: list[Any] = field(default_factory=list)
    clocks: list[Clock] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, ArrayVariable] = field(default_factory=dict)
    functions: dict[str, tuple[Function, Any]] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    positions: set[str] = field(default_factory=set)

    def owner(self, one: Any) -> int:
        """Return the position of a Brian2 object."""
        names = [known.name for known in self.owners]
        if one.name not in names:
            self.owners.append(one)
            return len(names)
        return names.index(one.name)

    def clock(self, clock: Clock) -> int:
        """Return the position of a clock."""
        names = [known.name for known in self.clocks]
        if clock.name not in names:
            self.clocks.append(clock)
            return len(names)
        return names.index(clock.name)

    def array(self, variable: ArrayVariable) -> str:
        """Return the symbol of an array."""
        if owner_name(variable) is None:
            raise InvalidInput(
                f"'{variable.name}' belongs to an object that no longer exists; keep a reference "
                "to it."
            )
        symbol = f"{variable.name}_{self.owner(variable.owner)}"
        self.arrays[symbol] = variable
        return symbol

    def reference(
        self, name: str, code: CodeObject, moved: Mapping[str, str] | None = None
    ) -> Reference | None:
        """Return what a name in a piece of code stands for; None for what the code defines.

        `moved` gives indices another meaning, such as 'own' for the presynaptic index.
        """
        variable = code.variables[name]
        if isinstance(variable, BrianFunction):
            return Reference(name, self._function(name, variable, code))
        if isinstance(variable, Constant):
            # Through a subexpression of another object, a number of elements has a longer name.
            symbol = (
                f"{name}_{self.owner(code.runner.group)}"
                if owner_name(variable) is None
                else f"{variable.name}_{self.owner(variable.owner)}"
            )
            self.constants[symbol] = variable
            return Reference(name, symbol)
        if not isinstance(variable, ArrayVariable):
            return None
        if owner_name(variable) is not None and isinstance(variable.owner, Clock):
            return Reference(name, self._clock_value(variable))
        index = self._index(name, code, moved or {})
        return Reference(name, self.array(variable), index, self._condition(variable, code))

    def _clock_value(self, variable: ArrayVariable) -> str:
        return f"{_CLOCK_VALUES[variable.name]}@{self.clock(variable.owner)}"

    def _index(self, name: str, code: CodeObject, moved: Mapping[str, str]) -> str:
        index = code.indices[name]
        if index in moved:
            return moved[index]
        if code.variables[name].scalar or index == "0":
            return FIRST
        if index == "_idx":
            return OWN
        symbol = self.array(code.variables[index])
        self.positions.add(symbol)
        return symbol

    def _condition(self, variable: ArrayVariable, code: CodeObject) -> str:
        condition = getattr(variable, "conditional_write", None)
        if condition is None or condition.name in code.unconditional:
            return ""
        return self.array(condition)

    def _function(self, name: str, function: BrianFunction, code: CodeObject) -> str:
        for known, default in DEFAULT_FUNCTIONS.items():
            if function is default:
                return known
        if isinstance(function, BinomialFunction):
            return self._binomial(function, code)
        symbol = f"{name}_{self.owner(code.runner.group)}"
        if isinstance(function, TimedArray):
            lowered = Function(symbol, "table", columns=function.values.ndim == 2)
        elif not self.strict:
            lowered = Function(symbol, "python")
        else:
            lowered = user_function(symbol, name, function, code.runner.group)
        self.functions[symbol] = lowered, (function, code.runner)
        return symbol

    def _binomial(self, function: BinomialFunction, code: CodeObject) -> str:
        """Return a symbol without Brian2's name for the distribution, which counts them."""
        for symbol, (_, (known, _)) in self.functions.items():
            if known is function:
                return symbol
        symbol = f"binomial_{len(self.functions)}"
        self.functions[symbol] = Function(symbol, "binomial"), (function, code.runner)
        return symbol

    def lowered_arrays(self, inputs: tuple[str, ...]) -> tuple[Array, ...]:
        """Return all arrays with their roles; shared ones that nothing changes become constants."""
        for symbol, variable in list(self.arrays.items()):
            if variable.scalar and symbol not in self.written:
                self.constants[symbol] = self.arrays.pop(symbol)
        return tuple(
            Array(
                symbol,
                kind_of(variable.dtype),
                self._role(symbol, variable, inputs),
                self.owner(variable.owner),
                bool(variable.scalar),
            )
            for symbol, variable in sorted(self.arrays.items())
        )

    def _role(self, symbol: str, variable: ArrayVariable, inputs: tuple[str, ...]) -> str:
        if symbol in inputs:
            return "input"
        if symbol in self.written:
            if symbol in self.positions and self.strict:
                raise UnsupportedModel(
                    f"'{variable.name}' of '{variable.owner.name}' tells where other values are "
                    f"and changes in time, which the fused execution does not cover. {WAY_OUT}"
                )
            return "state"
        return "index" if kind_of(variable.dtype) == "integer" else "parameter"
