"""A spiking network in time, teacher-forced or in closed loop, with learning or without."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from neurotrain.errors import InvalidInput, TrainingFailed, require_number
from neurotrain.kept_training import restore_arrays
from neurotrain.rate_to_spike.constrained_weights import ConstrainedWeights
from neurotrain.rate_to_spike.kernel import call
from neurotrain.rate_to_spike.recursive_least_squares import RecursiveLeastSquares
from neurotrain.rate_to_spike.spiking_network import SpikingNetwork


@dataclass(frozen=True)
class Stretch:
    """What a network did during some steps.

    Parameters
    ----------
    factors : (time, factor) array
        What was read out for the feedback, before the step's learning.
    outputs : (time, output) array
    spikes : (time, neuron) bool array or None
    currents : (neuron,) array
        Each neuron's mean current from feedback and random weights, in mV.
    random_currents : (time, neuron) array or None
        Those of random weights, of which those of a step act in the next one, in mV.
    """

    factors: np.ndarray
    outputs: np.ndarray
    spikes: np.ndarray | None
    currents: np.ndarray
    random_currents: np.ndarray | None = None


class Simulation:
    """A spiking network in time, with the decoders that it learns.

    Parameters
    ----------
    network : SpikingNetwork
        May be replaced by one of the same sizes between two stretches.
    outputs : int
        How many outputs are read out, besides the factors.
    dt_ms : float
    voltage : (neuron,) array
        At the start, in mV.
    alpha : float
        Of `RecursiveLeastSquares`.
    """

    def __init__(
        self,
        network: SpikingNetwork,
        outputs: int,
        dt_ms: float,
        voltage: np.ndarray,
        alpha: float = 1.0,
    ) -> None:
        require_number("dt_ms", dt_ms, above=0)
        self.outputs, self.dt_ms, self.network = outputs, dt_ms, network
        self.learning = learning = RecursiveLeastSquares(network.regressors, alpha)
        rows, n = network.factors + outputs, network.neurons
        self._state = {
            "v": np.array(voltage, float),
            **{name: np.zeros(n) for name in ("slow_current", "fast_current")},
            "inhibitory_current": np.zeros(1),
            "traces": np.zeros(learning.size),
            "feedback": np.zeros(n if network.connections else network.factors),
            "decoders": np.zeros((rows, learning.size)),
            "waiting": np.zeros(n, np.int64),
        }
        self._weights = network.connections and ConstrainedWeights(network.connections, alpha)

    @property
    def network(self) -> SpikingNetwork:
        """What is simulated."""
        return self._network

    @network.setter
    def network(self, network: SpikingNetwork) -> None:
        self._network = network
        self._fixed = _by_columns(network)

    @property
    def decoders(self) -> np.ndarray:
        """The learned weights (factor + output, regressor); assign to replace them."""
        return self._state["decoders"][:, : self.network.regressors].copy()

    @decoders.setter
    def decoders(self, values: np.ndarray) -> None:
        self._state["decoders"][:, : self.network.regressors] = values

    @property
    def voltage(self) -> np.ndarray:
        """Of each neuron (neuron,), in mV."""
        return self._state["v"].copy()

    @property
    def traces(self) -> np.ndarray:
        """What is read out (regressor,)."""
        return self._state["traces"][: self.network.regressors].copy()

    @property
    def waiting(self) -> np.ndarray:
        """For how many steps more each neuron is refractory (neuron,)."""
        return self._state["waiting"].copy()

    @property
    def recurrent(self) -> np.ndarray:
        """The learned weights (neuron, regressor), in mV."""
        if self._weights:
            return self._weights.matrix()
        return self.network.encoders @ self.decoders[: self.network.factors]

    @property
    def constant(self) -> np.ndarray:
        """The learned constant currents (neuron,), in mV; zero without constraints."""
        return self._weights.constant() if self._weights else np.zeros(self.network.neurons)

    def close_loop(self) -> None:
        """Feed back in the next step what is read out, also after a teacher-forced one."""
        learned = self.recurrent if self._weights else self.decoders[: self.network.factors]
        self._state["feedback"][:] = learned @ self.traces
        if self._weights:
            self._state["feedback"] += self.constant

    def state_dict(self) -> dict[str, np.ndarray]:
        """Return all that changes, as arrays that need no pickle."""
        return {name: array.copy() for name, array in self._changing().items()}

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from where `state` was taken."""
        restore_arrays(self._changing(), state)

    def _changing(self) -> dict[str, np.ndarray]:
        # Nothing is pending between stretches.
        arrays = self._state | {"tiles": self.learning.tiles}
        if self._weights:
            own = self._weights.changing()
            arrays |= {f"constrained.{name}": array for name, array in own.items()}
        return arrays

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
        """Simulate the steps of `wanted`.

        Parameters
        ----------
        inputs : (time, input) array
        wanted : (time, factor + output) array
            What should be read out.
        teach : bool
            Whether the wanted factors are fed back instead of those that are read out.
        learns : (time,) bool array, optional
            The steps after which the decoders learn; none by default.
        record : bool
            Whether to keep the spikes.
        keep_random_currents : bool
            Whether to keep what random weights give each neuron in each step.

        Raises
        ------
        TrainingFailed
            If voltages or readouts are no longer finite.
        """
        steps = len(wanted)
        self._check(inputs, wanted, learns)
        series = {
            "inputs": np.ascontiguousarray(inputs, float),
            "wanted": np.ascontiguousarray(wanted, float),
            "learns": np.ascontiguousarray(np.zeros(steps) if learns is None else learns, np.uint8),
            "readouts": np.empty(np.shape(wanted)),
            "current_sums": np.zeros(self.network.neurons),
        }
        if record:
            series["spikes"] = np.empty((steps, self.network.neurons), np.uint8)
        if keep_random_currents:
            series["random_currents"] = np.empty((steps, self.network.neurons))
        numbers = self._numbers() | {"n_steps": steps, "teach": int(teach)}
        self._call(numbers, self._fixed | self._state | self._aside() | series)
        readouts, spikes = series["readouts"], series.get("spikes")
        if not (np.isfinite(readouts).all() and np.isfinite(self._state["v"]).all()):
            raise TrainingFailed(
                "The spiking network's voltages grew without bounds. Feed back less (target_gain), "
                "or learn more slowly (a larger alpha)."
            )
        return Stretch(
            readouts[:, : self.network.factors],
            readouts[:, self.network.factors :],
            None if spikes is None else spikes.view(bool),
            series["current_sums"] / max(steps, 1),
            series.get("random_currents"),
        )

    def _call(self, numbers: dict[str, float], arrays: dict[str, np.ndarray]) -> None:
        if not self._weights:
            call("neurotrain_advance", numbers, arrays)
            return
        run = self._weights.run()
        call("neurotrain_advance", numbers, arrays, constrained=run)
        self._weights.ran(run)

    def _check(self, inputs: np.ndarray, wanted: np.ndarray, learns: np.ndarray | None) -> None:
        steps, rows = len(wanted), len(self._state["decoders"])
        channels = self.network.input_weights.shape[1]
        shapes = {"wanted": (wanted, (steps, rows)), "inputs": (inputs, (steps, channels))}
        if learns is not None:
            shapes["learns"] = (learns, (steps,))
        for name, (array, shape) in shapes.items():
            if np.shape(array) != shape:
                raise InvalidInput(f"{name} must have shape {shape}, got {np.shape(array)}.")

    def _numbers(self) -> dict[str, float]:
        network, neuron = self.network, self.network.neuron
        taus = {"v": neuron.tau_ms, "slow": neuron.tau_slow_ms, "fast": neuron.tau_fast_ms}
        return {
            **{"n_neurons": network.neurons, "n_factors": network.factors},
            **{"n_outputs": self.outputs, "n_inputs": network.input_weights.shape[1]},
            **{"n_pool": len(network.pool), "tiles_to_a_side": self.learning.tiles_to_a_side},
            **{"slow": network.traces != "fast", "fast": network.traces != "slow"},
            "refractory_steps": round(neuron.refractory_ms / self.dt_ms),
            **{f"decay_{name}": np.exp(-self.dt_ms / tau) for name, tau in taus.items()},
            **{"threshold": neuron.threshold_mv, "reset": neuron.reset_mv},
            "inhibition": network.inhibition,
            "first_inhibiting": network.excitatory,
        }

    def _aside(self) -> dict[str, np.ndarray]:
        learning = self.learning
        arrays = {"tiles": learning.tiles, "columns": learning.columns}
        return arrays | {"pending": learning.pending}


def _by_columns(network: SpikingNetwork) -> dict[str, np.ndarray]:
    pool = np.full(network.neurons, -1)
    pool[network.pool] = np.arange(len(network.pool))
    weights = ("encoders", "input_weights", "random_slow", "random_fast")
    given = {name: getattr(network, name) for name in weights}
    columns = {n: np.ascontiguousarray(a.T) for n, a in given.items() if a is not None}
    if network.connections:
        columns["unspread"] = np.linalg.pinv(network.encoders)
    return columns | {"constant": network.neuron.rest_mv + network.bias, "pool": pool}
