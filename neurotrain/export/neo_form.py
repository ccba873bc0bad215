"""Of which population each neuron is, in which units its variables are, and whose a spike train."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.errors import InvalidInput, unknown_name
from neurotrain.export.units import si_unit

if TYPE_CHECKING:
    from neurotrain.circuit import Circuit

OF_SIGN = {1: "excitatory", -1: "inhibitory"}
TRAINS = ("neuron", "population")


@dataclass(frozen=True)
class NeoForm:
    """How trials of a circuit become Neo objects.

    Parameters
    ----------
    population : (neuron,) array of str
        Which population each neuron is of.
    units : mapping of str to str
        The units of the variables that are recorded; the others have none.
    trains : {'neuron', 'population'}
        Whose spikes a SpikeTrain holds.

    Raises
    ------
    InvalidInput
        For other `trains`.
    """

    population: np.ndarray
    units: Mapping[str, str] = field(default_factory=dict)
    trains: str = "neuron"

    def __post_init__(self) -> None:
        if self.trains not in TRAINS:
            raise unknown_name("kind of spike trains", str(self.trains), TRAINS)

    @property
    def populations(self) -> list[str]:
        """The names of the populations, in the order of their neurons."""
        return list(dict.fromkeys(self.population.tolist()))

    def members(self, name: str) -> np.ndarray:
        """Return the neurons of a population."""
        return np.flatnonzero(self.population == name)


def neo_form(
    n_neurons: int,
    circuit: "Circuit | None" = None,
    population: Sequence[str] | None = None,
    trains: str = "neuron",
) -> NeoForm:
    """Return how a circuit is told, or of neurons of which no more is known.

    Raises
    ------
    InvalidInput
        Unless `population` names one for each neuron.
    """
    units: dict[str, str] = {}
    if circuit is not None:
        variables = circuit.neurons.variables
        units = {name: si_unit(variables[name].dim) for name in circuit.neurons.equations.names}
    if population is None:
        population = ["neurons"] * n_neurons if circuit is None else population_names(circuit)
    if len(population) != n_neurons:
        raise InvalidInput(
            f"There must be a population for each of the {n_neurons} neurons, got "
            f"{len(population)}: population=['excitatory', ...]."
        )
    return NeoForm(np.array(population, dtype=str), units, trains)


def population_names(circuit: "Circuit") -> list[str]:
    """Return the population of each neuron: of Dale's law, elsewhere the name of the group."""
    return [OF_SIGN.get(int(sign), circuit.neurons.name) for sign in circuit.signs]
