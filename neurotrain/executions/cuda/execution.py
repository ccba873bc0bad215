"""The execution 'cuda': candidates and trials as copies in one network of Brian2CUDA."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.errors import InvalidInput, UnsupportedModel, unknown_name
from neurotrain.executions.base import Activity, Request
from neurotrain.executions.cuda.dense_coupling import places
from neurotrain.executions.cuda.network import FAILED, sum_of
from neurotrain.executions.cuda.program import Outcome, Run
from neurotrain.executions.cuda.project import Project, kept_project
from neurotrain.executions.cuda.toolkit import find_nvcc, require_brian2cuda, require_gpu
from neurotrain.executions.fused.gather import connections
from neurotrain.executions.fused.values import Connections

if TYPE_CHECKING:
    from neurotrain.circuit import Circuit


def run_cuda(
    circuit: "Circuit",
    blocks: Mapping[str, np.ndarray],
    inputs: np.ndarray,
    initial_state: Mapping[str, np.ndarray],
    request: Request,
    threads: int | None,
    precision: str = "float32",
) -> Activity:
    """Simulate blocks (candidate, ...) on inputs (trial, bin, channel); `threads` is ignored.

    Raises
    ------
    InvalidInput
        Where there is no GPU, or Brian2CUDA is not installed.
    CompilerNotFound
        Where there is no nvcc, or it does not compile the project.
    UnsupportedModel
        For a circuit that this execution does not cover.
    """
    require_brian2cuda()
    capability = require_gpu("cuda")
    find_nvcc()
    _check(circuit, request)
    shape = (len(next(iter(blocks.values()))), len(inputs))
    project = _project(circuit, shape, request, capability, precision)
    values = _values(circuit, project, blocks, initial_state, shape)
    table = _table(circuit, blocks, inputs, request) if circuit.inputs else None
    with Run(project, values, table, _kept(circuit, values)) as outcome:
        return _activity(circuit, outcome, request, shape)


def _name(circuit: "Circuit", owner: Any, variable: str) -> str:
    """Return what a variable is called in a project: objects have numbers there."""
    members = (circuit.neurons, *circuit.others)
    place = next(i for i, one in enumerate(members) if one is owner)
    return f"{place}.{variable}"


def _kept(circuit: "Circuit", values: Mapping[str, np.ndarray]) -> set[str]:
    """Return what the network does not change, and must come back as it was set."""
    written = {
        _name(circuit, circuit.objects[owner], variable)
        for owner, variable in circuit.description.written
        if owner in circuit.objects
    }
    return set(values) - written


def _check(circuit: "Circuit", request: Request) -> None:
    if not hasattr(circuit, "neurons"):
        raise UnsupportedModel(
            "The execution 'cuda' needs the circuit itself, which executors do not send to their "
            "workers; use the execution 'fused' with them."
        )
    if request.trial_seconds is not None:
        raise InvalidInput("The execution 'cuda' knows no limit of time for trials.")
    for name in request.observed:
        if name not in circuit.neurons.variables:
            raise unknown_name("variable to record", name, circuit.neurons.equations.names)


_PROJECTS: dict[tuple, Project] = {}


def _project(
    circuit: "Circuit",
    shape: tuple[int, int],
    request: Request,
    capability: float,
    precision: str,
) -> Project:
    """Return the compiled project; within a process it is also not written again."""
    key = (circuit.fingerprint, shape, repr(request), capability, precision, str(find_nvcc()))
    if key not in _PROJECTS:
        _PROJECTS[key] = kept_project(circuit, shape, request, capability, precision)
    return _PROJECTS[key]


def _values(
    circuit: "Circuit",
    project: Project,
    blocks: Mapping[str, np.ndarray],
    initial: Mapping[str, np.ndarray],
    shape: tuple[int, int],
) -> dict[str, np.ndarray]:
    """Return what each variable begins with: that of the objects, then candidates, then trials."""
    members, values = (circuit.neurons, *circuit.others), {}
    for name in project.settable:
        place, variable = name.split(".", 1)
        own = members[int(place)].variables[variable]
        now = np.asarray(own.get_value())
        values[name] = now if own.scalar else np.broadcast_to(now, (*shape, len(now)))
    for block, given in blocks.items():
        part, variable = block.split(".", 1)
        if part in circuit.objects:
            name = _name(circuit, circuit.objects[part], variable)
            values[name] = np.broadcast_to(given[:, np.newaxis], (*shape, given.shape[1]))
    for state, given in initial.items():
        name = _name(circuit, *circuit.state_variable(state))
        values[name] = np.broadcast_to(given, (*shape, given.shape[1]))
    tables = connections(circuit.description.lowered) if project.matrices else ()
    return values | {
        name: _matrix(values[name][:, 0], tables[table]) for name, table in project.matrices.items()
    }


def _matrix(weights: np.ndarray, table: Connections) -> np.ndarray:
    """Return weights (candidate, synapse) as (candidate, pre and post); 0 without a synapse."""
    matrix = np.zeros((len(weights), table.n_pre * table.n_post))
    matrix[:, places(table)] = weights
    return matrix


def _table(
    circuit: "Circuit", blocks: Mapping[str, np.ndarray], inputs: np.ndarray, request: Request
) -> np.ndarray:
    """Return the input variable in each bin, (bin, candidate, trial, neuron)."""
    weight = blocks.get("input.weight")
    if weight is None:
        weight = np.asarray(circuit.inputs.weight)[np.newaxis]
    n_bins = -(-request.n_steps // request.steps_per_input)
    driven = np.einsum("pnk,btk->tpbn", weight, inputs[:, :n_bins])
    n_candidates = len(next(iter(blocks.values())))
    return np.broadcast_to(driven, (n_bins, n_candidates, *driven.shape[2:]))


def _activity(
    circuit: "Circuit", outcome: Outcome, request: Request, shape: tuple[int, int]
) -> Activity:
    extra, trace = outcome.project.extra, outcome.project.trace
    start, stop = request.average
    average, samples = {}, {}
    for observed in request.observed:
        total = outcome.array(extra[_name(circuit, circuit.neurons, sum_of(observed))]).astype(
            float
        )
        with np.errstate(invalid="ignore", divide="ignore"):
            average[observed] = (total / np.float64(stop - start)).reshape(*shape, -1)
        if request.sample_every:
            sampled = outcome.array(trace[observed]).astype(float)
            sampled = sampled.reshape(-1, *shape, circuit.n_neurons)[: request.n_samples]
            samples[observed] = np.moveaxis(sampled, 0, 2)
        else:
            samples[observed] = np.empty((*shape, 0, circuit.n_neurons))
    return Activity(
        spike_count=_count(circuit, outcome, request, shape),
        failed=_failed(circuit, outcome, shape),
        average=average,
        samples=samples,
    )


def _count(
    circuit: "Circuit", outcome: Outcome, request: Request, shape: tuple[int, int]
) -> np.ndarray:
    n, n_bins = circuit.n_neurons, len(request.bin_stops)
    counts = np.zeros((n_bins, shape[0] * shape[1] * n), dtype=np.int64)
    if outcome.project.spikes is not None:
        neurons, times = map(outcome.array, outcome.project.spikes)
        steps = np.round(times.astype(float) / request.dt).astype(int)
        np.add.at(counts, (np.searchsorted(request.bin_stops, steps, side="right"), neurons), 1)
    return np.moveaxis(counts.reshape(n_bins, *shape, n), 0, 2)


def _failed(circuit: "Circuit", outcome: Outcome, shape: tuple[int, int]) -> np.ndarray:
    """Return where a state was no finite number when it was looked at, or is none at the end."""
    failed = np.zeros(shape, dtype=bool)
    for state in circuit.states:
        owner, name = circuit.state_variable(state)
        seen = outcome.array(outcome.project.extra[_name(circuit, owner, FAILED)]) != 0
        at_end = outcome.array(outcome.project.settable[_name(circuit, owner, name)])
        for bad in (seen, ~np.isfinite(at_end)):
            failed |= bad.reshape(*shape, -1).any(axis=2)
    return failed
