"""Which variables of a circuit can be trained, and where their training starts."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from numbers import Number
from typing import TYPE_CHECKING, Any

import numpy as np
from brian2 import Quantity, Synapses
from brian2.core.variables import ArrayVariable
from brian2.units.fundamentalunits import DIMENSIONLESS, get_unit

from neurotrain.description import element_parameters
from neurotrain.distributions import Distribution, Normal, scaled
from neurotrain.errors import InvalidInput, unknown_name
from neurotrain.lowering.operations import whole
from neurotrain.parameters.constraints import constrained_block
from neurotrain.parameters.dale import presynaptic_signs
from neurotrain.parameters.layout import Layout
from neurotrain.parameters.parameter import Parameter
from neurotrain.parameters.space import Block

if TYPE_CHECKING:
    from neurotrain.circuit import Circuit


Start = Distribution | np.ndarray | Parameter | None
Train = Iterable[str] | Mapping[str, Start]


def trained_blocks(
    circuit: "Circuit", train: Train, gains: Mapping[str, float]
) -> tuple[Block, ...]:
    """Return the block of every name in `train`, then the readout's own.

    Parameters
    ----------
    circuit : Circuit
    train : iterable of str, or mapping of str to Start
        As the circuit was given it.
    gains : mapping of str to float
        By what the values are multiplied where training starts.

    Raises
    ------
    InvalidInput
        For an unknown name, or where it is not clear where training starts.
    """
    starts = dict(train) if isinstance(train, Mapping) else dict.fromkeys(train)
    own = {block.name: block for block in circuit.readout.blocks(circuit.n_neurons)}
    blocks = [
        _block(circuit, name, _parameter(name, start), gains.get(name, 1.0))
        for name, start in starts.items()
        if name not in own
    ]
    for name in own:
        parameter, gain = _parameter(name, starts.get(name)), gains.get(name, 1.0)
        own[name] = _readout_block(circuit, own[name], parameter, gain)
    _check_trained_once(circuit, blocks)
    return (*blocks, *own.values())


def with_fixed(train: Mapping[str, Start], names: Collection[str]) -> dict[str, Start]:
    """Return `train` with the blocks named, the readout's own among them, fixed, and no others."""
    return {
        name: replace(_parameter(name, train.get(name)), fixed=name in names)
        for name in dict.fromkeys((*train, *names))
    }


def signs_of(circuit: "Circuit", train: Mapping[str, Start]) -> np.ndarray:
    """Return the sign of each neuron by Dale's law, (neuron,); 0 where no trained weights obey it.

    Parameters
    ----------
    circuit : Circuit
    train : mapping of str to Start
        As for `trained_blocks`.
    """
    signs = np.zeros(circuit.n_neurons)
    for name, start in train.items():
        owner = circuit.objects.get(name.partition(".")[0])
        dale = _parameter(name, start).dale
        if dale is None or not isinstance(owner, Synapses):
            continue
        if whole(owner.source).name == circuit.neurons.name:
            first = getattr(owner.source, "start", 0)
            layout = _layout(owner, (len(owner),))
            signs[first : first + layout.n_pre] = presynaptic_signs(name, dale, layout)
    return signs


def _parameter(name: str, start: Start) -> Parameter:
    if isinstance(start, Parameter):
        return start
    if start is None or isinstance(start, np.ndarray | Distribution):
        return Parameter(start)
    raise InvalidInput(
        f"Say where '{name}' starts with a distribution such as nt.Normal(mean, std), an array or "
        f"a Parameter, got {start!r}."
    )


def _check_trained_once(circuit: "Circuit", blocks: Iterable[Block]) -> None:
    """An object has two names, such as 'recurrent' and that which Brian2 gave it."""
    seen: dict[tuple[int, str], str] = {}
    for block in blocks:
        part, variable = block.name.split(".", 1)
        first = seen.setdefault((id(circuit.objects.get(part)), variable), block.name)
        if first != block.name:
            raise InvalidInput(f"'{first}' and '{block.name}' are the same; train only one.")


def check_unit(name: str, variable: ArrayVariable, start: Any) -> None:
    """Raise `InvalidInput` if quantities have another unit than the variable.

    Arrays without a unit are in SI units. A distribution needs one: whoever writes -70 means mV.
    """
    is_number = isinstance(start, np.ndarray | Number)
    quantities = (start,) if is_number else vars(start).values()
    for one in quantities:
        if isinstance(one, Quantity) and one.dim is not variable.dim:
            raise InvalidInput(
                f"'{name}' has the unit {get_unit(variable.dim)!r}, "
                f"got values in {get_unit(one.dim)!r}."
            )
    is_drawn = isinstance(start, Distribution) and variable.dim is not DIMENSIONLESS
    if is_drawn and not all(_has_unit(one) for one in quantities):
        raise InvalidInput(
            f"'{name}' has the unit {get_unit(variable.dim)!r}, got {start} without a unit; "
            "give its numbers one, as in Normal(-70*mV, 5*mV)."
        )


def _has_unit(value: float) -> bool:
    """Zero needs none, as in Brian2."""
    return isinstance(value, Quantity) or value == 0


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


def _check_units(name: str, variable: ArrayVariable, parameter: Parameter) -> None:
    """Raise `InvalidInput` if what a Parameter holds has another unit than the variable."""
    check_unit(name, variable, parameter.masked_value)
    transform = parameter.transform
    if transform is None or isinstance(transform, str):
        return
    check_unit(name, variable, transform)
    for bound in vars(transform).values():
        # Unlike a distribution's, a bound that is wrong by the factor of a unit goes unnoticed.
        if variable.dim is not DIMENSIONLESS and not isinstance(bound, Quantity) and bound:
            raise InvalidInput(
                f"'{name}' has the unit {variable.dim}; give {transform} in it, not as numbers."
            )


def _block(circuit: "Circuit", name: str, parameter: Parameter, gain: float) -> Block:
    part, _, variable = name.partition(".")
    if name == "input.weight" and circuit.inputs:
        return _input_block(circuit, parameter, gain)
    if part not in circuit.objects or variable not in _trainable(circuit, part):
        raise _unknown(circuit, name)
    return _object_block(circuit, name, parameter, gain)


def _unknown(circuit: "Circuit", name: str) -> InvalidInput:
    known = [f"{o}.{v}" for o in circuit.objects for v in _trainable(circuit, o)]
    known += ["input.weight"] if circuit.inputs else []
    part, dot, _ = name.partition(".")
    if not dot or get_close_matches(part, [*circuit.objects, "input"]):
        return unknown_name("trained variable", name, known)
    # The nearest name would be that of another object: people write what their script calls it.
    return InvalidInput(
        f"There is no trained variable called '{name}': no object of the circuit has the Brian2 "
        f"name '{part}'. Choose from: {', '.join(sorted(known))}; or make the object with "
        f"name='{part}'."
    )


def _trainable(circuit: "Circuit", part: str) -> list[str]:
    owner = circuit.objects[part]
    taken = {variable for name, variable in circuit.description.written if name == owner.name}
    # A synaptic variable that changes is trained in where it begins.
    taken = set() if isinstance(owner, Synapses) else taken
    return sorted(set(element_parameters(owner)) - taken)


def _input_block(circuit: "Circuit", parameter: Parameter, gain: float) -> Block:
    weight = circuit.inputs.weight if parameter.initial is None else parameter.initial
    variable = circuit.neurons.variables[circuit.inputs.variable]
    if weight is None:
        if variable.dim is not DIMENSIONLESS:
            raise InvalidInput(
                f"'{circuit.inputs.variable}' has a unit: say where its weights start, with "
                "Input(..., weight=nt.Normal(mean, std))."
            )
        weight = Normal(0.0, 1 / np.sqrt(circuit.channels))
    check_unit("input.weight", variable, weight)
    _check_units("input.weight", variable, parameter)
    layout = Layout.dense((circuit.n_neurons, circuit.channels))
    return _make_block("input.weight", layout, parameter, weight, gain)


def _readout_block(circuit: "Circuit", block: Block, parameter: Parameter, gain: float) -> Block:
    if block.shape[1:] == (circuit.n_neurons,):
        layout = Layout.dense(block.shape, circuit.neurons)
    else:
        layout = Layout(block.shape)
    if parameter.initial is None and parameter.is_plain and gain == 1.0:
        return block
    initial = block.initial if parameter.initial is None else parameter.initial
    return _make_block(block.name, layout, parameter, initial, gain)


def _object_block(circuit: "Circuit", name: str, parameter: Parameter, gain: float) -> Block:
    part, _, variable = name.partition(".")
    owner, start = circuit.objects[part], parameter.initial
    values = np.array(owner.variables[variable].get_value(), dtype=float)
    if not values.size:
        raise InvalidInput(
            f"'{owner.name}' has no synapses; call its connect() before making the Circuit."
        )
    if start is None and np.ptp(values) == 0 and not parameter.fixed:
        if owner.variables[variable].dim is not DIMENSIONLESS:
            raise InvalidInput(
                f"'{name}' has a unit and is the same everywhere: say where training starts, "
                f"with train={{'{name}': nt.Normal(mean, std)}}."
            )
        start = Normal(values.flat[0], 1 / np.sqrt(circuit.n_neurons))
    start = values if start is None else start
    check_unit(name, owner.variables[variable], start)
    _check_units(name, owner.variables[variable], parameter)
    return _make_block(name, _layout(owner, values.shape), parameter, start, gain)


def _layout(owner: Any, shape: tuple[int, ...]) -> Layout:
    if not isinstance(owner, Synapses):
        return Layout(shape)
    pre, post = np.array(owner.i[:]), np.array(owner.j[:])
    starts = [getattr(group, "start", 0) for group in (owner.source, owner.target)]
    # By name: of a subgroup there is a proxy.
    same = whole(owner.source).name == whole(owner.target).name
    autapse = pre + starts[0] == post + starts[1] if same else None
    return Layout(shape, pre, post, len(owner.source), len(owner.target), autapse, owner.source)


def _make_block(
    name: str,
    layout: Layout,
    parameter: Parameter,
    start: Distribution | np.ndarray,
    gain: float,
) -> Block:
    if isinstance(start, np.ndarray) and not np.isfinite(start).all():
        raise InvalidInput(f"The values where '{name}' starts hold NaN or infinity.")
    start = start if gain == 1.0 else scaled(start, gain)
    if not parameter.is_plain:
        return constrained_block(name, layout, parameter, start)
    if not isinstance(start, np.ndarray):
        return Block(name, layout.shape, start, start.spread, matrix=layout.matrix())
    if start.shape != layout.shape:
        raise InvalidInput(f"'{name}' has shape {layout.shape}, got values of shape {start.shape}.")
    start = np.asarray(start, dtype=float)
    spread = float(np.std(start)) or float(np.abs(start).mean())
    return Block(name, layout.shape, start, spread or 1.0, matrix=layout.matrix())
