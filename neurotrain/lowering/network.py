"""A NeuronGroup with summed Synapses on itself, lowered to a Program."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import NeuronGroup, Synapses
from brian2.core.variables import Constant
from brian2.groups.neurongroup import Thresholder

from neurotrain.errors import InvalidInput, UnsupportedModel, unknown_name
from neurotrain.lowering.checks import (
    check_arrays,
    check_group,
    check_synapses,
    check_units,
    explained,
)
from neurotrain.lowering.coupling import SummedExpression
from neurotrain.lowering.program import Code, Program, Term, Variable
from neurotrain.lowering.statements import WAY_OUT, Scope, kind_of, translate

# Every function that both the generated C++ and Brian2 know.
FUNCTIONS = frozenset(
    {
        *("exp", "expm1", "exprel", "log", "log10", "log1p", "sqrt", "abs", "sign"),
        *("sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan"),
        *("ceil", "floor", "clip", "int", "timestep"),
    }
)


@dataclass(frozen=True)
class Lowered:
    """A program and, for its values, where in Brian2 they stand.

    `constants` gives the Brian2 variable of each of the program's constants.
    """

    program: Program
    constants: Mapping[str, Any]

    def constant_values(self) -> dict[str, float]:
        """Return the value in SI units of every constant, as it is now."""
        return {name: np.asarray(v.get_value()).item() for name, v in self.constants.items()}


def lower(
    group: NeuronGroup,
    synapses: Iterable[Synapses] = (),
    inputs: Iterable[str] = (),
    observe: Iterable[str] = (),
    namespace: Mapping[str, Any] | None = None,
    keep_coupled: bool = False,
) -> Lowered:
    """Lower a network to a `Program`.

    Parameters
    ----------
    group : NeuronGroup
        The neurons.
    synapses : iterable of Synapses
        Summed coupling of `group` on itself.
    inputs : iterable of str
        Variables of `group` that are set from input channels.
    observe : iterable of str
        Variables or subexpressions that may be averaged or traced.
    namespace : mapping, optional
        Values of names that the objects do not define themselves.
    keep_coupled : bool
        As `Program.keeps_coupled`.

    Raises
    ------
    UnsupportedModel
        For everything that the fused execution does not cover.
    InvalidInput
        Where units do not agree, or a name has no value.
    """
    with explained(f"the model of '{group.name}'"):
        lowering = _Lowering(group, tuple(synapses), tuple(inputs), namespace or {})
        return lowering.run(tuple(observe), keep_coupled)


class _Lowering:
    def __init__(
        self,
        group: NeuronGroup,
        synapses: tuple[Synapses, ...],
        inputs: tuple[str, ...],
        namespace: Mapping[str, Any],
    ) -> None:
        check_group(group)
        for one in synapses:
            check_synapses(one, group)
        self.group = group
        self.inputs = inputs
        self.namespace = dict(namespace)
        self.summed = [
            SummedExpression(one, target, index, namespace, FUNCTIONS)
            for index, one in enumerate(synapses)
            for target in one.summed_updaters
        ]
        extra: dict[str, Constant] = {}
        for expression in self.summed:
            extra |= expression.constants
        self.scope = Scope(group, namespace, extra)
        # The weights' constants are not among the names of any statement.
        self.scope.seen.update(extra)
        check_units(group, namespace, self.scope)

    def run(self, observe: tuple[str, ...], keep_coupled: bool) -> Lowered:
        for name in self.inputs:
            if name not in self._parameters():
                raise unknown_name(f"parameter of '{self.group.name}'", name, self._parameters())
        update, threshold, reset = self._update(), self._threshold(), self._reset()
        terms = tuple(term for expression in self.summed for term in self._terms(expression))
        observables = tuple((name, self._observable(name, keep_coupled)) for name in observe)
        # Every coupled and input variable is an array of the kernel, even one that nothing reads.
        self.scope.variables("\n".join(f"_x = {name}" for name in self._driven()) or "_x = 0")
        scalars = self.scope.scalars()
        program = Program(
            constants=tuple((name, kind_of(v.dtype)) for name, v in sorted(scalars.items())),
            variables=self._variables(update, threshold, reset),
            update=update,
            threshold=threshold,
            reset=reset,
            uses_refractoriness=self.group._refractory is not False,
            terms=terms,
            observables=observables,
            keeps_coupled=keep_coupled,
        )
        return Lowered(program, scalars)

    def _parameters(self) -> list[str]:
        """Return what inputs can set: parameters with a number for each neuron."""
        variables = self.group.variables
        return sorted(
            name
            for name in self.group.equations.parameter_names
            if kind_of(variables[name].dtype) == "float" and not variables[name].scalar
        )

    def _driven(self) -> list[str]:
        return [*self.inputs, *(expression.variable for expression in self.summed)]

    def _translate(self, code: str, block: str) -> Code:
        return translate(code, self.scope, FUNCTIONS, block)

    def _update(self) -> Code:
        updater = self.group.state_updater
        with explained(f"the equations or the refractoriness of '{self.group.name}'"):
            updater.update_abstract_code(self.namespace)
        return self._translate(updater.abstract_code, "update")

    def _threshold(self) -> Code | None:
        thresholder = self.group.thresholder.get("spike")
        if thresholder is None:
            return None
        assert isinstance(thresholder, Thresholder)
        thresholder.update_abstract_code(self.namespace)
        if self.group._refractory is not False:
            self.scope.variables("_x = lastspike\n_y = not_refractory")
        return self._translate(thresholder.abstract_code, "threshold")

    def _reset(self) -> Code | None:
        code = self.group.event_codes.get("spike")
        return self._translate(code, "reset") if code else None

    def _terms(self, expression: SummedExpression) -> list[Term]:
        terms = []
        for k, product in enumerate(expression.products()):
            prefix = f"{expression.index}_{expression.variable}_{k}"
            source = self._undriven(f"_source = {product.source}", f"{prefix}_source")
            gain = product.gain and self._undriven(f"_gain = {product.gain}", f"{prefix}_gain")
            terms.append(
                Term(expression.index, expression.variable, product.weight, source, gain or None)
            )
        return terms

    def _observable(self, name: str, keep_coupled: bool) -> Code:
        if name not in self.group.variables:
            raise unknown_name("variable to record", name, self.group.equations.names)
        if keep_coupled:
            return self._translate(f"_observed = {name}", "observed")
        return self._undriven(f"_observed = {name}", "observed")

    def _undriven(self, code: str, block: str) -> Code:
        """Translate code that is evaluated before inputs and coupling of the step are known."""
        driven = set(self._driven()) & set(self.scope.variables(code))
        if driven:
            raise UnsupportedModel(
                f"'{code}' of '{self.group.name}' depends on '{sorted(driven)[0]}', which is set "
                f"by inputs or synapses within the step. {WAY_OUT}"
            )
        return self._translate(code, block)

    def _variables(self, *blocks: Code | None) -> tuple[Variable, ...]:
        arrays = self.scope.arrays()
        check_arrays(arrays.items(), self.group)
        written = {a.target for block in blocks if block for a in block.vector}
        if self.group._refractory is not False:
            written |= {"lastspike", "not_refractory"}
        overwritten = sorted(written & set(self._driven()))
        if overwritten:
            raise UnsupportedModel(
                f"'{self.group.name}' writes to '{overwritten[0]}', which inputs or synapses set "
                f"in every step. {WAY_OUT}"
            )
        shared = {a.target for block in blocks if block for a in block.scalar if a.op != ":="}
        if shared:
            raise UnsupportedModel(
                f"'{sorted(shared)[0]}' of '{self.group.name}' is shared and changes in time, "
                f"which the fused execution does not cover. {WAY_OUT}"
            )
        roles = {name: "input" for name in self.inputs}
        for expression in self.summed:
            if roles.setdefault(expression.variable, "coupled") == "input":
                raise InvalidInput(
                    f"'{expression.variable}' is set by the input and by "
                    f"'{expression.synapses.name}'; give each a variable of its own."
                )
        return tuple(
            Variable(
                name,
                kind_of(variable.dtype),
                roles.get(name, "state" if name in written else "parameter"),
            )
            for name, variable in sorted(arrays.items())
        )
