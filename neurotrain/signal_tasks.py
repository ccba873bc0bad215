"""What tasks of a few signals in time share: settings, noise, encoding, score."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np

from neurotrain.drawn import draw_values, ends, require_drawn, settled
from neurotrain.encoders import Encoder, make_encoders, require_no_loss
from neurotrain.errors import InvalidInput, require_number, require_whole
from neurotrain.scoring import score_choices, score_trajectories
from neurotrain.timeline import Timeline, whole_bins
from neurotrain.trials import Trials


@dataclass(frozen=True, kw_only=True)
class SignalTask(ABC):
    """A task that shows some signals in time, through encoders, to the network.

    A setting whose name ends in ``_ms`` is a duration; lists become tuples, and tables
    ``{low, high}`` become `Between`.

    Parameters
    ----------
    bin_ms : float
        Duration of a bin, in which inputs are constant, in ms.
    sigma : float
        Noise of each signal, white and Gaussian, in units of the signal times the square
        root of a ms: it has a standard deviation of ``sigma/sqrt(bin_ms)`` in a bin.
    encoder : encoders
        From signals to input channels, in order; one, or several of `Current`,
        `PoissonSpikes`, `PopulationCode`, or their names. By default signals are currents.

    Attributes
    ----------
    signals : int
        Number of signals.
    signed : bool
        Whether signals go below zero.
    drawn : mapping of str to (least, most)
        Settings that may be drawn anew on each trial, and within which bounds.
    varies : bool
        Whether trials differ, also without noise.
    """

    name: ClassVar[str]
    signals: ClassVar[int]
    signed: ClassVar[bool] = False
    drawn: ClassVar[Mapping[str, tuple[float, float]]] = {}
    varies: ClassVar[bool] = True

    bin_ms: float = 10.0
    sigma: float = 0.0
    encoder: Encoder | str | Mapping | tuple = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "encoder", make_encoders(self.encoder))
        require_number("bin_ms", self.bin_ms, above=0)
        require_number("sigma", self.sigma, least=0)
        for field in fields(self):
            self._settle(field.name)
        if self.signed:
            require_no_loss(self.encoder)
        if "decision" not in self.timeline.periods:
            raise InvalidInput(f"Task '{self.name}' needs a decision period of at least one bin.")

    def _settle(self, name: str) -> None:
        try:
            value = settled(getattr(self, name))
        except InvalidInput as error:
            raise InvalidInput(f"'{name}': {error}") from error
        object.__setattr__(self, name, value)
        if name in self.drawn:
            require_drawn(name, value, *self.drawn[name])
            if name.endswith("_ms"):
                for each in ends(value):
                    whole_bins(each, self.bin_ms, f"'{name}'")
        elif name.endswith("_ms"):
            require_number(name, value, least=0)

    @property
    @abstractmethod
    def timeline(self) -> Timeline:
        """The periods of a trial; of those that are drawn, the longest."""

    @abstractmethod
    def draw(self, n_trials: int, rng: np.random.Generator) -> Trials:
        """Return `n_trials` trials drawn with `rng`; inputs are (trial, bin, channel)."""

    @property
    def channels(self) -> int:
        """Number of input channels."""
        n_channels = self.signals
        for encoder in self.encoder:
            n_channels = encoder.n_channels(n_channels)
        return n_channels

    @property
    def periods(self) -> Mapping[str, tuple[float, float]]:
        """Start and stop of each period, in ms."""
        return self.timeline.periods

    def longest(self, setting: str) -> float:
        """Return the largest value that a setting may have."""
        return max(ends(getattr(self, setting)))

    def shortest(self, setting: str) -> float:
        """Return the smallest value that a setting may have."""
        return min(ends(getattr(self, setting)))

    def draw_setting(self, setting: str, n_trials: int, rng: np.random.Generator) -> np.ndarray:
        """Return a value of a setting for each trial, (trial,); durations in whole bins."""
        step = self.bin_ms if setting.endswith("_ms") else None
        return draw_values(getattr(self, setting), n_trials, rng, step)

    def begin(self, n_trials: int) -> np.ndarray:
        """Return (trial, bin, signal) zeros to write the signals into."""
        require_whole("n_trials", n_trials, 1)
        return self.timeline.zeros(n_trials, self.signals)

    def encoded(self, signals: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return the inputs, (trial, bin, channel): signals with noise, encoded."""
        if self.sigma:
            signals = signals + rng.normal(0.0, self.sigma / self.bin_ms**0.5, signals.shape)
        for encoder in self.encoder:
            signals = encoder.encode(signals, self.bin_ms, rng)
        return signals

    def ideal_score(self, trials: Trials) -> float | None:
        """Return what an observer would score who knows the task and forgets nothing.

        None where no formula is known.
        """
        if any(encoder.is_random for encoder in self.encoder):
            return None
        probability = self._ideal(trials)
        return None if probability is None else float(np.mean(probability))

    def _ideal(self, trials: Trials) -> np.ndarray | float | None:
        """Return the ideal observer's score, or its probability on each trial."""
        return None


@dataclass(frozen=True, kw_only=True)
class ChoiceTask(SignalTask):
    """A task in which one of several classes is to be chosen in the decision period.

    A task of one's own sets `name`, `signals`, `classes`, and writes `timeline` and `draw`,
    which ends with `make_trials`. The settings are those of `SignalTask`.

    Attributes
    ----------
    classes : int
        Number of classes.
    """

    classes: ClassVar[int] = 2

    def make_trials(
        self,
        signals: np.ndarray,
        labels: np.ndarray,
        rng: np.random.Generator,
        **conditions: np.ndarray,
    ) -> Trials:
        """Return the trials of (trial, bin, signal) signals, with noise, and encoded.

        Raises
        ------
        InvalidInput
            If a label is not one of the classes.
        """
        if labels.min() < 0 or labels.max() >= self.classes:
            raise InvalidInput(
                f"Labels of task '{self.name}' must be 0 to {self.classes - 1}, "
                f"got {labels.min()} to {labels.max()}."
            )
        inputs = self.encoded(signals, rng)
        return Trials(inputs, self.bin_ms, labels, self.periods, conditions)

    def score(self, decisions: np.ndarray, trials: Trials) -> np.ndarray:
        """Return the share of correct choices, as `score_choices`."""
        return score_choices(decisions, trials)


@dataclass(frozen=True, kw_only=True)
class TrajectoryTask(SignalTask):
    """A task in which outputs are to follow targets in time.

    A task of one's own sets `name`, `signals`, `outputs`, and writes `timeline` and `draw`,
    which ends with `make_trials`. The settings are those of `SignalTask`.

    Attributes
    ----------
    outputs : int
        Number of outputs.
    """

    classes: ClassVar[int] = 0
    outputs: ClassVar[int] = 1

    def make_trials(
        self,
        signals: np.ndarray,
        targets: np.ndarray,
        rng: np.random.Generator,
        mask: np.ndarray | None = None,
        **conditions: np.ndarray,
    ) -> Trials:
        """Return the trials of (trial, bin, signal) signals, with noise, and encoded.

        Parameters
        ----------
        targets : (trial, bin, output) array
            What the outputs should do.
        mask : (trial, bin) bool array, optional
            Which bins count; by default all.
        """
        inputs = self.encoded(signals, rng)
        periods = self.periods
        return Trials(inputs, self.bin_ms, None, periods, conditions, targets, mask)

    def score(self, output: np.ndarray, trials: Trials) -> np.ndarray:
        """Return 1 minus the normalized squared error, as `score_trajectories`."""
        return score_trajectories(output, trials)
