"""Delayed comparison: which of two frequencies of vibration was the higher one?"""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import neurotrain as nt
from neurotrain.errors import InvalidInput, require_number

PAIRS = ((18.0, 10.0), (22.0, 14.0), (26.0, 18.0), (30.0, 22.0), (34.0, 26.0))


@dataclass(frozen=True, kw_only=True)
class DelayedComparison(nt.ChoiceTask):
    """Two frequencies are felt one after the other; the first or the second was higher.

    The only signal is the frequency, scaled so that the lowest of all pairs is 0.5 and the
    highest 1. Pair and order are drawn with equal chances. Label 1: the first was higher,
    0: the second. Chance is 1/2. The first is to be remembered as a graded value: among
    the pairs most frequencies are now the higher and now the lower one.

    Parameters
    ----------
    pairs : tuple of (float, float)
        Frequencies in Hz that are compared, in either order.
    fixation_ms, first_ms, delay_ms, second_ms, decision_ms : float
        Durations of the periods; `delay_ms` may be drawn.

    Notes
    -----
    The conditions of a trial are ``'difference'``, first minus second in Hz, ``'first'``
    in Hz, and ``'delay_ms'``.

    The task of Romo, Brody, Hernandez & Lemus (1999), DOI 10.1038/20939; pairs and durations
    are those of NeuroGym's DelayComparison.
    """

    name: ClassVar[str] = "delayed-comparison"
    signals: ClassVar[int] = 1
    drawn: ClassVar = {"delay_ms": (0, math.inf)}

    pairs: tuple[tuple[float, float], ...] = PAIRS
    fixation_ms: float = 500.0
    first_ms: float = 500.0
    delay_ms: float | tuple[float, ...] | nt.Between = 1000.0
    second_ms: float = 500.0
    decision_ms: float = 100.0
    sigma: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        pairs = self.pairs if isinstance(self.pairs, tuple) else ()
        if not pairs or any(not isinstance(p, tuple) or len(p) != 2 or p[0] == p[1] for p in pairs):
            raise InvalidInput(f"'pairs' must hold pairs of different numbers, got {self.pairs!r}.")
        for pair in pairs:
            for frequency in pair:
                require_number("pairs", frequency, above=0)

    @property
    def timeline(self) -> nt.Timeline:
        """Fixation, first, delay, second, decision."""
        return nt.Timeline(
            self.bin_ms,
            fixation=self.fixation_ms,
            first=self.first_ms,
            delay=self.longest("delay_ms"),
            second=self.second_ms,
            decision=self.decision_ms,
        )

    @property
    def signal_per_hz(self) -> float:
        """By how much the signal grows with the frequency."""
        return 0.5 / float(np.ptp(self.pairs))

    def draw(self, n_trials: int, rng: np.random.Generator) -> nt.Trials:
        """Return `n_trials` trials drawn with `rng`; inputs are (trial, bin, channel)."""
        signals, timeline = self.begin(n_trials), self.timeline
        labels = rng.integers(2, size=n_trials)
        pair = np.sort(self.pairs, axis=1)[rng.integers(len(self.pairs), size=n_trials)]
        delay_ms = self.draw_setting("delay_ms", n_trials, rng)
        ordered = np.where(labels[:, np.newaxis] == 1, pair[:, ::-1], pair)
        shown = 0.5 + self.signal_per_hz * (ordered - np.min(self.pairs))
        signals[:, timeline.bins("first")] = shown[:, :1, np.newaxis]
        signals[:, timeline.bins("second")] = shown[:, 1:, np.newaxis]
        signals = timeline.shortened(signals, "delay", delay_ms)
        conditions = {"difference": ordered[:, 0] - ordered[:, 1], "first": ordered[:, 0]}
        return self.make_trials(signals, labels, rng, **conditions, delay_ms=delay_ms)

    def _ideal(self, trials: nt.Trials) -> np.ndarray:
        # Comparing the two means is optimal, since each pair comes in both orders.
        noise = self.sigma * math.sqrt(1 / self.first_ms + 1 / self.second_ms)
        return nt.sign_is_right(self.signal_per_hz * trials.conditions["difference"], noise)
