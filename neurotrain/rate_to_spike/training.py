"""The phases of a training from rates to spikes: components, demeaning, training, test."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from neurotrain.errors import InvalidInput, require_whole
from neurotrain.kept_training import part_of
from neurotrain.rate_to_spike.brian2_network import Brian2Network, brian2_network
from neurotrain.rate_to_spike.brian2_simulation import Brian2Simulation
from neurotrain.rate_to_spike.drawn_networks import PARTS, draw_network, draw_targets
from neurotrain.rate_to_spike.factors import Factors, principal_components
from neurotrain.rate_to_spike.measures import nmse
from neurotrain.rate_to_spike.settings import Settings
from neurotrain.rate_to_spike.signals import Signals
from neurotrain.rate_to_spike.simulation import Stretch
from neurotrain.rate_to_spike.simulations import AnySimulation, make_simulation
from neurotrain.rate_to_spike.target_task import TargetTask
from neurotrain.seeding import generator

# The numbers are part of a run's randomness: append, never renumber.
PHASES = ("components", "demean", "training", "test", "further")
_NETWORK, _TRIALS = "rate-to-spike-network", "rate-to-spike-trials"
_STATE, _UPDATES = "rate-to-spike-state", "rate-to-spike-updates"


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

    @property
    def factor_nmse(self) -> np.ndarray:
        """The same of the factors (trial,), over all steps."""
        error = (self.stretch.factors - self.wanted_factors) ** 2
        parts = [self.signals.split(each) for each in (error, self.wanted_factors**2)]
        sums = [np.array([part.sum() for part in each]) for each in parts]
        return np.divide(*sums, out=np.full(len(sums[1]), np.nan), where=sums[1] > 0)


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
        self.targets = draw_targets(task, settings, self._part, self._generator(_STATE, 0))
        self.factors: Factors | None = None
        self.simulation: AnySimulation | None = None
        self._sum = np.zeros((self.targets.spread.shape[1],) * 2)

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
            currents = self.targets.source.currents(signals)
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
        factors = self.factors.project(self.targets.source.currents(signals))
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
            **{f"source.{name}": each for name, each in self.targets.source.state_dict().items()},
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
        self.targets.source.load_state_dict(part_of(state, "source."))
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
        network = draw_network(self.settings, self.targets, factors, bias, self._part)
        outputs, dt_ms, alpha = self.task.n_outputs, self.task.dt_ms, self.settings.alpha
        rng = self._generator(_STATE, 1)
        self.simulation = make_simulation(network, outputs, dt_ms, alpha, rng)

    def _learns(self, steps: int) -> np.ndarray:
        probability = self.task.dt_ms / self.settings.update_every_ms
        return self._generator(_UPDATES, self.trial).random(steps) < probability

    def _part(self, name: str) -> np.random.Generator:
        return self._generator(_NETWORK, PARTS.index(name))

    def _generator(self, purpose: str, *index: int) -> np.random.Generator:
        return generator(self.seed, purpose, *index)
