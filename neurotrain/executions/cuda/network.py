"""The network of a project: the copies, what drives them, and what is recorded of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import (
    Equations,
    Network,
    NeuronGroup,
    Quantity,
    SpikeMonitor,
    StateMonitor,
    TimedArray,
    second,
)
from brian2.equations.equations import PARAMETER, SingleEquation
from brian2.units.fundamentalunits import DIMENSIONLESS

from neurotrain.executions.base import STEPS_BETWEEN_CHECKS, Request
from neurotrain.executions.cuda.copies import Copies

FAILED, TABLE = "n_non_finite", "presented"


def sum_of(name: str) -> str:
    """Return the variable that sums up an observed one over the decision period."""
    return f"sum_of_{name}"


@dataclass
class Observed:
    """The network of copies with all that is recorded of it."""

    network: Network
    copies: Copies
    table: TimedArray | None
    spikes: SpikeMonitor | None
    trace: StateMonitor | None


def observed_network(circuit: Any, shape: tuple[int, int], request: Request) -> Observed:
    """Return a network of (candidate, trial) copies that records what is requested of the first
    group."""
    copies = Copies(circuit, shape, _added(circuit, request))
    group = copies.objects[circuit.neurons.name]
    table = _drive(circuit, group, copies, request) if circuit.inputs else None
    _watch(circuit, copies)
    _sum_up(group, copies, request)
    spikes = SpikeMonitor(group, name="spikes") if group.thresholder else None
    trace = None
    if request.observed and request.sample_every:
        clock = copies.clock(request.sample_every * request.dt)
        names = list(request.observed)
        trace = StateMonitor(group, names, record=True, clock=clock, name="trace")
    monitors = [one for one in (spikes, trace) if one is not None]
    network = Network(*copies.objects.values(), *monitors, name="network")
    return Observed(network, copies, table, spikes, trace)


def _added(circuit: Any, request: Request) -> dict[str, Equations]:
    """Return what counts the non-finite states of each group, and sums up those of the first."""
    owners = {circuit.state_variable(state)[0].name for state in circuit.states}
    added = {owner: [SingleEquation(PARAMETER, FAILED, DIMENSIONLESS)] for owner in owners}
    variables = circuit.neurons.variables
    added[circuit.neurons.name] = [
        *added.get(circuit.neurons.name, ()),
        *(SingleEquation(PARAMETER, sum_of(n), variables[n].dim) for n in request.observed),
    ]
    return {owner: Equations(equations) for owner, equations in added.items()}


def _drive(circuit: Any, group: NeuronGroup, copies: Copies, request: Request) -> TimedArray:
    """Let a table set the input variable at the start of each input bin."""
    name = circuit.inputs.variable
    n_bins = -(-request.n_steps // request.steps_per_input)
    lasts = request.steps_per_input * request.dt
    blank = np.zeros((n_bins, len(group)))
    dim = circuit.neurons.variables[name].dim
    values = Quantity.with_dimensions(blank, dim) if dim else blank
    table = TimedArray(values, dt=lasts * second, name=TABLE)
    group.namespace[TABLE] = table
    group.run_regularly(
        f"{name} = {TABLE}(t, i)", clock=copies.clock(lasts), when="start", name=f"{group.name}_in"
    )
    return table


def _watch(circuit: Any, copies: Copies) -> None:
    """Count, as often as Brian2's execution looks, the states that are no finite numbers."""
    clock = copies.clock(STEPS_BETWEEN_CHECKS * float(circuit.neurons.clock.dt_))
    states: dict[str, list[str]] = {}
    for state in circuit.states:
        owner, variable = circuit.state_variable(state)
        states.setdefault(owner.name, []).append(variable)
    for owner, names in states.items():
        group = copies.objects[owner]
        # Of infinity less itself nothing is left that equals itself.
        finite = " + ".join(f"int(({v} - {v}) == ({v} - {v}))" for v in names)
        group.run_regularly(
            f"{FAILED} += {len(names)} - ({finite})",
            clock=clock,
            when="start",
            order=-100,
            name=f"{group.name}_watch",
        )


def _sum_up(group: NeuronGroup, copies: Copies, request: Request) -> None:
    """Add the observed variables up from step to step of the decision period."""
    start, stop = ((step - 0.5) * request.dt for step in request.average)
    within = f"int(t > {start!r}*second)*int(t < {stop!r}*second)"
    lines = [f"{sum_of(name)} += {within}*{name}" for name in request.observed]
    if lines and stop > start:
        clock = copies.clock(request.dt)
        code = "\n".join(lines)
        group.run_regularly(code, clock=clock, when="start", order=100, name=f"{group.name}_sum")
