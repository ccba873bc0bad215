"""What a circuit knows of its Brian2 objects, whichever execution covers them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np
from brian2 import NeuronGroup, Synapses

from neurotrain.errors import UnsupportedModel
from neurotrain.lowering.checks import owner_name
from neurotrain.lowering.network import Lowered
from neurotrain.lowering.statements import kind_of

if TYPE_CHECKING:
    from neurotrain.circuit import Circuit

_ONE_GROUP = "a Circuit is one NeuronGroup and Synapses of it with itself."


@dataclass(frozen=True)
class Description:
    """What evolves in a network, what is set from outside, and what tells it from others.

    Parameters
    ----------
    states : tuple of str
        Variables of the neurons that the network changes.
    driven : tuple of str
        Variables of the neurons that inputs and summed synapses set.
    written : set of (object, variable)
        By Brian2 name, all that the network changes, synaptic variables included.
    structure : str
        Equations, code and schedule, but for values.
    constants : mapping of str to Brian2 variable
    """

    states: tuple[str, ...]
    driven: tuple[str, ...]
    written: frozenset[tuple[str, str]]
    structure: str
    constants: Mapping[str, Any]

    def constant_values(self) -> dict[str, float]:
        """Return the value in SI units of every constant, as it is now."""
        return {name: np.asarray(v.get_value()).item() for name, v in self.constants.items()}


def element_parameters(owner: NeuronGroup | Synapses) -> list[str]:
    """Return the parameters with a real number for each neuron or synapse."""
    return sorted(
        name
        for name in owner.equations.parameter_names
        if not owner.variables[name].scalar and kind_of(owner.variables[name].dtype) == "float"
    )


def check_members(neurons: NeuronGroup, synapses: Iterable[Synapses]) -> None:
    """Raise `UnsupportedModel` unless this is one NeuronGroup and Synapses on it."""
    if not isinstance(neurons, NeuronGroup):
        raise UnsupportedModel(f"'{neurons.name}' is a {type(neurons).__name__}; {_ONE_GROUP}")
    for one in synapses:
        if not isinstance(one, Synapses):
            raise UnsupportedModel(f"'{one.name}' is a {type(one).__name__}; {_ONE_GROUP}")
        # The ends may be parts of the group, whose `source` is the whole.
        ends = [getattr(end, "source", end).name for end in (one.source, one.target)]
        if set(ends) != {neurons.name}:
            raise UnsupportedModel(
                f"'{one.name}' does not connect '{neurons.name}' with itself; {_ONE_GROUP}"
            )
    for name in sorted(neurons.equations.names & set(neurons.variables)):
        owner = owner_name(neurons.variables[name])
        if owner not in (None, neurons.name):
            raise UnsupportedModel(
                f"'{name}' of '{neurons.name}' is linked to '{owner}'; {_ONE_GROUP}"
            )


def describe_lowered(neurons: NeuronGroup, lowered: Lowered) -> Description:
    """Return the description of a network that was lowered."""
    program = lowered.program
    states = program.names("state")
    return Description(
        states=states,
        driven=(*program.names("input"), *program.names("coupled")),
        written=frozenset((neurons.name, name) for name in states),
        structure=program.fingerprint,
        constants=lowered.constants,
    )


def fingerprint(circuit: "Circuit") -> str:
    """Return a digest of structure, constants, connections, trained blocks, fixed parameters."""
    described = circuit.description
    digest = sha256(described.structure.encode())
    digest.update(repr(sorted(described.constant_values().items())).encode())
    digest.update(repr([(b.name, b.shape) for b in circuit.parameters.blocks]).encode())
    digest.update(
        f"{circuit.readout!r} {circuit.channels} {circuit.dt_ms} {circuit.initial!r}".encode()
    )
    for one in circuit.synapses:
        digest.update(np.asarray(one.i[:], dtype=np.int64).tobytes())
        digest.update(np.asarray(one.j[:], dtype=np.int64).tobytes())
    for values in (*_fixed_parameters(circuit), *_delays(circuit.synapses)):
        digest.update(np.asarray(values, dtype=float).tobytes())
    return digest.hexdigest()


def _fixed_parameters(circuit: "Circuit") -> Iterator[np.ndarray]:
    """Yield the values of all parameters that neither training nor a simulation sets."""
    parts = [block.name.split(".", 1) for block in circuit.parameters.blocks]
    owners = circuit.objects
    changing = {(owners[part].name, name) for part, name in parts if part in owners}
    changing |= circuit.description.written
    changing |= {(circuit.neurons.name, name) for name in circuit.description.driven}
    for owner in (circuit.neurons, *circuit.synapses):
        for name in sorted(owner.equations.parameter_names):
            if (owner.name, name) not in changing:
                yield np.array(owner.variables[name].get_value())
    if circuit.inputs and "input.weight" not in circuit.parameters.names:
        yield circuit.inputs.weight


def _delays(synapses: Iterable[Synapses]) -> Iterator[np.ndarray]:
    for one in synapses:
        for pathway in sorted(one._pathways, key=lambda p: p.objname):
            yield np.array(pathway.variables["delay"].get_value())
