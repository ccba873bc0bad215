"""The description of a network that does not lower, read off its Brian2 objects."""

import ast
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from brian2 import BrianObject, NeuronGroup, Synapses, TimedArray
from brian2.core.functions import Function
from brian2.core.variables import ArrayVariable, Constant
from brian2.equations.unitcheck import check_units_statements
from brian2.groups.group import CodeRunner
from brian2.synapses.synapses import SummedVariableUpdater

from neurotrain.description import Description, element_parameters
from neurotrain.errors import InvalidInput, UnsupportedModel, unknown_name
from neurotrain.lowering.checks import check_units, explained
from neurotrain.lowering.statements import Scope


def describe(
    neurons: NeuronGroup,
    synapses: tuple[Synapses, ...],
    inputs: tuple[str, ...],
    observed: Iterable[str],
    namespace: Mapping[str, Any],
) -> Description:
    """Return the description of a network that only Brian2 itself can run.

    Raises
    ------
    InvalidInput
        Where units do not agree, or a name is unknown.
    UnsupportedModel
        Where the model contains noise.
    """
    return _Inspection(neurons, synapses, namespace).describe(inputs, observed)


class _Inspection:
    def __init__(
        self, neurons: NeuronGroup, synapses: tuple[Synapses, ...], namespace: Mapping[str, Any]
    ) -> None:
        self.neurons, self.synapses = neurons, synapses
        self.namespace = dict(namespace)
        self.resolved: dict[str, Any] = {}
        self.written: set[tuple[str, str]] = set()
        self.parts: list[object] = []

    def describe(self, inputs: tuple[str, ...], observed: Iterable[str]) -> Description:
        driven = self._driven(inputs)
        for name in observed:
            if name not in self.neurons.variables:
                raise unknown_name("variable to record", name, self.neurons.equations.names)
        for position, owner in enumerate((self.neurons, *self.synapses)):
            self._inspect(position, owner)
        constants = {n: v for n, v in self.resolved.items() if isinstance(v, Constant)}
        self.parts += [
            (name, variable.dt, variable.values.tolist())
            for name, variable in sorted(self.resolved.items())
            if isinstance(variable, TimedArray)
        ]
        structure = sha256(repr(self.parts).encode()).hexdigest()
        states = self._states(driven)
        written = self.written | {(self.neurons.name, name) for name in states}
        return Description(states, driven, frozenset(written), structure, constants)

    def _driven(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        known = element_parameters(self.neurons)
        for name in inputs:
            if name not in known:
                raise unknown_name(f"parameter of '{self.neurons.name}'", name, known)
        summed = {u.target_var.name: s for s in self.synapses for u in s.summed_updaters.values()}
        for name in set(inputs) & set(summed):
            raise InvalidInput(
                f"'{name}' is set by the input and by '{summed[name].name}'; give each a "
                "variable of its own."
            )
        return (*inputs, *sorted(summed))

    def _states(self, driven: tuple[str, ...]) -> tuple[str, ...]:
        own = {name for owner, name in self.written if owner == self.neurons.name}
        own |= {"lastspike", "not_refractory"} & set(self.neurons.variables)
        shared = {name for name in own if self.neurons.variables[name].scalar}
        return tuple(sorted(own - shared - set(driven) - self.neurons.equations.subexpr_names))

    def _inspect(self, position: int, owner: NeuronGroup | Synapses) -> None:
        scope = Scope(owner, self.namespace)
        self._check_equations(owner, scope)
        self.parts += [len(owner), repr(owner.equations), owner.clock.dt_]
        for runner in _runners(owner):
            with explained(f"'{runner.name}'"):
                runner.update_abstract_code(self.namespace)
            code = "\n".join(line.strip() for line in runner.abstract_code.splitlines())
            variables = self._check_code(runner, code, scope)
            self.written |= _assigned(code, variables)
            self.parts += [
                *(type(runner).__name__, code, runner.when, runner.order, runner.clock.dt_),
                # Of a SynapticPathway and of a StateUpdater.
                *(getattr(runner, name, None) for name in ("prepost", "event")),
                _named(getattr(runner, "method_choice", None)),
            ]
        functions = {n: v for n, v in scope.seen.items() if isinstance(v, Function)}
        self._refuse_noise(owner, {n for n, v in functions.items() if not v.stateless})
        self.resolved |= {f"{position} {name}": found for name, found in scope.seen.items()}

    def _check_equations(self, owner: NeuronGroup | Synapses, scope: Scope) -> None:
        self._refuse_noise(owner, owner.equations.stochastic_variables)
        if owner is self.neurons:
            check_units(owner, self.namespace, scope)
        else:
            with explained(f"the equations of '{owner.name}'"):
                owner.equations.check_units(owner, run_namespace=self.namespace)
        # Also those that nothing depends on, since they may be observed.
        for name in sorted(owner.equations.subexpr_names):
            with explained(f"'{name}' of '{owner.name}'"):
                scope.variables(f"_x = {name}")

    @staticmethod
    def _check_code(runner: CodeRunner, code: str, scope: Scope) -> dict[str, Any]:
        shown = " ".join(code.split())
        if isinstance(runner, SummedVariableUpdater):
            code = shown = f"{runner.target_varname} = {runner.expression.code}"
        with explained(f"'{runner.name}', '{shown}'"):
            variables = scope.variables(code)
            # Of what Brian2 itself derived from equations, it checked the units before.
            if runner.check_units:
                check_units_statements(code, variables)
        return variables

    @staticmethod
    def _refuse_noise(owner: NeuronGroup | Synapses, names: set[str]) -> None:
        if names:
            raise UnsupportedModel(
                f"'{owner.name}' contains noise ('{min(names)}'), which no execution covers yet."
            )


def _runners(owner: BrianObject) -> list[CodeRunner]:
    """Return what runs code of `owner`; run_regularly of synapses puts these into the neurons."""
    runners = [one for one in owner.contained_objects if isinstance(one, CodeRunner) and one.active]
    return sorted(runners, key=lambda one: one.name)


def _assigned(code: str, variables: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return object and name of every variable that the code changes."""
    targets: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Assign | ast.AugAssign):
            targets |= {t.id for t in getattr(node, "targets", [getattr(node, "target", None)])}
    found = [variables.get(name) for name in targets]
    return {(v.owner.name, v.name) for v in found if isinstance(v, ArrayVariable)}


def _named(method: Any) -> str | None:
    return getattr(method, "__name__", type(method).__name__) if callable(method) else method
