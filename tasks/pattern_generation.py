"""Pattern generation: a cue starts an oscillation, or any pattern of the user's."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

import neurotrain as nt
from neurotrain.errors import InvalidInput, require_ending, require_number, require_whole

HARMONICS = (1, 2, 3, 5)


@dataclass(frozen=True, kw_only=True)
class PatternGeneration(nt.TrajectoryTask):
    """A short cue begins each period; the outputs are to follow a pattern through it.

    By default the pattern is the sum of four sines, ``sum(sin(2*pi*k*t/period_ms))`` for k of
    1, 2, 3 and 5, divided by its maximum. All trials are the same. An output that is always
    0 scores 0.

    Parameters
    ----------
    target : (sample, output) array, optional
        A pattern of one's own, of at least 2 samples that are evenly spread over a period;
        between them it is interpolated. It may be given as a file: text with commas between
        outputs, or .npy.
    period_ms : float
        Duration of the pattern.
    periods_per_trial : int
        How often it comes in a trial.
    cue_ms, cue : float
        Duration and size of the input that begins a period.

    Notes
    -----
    Sum of sines and cue are those of DePasquale, Churchland & Abbott (2016), arXiv:1601.07620.
    """

    name: ClassVar[str] = "pattern-generation"
    signals: ClassVar[int] = 1
    varies: ClassVar[bool] = False
    file_settings: ClassVar[tuple[str, ...]] = ("target",)

    target: tuple[tuple[float, ...], ...] | str | None = None
    period_ms: float = 1000.0
    periods_per_trial: int = 2
    cue_ms: float = 50.0
    cue: float = 0.5

    def __post_init__(self) -> None:
        require_whole("periods_per_trial", self.periods_per_trial)
        require_number("cue", self.cue)
        if self.target is not None:
            object.__setattr__(self, "target", _samples(self.target))
        super().__post_init__()
        nt.Timeline(self.bin_ms, pattern=self.period_ms)
        if self.cue_ms > self.period_ms:
            raise InvalidInput(
                f"'cue_ms' must be at most the period, {self.period_ms:g} ms, got {self.cue_ms:g}."
            )

    @property
    def outputs(self) -> int:
        """As many as the target has; 1 by default."""
        return 1 if self.target is None else len(self.target[0])

    @property
    def timeline(self) -> nt.Timeline:
        """The cue of the first period, and all the rest."""
        rest_ms = self.periods_per_trial * self.period_ms - self.cue_ms
        return nt.Timeline(self.bin_ms, cue=self.cue_ms, decision=max(0.0, rest_ms))

    @property
    def pattern(self) -> np.ndarray:
        """What the outputs should do in each bin of a trial, (bin, output)."""
        phase = self.timeline.times_ms / self.period_ms
        if self.target is None:
            return _four_sines(phase)[:, np.newaxis] / _four_sines(np.arange(1000) / 1000).max()
        samples = np.array(self.target)
        known = (np.arange(len(samples)) + 0.5) / len(samples)
        return np.stack([np.interp(phase, known, each, period=1) for each in samples.T], axis=1)

    def draw(self, n_trials: int, rng: np.random.Generator) -> nt.Trials:
        """Return `n_trials` equal trials; inputs are (trial, bin, channel)."""
        signals = self.begin(n_trials)
        in_period_ms = self.timeline.times_ms % self.period_ms
        signals[:, in_period_ms < self.cue_ms] = self.cue
        targets = np.tile(self.pattern, (n_trials, 1, 1))
        return self.make_trials(signals, targets, rng)

    def _ideal(self, trials: nt.Trials) -> float | None:
        return None if self.sigma else 1.0


def _four_sines(phase: np.ndarray) -> np.ndarray:
    return sum(np.sin(2 * np.pi * k * phase) for k in HARMONICS)


def _samples(target: object) -> tuple[tuple[float, ...], ...]:
    """Return a target, or what a file holds, as (sample, output) tuples."""
    try:
        samples = np.asarray(_read(Path(target)) if isinstance(target, str) else target, float)
    except (OSError, ValueError, TypeError) as error:
        raise InvalidInput(f"The target cannot be read as an array of numbers: {error}") from error
    samples = samples[:, np.newaxis] if samples.ndim == 1 else samples
    if samples.ndim != 2 or len(samples) < 2 or not samples.shape[1]:
        raise InvalidInput(f"The target must be (sample, output), got shape {samples.shape}.")
    if not np.isfinite(samples).all() or not samples.any():
        raise InvalidInput("The target must hold finite numbers that are not all zero.")
    return tuple(map(tuple, samples.tolist()))


def _read(path: Path) -> np.ndarray:
    require_ending(path)
    if path.suffix == ".npy":
        return np.load(path, allow_pickle=False)
    return np.loadtxt(path, delimiter=",", ndmin=2)
