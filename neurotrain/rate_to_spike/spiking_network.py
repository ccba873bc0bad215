"""What is fixed in a spiking network of low-rank feedback."""

from dataclasses import dataclass, field

import numpy as np

from neurotrain.errors import InvalidInput, require_number
from neurotrain.rate_to_spike.brian2_neuron import Brian2Neuron
from neurotrain.rate_to_spike.lif import LifNeuron

TRACES = ("slow", "fast", "both")


@dataclass(frozen=True, eq=False)
class Connections:
    """Which traces each neuron receives, and with which sign.

    Parameters
    ----------
    sources : (neuron, source) int array
        Of each neuron the regressors that reach it, each once.
    signs : (regressor,) array
        1 if its weights are positive or zero, -1 if negative or zero, 0 if they may be either.
    """

    sources: np.ndarray
    signs: np.ndarray

    def __post_init__(self) -> None:
        n = len(self.signs)
        ordered = np.sort(self.sources, axis=1)
        within = ordered.size and ordered[:, 0].min() >= 0 and ordered[:, -1].max() < n
        if not within or (np.diff(ordered, axis=1) == 0).any():
            raise InvalidInput(
                f"sources must name some of {n} regressors for each neuron, each at most once."
            )
        if not np.isin(self.signs, (-1, 0, 1)).all():
            raise InvalidInput("signs must be 1, -1 or 0.")


@dataclass(frozen=True, eq=False)
class SpikingNetwork:
    """Everything that training leaves as it is; currents in mV.

    Parameters
    ----------
    encoders : (neuron, factor) array
        What a factor adds to each neuron's current.
    input_weights : (neuron, input) array
    bias : (neuron,) array
        Constant currents.
    inhibition : float
        What every spike of a neuron that is not excitatory adds to the current of all neurons,
        decaying as fast synapses do.
    random_slow, random_fast : (neuron, neuron) array, optional
        Weights to each neuron (row) from each neuron (column) that stay as they are.
    pool : (pool,) int array
        The neurons whose traces are read out and fed back.
    traces : {'slow', 'fast', 'both'}
        Which of their synaptic traces.
    neuron : LifNeuron or Brian2Neuron
    connections : Connections, optional
        With these, each neuron learns the weights of its own inputs; without, all weights are
        learned through the factors.
    excitatory : int
        How many neurons, the first ones, take no part in the inhibition of all.
    """

    encoders: np.ndarray
    input_weights: np.ndarray
    bias: np.ndarray
    inhibition: float
    pool: np.ndarray
    traces: str = "slow"
    random_slow: np.ndarray | None = None
    random_fast: np.ndarray | None = None
    neuron: LifNeuron | Brian2Neuron = field(default_factory=LifNeuron)
    connections: Connections | None = None
    excitatory: int = 0

    def __post_init__(self) -> None:
        n = len(self.encoders)
        require_number("inhibition", self.inhibition)
        if self.traces not in TRACES:
            raise InvalidInput(f"traces must be one of {', '.join(TRACES)}, got {self.traces!r}.")
        square, rows = (n, n), (n,)
        shapes = {"bias": rows, "random_slow": square, "random_fast": square}
        for name in ("encoders", "input_weights", *shapes):
            if getattr(self, name) is None:
                continue
            array = np.array(getattr(self, name), float, order="C")
            array.setflags(write=False)
            object.__setattr__(self, name, array)
            if array.shape != shapes.get(name, (n, array.shape[-1])):
                raise InvalidInput(
                    f"{name} must have a row for each of {n} neurons, got shape {array.shape}."
                )
        object.__setattr__(self, "pool", _checked_pool(self.pool, n))

    @property
    def neurons(self) -> int:
        """How many neurons there are."""
        return len(self.encoders)

    @property
    def factors(self) -> int:
        """How many currents are fed back."""
        return self.encoders.shape[1]

    @property
    def regressors(self) -> int:
        """How many traces are read out: those of the pool, the slow ones before the fast ones."""
        return len(self.pool) * (2 if self.traces == "both" else 1)

    def by_neuron(self, decoders: np.ndarray) -> dict[str, np.ndarray]:
        """Return decoders (row, regressor) as (row, neuron), for each kind of trace."""
        kinds = ("slow", "fast") if self.traces == "both" else (self.traces,)
        parts = np.split(decoders, len(kinds), axis=1)
        whole = {kind: np.zeros((len(decoders), self.neurons)) for kind in kinds}
        for kind, part in zip(kinds, parts, strict=True):
            whole[kind][:, self.pool] = part
        return whole


def _checked_pool(pool: np.ndarray, neurons: int) -> np.ndarray:
    pool = np.array(pool)
    whole = pool.ndim == 1 and pool.size and np.issubdtype(pool.dtype, np.integer)
    inside = whole and pool.min() >= 0 and pool.max() < neurons
    if not inside or len(np.unique(pool)) < len(pool):
        raise InvalidInput(
            f"pool must name neurons between 0 and {neurons - 1}, each once and at least one."
        )
    pool.setflags(write=False)
    return pool
