"""A network of Brian2's neurons in time, with the same learning as the compiled one."""

from collections.abc import Mapping

import numpy as np

from neurotrain.errors import InvalidInput, TrainingFailed
from neurotrain.kept_training import part_of, restore_arrays
from neurotrain.rate_to_spike.brian2_neuron import neurons_state, restore_neurons
from neurotrain.rate_to_spike.recursive_least_squares import RecursiveLeastSquares
from neurotrain.rate_to_spike.simulation import Stretch
from neurotrain.rate_to_spike.spiking_network import SpikingNetwork
from neurotrain.unused_objects import expect_unused


class Brian2Simulation:
    """As `Simulation`, for neurons that Brian2 steps; traces and learning are ours.

    Parameters
    ----------
    network : SpikingNetwork
        Whose neuron is a `Brian2Neuron`.
    outputs, dt_ms, alpha
        As for `Simulation`; within a step of the task the neurons make steps of their own, and
        learning comes after the last of them.
    """

    def __init__(
        self, network: SpikingNetwork, outputs: int, dt_ms: float, alpha: float = 1.0
    ) -> None:
        from brian2 import Network, NetworkOperation, ms

        if network.connections:
            raise InvalidInput(
                "Neurons of Brian2 learn through the factors only; leave excitatory and "
                "connections out, or use LifNeuron."
            )
        self.network, self.outputs, self.dt_ms = network, outputs, dt_ms
        self._group = network.neuron.group(network.neurons)
        self._own_ms = float(self._group.clock.dt / ms)
        self._substeps = round(dt_ms / self._own_ms)
        if self._substeps < 1 or abs(self._substeps * self._own_ms - dt_ms) > 1e-9 * dt_ms:
            raise InvalidInput(
                f"The neurons' dt of {self._own_ms:g} ms must be contained in the task's, "
                f"{dt_ms:g} ms, a whole number of times."
            )
        self.learning = RecursiveLeastSquares(network.regressors, alpha)
        n, rows = network.neurons, network.factors + outputs
        self._state = {
            **{name: np.zeros(n) for name in ("slow", "fast", "slow_current", "fast_current")},
            **{"inhibitory_current": np.zeros(1), "feedback": np.zeros(network.factors)},
            "decoders": np.zeros((rows, network.regressors)),
        }
        operation = NetworkOperation(self._step, dt=self._group.clock.dt, when="end")
        self._brian2 = Network(self._group, operation)
        # Not all simulations are run.
        expect_unused((self._group, operation))
        self._assigned = self._group.variables[network.neuron.current].get_value()

    @property
    def decoders(self) -> np.ndarray:
        """The learned weights (factor + output, regressor)."""
        return self._state["decoders"].copy()

    @property
    def recurrent(self) -> np.ndarray:
        """The learned weights (neuron, regressor), in mV."""
        return self.network.encoders @ self._state["decoders"][: self.network.factors]

    @property
    def traces(self) -> np.ndarray:
        """What is read out (regressor,)."""
        kinds = {"slow": ["slow"], "fast": ["fast"], "both": ["slow", "fast"]}
        chosen = (self._state[kind] for kind in kinds[self.network.traces])
        return np.concatenate([each[self.network.pool] for each in chosen])

    def close_loop(self) -> None:
        """Feed back in the next step what is read out, also after a teacher-forced one."""
        readout = self._state["decoders"] @ self.traces
        self._state["feedback"][:] = readout[: self.network.factors]

    def state_dict(self) -> dict[str, np.ndarray]:
        """Return all that changes, as arrays that need no pickle."""
        neurons = neurons_state(self._group, float(self._brian2.t))
        return {
            **{name: array.copy() for name, array in self._state.items()},
            "tiles": self.learning.tiles.copy(),
            **{f"neurons.{name}": values for name, values in neurons.items()},
        }

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from where `state` was taken."""
        restore_arrays(self._state | {"tiles": self.learning.tiles}, state)
        restore_neurons(self._group, part_of(state, "neurons."), float(self._brian2.t))

    def advance(
        self,
        inputs: np.ndarray,
        wanted: np.ndarray,
        *,
        teach: bool = False,
        learns: np.ndarray | None = None,
        record: bool = False,
        keep_random_currents: bool = False,
    ) -> Stretch:
        """Simulate the steps of `wanted`; for the arguments see `Simulation.advance`."""
        from brian2 import ms

        steps, n = len(wanted), self.network.neurons
        self._inputs, self._wanted, self._teach = inputs, wanted, teach
        self._learns = np.zeros(steps, bool) if learns is None else learns
        self._readouts = np.empty(wanted.shape)
        self._spikes = np.zeros((steps, n), bool) if record else None
        self._random_currents = np.empty((steps, n)) if keep_random_currents else None
        self._sums, self._count = np.zeros(n), 0
        if steps:
            self._assign(inputs[0])
            self._brian2.run(steps * self.dt_ms * ms, namespace={})
        # Nothing is pending between stretches: rounding would tell whether a training was stopped.
        self.learning.flush()
        if not np.isfinite(self._readouts).all():
            raise TrainingFailed(
                "What the Brian2 neurons give is no longer finite. Feed back less (target_gain), "
                "use a smaller scale, or a smaller dt of the neurons."
            )
        means = self._sums / max(self._count, 1)
        parts = np.split(self._readouts, [self.network.factors], axis=1)
        return Stretch(*parts, self._spikes, means, self._random_currents)

    def _step(self) -> None:
        """Take the spikes of a step of the neurons, and assign the currents of the next."""
        step, last = divmod(self._count, self._substeps)
        spiking = np.asarray(self._group.spikes)
        self._decay_and_add(spiking)
        if self._spikes is not None:
            self._spikes[step, spiking] = True
        state, traces, factors = self._state, self.traces, self.network.factors
        readout, wanted = state["decoders"] @ traces, self._wanted[step]
        state["feedback"][:] = (wanted if self._teach else readout)[:factors]
        if last == self._substeps - 1:
            if self._random_currents is not None:
                self._random_currents[step] = state["slow_current"] + state["fast_current"]
            self._readouts[step] = readout
            if self._learns[step]:
                gain = self.learning.update(traces)
                state["decoders"] += np.outer(wanted - readout, gain)
        self._count += 1
        following = self._count // self._substeps
        if following < len(self._wanted):
            self._assign(self._inputs[following])

    def _decay_and_add(self, spiking: np.ndarray) -> None:
        network, neuron, state = self.network, self.network.neuron, self._state
        for kind, tau_ms in (("slow", neuron.tau_slow_ms), ("fast", neuron.tau_fast_ms)):
            decay = np.exp(-self._own_ms / tau_ms)
            state[kind] *= decay
            state[kind][spiking] += 1
            random = network.random_slow if kind == "slow" else network.random_fast
            if random is not None:
                state[f"{kind}_current"] *= decay
                state[f"{kind}_current"] += random[:, spiking].sum(axis=1)
        state["inhibitory_current"] *= np.exp(-self._own_ms / neuron.tau_fast_ms)
        state["inhibitory_current"] += network.inhibition * (spiking >= network.excitatory).sum()

    def _assign(self, given_input: np.ndarray) -> None:
        network, state = self.network, self._state
        fed_back = network.encoders @ state["feedback"]
        fed_back += state["slow_current"] + state["fast_current"]
        self._sums += fed_back
        outside = network.input_weights @ given_input + network.bias
        current = fed_back + outside + state["inhibitory_current"]
        self._assigned[:] = current * float(network.neuron.scale)
