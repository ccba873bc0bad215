"""Which variables of a circuit can be trained, and where their training starts."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from brian2 import NeuronGroup, Quantity, Synapses
from brian2.core.variables import ArrayVariable
from brian2.units.fundamentalunits import DIMENSIONLESS

from neurotrain.description import element_parameters
from neurotrain.distributions import Distribution, Normal
from neurotrain.errors import InvalidInput, unknown_name
from neurotrain.parameters import Block

if TYPE_CHECKING:
    from neurotrain.circuit import Circuit


def trained_blocks(
    circuit: "Circuit", train: Iterable[str] | Mapping[str, Distribution]
) -> tuple[Block, ...]:
    """Return the block of every name in `train`, then the readout's own.

    Raises
    ------
    InvalidInput
        For an unknown name, or where it is not clear where training starts.
    """
    starts = dict(train) if isinstance(train, Mapping) else dict.fromkeys(train)
    own = {block.name: block for block in circuit.readout.blocks(circuit.n_neurons)}
    blocks = [_block(circuit, name, s) for name, s in starts.items() if name not in own]
    for name in own.keys() & {name for name, start in starts.items() if start is not None}:
        own[name] = _make_block(name, own[name].shape, starts[name])
    _check_trained_once(circuit, blocks)
    return (*blocks, *own.values())


def _check_trained_once(circuit: "Circuit", blocks: Iterable[Block]) -> None:
    """An object has two names, such as 'recurrent' and that which Brian2 gave it."""
    seen: dict[tuple[int, str], str] = {}
    for block in blocks:
        part, variable = block.name.split(".", 1)
        first = seen.setdefault((id(circuit.objects.get(part)), variable), block.name)
        if first != block.name:
            raise InvalidInput(f"'{first}' and '{block.name}' are the same; train only one.")


def check_unit(name: str, variable: ArrayVariable, start: Distribution | np.ndarray) -> None:
    """Raise `InvalidInput` if quantities have another unit than the variable."""
    quantities = (start,) if isinstance(start, np.ndarray) else vars(start).values()
    for one in quantities:
        if isinstance(one, Quantity) and one.dim is not variable.dim:
            raise InvalidInput(f"'{name}' has the unit {variable.dim}, got values in {one.dim}.")


def check_input_weight(circuit: "Circuit") -> None:
    """Raise `InvalidInput` if input weights that are not trained are not given."""
    if not circuit.inputs or "input.weight" in circuit.parameters.names:
        return
    shape, weight = (circuit.n_neurons, circuit.channels), circuit.inputs.weight
    if not isinstance(weight, np.ndarray) or weight.shape != shape:
        raise InvalidInput(
            "The input weights are not trained: either add 'input.weight' to train=[...], or "
            f"give an array of shape {shape} as Input(..., weight=array)."
        )
    check_unit("input.weight", circuit.neurons.variables[circuit.inputs.variable], weight)
    if not np.isfinite(weight).all():
        raise InvalidInput("The input weights hold NaN or infinity; they must be finite numbers.")


def _block(circuit: "Circuit", name: str, start: Distribution | None) -> Block:
    part, _, variable = name.partition(".")
    if name == "input.weight" and circuit.inputs:
        return _input_block(circuit, start)
    if part not in circuit.objects or variable not in _trainable(circuit, part):
        known = [f"{o}.{v}" for o in circuit.objects for v in _trainable(circuit, o)]
        known += ["input.weight"] if circuit.inputs else []
        raise unknown_name("trained variable", name, known)
    return _object_block(circuit, name, circuit.objects[part], variable, start)


def _trainable(circuit: "Circuit", part: str) -> list[str]:
    owner = circuit.objects[part]
    taken = {variable for name, variable in circuit.description.written if name == owner.name}
    # A synaptic variable that changes is trained in where it begins.
    taken = set() if isinstance(owner, Synapses) else taken
    return sorted(set(element_parameters(owner)) - taken)


def _input_block(circuit: "Circuit", start: Distribution | None) -> Block:
    weight = circuit.inputs.weight if start is None else start
    if weight is None:
        variable = circuit.inputs.variable
        if circuit.neurons.variables[variable].dim is not DIMENSIONLESS:
            raise InvalidInput(
                f"'{variable}' has a unit: say where its weights start, with "
                "Input(..., weight=Normal(mean, std))."
            )
        weight = Normal(0.0, 1 / np.sqrt(circuit.channels))
    check_unit("input.weight", circuit.neurons.variables[circuit.inputs.variable], weight)
    return _make_block("input.weight", (circuit.n_neurons, circuit.channels), weight)


def _object_block(
    circuit: "Circuit",
    name: str,
    owner: NeuronGroup | Synapses,
    variable: str,
    start: Distribution | None,
) -> Block:
    values = np.array(owner.variables[variable].get_value(), dtype=float)
    if not values.size:
        raise InvalidInput(
            f"'{owner.name}' has no synapses; call its connect() before making the Circuit."
        )
    if start is None and np.ptp(values) == 0:
        if owner.variables[variable].dim is not DIMENSIONLESS:
            raise InvalidInput(
                f"'{name}' has a unit and is the same everywhere: say where training starts, "
                f"with train={{'{name}': Normal(mean, std)}}."
            )
        start = Normal(values.flat[0], 1 / np.sqrt(circuit.n_neurons))
    start = values if start is None else start
    check_unit(name, owner.variables[variable], start)
    return _make_block(name, values.shape, start)


def _make_block(name: str, shape: tuple[int, ...], start: Distribution | np.ndarray) -> Block:
    if not isinstance(start, np.ndarray):
        return Block(name, shape, start, start.spread)
    if start.shape != shape:
        raise InvalidInput(f"'{name}' has shape {shape}, got values of shape {start.shape}.")
    if not np.isfinite(start).all():
        raise InvalidInput(f"The values where '{name}' starts hold NaN or infinity.")
    start = np.asarray(start, dtype=float)
    spread = float(np.std(start)) or float(np.abs(start).mean())
    return Block(name, shape, start, spread or 1.0)
