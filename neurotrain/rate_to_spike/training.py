"""The phases of a training from rates to spikes: components, demeaning, training, test."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from neurotrain.errors import InvalidInput, require_whole
from neurotrain.kept_training import part_of
from neurotrain.rate_to_spike.brian2_network import Brian2Network, brian2_network
from neurotrain.rate_to_spike.brian2_neuron import Brian2Neuron
from neurotrain.rate_to_spike.brian2_simulation import Brian2Simulation
from neurotrain.rate_to_spike.factors import Factors, principal_components, random_spread
from neurotrain.rate_to_spike.measures import nmse
from neurotrain.rate_to_spike.rate_network import RateNetwork
from neurotrain.rate_to_spike.settings import Settings
from neurotrain.rate_to_spike.signals import Signals
from neurotrain.rate_to_spike.simulation import Simulation, Stretch
from neurotrain.rate_to_spike.spiking_network import Connections, SpikingNetwork
from neurotrain.rate_to_spike.target_task import TargetTask
from neurotrain.rate_to_spike.targets import DrivenNetwork
from neurotrain.seeding import generator

# The numbers are part of a run's randomness: append, never renumber.
PHASES = ("components", "demean", "training", "test", "further")
_NETWORK, _TRIALS = "rate-to-spike-network", "rate-to-spike-trials"
_STATE, _UPDATES = "rate-to-spike-state", "rate-to-spike-updates"
_PARTS = ("rate-network", "spread", "random-slow", "random-fast", "pool", "connections")


@dataclass(frozen=True, eq=False)
class Shown:
    """A stretch of trials: what was shown and wanted, and what came out.

    Parameters
    ----------
    signals : Signals
    wanted_factors : (time, factor) array
        The rate network's factors.
    stretch : Stretch
        The spiking network's factors, outputs and spikes.
    """

    signals: Signals
    wanted_factors: np.ndarray
    stretch: Stretch

    @property
    def nmse(self) -> np.ndarray:
        """Normalized error of each trial (trial,)."""
        return nmse(self.stretch.outputs, self.signals)


class Training:
    """A training that goes on trial by trial, and can be stopped after each.

    Parameters
    ----------
    task : TargetTask
    settings : Settings
    seed : int
        Of networks, trials and update times.

    Attributes
    ----------
    phase : int
        Index into `PHASES`.
    trial : int
        How many trials of the phase are done, those in which the networks settle included.
    losses : dict
        Normalized errors of training and test trials so far.
    """

    def __init__(self, task: TargetTask, settings: Settings, seed: int = 0) -> None:
        require_whole("seed", seed, least=0)
        self.task, self.settings, self.seed = task, settings, int(seed)
        self.phase, self.trial = 0, 0
        self.losses: dict[str, list[float]] = {"training": [], "test": []}
        n = settings.rate_units
        network = RateNetwork.draw(
            n,
            task.n_outputs + task.n_hints,
            task.n_inputs,
            self._generator(_NETWORK, _PARTS.index("rate-network")),
            gain=settings.rate_gain,
            tau_ms=settings.rate_tau_ms,
        )
        self.driven = DrivenNetwork(network, self._generator(_STATE, 0).normal(size=n))
        self.factors: Factors | None = None
        self.simulation: Simulation | Brian2Simulation | None = None
        self._sum = np.zeros((n, n))

    @property
    def trials(self) -> list[int]:
        """How many trials each phase has, those in which the networks settle included."""
        s = self.settings
        counts = (s.component_trials, s.demean_trials, s.training_trials, s.test_trials)
        return [s.settle_trials + count for count in counts]

    @property
    def done(self) -> bool:
        """Whether nothing is left."""
        return self.phase == len(self.trials)

    def advance(self) -> None:
        """Do the next trial."""
        settled = self.trial >= self.settings.settle_trials
        name = PHASES[self.phase]
        signals = self.draw(self.phase, self.trial)
        if name == "components":
            currents = self.driven.currents(signals)
            if settled:
                self._sum += currents.T @ currents
        elif not settled:
            self.show(signals, teach=True)
        elif name == "demean":
            self._sum += self.show(signals, teach=True).stretch.currents
        else:
            learns = self._learns(signals.n_steps) if name == "training" else None
            self.losses[name] += self.show(signals, learns=learns).nmse.tolist()
        self.trial += 1
        if self.trial == self.trials[self.phase]:
            self._end_phase(name)

    def draw(self, *index: int) -> Signals:
        """Return the trial of a phase and number."""
        return self.task.draw(1, self._generator(_TRIALS, *index))

    def show(
        self,
        signals: Signals,
        *,
        teach: bool = False,
        learns: np.ndarray | None = None,
        record: bool = False,
    ) -> Shown:
        """Show signals to both networks; for the arguments see `Simulation.advance`."""
        factors = self.factors.project(self.driven.currents(signals))
        wanted = np.hstack([factors, signals.outputs])
        stretch = self.simulation.advance(
            signals.inputs, wanted, teach=teach, learns=learns, record=record
        )
        return Shown(signals, factors, stretch)

    def test(self, trials: int, seed: int) -> Shown:
        """Show further trials with frozen weights, after some in which the networks settle.

        The training itself stays where it is.
        """
        with self._settled(trials, seed) as signals:
            return self.show(signals, record=True)

    def to_brian2(self, trials: int, seed: int) -> Brian2Network:
        """Return the spiking network as Brian2 objects that are about to do what `test` does."""
        if isinstance(self.simulation, Brian2Simulation):
            raise InvalidInput(
                "Only networks of LifNeuron are exported; Brian2 neurons are simulated by Brian2 "
                "already, in result.test()."
            )
        with self._settled(trials, seed) as signals:
            return brian2_network(self.simulation, signals)

    @contextmanager
    def _settled(self, trials: int, seed: int) -> Iterator[Signals]:
        """Let the networks settle before the trials that are yielded, and then put all back."""
        require_whole("trials", trials)
        require_whole("seed", seed, least=0)
        phase, state = PHASES.index("further"), self.state_dict()
        try:
            for trial in range(self.settings.settle_trials):
                self.show(self.draw(phase, seed, trial), teach=True)
            self.simulation.close_loop()
            rng = self._generator(_TRIALS, phase, seed, self.settings.settle_trials)
            yield self.task.draw(trials, rng)
        finally:
            self.load_state_dict(state)

    def state_dict(self) -> dict[str, np.ndarray]:
        """Return all that changes, as arrays that need no pickle."""
        state = {
            "position": np.array([self.phase, self.trial]),
            "sum": self._sum.copy(),
            **{f"losses.{name}": np.array(values) for name, values in self.losses.items()},
            **{f"driven.{name}": array for name, array in self.driven.state_dict().items()},
        }
        if self.simulation is not None:
            simulation = self.simulation.state_dict()
            state |= {f"simulation.{name}": array for name, array in simulation.items()}
            state |= {"components": self.factors.components, "shares": self.factors.shares}
            state |= {"bias": self.simulation.network.bias}
        return state

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from where `state` was taken."""
        self.phase, self.trial = (int(value) for value in state["position"])
        self._sum = state["sum"].copy()
        self.losses = {name: state[f"losses.{name}"].tolist() for name in self.losses}
        self.driven.load_state_dict(part_of(state, "driven."))
        if "components" in state:
            self._start_spiking(Factors(state["components"], state["shares"]), state["bias"])
            self.simulation.load_state_dict(part_of(state, "simulation."))

    def _end_phase(self, name: str) -> None:
        count = self.trial - self.settings.settle_trials
        if name == "components":
            factors = principal_components(self._sum, self.settings.components)
            self._start_spiking(factors, np.zeros(self.settings.neurons))
            self._sum = np.zeros(self.settings.neurons)
        elif name == "demean":
            network = self.simulation.network
            self.simulation.network = replace(network, bias=-self._sum / count)
        self.phase, self.trial = self.phase + 1, 0

    def _start_spiking(self, factors: Factors, bias: np.ndarray) -> None:
        self.factors = factors
        network = self._spiking_network(factors, bias)
        outputs, dt_ms, alpha = self.task.n_outputs, self.task.dt_ms, self.settings.alpha
        if isinstance(network.neuron, Brian2Neuron):
            self.simulation = Brian2Simulation(network, outputs, dt_ms, alpha)
            return
        noise = self._generator(_STATE, 1).normal(size=network.neurons)
        voltage = network.neuron.rest_mv + 1e-3 * noise
        self.simulation = Simulation(network, outputs, dt_ms, voltage, alpha)

    def _spiking_network(self, factors: Factors, bias: np.ndarray) -> SpikingNetwork:
        s, n = self.settings, self.settings.neurons
        rngs = {part: self._generator(_NETWORK, k) for k, part in enumerate(_PARTS)}
        spread = random_spread(n, s.rate_units, rngs["spread"], s.target_gain)
        scales = {"random_slow": s.random_slow_mv, "random_fast": s.random_fast_mv}
        random = {
            name: rngs[name.replace("_", "-")].normal(0, scale / np.sqrt(n), (n, n))
            for name, scale in scales.items()
            if scale
        }
        pool = np.sort(rngs["pool"].permutation(n)[: max(1, round(s.pool * n))])
        return SpikingNetwork(
            encoders=spread @ factors.components,
            input_weights=spread @ self.driven.network.input_weights,
            bias=bias,
            inhibition=s.inhibition_mv / n,
            pool=pool,
            connections=self._connections(pool, rngs["connections"]),
            traces=s.traces,
            neuron=s.neuron,
            **random,
        )

    def _connections(self, pool: np.ndarray, rng: np.random.Generator) -> Connections | None:
        s = self.settings
        if s.excitatory is None and s.connections is None:
            return None
        kinds = 2 if s.traces == "both" else 1
        count = max(1, round((s.connections or 1) * kinds * len(pool)))
        everything = np.tile(np.arange(kinds * len(pool)), (s.neurons, 1))
        sources = np.sort(rng.permuted(everything, axis=1)[:, :count], axis=1)
        signs = np.zeros(len(pool))
        if s.excitatory is not None:
            signs = np.where(pool < round(s.excitatory * s.neurons), 1, -1)
        return Connections(sources, np.tile(signs, kinds))

    def _learns(self, steps: int) -> np.ndarray:
        probability = self.task.dt_ms / self.settings.update_every_ms
        return self._generator(_UPDATES, self.trial).random(steps) < probability

    def _generator(self, purpose: str, *index: int) -> np.random.Generator:
        return generator(self.seed, purpose, *index)
