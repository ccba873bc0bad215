"""Which circuits are smooth: a map from states to states that spikes do not act upon."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from neurotrain.errors import UnsupportedModel
from neurotrain.lowering.program import Program, Reference, Sample, Sum, Threshold, Update

if TYPE_CHECKING:
    from neurotrain.circuit import Circuit

_SMOOTH = (Update, Sum, Threshold, Sample)


def float_states(circuit: "Circuit") -> tuple[str, ...]:
    """Return the states that equations change, without what is kept of spikes."""
    of_spikes = {"lastspike", "not_refractory"}
    return tuple(name for name in circuit.states if name not in of_spikes)


def check_smooth(circuit: "Circuit", what: str) -> None:
    """Raise `UnsupportedModel` unless a trial goes on from the states of the first group alone.

    Parameters
    ----------
    circuit : Circuit
    what : str
        For the message, what is asked of it.
    """
    program = circuit.lower().program
    reason = next(_reasons(circuit, program), None)
    if reason:
        raise UnsupportedModel(f"{what} are those of a smooth network, but {reason}.")


def _reasons(circuit: "Circuit", program: Program) -> Iterator[str]:
    if program.is_stochastic:
        yield "this one is noisy; leave out the noise"
    if not all(isinstance(one, _SMOOTH) for one in program.operations):
        yield "here spikes reset neurons or reach synapses; take neurons with graded coupling"
    own = circuit.neurons.name
    if any(owner != own for owner, _ in circuit.description.written):
        yield f"not only '{own}' has states that change; put all of them into that group"
    updates = (one for one in program.operations if isinstance(one, Update))
    for reference in (reference for one in updates for reference in one.code.references):
        if reference.condition:
            yield f"'{reference.name}' stands still in the refractory period"
        if _is_time(reference) or reference.symbol in {one.symbol for one in program.functions}:
            yield f"its equations depend on time through '{reference.name}'"


def _is_time(reference: Reference) -> bool:
    return reference.symbol.startswith(("t@", "step@"))
