"""A circuit's objects again, for many candidates and trials side by side in one network."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from brian2 import Clock, NeuronGroup, Quantity, Synapses, get_device, second
from brian2.equations.codestrings import Expression
from brian2.equations.equations import SUBEXPRESSION, Equations, SingleEquation
from brian2.utils.stringtools import get_identifiers

from neurotrain.errors import UnsupportedModel
from neurotrain.executions.cuda.dense_coupling import DenseCoupling, dense_sums
from neurotrain.lowering.operations import whole

WAY_OUT = "Use execution='fused', or 'brian2', which runs every circuit."
# What means something else where there are many copies.
_POSITIONS = {"i", "j", "N", "N_pre", "N_post", "N_incoming", "N_outgoing", "i_pre", "i_post"}


def _refuse(one: Any, why: str) -> UnsupportedModel:
    return UnsupportedModel(f"The execution 'cuda' does not cover '{one.name}': {why}. {WAY_OUT}")


class Copies:
    """NeuronGroups and Synapses of a circuit, each many times over in one object.

    There is a copy for each candidate and trial, in this order of axes, and all of one copy come
    before those of the next. Names are new, and the same each time. Groups get the equations
    `added` to theirs.

    Attributes
    ----------
    count : int
        Number of copies.
    objects : dict of str to NeuronGroup, Synapses or DenseCoupling
        By the name of the object that is copied.
    dense : dict of str to Sum
        What is summed by a `DenseCoupling` in place of Synapses, by their name.

    Raises
    ------
    UnsupportedModel
        For objects that Brian2CUDA, or a network of copies, does not cover.
    """

    def __init__(
        self, circuit: Any, shape: tuple[int, int], added: Mapping[str, Equations]
    ) -> None:
        if circuit.is_stochastic:
            raise UnsupportedModel(
                "The execution 'cuda' does not draw random numbers, and this circuit needs some. "
                f"{WAY_OUT}"
            )
        self.shape, self.count = shape, math.prod(shape)
        self.added = added
        self.lowered, self.dense = circuit.description.lowered, dense_sums(circuit)
        # What applies spikes after a delay asks this clock, whichever its object has.
        clock = get_device().defaultclock
        clock.dt = circuit.neurons.clock.dt
        self.clocks: dict[float, Clock] = {float(clock.dt_): clock}
        self.objects: dict[str, Any] = {}
        members = (circuit.neurons, *circuit.others)
        for one in sorted(members, key=lambda one: isinstance(one, Synapses)):
            _check(one, circuit)
            copy = self._synapses if isinstance(one, Synapses) else self._group
            self.objects[one.name] = copy(one, len(self.objects))

    def clock(self, dt: float) -> Clock:
        """Return the clock of a step of `dt` seconds."""
        if dt not in self.clocks:
            self.clocks[dt] = Clock(dt * second, name=f"clock{len(self.clocks)}")
        return self.clocks[dt]

    def _group(self, group: NeuronGroup, number: int) -> NeuronGroup:
        made = NeuronGroup(
            self.count * len(group),
            group.user_equations + self.added.get(group.name, Equations("")),
            method=group.method_choice,
            method_options=group.state_updater.method_options,
            threshold=group.events.get("spike"),
            reset=group.event_codes.get("spike"),
            refractory=group._refractory,
            namespace=dict(group.namespace),
            clock=self.clock(float(group.clock.dt_)),
            order=group.order,
            name=f"group{number}",
        )
        for event, thresholder in group.thresholder.items():
            made.thresholder[event].when = thresholder.when
            made.thresholder[event].order = thresholder.order
        for event, resetter in group.resetter.items():
            made.resetter[event].when = resetter.when
            made.resetter[event].order = resetter.order
        return made

    def _synapses(self, synapses: Synapses, number: int) -> Synapses | DenseCoupling:
        if synapses.name in self.dense:
            one = self.dense[synapses.name]
            return DenseCoupling(one, self.lowered, self.objects, self.shape, f"synapses{number}")
        paths = {"pre": {}, "post": {}}
        for path in synapses._pathways:
            paths[path.prepost][path.objname] = path.code
        made = Synapses(
            self.objects[whole(synapses.source).name],
            self.objects[whole(synapses.target).name],
            _model(synapses),
            on_pre=paths["pre"] or None,
            on_post=paths["post"] or None,
            delay={path.objname: _delay(synapses, path) for path in synapses._pathways},
            namespace=synapses.namespace,
            method=synapses.state_updater.method_choice if synapses.state_updater else "euler",
            clock=self.clock(float(synapses.clock.dt_)),
            order=synapses.order,
            name=f"synapses{number}",
        )
        for path, copy in zip(synapses._pathways, made._pathways, strict=True):
            copy.when, copy.order = path.when, path.order
        made.connect(
            i=self._shifted(synapses, "_synaptic_pre", whole(synapses.source)),
            j=self._shifted(synapses, "_synaptic_post", whole(synapses.target)),
        )
        return made

    def _shifted(self, synapses: Synapses, name: str, group: NeuronGroup) -> np.ndarray:
        indices = np.asarray(synapses.variables[name].get_value(), dtype=np.int64)
        return (np.arange(self.count)[:, np.newaxis] * len(group) + indices).ravel()


def _check(one: Any, circuit: Any) -> None:
    if not isinstance(one, NeuronGroup | Synapses):
        raise _refuse(one, f"it is a {type(one).__name__}")
    positions = _POSITIONS & set().union(*map(get_identifiers, _codes(one)))
    if positions:
        raise _refuse(one, f"its equations name '{min(positions)}', a place in the network")
    equations = list(one.equations.values())
    if any("linked" in equation.flags for equation in equations):
        raise _refuse(one, "it has linked variables")
    shared = {name for name in one.equations.names if "shared" in one.equations[name].flags}
    written = {name for owner, name in circuit.description.written if owner == one.name}
    if shared & written:
        raise _refuse(one, f"'{min(shared & written)}' is shared by its neurons and changes")
    if isinstance(one, NeuronGroup):
        _check_group(one)
    else:
        _check_synapses(one)


def _check_group(group: NeuronGroup) -> None:
    if set(group.events) - {"spike"}:
        raise _refuse(group, "it has events of its own")
    known = [group.state_updater, group.subexpression_updater]
    known += [*group.thresholder.values(), *group.resetter.values()]
    for one in group.contained_objects:
        if not any(one is other for other in known):
            raise _refuse(group, f"it runs '{one.name}'")


def _check_synapses(synapses: Synapses) -> None:
    if synapses.multisynaptic_index is not None or synapses.subexpression_updater is not None:
        raise _refuse(synapses, "of its multisynaptic index or subexpressions held for a step")
    for target in (updater.target for updater in synapses.summed_updaters.values()):
        if len(target) != len(whole(target)):
            raise _refuse(synapses, "it sums into a part of a group")
    known = [synapses.state_updater, *synapses._pathways, *synapses.summed_updaters.values()]
    for one in synapses.contained_objects:
        if not any(one is other for other in known):
            raise _refuse(synapses, f"it runs '{one.name}'")


def _codes(one: Any) -> Iterator[str]:
    """Yield all code of an object."""
    equations = one.user_equations if isinstance(one, NeuronGroup) else _model(one)
    yield from (str(equation.expr) for equation in equations.values() if equation.expr)
    if isinstance(one, NeuronGroup):
        yield from [*one.events.values(), *one.event_codes.values()]
        if isinstance(one._refractory, str):
            yield one._refractory
    else:
        yield from (path.code for path in one._pathways)


def _model(synapses: Synapses) -> Equations:
    """Return the equations that Synapses were made with, which it keeps in three places."""
    found = dict(synapses.equations.items())
    found |= dict((synapses.event_driven or {}).items())
    for name, updater in synapses.summed_updaters.items():
        found[name] = SingleEquation(
            SUBEXPRESSION,
            name,
            synapses.variables[name].dim,
            expr=Expression(str(getattr(updater.expression, "code", updater.expression))),
            flags=["summed"],
        )
    return Equations(list(found.values()))


def _delay(synapses: Synapses, path: Any) -> Quantity:
    """Return the one delay of a pathway."""
    delays = np.unique(path.variables["delay"].get_value())
    if len(delays) > 1:
        raise _refuse(synapses, "its delays differ from one another")
    return float(delays[0] if len(delays) else 0) * second
