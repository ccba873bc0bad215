"""Whether the weights of a readout start as if they multiplied plain numbers."""

import warnings
from typing import TYPE_CHECKING

from brian2 import Unit, amp, get_unit, mV, nS, pA, siemens, volt
from brian2.units.fundamentalunits import DIMENSIONLESS

if TYPE_CHECKING:
    from neurotrain.circuit import Circuit

USUAL: dict[Unit, Unit] = {amp: pA, siemens: nS, volt: mV}


def warn_of_units(circuit: "Circuit") -> None:
    """Warn if readout weights of about 1 or less multiply a variable that has a unit.

    They see it in base units, in which what neurons have is tiny: such an answer comes from the
    biases alone, and nothing else fails.
    """
    for block in circuit.parameters.blocks:
        # Larger ones are meant for what they multiply.
        if block.name == "readout.weight" and block.scale <= 1:
            for name in (*circuit.readout.observed, *circuit.readout.sampled):
                _warn(circuit, name)


def _warn(circuit: "Circuit", name: str) -> None:
    dimension = circuit.neurons.variables[name].dim
    if dimension is DIMENSIONLESS:
        return
    base = get_unit(dimension)
    usual = USUAL.get(base, base)
    warnings.warn(
        f"The readout takes '{name}' in {base}, of which 1 {usual} is {float(usual):g}: weights of "
        "1 or less make of it an answer that hardly depends on the neurons. Read a plain number: "
        f"'{name}_read = {name}/{usual} : 1' in the equations, and '{name}_read' in the readout.",
        stacklevel=4,
    )
