"""What a circuit knows of its Brian2 objects, whichever execution covers them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np
from brian2 import (
    NeuronGroup,
    PoissonGroup,
    PoissonInput,
    SpikeGeneratorGroup,
    Synapses,
    TimedArray,
)

from neurotrain.errors import InvalidInput, UnsupportedModel
from neurotrain.lowering.checks import owner_name
from neurotrain.lowering.network import Lowered
from neurotrain.lowering.operations import whole
from neurotrain.lowering.program import Sum
from neurotrain.lowering.symbols import kind_of

if TYPE_CHECKING:
    from neurotrain.circuit import Circuit

MEMBERS = (NeuronGroup, PoissonGroup, SpikeGeneratorGroup, Synapses, PoissonInput)
# Beside the states in which a trial begins: what its noise is drawn from. No variable's name.
NOISE_SEED = "noise seed"


@dataclass(frozen=True)
class Description:
    """What evolves in a network, what is set from outside, and what tells it from others.

    Parameters
    ----------
    states : tuple of str
        Variables of neurons that the network changes; those of other groups than the first
        follow their group's name and a dot.
    driven : tuple of str
        Variables that inputs and summed synapses set, named likewise.
    written : set of (object, variable)
        By Brian2 name, all that the network changes, synaptic variables included.
    is_stochastic : bool
        Whether random numbers are drawn while it runs.
    lowered : Lowered
    """

    states: tuple[str, ...]
    driven: tuple[str, ...]
    written: frozenset[tuple[str, str]]
    is_stochastic: bool
    lowered: Lowered


def element_parameters(owner: Any) -> list[str]:
    """Return the parameters with a real number for each neuron or synapse."""
    equations = getattr(owner, "equations", None)
    names = equations.parameter_names if equations is not None else ()
    return sorted(
        name
        for name in names
        if not owner.variables[name].scalar and kind_of(owner.variables[name].dtype) == "float"
    )


def check_members(neurons: NeuronGroup, others: Iterable[Any]) -> None:
    """Raise where an object cannot be part of a circuit, or misses one that it needs."""
    if not isinstance(neurons, NeuronGroup):
        raise UnsupportedModel(
            f"'{neurons.name}' is a {type(neurons).__name__}; the first object of a Circuit is "
            "the NeuronGroup that inputs reach and that is read out."
        )
    for one in others:
        if not isinstance(one, MEMBERS):
            known = ", ".join(kind.__name__ for kind in MEMBERS)
            raise UnsupportedModel(
                f"'{getattr(one, 'name', one)}' is a {type(one).__name__}; a Circuit consists of "
                f"these: {known}."
            )
    names = {neurons.name, *(one.name for one in others)}
    for one in others:
        for needed in _needed(one):
            if needed.name not in names:
                raise InvalidInput(
                    f"'{one.name}' acts on '{needed.name}', which is not part of the circuit; "
                    "pass it to Circuit(...) too."
                )
    for one in (neurons, *others):
        _check_links(one, names)


def _needed(one: Any) -> Iterator[Any]:
    if isinstance(one, Synapses):
        yield from (whole(one.source), whole(one.target))
    if isinstance(one, PoissonInput):
        yield whole(one.group)


def _check_links(one: Any, names: set[str]) -> None:
    equations = getattr(one, "equations", None)
    for name in sorted(equations.names & set(one.variables)) if equations is not None else ():
        owner = owner_name(one.variables[name])
        if owner is None and getattr(one.variables[name], "owner", one) is not None:
            raise InvalidInput(
                f"'{name}' of '{one.name}' is linked to a group that no longer exists."
            )
        if owner is not None and owner not in names:
            raise InvalidInput(
                f"'{name}' of '{one.name}' is linked to '{owner}', which is not part of the "
                "circuit; pass it to Circuit(...) too."
            )


def describe(neurons: NeuronGroup, lowered: Lowered) -> Description:
    """Return the description of a network whose first group is `neurons`."""
    program = lowered.program
    groups = {one.name for one in lowered.owners if isinstance(one, NeuronGroup)}
    sums = {one.target for one in program.operations if isinstance(one, Sum)}
    states, driven, written = [], [], set()
    for array in program.arrays:
        variable = lowered.arrays[array.symbol]
        owner = variable.owner.name
        if array.role in ("state", "input"):
            written.add((owner, variable.name))
        if array.shared or owner not in groups:
            continue
        name = variable.name if owner == neurons.name else f"{owner}.{variable.name}"
        if array.symbol in sums or array.role == "input":
            driven.append(name)
        elif array.role == "state":
            states.append(name)
    return Description(
        tuple(sorted(states)),
        tuple(sorted(driven)),
        frozenset(written),
        program.is_stochastic,
        lowered,
    )


def fingerprint(circuit: "Circuit") -> str:
    """Return a digest of structure, constants, connections, trained blocks, fixed parameters."""
    lowered = circuit.description.lowered
    digest = sha256(lowered.program.fingerprint.encode())
    digest.update(repr(sorted(lowered.constant_values().items())).encode())
    digest.update(repr([(b.name, b.shape) for b in circuit.parameters.blocks]).encode())
    for part in (part for block in circuit.parameters.blocks for part in block.described()):
        digest.update(part.encode() if isinstance(part, str) else np.asarray(part).tobytes())
    if circuit.initial_gains:
        digest.update(repr(sorted(circuit.initial_gains.items())).encode())
    initial = sorted(circuit.initial.items())
    digest.update(f"{circuit.readout!r} {circuit.channels} {initial!r}".encode())
    digest.update(repr([clock.dt_ for clock in lowered.clocks]).encode())
    for values in (*_connections(circuit), *_fixed_parameters(circuit), *_tables(lowered)):
        digest.update(np.asarray(values, dtype=float).tobytes())
    return digest.hexdigest()


def _connections(circuit: "Circuit") -> Iterator[np.ndarray]:
    for one in circuit.others:
        if isinstance(one, Synapses):
            yield one.i[:]
            yield one.j[:]
            for pathway in sorted(one._pathways, key=lambda p: p.objname):
                yield np.array(pathway.variables["delay"].get_value())


def _fixed_parameters(circuit: "Circuit") -> Iterator[np.ndarray]:
    """Yield the values of all parameters that neither training nor a simulation sets."""
    parts = [block.name.split(".", 1) for block in circuit.parameters.blocks]
    owners = circuit.objects
    changing = {(owners[part].name, name) for part, name in parts if part in owners}
    changing |= circuit.description.written
    for owner in (circuit.neurons, *circuit.others):
        equations = getattr(owner, "equations", None)
        for name in sorted(equations.parameter_names) if equations is not None else ():
            if (owner.name, name) not in changing:
                yield np.array(owner.variables[name].get_value())
        if isinstance(owner, PoissonGroup) and "rates" in owner.variables:
            rates = owner.variables["rates"]
            yield np.array(rates.get_value() if hasattr(rates, "get_value") else 0.0)
        if isinstance(owner, SpikeGeneratorGroup):
            yield owner.variables["neuron_index"].get_value()
            yield owner.variables["spike_time"].get_value()
    if circuit.inputs and "input.weight" not in circuit.parameters.names:
        yield circuit.inputs.weight


def _tables(lowered: Lowered) -> Iterator[np.ndarray]:
    for _, (function, runner) in sorted(lowered.functions.items()):
        if isinstance(function, TimedArray):
            yield function.values
            yield function.dt
        if isinstance(runner, PoissonInput):
            yield [runner.N, float(runner.rate)]
