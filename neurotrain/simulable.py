"""What can be simulated on trials: a circuit, or its snapshot on another machine."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from neurotrain.description import NOISE_SEED
from neurotrain.distributions import Distribution
from neurotrain.inputs import Input
from neurotrain.parameters.space import ParameterSpace
from neurotrain.readouts import Readout
from neurotrain.recording import Recording
from neurotrain.trials import Trials


@dataclass(frozen=True)
class Blocked:
    """When a neuron counts as in depolarization block: `variable` stays above `level`."""

    variable: str
    level: float


class Simulable(ABC):
    """A network with trained parameters, inputs and a readout.

    Attributes
    ----------
    parameters : ParameterSpace
    readout : Readout
    inputs : Input or None
    initial : mapping of str to Distribution
        States that begin every trial at random.
    blocked : Blocked or None
    n_neurons : int
        Of those that inputs reach and that are read out.
    dt_ms : float
        Duration of a step, in ms.
    states : tuple of str
        Variables that the network itself changes.
    is_stochastic : bool
        Whether random numbers are drawn while the network runs.
    fingerprint : str
        A digest of all that decides what it does.
    """

    parameters: ParameterSpace
    readout: Readout
    inputs: Input | None
    initial: Mapping[str, Distribution]
    blocked: Blocked | None
    n_neurons: int
    dt_ms: float
    states: tuple[str, ...]
    is_stochastic: bool
    fingerprint: str

    @abstractmethod
    def beginning(self, state: str) -> np.ndarray:
        """Return where a state begins unless it is drawn, (neuron,), in SI units."""

    @property
    def channels(self) -> int:
        """Number of input channels."""
        return self.inputs.channels if self.inputs else 0

    @property
    def observed(self) -> tuple[str, ...]:
        """Variables that every simulation averages over the decision period."""
        blocked = (self.blocked.variable,) if self.blocked else ()
        read = (*self.readout.observed, *self.readout.sampled)
        return tuple(dict.fromkeys((*read, *blocked)))

    def draw_initial_state(self, n_trials: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Return where every state begins, each (trial, neuron), in SI units.

        For a network with noise there is one more item, the seed of the noise of each trial.
        """
        state = {}
        for name in self.states:
            begins = self.beginning(name)
            shape = (n_trials, len(begins))
            if name in self.initial:
                state[name] = self.initial[name].draw(shape, rng)
            else:
                state[name] = np.broadcast_to(begins, shape).copy()
        if self.is_stochastic:
            state[NOISE_SEED] = rng.integers(2**64, size=n_trials, dtype=np.uint64)
        return state

    def simulate(
        self,
        candidates: np.ndarray,
        trials: Trials,
        initial_state: Mapping[str, np.ndarray],
        *,
        execution: str = "fused",
        threads: int | None = None,
        states: Iterable[str] = (),
        sample_ms: float | None = None,
        bins_ms: Iterable[float] | None = None,
        trial_seconds: float | None = None,
    ) -> Recording:
        """Simulate candidates (candidate, parameter) on trials; see `neurotrain.simulation`."""
        from neurotrain.simulation import simulate

        return simulate(
            self,
            candidates,
            trials,
            initial_state,
            execution=execution,
            threads=threads,
            states=tuple(states),
            sample_ms=sample_ms,
            bins_ms=bins_ms,
            trial_seconds=trial_seconds,
        )

    def blocked_share(self, recording: Recording) -> np.ndarray:
        """Share of neurons in depolarization block on a trial, (candidate,).

        Such a neuron spikes at most once in the trial, and on average over the
        decision period lies above the level.
        """
        if self.blocked is None:
            return np.zeros(len(recording.failed))
        return recording.blocked.mean(axis=(1, 2))
