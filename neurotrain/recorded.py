"""Recorded spike trains and signals, as Neo holds them, as trials of plain arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from neurotrain.errors import InvalidInput, unknown_name
from neurotrain.neo_trials import NeoTrial, conditions_of, require_same, trials_of

if TYPE_CHECKING:
    import neo

# Durations that differ by rounding, in ms.
ROUNDING_MS = 1e-6


@dataclass(frozen=True)
class RecordedSpikes:
    """Spike trains of the same neurons on several trials.

    Parameters
    ----------
    times_ms : list of lists of (spike,) arrays
        Of each trial and neuron, from the start of the trial.
    duration_ms : (trial,) array
    conditions : mapping of str to (trial,) array
        The annotations that all trials have, where they are numbers or texts.
    """

    times_ms: list[list[np.ndarray]]
    duration_ms: np.ndarray
    conditions: dict[str, np.ndarray]

    @property
    def n_neurons(self) -> int:
        """Number of neurons."""
        return len(self.times_ms[0])

    def counts(self, bin_ms: float) -> list[np.ndarray]:
        """Return spikes in bins from the start of each trial, (bin, neuron), for each trial.

        A last bin that the trial does not fill is there too, so that no spike is lost.
        """
        n_bins = np.ceil(self.duration_ms / bin_ms - ROUNDING_MS).astype(int)
        return [
            np.stack([_binned(train, bin_ms, n) for train in trial], axis=1)
            for trial, n in zip(self.times_ms, n_bins, strict=True)
        ]


@dataclass(frozen=True)
class RecordedSignals:
    """Signals of the same channels on several trials.

    Parameters
    ----------
    values : list of (step, channel) arrays
        Of each trial, at steps of the same duration from its start.
    conditions : mapping of str to (trial,) array
        As for `RecordedSpikes`.
    """

    values: list[np.ndarray]
    conditions: dict[str, np.ndarray]


def recorded_spikes(data: Any) -> RecordedSpikes:
    """Return the spike trains of a Block, Segments or SpikeTrains of Neo.

    Parameters
    ----------
    data : Block, Segment, SpikeTrain, or a sequence of them
        A Segment is a trial, which begins with the start of its spike trains; SpikeTrains without
        a Segment are one trial.

    Raises
    ------
    InvalidInput
        If it is something else, such as a path; there are no spike trains, or not of the same
        neurons on all trials; those of a trial differ in start or stop, or last no time; or a
        time is not finite.
    """
    import neo

    trials = list(trials_of(data, "spiketrains", neo.SpikeTrain))
    _require_same_neurons(trials)
    windows = [trial.window_ms(ROUNDING_MS) for trial in trials]
    times = [_times_ms(*each) for each in zip(trials, windows, strict=True)]
    return RecordedSpikes(times, np.array([b - a for a, b in windows]), conditions_of(trials))


def recorded_signals(
    data: Any, dt_ms: float, names: str | Sequence[str] | None = None
) -> RecordedSignals:
    """Return the signals of a Block, Segments or AnalogSignals of Neo, at steps of `dt_ms`.

    Values between samples are interpolated. What was sampled much faster should be filtered
    before, since nothing is averaged.

    Parameters
    ----------
    data : Block, Segment, AnalogSignal, or a sequence of them
        A Segment is a trial; AnalogSignals without a Segment are one trial.
    dt_ms : float
        Time between steps.
    names : str or sequence of str, optional
        Which signals, and in what order; by default all.

    Raises
    ------
    InvalidInput
        As for `recorded_spikes`; if there is no such signal, numbers of channels differ between
        trials, units are of different kinds, or a sample is not finite.
    """
    import neo

    trials = list(trials_of(data, "analogsignals", neo.AnalogSignal))
    if names is not None:
        trials = [_named(trial, [names] if isinstance(names, str) else names) for trial in trials]
    like = trials[0].objects[0]
    values = [_sampled(trial, dt_ms, like) for trial in trials]
    for trial, each in zip(trials, values, strict=True):
        require_same("channels", trials[0].name, values[0].shape[1], trial.name, each.shape[1])
    return RecordedSignals(values, conditions_of(trials))


def _require_same_neurons(trials: Sequence[NeoTrial]) -> None:
    first = trials[0]
    names = [train.name for train in first.objects]
    for trial in trials:
        require_same("spike trains", first.name, len(names), trial.name, len(trial.objects))
        own = [train.name for train in trial.objects]
        # Names may also tell the trial, so that only the same ones in another order are an error.
        if own != names and sorted(map(str, own)) == sorted(map(str, names)):
            raise InvalidInput(
                f"The spike trains of {trial.name} have the names of those of {first.name}, in "
                "another order; sort them, since they are taken for neurons in order."
            )


def _times_ms(trial: NeoTrial, window_ms: tuple[float, float]) -> list[np.ndarray]:
    """Return the spike times of each neuron from the start of the trial."""
    start, stop = window_ms
    if stop - start <= ROUNDING_MS:
        raise InvalidInput(f"The spike trains of {trial.name} last no time.")
    times = [np.sort(train.rescale("ms").magnitude) - start for train in trial.objects]
    if not all(np.isfinite(each).all() for each in times):
        raise InvalidInput(f"A spike in {trial.name} has a time that is not finite.")
    return times


def _binned(times_ms: np.ndarray, bin_ms: float, n_bins: int) -> np.ndarray:
    # Times are sums of steps, which round; a spike on a border belongs to the later bin.
    bins = (times_ms / bin_ms + ROUNDING_MS).astype(int)
    return np.bincount(bins.clip(0, n_bins - 1), minlength=n_bins)


def _named(trial: NeoTrial, names: Sequence[str]) -> NeoTrial:
    known = {str(signal.name): signal for signal in trial.objects}
    for name in names:
        if name not in known:
            raise unknown_name(f"signal in {trial.name}", name, known)
    return NeoTrial(trial.name, [known[name] for name in names], trial.annotations)


def _sampled(trial: NeoTrial, dt_ms: float, like: "neo.AnalogSignal") -> np.ndarray:
    """Return all channels of a trial at steps, (step, channel), in the units of `like`."""
    longest_ms = max(float(each.sampling_period.rescale("ms")) for each in trial.objects)
    start, stop = trial.window_ms(max(dt_ms, longest_ms) + ROUNDING_MS)
    n_steps = int((stop - start) / dt_ms + ROUNDING_MS)
    if not n_steps:
        raise InvalidInput(
            f"The signals of {trial.name} last {stop - start:g} ms, less than a step of {dt_ms:g} "
            "ms."
        )
    at = start + np.arange(n_steps) * dt_ms
    channels = [_interpolated(each, at, like, trial.name) for each in trial.objects]
    return np.concatenate(channels, axis=1)


def _interpolated(
    signal: "neo.AnalogSignal", at_ms: np.ndarray, like: "neo.AnalogSignal", where: str
) -> np.ndarray:
    try:
        values = signal.rescale(like.units).magnitude
    except ValueError as error:
        raise InvalidInput(
            f"Signal '{signal.name}' in {where} is in {signal.dimensionality}, signal "
            f"'{like.name}' in {like.dimensionality}; choose signals of one kind by their names."
        ) from error
    if not np.isfinite(values).all():
        raise InvalidInput(f"A signal in {where} has a sample that is not finite.")
    times = signal.times.rescale("ms").magnitude
    return np.stack([np.interp(at_ms, times, channel) for channel in values.T], axis=1)
