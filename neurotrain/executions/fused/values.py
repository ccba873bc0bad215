"""Everything that a Program needs to run, in SI units."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Table:
    """Values of a TimedArray (row[, column]) or cumulative probabilities (row,)."""

    values: np.ndarray
    epsilon: float = 1.0
    factor: float = 1.0


@dataclass(frozen=True)
class Connections:
    """The synapses of a sum.

    Parameters
    ----------
    pre, post : (synapse,) int32 array
        Where each begins and ends, from the first element of either side.
    first_pre, n_pre, first_post, n_post : int
        Which elements the sides are.
    """

    pre: np.ndarray
    post: np.ndarray
    first_pre: int
    n_pre: int
    first_post: int
    n_post: int


@dataclass(frozen=True)
class Queue:
    """The synapses of a pathway.

    Parameters
    ----------
    sources : (synapse,) int array
        The element whose event each synapse carries.
    delays : (synapse,) int array
        In steps of the pathway's clock.
    n_sources : int
    pending : (item, 2) int array
        Step, from the beginning, and synapse of what is under way.
    """

    sources: np.ndarray
    delays: np.ndarray
    n_sources: int
    pending: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), int))

    @property
    def longest(self) -> int:
        """The longest delay."""
        return int(self.delays.max()) if len(self.delays) else 0


@dataclass(frozen=True)
class Clock:
    """A clock that ticks every so many steps, from the step `offset` on.

    `first` is how many times it has ticked before, `ticks` how many times it will.
    """

    dt: float
    every: int
    offset: int
    first: int
    ticks: int

    @property
    def step_dt(self) -> float:
        """Duration of a step."""
        return self.dt / self.every

    @property
    def first_step(self) -> int:
        """How many steps there were before."""
        return self.first * self.every - self.offset


@dataclass(frozen=True)
class Generator:
    """Events that are given.

    Parameters
    ----------
    ticks, elements : (item,) int array
        When, in ticks since Brian2's time was 0, and to which element.
    period : int
        After how many ticks they come again; 0 for never.
    clock : int
        Position of the clock that counts.
    """

    ticks: np.ndarray
    elements: np.ndarray
    period: int
    clock: int

    def events(self, clock: Clock) -> np.ndarray:
        """Return tick, from the beginning, and element of all events, (item, 2)."""
        if self.period:
            last = (clock.first + clock.ticks) // self.period
            turns = np.arange(clock.first // self.period, last + 1)
            ticks = (self.ticks + self.period * turns[:, np.newaxis]).ravel() - clock.first
            elements = np.tile(self.elements, len(turns))
        else:
            ticks, elements = self.ticks - clock.first, self.elements
        within = (ticks >= 0) & (ticks < clock.ticks)
        return np.stack([ticks[within], elements[within]], axis=1)


@dataclass(frozen=True)
class Chosen:
    """Elements that are sampled every so many ticks (0 for never)."""

    elements: np.ndarray
    every: int
    n_samples: int


@dataclass(frozen=True)
class Values:
    """Values of a program, for P candidates and B trials; a 1 in their place means all.

    Parameters
    ----------
    constants : mapping of str to float
    sizes : tuple of int
        Number of elements of each owner.
    arrays : mapping of str to array
        States and inputs (candidate, trial, element), parameters (candidate, 1, element),
        positions (element,).
    inputs : (trial, input bin, channel) array
    input_weights : (candidate, element, channel) array
    keys : (candidate, trial) uint64 array
        What the noise of each trial is made from.
    clocks, connections, queues, logged, chosen : tuple
        By position.
    tables : mapping of str to Table
        By function.
    generated : mapping of str to (item, 2) int array
        By event, tick and element.
    before : mapping of str to (item,) int array
        By event, the elements that it happened to in the last step before the run.
    """

    constants: Mapping[str, float]
    sizes: tuple[int, ...]
    arrays: Mapping[str, np.ndarray]
    inputs: np.ndarray
    input_weights: np.ndarray
    keys: np.ndarray
    clocks: tuple[Clock, ...]
    connections: tuple[Connections, ...] = ()
    queues: tuple[Queue, ...] = ()
    logged: tuple[tuple[int, int], ...] = ()
    chosen: tuple[Chosen, ...] = ()
    tables: Mapping[str, Table] = field(default_factory=dict)
    generated: Mapping[str, np.ndarray] = field(default_factory=dict)
    before: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def n_candidates(self) -> int:
        """Number of candidates."""
        arrays = [a for a in self.arrays.values() if a.ndim == 3]
        return max(len(a) for a in (*arrays, self.input_weights, self.keys))

    @property
    def n_trials(self) -> int:
        """Number of trials."""
        return len(self.inputs)


@dataclass(frozen=True)
class Span:
    """How long to simulate, in steps, and what to keep.

    Parameters
    ----------
    n_steps : int
    first_step : int
        How many steps were simulated before.
    steps_per_input : int
        How long an input bin lasts.
    bin_stops : tuple of int
        The step after the last one of each bin in which spikes are counted.
    average : (start, stop)
        The steps over which the averaged sample is averaged.
    ends_failed : bool
        Whether a trial may end once a state is non-finite.
    keeps_states : bool
        Whether to give back the last values of all states, and the last events.
    trial_seconds : float
        Most processor time of a candidate for each of its trials; 0 for no limit.
    """

    n_steps: int
    first_step: int = 0
    steps_per_input: int = 1
    bin_stops: tuple[int, ...] = ()
    average: tuple[int, int] = (0, 0)
    ends_failed: bool = True
    keeps_states: bool = False
    trial_seconds: float = 0.0
