"""Named parameter sets of a neuron model, and single values that a user sets otherwise."""

from collections.abc import Mapping

from brian2 import Quantity

from neurotrain.errors import unknown_name

ParameterSet = Mapping[str, Quantity | float]


def choose_parameters(
    neuron: str,
    sets: Mapping[str, ParameterSet],
    name: str,
    changes: ParameterSet,
    **common: Quantity | float,
) -> dict[str, Quantity | float]:
    """Return the set called `name` with what is common to all sets, and with `changes`.

    Raises
    ------
    InvalidInput
        For an unknown set, or a change of a parameter that `neuron` does not have.
    """
    if name not in sets:
        raise unknown_name("parameter set", name, sets)
    known = {**sets[name], **common}
    for parameter in changes:
        if parameter not in known:
            raise unknown_name(f"parameter of the {neuron} neuron", parameter, known)
    return known | dict(changes)
