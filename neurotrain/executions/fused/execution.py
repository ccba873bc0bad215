"""Running a circuit through the fused kernel."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from brian2 import Synapses
from brian2.core.functions import DEFAULT_FUNCTIONS
from brian2.parsing.rendering import NumpyNodeRenderer
from brian2.utils.stringtools import get_identifiers

from neurotrain.executions.base import Activity, Request
from neurotrain.executions.fused.kernel import Kernel, Values
from neurotrain.lowering.program import Program, Term

if TYPE_CHECKING:
    from neurotrain.circuit import Circuit


def run_fused(
    circuit: "Circuit",
    blocks: Mapping[str, np.ndarray],
    inputs: np.ndarray,
    initial_state: Mapping[str, np.ndarray],
    request: Request,
    threads: int | None,
    precision: str,
) -> Activity:
    """Simulate blocks (candidate, ...) on inputs (trial, bin, channel)."""
    lowered = circuit.lower(request.observed)
    constants = lowered.constant_values()
    trained = _by_owner(circuit, blocks)
    values = Values(
        constants=constants,
        weights=tuple(
            weight_matrix(term, circuit.synapses[term.synapses], trained[term.synapses], constants)
            for term in lowered.program.terms
        ),
        input_weights=_input_weights(circuit, blocks),
        inputs=inputs,
        parameters=_parameters(circuit, lowered.program, blocks),
        states=initial_state,
    )
    activity = Kernel(lowered.program, precision).run(values, request, threads)
    return _for_all(len(next(iter(blocks.values()))), activity)


def _for_all(n_candidates: int, activity: Activity) -> Activity:
    """Give candidates that differ in the readout alone the activity that they share."""
    if len(activity.failed) == n_candidates:
        return activity

    def repeated(array: np.ndarray) -> np.ndarray:
        return np.repeat(array, n_candidates, axis=0)

    return Activity(
        spike_count=repeated(activity.spike_count),
        failed=repeated(activity.failed),
        average={name: repeated(values) for name, values in activity.average.items()},
        samples={name: repeated(values) for name, values in activity.samples.items()},
    )


def _by_owner(circuit: "Circuit", blocks: Mapping[str, np.ndarray]) -> list[dict[str, np.ndarray]]:
    """Return, for each Synapses object, its trained variables."""
    trained: list[dict[str, np.ndarray]] = [{} for _ in circuit.synapses]
    for name, values in blocks.items():
        part, variable = name.split(".", 1)
        owner = circuit.objects.get(part)
        if owner in circuit.synapses:
            trained[circuit.synapses.index(owner)][variable] = values
    return trained


def _input_weights(circuit: "Circuit", blocks: Mapping[str, np.ndarray]) -> np.ndarray:
    if "input.weight" in blocks:
        return blocks["input.weight"]
    if circuit.inputs:
        return np.asarray(circuit.inputs.weight)[np.newaxis]
    return np.zeros((1, circuit.n_neurons, 0))


def _parameters(
    circuit: "Circuit", program: Program, blocks: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    values = {}
    for name in program.names("parameter"):
        trained = [blocks.get(f"{part}.{name}") for part in ("neurons", circuit.neurons.name)]
        fixed = np.array(circuit.neurons.variables[name].get_value())[np.newaxis]
        values[name] = next((t for t in trained if t is not None), fixed)
    return values


def weight_matrix(
    term: Term,
    synapses: Synapses,
    trained: Mapping[str, np.ndarray],
    constants: Mapping[str, float],
) -> np.ndarray:
    """Return the weights of a term as (candidate or 1, post, pre).

    Parameters
    ----------
    term : Term
    synapses : Synapses
        The object it belongs to; its connections and untrained variables are read.
    trained : mapping of str to (candidate, synapse) array
    constants : mapping of str to float
    """
    weight = _evaluate(term.weight, synapses, trained, constants)
    weight = np.broadcast_to(weight, (*weight.shape[:-1], len(synapses)))
    n_pre, n_post = len(synapses.source), len(synapses.target)
    pre, post = np.asarray(synapses.i[:]), np.asarray(synapses.j[:])
    if len(synapses) == n_pre * n_post and (np.diff(pre * n_post + post) == 1).all():
        return weight.reshape(-1, n_pre, n_post).swapaxes(1, 2)
    matrix = np.zeros((len(weight), n_post, n_pre))
    np.add.at(matrix, (slice(None), post, pre), weight)
    return matrix


def _evaluate(
    expression: str,
    synapses: Synapses,
    trained: Mapping[str, np.ndarray],
    constants: Mapping[str, float],
) -> np.ndarray:
    names: dict[str, object] = dict(constants)
    for name in get_identifiers(expression) & set(synapses.variables) - set(constants):
        names[name] = np.array(synapses.variables[name].get_value())[np.newaxis]
    names |= trained
    functions = {name: function.pyfunc for name, function in DEFAULT_FUNCTIONS.items()}
    code = NumpyNodeRenderer().render_expr(expression)
    result = eval(code, {"__builtins__": {}, "logical_not": np.logical_not, **functions}, names)
    return np.atleast_2d(np.asarray(result, dtype=float))
