"""Spike trains that were recorded, as a task: a circuit is to fire as they do."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from neurotrain.adapters.fingerprint import fingerprint
from neurotrain.errors import InvalidInput, require_number, require_whole, unknown_name
from neurotrain.recorded import RecordedSpikes, recorded_spikes
from neurotrain.seeding import repeated_order
from neurotrain.task import check_task
from neurotrain.trials import Trials


@dataclass(frozen=True, kw_only=True, eq=False)
class RecordedTask:
    """The same recorded trials over and over, each as often as the others, in random orders.

    Parameters
    ----------
    recorded : Trials
        All trials; the targets are spike counts.
    tau_ms : float
        Time constant of the score: spikes closer than this count as near.

    Raises
    ------
    InvalidInput
        If `tau_ms` is no time, or there is no spike in any trial.
    """

    name: ClassVar[str] = "recorded-spikes"
    classes: ClassVar[int] = 0
    # What trains firing rates would take the counts for rates.
    usual_loss: ClassVar[str] = "van-rossum"

    recorded: Trials = field(repr=False)
    tau_ms: float = 10.0
    # By which a run that goes on recognizes its task.
    trials: str = field(init=False)

    def __post_init__(self) -> None:
        require_number("tau_ms", self.tau_ms, above=0)
        power = float((self._filtered(self.recorded.targets, self.recorded) ** 2).sum())
        if not power:
            raise InvalidInput("There is not a single spike in what was recorded.")
        # A frozen dataclass lets nobody set what follows from its fields.
        vars(self).update(_power=power / self.recorded.n_trials)
        vars(self).update(trials=fingerprint(self, self.recorded.n_trials))
        check_task(self)

    @property
    def channels(self) -> int:
        """Number of inputs."""
        return self.recorded.n_channels

    @property
    def outputs(self) -> int:
        """Number of neurons that were recorded."""
        return self.recorded.targets.shape[2]

    @property
    def varies(self) -> bool:
        """Whether trials differ from one another."""
        parts = (self.recorded.inputs, self.recorded.targets, self.recorded.counted)
        return any((part != part[:1]).any() for part in parts)

    def draw(self, n_trials: int, rng: np.random.Generator) -> Trials:
        """Return `n_trials` trials in an order drawn with `rng`."""
        require_whole("n_trials", n_trials)
        return self.recorded.select(repeated_order(self.recorded.n_trials, n_trials, rng))

    def score(self, output: np.ndarray, trials: Trials) -> np.ndarray:
        """Return how near spikes are to the recorded ones: (..., trial, bin, output) give (...).

        1 less the squared distance of van Rossum over that of silence, both within the trial: so
        1 is the recording itself and 0 on average what a silent network scores. A trial that
        failed, NaN, counts as silent.

        Raises
        ------
        InvalidInput
            If the output has another shape than the targets.
        """
        output = np.asarray(output, dtype=float)
        if output.shape[-3:] != trials.targets.shape:
            raise InvalidInput(
                f"The output must be (..., trial, bin, output) = (..., "
                f"{', '.join(map(str, trials.targets.shape))}), got shape {output.shape}."
            )
        finite = np.where(np.isfinite(output), output, 0.0)
        error = self._filtered(finite - trials.targets, trials)
        return 1 - (error**2).sum(axis=(-3, -2, -1)) / (trials.n_trials * self._power)

    def _filtered(self, counts: np.ndarray, trials: Trials) -> np.ndarray:
        """Return counts (..., trial, bin, output) where they count, after an exponential filter."""
        from scipy.signal import lfilter

        decay = np.exp(-trials.bin_ms / self.tau_ms)
        counted = np.where(trials.counted[..., np.newaxis], counts, 0.0)
        return lfilter([1.0], [1.0, -decay], counted, axis=-2)


def from_neo(
    data: Any,
    *,
    bin_ms: float = 1.0,
    cue: str | None = None,
    inputs: np.ndarray | None = None,
    tau_ms: float = 10.0,
) -> RecordedTask:
    """Return recorded spike trains as a task, for a loss such as ``'van-rossum'``.

    The targets are the spikes of each neuron in each bin, as ``'van-rossum'`` and
    ``'victor-purpura'`` take them; the first neurons of a circuit with a `SpikeTrainReadout` are
    to fire them. Of trials that end earlier than others only the bins until then count. Conditions
    are those annotations of Segments that are numbers, or texts, on all trials.

    Parameters
    ----------
    data : Block, Segment, SpikeTrain, or a sequence of them
        Of Neo, in any unit of time: a Segment is a trial, which begins with the start of its
        spike trains. The spike trains of all Segments are of the same neurons, in order.
    bin_ms : float
        Duration of a bin, in ms; a whole number of the circuit's steps.
    cue : str, optional
        An annotation of the Segments, such as the stimulus: there is an input for each of its
        values, sorted, which is 1 on the trials with this value and 0 on the others.
    inputs : (trial, bin, channel) or (bin, channel) array, optional
        What the circuit receives instead; without trials the same on all. By default there is one
        input, 1 throughout.
    tau_ms : float
        Time constant of the score, see `RecordedTask.score`.

    Raises
    ------
    InvalidInput
        If `data` is something else, such as a path; there are no spike trains or no spikes; their
        number differs between Segments; those of a Segment differ in start or stop; there is no
        such annotation; or inputs do not fit the trials.
    """
    require_number("bin_ms", bin_ms, above=0)
    spikes = recorded_spikes(data)
    counts = spikes.counts(bin_ms)
    n_bins = np.array([len(each) for each in counts])
    longest = int(n_bins.max())
    targets = np.stack([np.pad(c, ((0, longest - len(c)), (0, 0))) for c in counts]).astype(float)
    recorded = Trials(
        inputs=_inputs(spikes, cue, inputs, (len(counts), longest)),
        bin_ms=bin_ms,
        labels=None,
        periods={"decision": (0.0, longest * bin_ms)},
        conditions=spikes.conditions,
        targets=targets,
        mask=None if (n_bins == longest).all() else np.arange(longest) < n_bins[:, np.newaxis],
    )
    return RecordedTask(recorded=recorded, tau_ms=tau_ms)


def _inputs(
    spikes: RecordedSpikes, cue: str | None, inputs: np.ndarray | None, shape: tuple[int, int]
) -> np.ndarray:
    """Return the inputs of all trials, (trial, bin, channel), for (trial, bin) of `shape`."""
    if cue is not None and inputs is not None:
        raise InvalidInput("A cue makes inputs of its own; give either cue or inputs.")
    if cue is not None:
        return _cues(spikes, cue, shape)
    if inputs is None:
        return np.ones((*shape, 1))
    given = np.asarray(inputs, dtype=float)
    given = np.broadcast_to(given, (shape[0], *given.shape)) if given.ndim == 2 else given
    if given.shape[:2] != shape or given.ndim != 3 or not given.size:
        raise InvalidInput(
            f"inputs must be (trial, bin, channel) or (bin, channel) with {shape[0]} trials and "
            f"{shape[1]} bins, got shape {np.shape(inputs)}."
        )
    return given.copy()


def _cues(spikes: RecordedSpikes, cue: str, shape: tuple[int, int]) -> np.ndarray:
    if cue not in spikes.conditions:
        raise unknown_name(
            "number or text among the annotations of all segments",
            cue,
            spikes.conditions or ["none"],
        )
    values = spikes.conditions[cue]
    shown = values[:, np.newaxis] == np.unique(values)
    return np.repeat(shown[:, np.newaxis].astype(float), shape[1], axis=1)
