"""Temporal exclusive-or: did two pulses last equally long?"""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import neurotrain as nt
from neurotrain.errors import InvalidInput


@dataclass(frozen=True, kw_only=True)
class TemporalXor(nt.ChoiceTask):
    """Two pulses, each short or long, come one after the other; do their durations differ?

    One signal, which is 1 during a pulse. Both durations are drawn independently with equal
    chances. Label 1: they differ, 0: they are equal; chance is 1/2, and neither pulse alone
    tells anything. Every pulse ends at the same time, so that its end does not tell its
    duration.

    Parameters
    ----------
    short_ms, long_ms : float
        The durations of a pulse.
    fixation_ms, gap_ms, delay_ms, decision_ms : float
        Durations of the other periods: before the first pulse, between the two, and after
        the second; `delay_ms` may be drawn.

    Notes
    -----
    The conditions of a trial are ``'delay_ms'``, and ``'first_ms'`` and ``'second_ms'``, the
    durations of the pulses.

    Tasks of this kind are used by DePasquale, Churchland & Abbott (2016), arXiv:1601.07620,
    and by Kim, Li & Sejnowski (2019), DOI 10.1073/pnas.1905926116, where pulses differ in
    sign; the form and the durations are our own.
    """

    name: ClassVar[str] = "temporal-xor"
    signals: ClassVar[int] = 1
    drawn: ClassVar = {"delay_ms": (0, math.inf)}

    short_ms: float = 100.0
    long_ms: float = 300.0
    fixation_ms: float = 100.0
    gap_ms: float = 300.0
    delay_ms: float | tuple[float, ...] | nt.Between = 300.0
    decision_ms: float = 500.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.short_ms < self.long_ms:
            raise InvalidInput(
                f"'short_ms' must be above 0 and less than 'long_ms', {self.long_ms:g} ms, "
                f"got {self.short_ms:g} ms."
            )
        nt.Timeline(self.bin_ms, short_pulse=self.short_ms)

    @property
    def timeline(self) -> nt.Timeline:
        """Fixation, first, gap, second, delay, decision."""
        return nt.Timeline(
            self.bin_ms,
            fixation=self.fixation_ms,
            first=self.long_ms,
            gap=self.gap_ms,
            second=self.long_ms,
            delay=self.longest("delay_ms"),
            decision=self.decision_ms,
        )

    def draw(self, n_trials: int, rng: np.random.Generator) -> nt.Trials:
        """Return `n_trials` trials drawn with `rng`; inputs are (trial, bin, channel)."""
        signals, timeline = self.begin(n_trials), self.timeline
        is_long = rng.integers(2, size=(n_trials, 2))
        delay_ms = self.draw_setting("delay_ms", n_trials, rng)
        duration_ms = np.where(is_long == 1, self.long_ms, self.short_ms)
        for pulse, period in enumerate(("first", "second")):
            stop_ms = timeline.periods[period][1]
            started = timeline.times_ms > stop_ms - duration_ms[:, pulse, np.newaxis]
            signals[:, :, 0] += started & (timeline.times_ms < stop_ms)
        signals = timeline.shortened(signals, "delay", delay_ms)
        return self.make_trials(
            signals,
            (is_long[:, 0] != is_long[:, 1]).astype(int),
            rng,
            delay_ms=delay_ms,
            first_ms=duration_ms[:, 0],
            second_ms=duration_ms[:, 1],
        )

    def _ideal(self, trials: nt.Trials) -> np.ndarray:
        noise = self.sigma / math.sqrt(self.long_ms - self.short_ms)
        # A pulse is seen as long where the mean of what only the long one has is above 1/2.
        right = nt.sign_is_right(0.5, noise)
        return right**2 + (1 - right) ** 2
