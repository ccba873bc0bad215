"""Initial weights with which the untrained network fires at a given rate."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from brian2 import Hz, Quantity, Synapses, have_same_dimensions

from neurotrain.errors import InvalidInput, require_whole
from neurotrain.recording import Recording
from neurotrain.seeding import generator
from neurotrain.task import Task

if TYPE_CHECKING:
    from neurotrain.circuit import Circuit

# Gains from 1/256 to 256 are tried; between two of them an octave apart, ten halvings.
_OCTAVES, _HALVINGS = 8, 10


@dataclass(frozen=True, eq=False)
class InitialRate:
    """What an untrained network does on trials of a task, and the gain that made it.

    Parameters
    ----------
    blocks : tuple of str
        Whose initial values were multiplied.
    gain : float
        By what.
    rate_hz : float
        Mean firing rate over neurons, trials and draws of the weights; NaN where most failed.
    rates_hz : (neuron,) array
        Of each neuron, mean over trials and draws.
    silent_share, blocked_share, failed_share : float
        Share of neurons without a spike on a trial, of neurons in depolarization block, and of
        trials that failed.
    """

    blocks: tuple[str, ...]
    gain: float
    rate_hz: float
    rates_hz: np.ndarray
    silent_share: float
    blocked_share: float
    failed_share: float

    def __str__(self) -> str:
        return (
            f"{self.rate_hz:.3g} Hz with gain {self.gain:.3g} of {', '.join(self.blocks)}: "
            f"{self.silent_share:.1%} of neurons silent, {self.blocked_share:.1%} in "
            f"depolarization block, {self.failed_share:.1%} of trials failed"
        )


def initialize_at_rate(
    circuit: "Circuit",
    task: Task,
    rate: Quantity,
    *,
    blocks: Iterable[str] | None = None,
    tolerance: float = 0.1,
    trials: int = 16,
    draws: int = 4,
    seed: int = 0,
    execution: str = "fused",
    threads: int | None = None,
) -> InitialRate:
    """Let training of `circuit` start from weights with which it fires at `rate` on `task`.

    The initial values of `blocks` are multiplied by one gain, that nearest to 1 which is found
    among octaves and then by bisection. All gains are tried on the same trials, from the same
    initial states, with the same random numbers for the weights.

    Parameters
    ----------
    circuit : Circuit
        Whose initial values are changed; nothing is if there is no such gain.
    task : Task
    rate : Quantity
        Mean over neurons and whole trials, such as ``10*Hz``.
    blocks : iterable of str, optional
        By default the input weights and all that is trained of synapses.
    tolerance : float
        Largest deviation from `rate`, relative to it.
    trials, draws : int
        On how many trials, with how many draws of the weights, each gain is tried.
    seed : int
        From which trials and draws follow, none of them those of a run.
    execution : str
    threads : int, optional
        As for `Circuit.simulate`.

    Raises
    ------
    InvalidInput
        If no gain gives the rate, with the nearest that was found, or an argument is wrong.
    """
    if not have_same_dimensions(rate, Hz) or not 0 < float(rate / Hz) < np.inf:
        raise InvalidInput(f"rate must be a positive firing rate such as 10*Hz, got {rate}.")
    if not 0 < tolerance < 1:
        raise InvalidInput(f"tolerance must be above 0 and below 1, got {tolerance}.")
    require_whole("trials", trials)
    require_whole("draws", draws)
    chosen = _blocks(circuit) if blocks is None else tuple(blocks)
    circuit.parameters.require(*chosen)
    gains = circuit.initial_gains
    sample = _Sample(circuit, task, chosen, trials, draws, seed, execution, threads)
    tried = []
    try:
        for found in _search(sample, float(rate / Hz)):
            tried.append(found)
            if abs(found.rate_hz - float(rate / Hz)) <= tolerance * float(rate / Hz):
                gains = {name: found.gain for name in chosen}
                return found
        raise _unreachable(tried, rate, chosen)
    finally:
        circuit.scale_initial(gains)


class _Sample:
    """Tries gains on the same trials with the same random numbers."""

    def __init__(
        self,
        circuit: "Circuit",
        task: Task,
        blocks: tuple[str, ...],
        trials: int,
        draws: int,
        seed: int,
        execution: str,
        threads: int | None,
    ) -> None:
        self.circuit, self.blocks, self.draws, self.seed = circuit, blocks, draws, seed
        self.trials = task.draw(trials, generator(seed, "rate-trials"))
        self.state = circuit.draw_initial_state(trials, generator(seed, "rate-state"))
        self.how = {"execution": execution, "threads": threads}

    def at(self, gain: float) -> InitialRate:
        """Return what the network does with a gain."""
        try:
            self.circuit.scale_initial({name: gain for name in self.blocks})
            candidates = self._candidates()
        except InvalidInput:
            # Constraints such as bounds leave no such values.
            nothing = np.full(self.circuit.n_neurons, np.nan)
            return InitialRate(self.blocks, gain, np.nan, nothing, np.nan, np.nan, 1.0)
        recording = self.circuit.simulate(candidates, self.trials, self.state, **self.how)
        return self._found(gain, recording)

    def _candidates(self) -> np.ndarray:
        space = self.circuit.parameters
        rngs = (generator(self.seed, "rate-parameters", k) for k in range(self.draws))
        return np.stack([space.draw(rng) for rng in rngs])

    def _found(self, gain: float, recording: Recording) -> InitialRate:
        failed = recording.failed
        counts = recording.spike_count.sum(axis=2)[~failed]  # (trial that did not fail, neuron)
        rates_hz = np.full(self.circuit.n_neurons, np.nan)
        if failed.mean() < 0.5:
            rates_hz = counts.mean(axis=0) / (1e-3 * self.trials.duration_ms)
        return InitialRate(
            self.blocks,
            gain,
            float(rates_hz.mean()),
            rates_hz,
            float(recording.silent_share.mean()),
            float(self.circuit.blocked_share(recording).mean()),
            float(failed.mean()),
        )


def _search(sample: _Sample, rate_hz: float) -> Iterator[InitialRate]:
    """Yield what gains give, ever nearer to the rate."""
    lower = upper = sample.at(1.0)
    yield lower
    for octave in range(1, _OCTAVES + 1):
        for outer, gain in ((upper, 2.0**octave), (lower, 2.0**-octave)):
            found = sample.at(gain)
            yield found
            if (outer.rate_hz - rate_hz) * (found.rate_hz - rate_hz) < 0:
                yield from _bisect(sample, rate_hz, outer, found)
                return
            upper, lower = (found, lower) if gain > 1 else (upper, found)


def _bisect(
    sample: _Sample, rate_hz: float, one: InitialRate, other: InitialRate
) -> Iterator[InitialRate]:
    for _ in range(_HALVINGS):
        middle = sample.at(float(np.sqrt(one.gain * other.gain)))
        yield middle
        if (one.rate_hz - rate_hz) * (middle.rate_hz - rate_hz) > 0:
            one = middle
        else:
            other = middle


def _blocks(circuit: "Circuit") -> tuple[str, ...]:
    """Return the names of input weights and of what is trained of synapses."""
    names = circuit.parameters.names
    synaptic = [isinstance(circuit.objects.get(name.split(".")[0]), Synapses) for name in names]
    chosen = tuple(
        name
        for name, is_one in zip(names, synaptic, strict=True)
        if is_one or name.startswith("input.")
    )
    if not chosen:
        raise InvalidInput("No weights are trained; name what to multiply with blocks=[...].")
    return chosen


def _unreachable(tried: list[InitialRate], rate: Quantity, blocks: tuple[str, ...]) -> InvalidInput:
    usable = [one for one in tried if np.isfinite(one.rate_hz)]
    gains = [one.gain for one in tried]
    nearest = min(usable, key=lambda one: abs(one.rate_hz - float(rate / Hz)), default="none")
    return InvalidInput(
        f"No gain from {min(gains):.3g} to {max(gains):.3g} of {', '.join(blocks)} was found to "
        f"give {float(rate / Hz):g} Hz; nearest: {nearest}. Change the constant drive of the "
        "neurons, or choose other blocks=[...]."
    )
