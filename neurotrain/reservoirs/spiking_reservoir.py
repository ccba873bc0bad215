"""A random network of spiking neurons that Brian2 steps, as a reservoir."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from neurotrain.errors import TrainingFailed, require_number, require_whole
from neurotrain.kept_training import part_of
from neurotrain.rate_to_spike.brian2_neuron import Brian2Neuron, neurons_state, restore_neurons
from neurotrain.reservoirs.learners import UPDATE_EVERY, Learner
from neurotrain.reservoirs.movements import Movement
from neurotrain.reservoirs.readout import Readout
from neurotrain.seeding import generator
from neurotrain.unused_objects import expect_unused


@dataclass(frozen=True)
class SpikingReservoir:
    """Spiking neurons in the place of rate units.

    The activity of a neuron is its spike train, filtered with the neurons' slow time constant: at
    a steady rate of `rate_hz` it is 1. A neuron is driven by ``bias + J r + Q z``, times the scale
    of the `Brian2Neuron`.

    Defaults are for neurons at their threshold where nothing drives them, such as
    `neurotrain.models.leaky_integrate_and_fire_neurons` with a `bias` of 0.

    Parameters
    ----------
    neuron : Brian2Neuron
        Whose ``dt`` is the step of the reservoir.
    units : int
    connection, gain : float
        As of `Reservoir`.
    feedback : float
        Q is uniform between minus and plus this.
    bias, bias_spread : float
        Mean and standard deviation of what drives a neuron beside that.
    rate_hz : float
        At which a neuron's activity is 1. The more the neurons are active, the faster exploration
        learns, until it is no longer stable.

    Raises
    ------
    InvalidInput
        If a number is out of range.
    """

    neuron: Brian2Neuron
    units: int = 400
    connection: float = 0.1
    gain: float = 1.0
    feedback: float = 2.0
    bias: float = 0.0
    bias_spread: float = 0.3
    rate_hz: float = 25.0

    def __post_init__(self) -> None:
        require_whole("units", self.units)
        require_number("connection", self.connection, above=0, most=1)
        for name in ("gain", "feedback", "bias_spread"):
            require_number(name, getattr(self, name), least=0)
        require_number("bias", self.bias)
        require_number("rate_hz", self.rate_hz, above=0)

    def begin(self, movement: Movement, target: np.ndarray, seed: int) -> "SpikingSimulation":
        """Return the network before its first trial."""
        return SpikingSimulation(self, movement, target, seed)


class SpikingSimulation:
    """Spiking neurons, what reads them, and how far they are; as `CompiledSimulation`."""

    def __init__(
        self, reservoir: SpikingReservoir, movement: Movement, target: np.ndarray, seed: int
    ) -> None:
        from brian2 import Network, NetworkOperation, second

        self._target = target
        self.reservoir, n = reservoir, reservoir.units
        rng = generator(seed, "reservoir-weights", 0)
        spread = reservoir.gain / (reservoir.connection * n) ** 0.5
        connected = rng.random(size=(n, n)) < reservoir.connection
        self._recurrent = spread * rng.normal(size=(n, n)) * connected
        back = (-reservoir.feedback, reservoir.feedback)
        self._feedback = rng.uniform(*back, (n, movement.outputs))
        self._bias = reservoir.bias + reservoir.bias_spread * rng.normal(size=n)
        self.readout = Readout(movement, n, generator(seed, "reservoir-noise"))
        self._activity = np.zeros(n)
        group = self._group = reservoir.neuron.group(n)
        self._current = group.variables[reservoir.neuron.current].get_value()
        dt = float(group.clock.dt / second)
        tau = 1e-3 * reservoir.neuron.tau_slow_ms
        self._decay, self._jump = np.exp(-dt / tau), 1 / (reservoir.rate_hz * tau)
        self._duration = len(target) * group.clock.dt
        operation = NetworkOperation(self._step, dt=group.clock.dt, when="end")
        self._brian2 = Network(group, operation)
        # Not all are run.
        expect_unused((group, operation))

    def state_dict(self) -> dict[str, Any]:
        """Return all that changes."""
        neurons = neurons_state(self._group, float(self._brian2.t))
        return {
            "activity": self._activity.copy(),
            **{f"readout.{name}": one for name, one in self.readout.state_dict().items()},
            **{f"neurons.{name}": one for name, one in neurons.items()},
            "random": self.readout.rng.bit_generator.state,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from where `state` was taken."""
        self._activity[:] = state["activity"]
        self.readout.load_state_dict(part_of(state, "readout."))
        self.readout.rng.bit_generator.state = state["random"]
        restore_neurons(self._group, part_of(state, "neurons."), float(self._brian2.t))

    def run(
        self, learner: Learner, learns: bool, feedback: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray, float]:
        """Go through a trial; see `CompiledSimulation.run`.

        Raises
        ------
        TrainingFailed
            If outputs are no longer finite.
        """
        steps = len(self._target)
        self._learner, self._learns, self._fed = learner, learns, feedback
        self._outputs = np.empty((steps, len(self.readout.output)))
        self._errors, self._masters, self._time = np.full(steps, np.nan), 0, 0
        self._drive()
        self._brian2.run(self._duration, namespace={})
        if not np.isfinite(self._errors).all():
            raise TrainingFailed(
                "What is read of the spiking reservoir is no longer finite. Let its neurons spike "
                "less, take a larger rate_hz, or a smaller exploration_rate."
            )
        return self._outputs, self._errors, self._masters * UPDATE_EVERY / steps

    def _step(self) -> None:
        """Take the spikes of a step, read them, and drive the next one."""
        self._activity *= self._decay
        self._activity[np.asarray(self._group.spikes)] += self._jump
        time = self._time
        # Of what explodes, the error tells in one sentence.
        with np.errstate(over="ignore", invalid="ignore"):
            self._errors[time], masters = self.readout.step(
                self._activity, self._target[time], self._learner, self._learns, time
            )
        if not np.isfinite(self._errors[time]):
            self._brian2.stop()
            return
        self._masters += masters
        self._outputs[time] = self.readout.output
        self._time += 1
        if self._time < len(self._target):
            self._drive()

    def _drive(self) -> None:
        back = self.readout.output if self._fed is None else self._fed[self._time]
        drive = self._bias + self._recurrent @ self._activity + self._feedback @ back
        self._current[:] = drive * float(self.reservoir.neuron.scale)
