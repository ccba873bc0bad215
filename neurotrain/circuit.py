"""Circuit: one network for one trial, and which of its variables are trained."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
from brian2 import Network, NeuronGroup, StateMonitor, Synapses
from brian2.core.namespace import get_local_namespace

from neurotrain.description import (
    Description,
    check_members,
    describe,
    element_parameters,
    fingerprint,
)
from neurotrain.distributions import Distribution, as_distribution
from neurotrain.errors import InvalidInput, UnsupportedModel, unknown_name
from neurotrain.inputs import Input
from neurotrain.lowering.network import Lowered, lower
from neurotrain.membership import freed
from neurotrain.parameters.space import ParameterSpace
from neurotrain.readout_units import warn_of_units
from neurotrain.readouts import Readout
from neurotrain.simulable import Blocked, Simulable
from neurotrain.trainable import (
    Train,
    check_input_weight,
    check_unit,
    signs_of,
    trained_blocks,
    with_fixed,
)
from neurotrain.unused_objects import expect_unused


class Circuit(Simulable):
    """One network for one trial, in ordinary Brian2, and what of it is trained.

    Parameters
    ----------
    neurons : NeuronGroup
        The neurons that inputs reach and that are read out.
    others : NeuronGroup, PoissonGroup, SpikeGeneratorGroup, Synapses or PoissonInput
        Whatever else the network consists of.
    readout : Readout
        How decisions are read from the neurons.
    train : iterable of str, or mapping of str to Distribution, array, Parameter or None
        What is trained: ``'recurrent.weight'`` (a variable of the only Synapses object; with
        several, and for other groups, their Brian2 names come before the dot),
        ``'input.weight'``, ``'neurons.<parameter>'``. The readout's own weights always are. A
        distribution says where training starts; without one it starts from the values in the
        objects, or where these are all equal and without unit, from
        Normal(0, 1/sqrt(neurons)). A `Parameter` also says what training may change.
    inputs : Input, optional
        The input channels.
    initial : mapping of str to Distribution or value
        State variables that begin every trial at random, or at one value, as ``'v'``, or
        ``'group.v'`` of another group than the first; all others begin where the objects have
        them now.
    blocked : Blocked, optional
        When a neuron counts as in depolarization block, for the reports.
    namespace : mapping, optional
        Values of names in the equations; by default, as in Brian2, those of the caller.

    Raises
    ------
    InvalidInput
        Where a name or size is wrong, or units do not agree.
    UnsupportedModel
        For other objects than these. What only the fused execution does not cover is refused
        by it, in `lower` and `simulate`; execution 'brian2' runs it.
    """

    def __init__(
        self,
        neurons: NeuronGroup,
        *others: Any,
        readout: Readout,
        train: Train,
        inputs: Input | None = None,
        initial: Mapping[str, Distribution | float] | None = None,
        blocked: Blocked | None = None,
        namespace: Mapping[str, Any] | None = None,
    ) -> None:
        self.neurons = neurons
        self.others = others
        self.readout = readout
        self.inputs = inputs
        self.blocked = blocked
        self.namespace = get_local_namespace(level=1) if namespace is None else dict(namespace)
        self._lowered: dict[tuple[str, ...], Lowered] = {}
        check_members(neurons, others)
        expect_unused((neurons, *others))
        self.description = self._describe()
        self.initial = {n: as_distribution(n, given) for n, given in (initial or {}).items()}
        self._check_initial()
        self._train = dict(train) if isinstance(train, Mapping) else dict.fromkeys(train)
        self.initial_gains: dict[str, float] = {}
        self.parameters = ParameterSpace(trained_blocks(self, self._train, {}))
        check_input_weight(self)
        warn_of_units(self)

    def scale_initial(self, gains: Mapping[str, float]) -> None:
        """Let training start from values multiplied by a positive gain for each block named.

        The scale of perturbations is multiplied too. Gains replace those of an earlier call.

        Raises
        ------
        InvalidInput
            For an unknown block, a gain that is not positive, or where constraints forbid it.
        """
        for name, gain in gains.items():
            self.parameters.require(name)
            if not (np.isfinite(gain) and gain > 0):
                raise InvalidInput(f"The gain of '{name}' must be positive, got {gain}.")
        self.parameters = ParameterSpace(trained_blocks(self, self._train, gains))
        self.initial_gains = {name: float(gain) for name, gain in gains.items()}

    def train_only(self, *names: str) -> None:
        """Let training change the blocks named; all others keep the values they would start from.

        These are drawn with the seed of their `Parameter`, the same for every run. A later call
        takes the place of an earlier one.

        Raises
        ------
        InvalidInput
            For an unknown block, or if another one has an encoding, which is of what is searched.
        """
        self.parameters.require(*names)
        others = [name for name in self.parameters.names if name not in names]
        kept = with_fixed(self._train, others)
        self.parameters = ParameterSpace(trained_blocks(self, kept, self.initial_gains))
        self._train = kept

    @property
    def n_neurons(self) -> int:
        """Number of neurons."""
        return len(self.neurons)

    @property
    def signs(self) -> np.ndarray:
        """+1 or -1 for each neuron by Dale's law, (neuron,); 0 where no weights obey it."""
        return signs_of(self, self._train)

    @property
    def dt_ms(self) -> float:
        """Duration of a step, in ms."""
        return float(self.neurons.clock.dt_) * 1e3

    @property
    def synapses(self) -> tuple[Synapses, ...]:
        """The Synapses objects, in order."""
        return tuple(one for one in self.others if isinstance(one, Synapses))

    @cached_property
    def objects(self) -> dict[str, Any]:
        """The Brian2 objects by the names that `train` uses."""
        named = {one.name: one for one in (self.neurons, *self.others)}
        if len(self.synapses) == 1:
            named["recurrent"] = self.synapses[0]
        return named | {"neurons": self.neurons}

    def lower(self, states: Iterable[str] = ()) -> Lowered:
        """Return the lowered network, which can also record `states`."""
        observed = tuple(dict.fromkeys((*self.observed, *states)))
        if observed not in self._lowered:
            self._lowered[observed] = self._lower(observed)
        return self._lowered[observed]

    def _lower(self, observed: tuple[str, ...], strict: bool = True) -> Lowered:
        known = self.neurons.equations.names
        for name in observed:
            if name not in self.neurons.variables:
                raise unknown_name("variable to record", name, known)
        parameters = element_parameters(self.neurons)
        inputs = (self.inputs.variable,) if self.inputs else ()
        for name in inputs:
            if name not in parameters:
                raise unknown_name(f"parameter of '{self.neurons.name}'", name, parameters)
        members = (self.neurons, *self.others)
        with freed(members):
            network = Network(*members)
            monitor = StateMonitor(self.neurons, list(observed), record=True) if observed else None
            if monitor is not None:
                expect_unused((monitor,))
                network.add(monitor)
            return lower(network, self.namespace, self.neurons, inputs, monitor, strict)

    @property
    def states(self) -> tuple[str, ...]:
        """Variables of neurons that the network itself changes.

        Those of other groups than the first follow their group's name and a dot.
        """
        return self.description.states

    @property
    def is_stochastic(self) -> bool:
        """Whether random numbers are drawn while the network runs."""
        return self.description.is_stochastic

    @property
    def fingerprint(self) -> str:
        """A digest of structure, constants, connections, trained blocks and fixed parameters.

        Not of states: running the objects in Brian2 makes no other circuit of them.
        """
        return fingerprint(self)

    def _describe(self) -> Description:
        try:
            return describe(self.neurons, self.lower())
        except UnsupportedModel:
            return describe(self.neurons, self._lower(self.observed, strict=False))

    def beginning(self, state: str) -> np.ndarray:
        """Return where a state begins unless it is drawn, (neuron,), in SI units."""
        owner, variable = self.state_variable(state)
        return np.broadcast_to(owner.variables[variable].get_value(), len(owner))

    def state_variable(self, name: str) -> tuple[Any, str]:
        """Return the group that a state belongs to, and its variable there."""
        group, _, variable = name.rpartition(".")
        return (self.objects[group] if group else self.neurons), variable

    def apply(self, vector: np.ndarray) -> None:
        """Write trained values (parameter,) into the Brian2 objects."""
        for name, values in self.parameters.split(vector).items():
            part, variable = name.split(".", 1)
            if part in self.objects:
                self.objects[part].variables[variable].set_value(values)

    def explain(self) -> str:
        """Return what became of each object, and what a run costs, a line each."""
        from neurotrain.explanation import explain

        return explain(self)

    def _check_initial(self) -> None:
        for name in self.initial:
            if name not in self.states:
                raise unknown_name(f"state variable of '{self.neurons.name}'", name, self.states)
            owner, variable = self.state_variable(name)
            check_unit(name, owner.variables[variable], self.initial[name])
