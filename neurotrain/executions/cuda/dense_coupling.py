"""Summed synapses as a matrix product: the weights once per candidate, for all of its trials."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
import sympy
from brian2.core.functions import DEFAULT_FUNCTIONS
from brian2.core.variables import Variables
from brian2.groups.group import CodeRunner, Group
from brian2.parsing.sympytools import str_to_sympy

from neurotrain.executions.fused.gather import connections
from neurotrain.executions.fused.values import Connections
from neurotrain.lowering.checks import owner_name
from neurotrain.lowering.network import Lowered
from neurotrain.lowering.operations import whole
from neurotrain.lowering.program import FIRST, OWN, Code, Reference, Sum

# What a block of threads takes: a row for each thread, and for these so many trials at once that
# a weight, once read, is used for all of them. Sources are held so many at a time.
ROWS, TRIALS, SOURCES = 64, 8, 32


def dense_sums(circuit: Any) -> dict[str, Sum]:
    """Return the sums that a `DenseCoupling` computes, by the names of their Synapses.

    Those over most of the possible connections, at most one of each pair, that are sums of
    products ``gain(post)*weight*source(pre)``, of Synapses that have one parameter and do nothing
    else.
    """
    lowered = circuit.description.lowered
    sums = [one for one in lowered.program.operations if isinstance(one, Sum)]
    tables = connections(lowered)
    return {
        lowered.tables[one.table][0].name: one
        for one in sums
        if one.layout == "dense" and _is_covered(one, lowered, tables[one.table])
    }


def _is_covered(one: Sum, lowered: Lowered, table: Connections) -> bool:
    synapses, _ = lowered.tables[one.table]
    variables = [synapses.variables[name] for name in synapses.equations.parameter_names]
    return (
        [type(part).__name__ for part in synapses.contained_objects] == ["SummedVariableUpdater"]
        and len(variables) == 1
        and not variables[0].scalar
        and np.issubdtype(variables[0].dtype, np.floating)
        and one.whole
        and len(np.unique(places(table))) == len(table.pre)
        and all(_is_known(r, lowered, one.target) for code in _codes(one) for r in code.references)
        and (
            len(table.pre) == table.n_pre * table.n_post
            or all(_vanishes(term.weight, variables[0].name) for term in one.terms)
        )
    )


def places(table: Connections) -> np.ndarray:
    """Return where each synapse's weight stands in the matrix (pre, post), (synapse,)."""
    return table.pre.astype(np.int64) * table.n_post + table.post


def _codes(one: Sum) -> Iterator[Code]:
    for term in one.terms:
        yield from (code for code in (term.source, term.weight, term.gain) if code is not None)


def _is_known(reference: Reference, lowered: Lowered, target: str) -> bool:
    """Whether a name is that of an array or constant; time and a user's functions are not."""
    if reference.symbol == target:
        # Other threads may have summed up already.
        return False
    if reference.symbol in lowered.arrays:
        return reference.index in (OWN, FIRST)
    return reference.symbol in lowered.constants or reference.symbol in DEFAULT_FUNCTIONS


def _vanishes(code: Code, weight: str) -> bool:
    """Whether a weight of 0 acts as if there were no synapse."""
    known = {sympy.Symbol(weight, real=True): sympy.S.Zero}
    for line in (*code.scalar, *code.vector):
        known[sympy.Symbol(line.target, real=True)] = str_to_sympy(line.expression).subs(known)
    return known[sympy.Symbol("_weight", real=True)] == 0


class DenseCoupling(Group, CodeRunner):
    """What the Synapses of a sum do, for copies of a circuit: a kernel of our own in each step.

    It has the Synapses' one parameter, (candidate, pre, post); where there is no synapse it is
    to be 0. Each sum is added up by one thread, from the first source to the last.

    Parameters
    ----------
    one : Sum
    lowered : Lowered
        The network that it is part of.
    groups : dict of str to NeuronGroup
        The copies of the groups, by the names of those that were copied.
    shape : (int, int)
        Numbers of candidates and trials.
    name : str
    """

    def __init__(
        self,
        one: Sum,
        lowered: Lowered,
        groups: dict[str, Any],
        shape: tuple[int, int],
        name: str,
    ) -> None:
        synapses, _ = lowered.tables[one.table]
        (updater,) = synapses.contained_objects
        table = connections(lowered)[one.table]
        post = groups[whole(updater.target).name]
        target = post.variables[updater.target_var.name]
        CodeRunner.__init__(
            self,
            group=self,
            template="dense_coupling",
            code={part: _text(one, part) for part in ("source", "weight", "gain")},
            clock=post.clock,
            when=updater.when,
            order=updater.order,
            name=name,
            check_units=False,
            needed_variables=["_target"],
            template_kwds={
                "target": target,
                "n_candidates": shape[0],
                "n_trials": shape[1],
                "n_pre": table.n_pre,
                "first_pre": table.first_pre,
                "n_sources": len(lowered.owners[one.pre]),
                "n_post": table.n_post,
                "gains": [term.gain is not None for term in one.terms],
                "rows": ROWS,
                "trials": TRIALS,
                "sources": SOURCES,
            },
            codeobj_class=_code_object_class(),
        )
        (weight,) = synapses.equations.parameter_names
        self.variables = Variables(self)
        self.variables.add_reference("_target", post, target.name)
        self.variables.add_array(
            weight,
            size=shape[0] * table.n_pre * table.n_post,
            dimensions=synapses.variables[weight].dim,
        )
        for reference in (r for code in _codes(one) for r in code.references):
            self._refer(reference, lowered, groups)

    def _refer(self, reference: Reference, lowered: Lowered, groups: dict[str, Any]) -> None:
        """Give a name of the code its meaning among the copies."""
        name, symbol = reference.name, reference.symbol
        variable = lowered.arrays.get(symbol, lowered.constants.get(symbol))
        if variable is None or name in self.variables:
            return
        owner = owner_name(variable)
        if owner in groups and variable.name in groups[owner].variables:
            self.variables.add_reference(name, groups[owner], variable.name)
        else:
            self.variables.add_constant(name, np.asarray(variable.get_value()).item())


def _text(one: Sum, part: str) -> str:
    """Return the code of 'source', 'weight' or 'gain' of all terms, which are numbered."""
    lines = []
    for k, term in enumerate(one.terms):
        code = getattr(term, part) or Code()
        for line in (*code.scalar, *code.vector):
            target = f"_{part}_{k}" if line.target == f"_{part}" else line.target
            lines.append(f"{target} {line.op.removeprefix(':')} {line.expression}")
    # Terms may begin with the same subexpression.
    return "\n".join(dict.fromkeys(lines))


@cache
def _code_object_class() -> type:
    """Return Brian2CUDA's code object, but that it finds the template beside this module too."""
    from brian2cuda.codeobject import CUDAStandaloneCodeObject

    class DenseCouplingCode(CUDAStandaloneCodeObject):
        class_name = "neurotrain_cuda"
        templater = CUDAStandaloneCodeObject.templater.derive(
            "neurotrain.executions.cuda", templates_dir="."
        )

    return DenseCouplingCode
