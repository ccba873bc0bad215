"""Spiking neurons of the user's own: any that Brian2 can simulate."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurotrain.errors import InvalidInput, require_number


@dataclass(frozen=True)
class Brian2Neuron:
    """Neurons given as a Brian2 NeuronGroup, instead of those of `LifNeuron`.

    Parameters
    ----------
    build : callable
        Makes the NeuronGroup, in its initial state, of as many neurons as it is given. Its names
        come from its own ``namespace``; its ``dt`` must be contained in the task's a whole number
        of times.
    current : str
        The variable of the NeuronGroup that is assigned in every step.
    scale : Quantity or float
        What 1 mV of the leaky integrate-and-fire neurons' currents is in that variable.
    tau_slow_ms, tau_fast_ms : float
        Time constants of slow and of fast synapses.
    """

    build: Callable[[int], Any]
    current: str
    scale: Any
    tau_slow_ms: float = 100.0
    tau_fast_ms: float = 5.0

    def __post_init__(self) -> None:
        for name in ("tau_slow_ms", "tau_fast_ms"):
            require_number(name, getattr(self, name), above=0)

    def group(self, neurons: int) -> Any:
        """Return the NeuronGroup.

        Raises
        ------
        InvalidInput
            If it is none of that size that spikes, or has no such variable of that unit.
        """
        from brian2 import NeuronGroup, get_dimensions

        group = self.build(neurons)
        if not isinstance(group, NeuronGroup) or len(group) != neurons:
            raise InvalidInput(f"build must return a NeuronGroup of {neurons} neurons.")
        if "spike" not in group.events:
            raise InvalidInput("The neurons that build returns must have a threshold.")
        variable = group.variables.get(self.current)
        if variable is None or not variable.array or variable.read_only:
            raise InvalidInput(
                f"current names '{self.current}', which is no variable of the neurons that can be "
                "assigned."
            )
        if variable.dim is not get_dimensions(self.scale):
            raise InvalidInput(
                f"scale must have the unit of '{self.current}', {variable.unit}, "
                f"got {self.scale!r}."
            )
        return group

    def described(self) -> dict[str, Any]:
        """Return what tells these neurons from others, as plain values."""
        group = self.group(1)
        taus = {"tau_slow_ms": self.tau_slow_ms, "tau_fast_ms": self.tau_fast_ms}
        events = [group.events, group.event_codes]
        namespace = {name: repr(value) for name, value in sorted(group.namespace.items())}
        return {
            **{"equations": str(group.equations), "events": repr(events)},
            **{"namespace": namespace, "current": self.current, "scale": float(self.scale)},
            **taus,
        }


def neurons_state(group: Any, now: float) -> dict[str, np.ndarray]:
    """Return all that changes in a NeuronGroup; last spikes count from `now`, in seconds."""
    state = group.get_states(units=False, read_only_variables=False)
    if "lastspike" in state:
        state["lastspike"] = state["lastspike"] - now
    return {name: np.array(values) for name, values in state.items()}


def restore_neurons(group: Any, state: Mapping[str, np.ndarray], now: float) -> None:
    """Let a NeuronGroup go on from a `neurons_state`."""
    state = dict(state)
    if "lastspike" in state:
        state["lastspike"] = state["lastspike"] + now
    group.set_states(state, units=False)
