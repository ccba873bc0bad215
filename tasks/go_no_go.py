"""Go/no-go: respond to one stimulus, and not to the other."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import neurotrain as nt
from neurotrain.errors import require_number


@dataclass(frozen=True, kw_only=True)
class GoNoGo(nt.ChoiceTask):
    """One of two stimuli is shown; after a delay the subject goes, or does not.

    Each stimulus has a signal of its own, which is 1 while it is shown. Label 0 is go and 1
    is no-go, a choice like any other: to choose neither is wrong. Chance is the share of the
    more frequent stimulus, 1/2 by default.

    Parameters
    ----------
    go_share : float
        Share of trials with the go stimulus.
    fixation_ms, stimulus_ms, delay_ms, decision_ms : float
        Durations of the periods; `delay_ms` may be drawn.

    Notes
    -----
    The condition of a trial is ``'delay_ms'``.

    The task of Zhang et al. (2019), DOI 10.7554/eLife.43191, with the durations of NeuroGym's
    GoNogo and a fixation of our own, so that networks come to rest.
    """

    name: ClassVar[str] = "go-no-go"
    signals: ClassVar[int] = 2
    drawn: ClassVar = {"delay_ms": (0, math.inf)}

    go_share: float = 0.5
    fixation_ms: float = 100.0
    stimulus_ms: float = 500.0
    delay_ms: float | tuple[float, ...] | nt.Between = 500.0
    decision_ms: float = 500.0

    def __post_init__(self) -> None:
        super().__post_init__()
        require_number("go_share", self.go_share, least=0, most=1)

    @property
    def timeline(self) -> nt.Timeline:
        """Fixation, stimulus, delay, decision."""
        return nt.Timeline(
            self.bin_ms,
            fixation=self.fixation_ms,
            stimulus=self.stimulus_ms,
            delay=self.longest("delay_ms"),
            decision=self.decision_ms,
        )

    def draw(self, n_trials: int, rng: np.random.Generator) -> nt.Trials:
        """Return `n_trials` trials drawn with `rng`; inputs are (trial, bin, channel)."""
        signals, timeline = self.begin(n_trials), self.timeline
        labels = (rng.random(n_trials) >= self.go_share).astype(int)
        delay_ms = self.draw_setting("delay_ms", n_trials, rng)
        signals[:, timeline.bins("stimulus")] = np.eye(2)[labels][:, np.newaxis]
        signals = timeline.shortened(signals, "delay", delay_ms)
        return self.make_trials(signals, labels, rng, delay_ms=delay_ms)

    def _ideal(self, trials: nt.Trials) -> np.ndarray | float | None:
        if self.go_share != 0.5:
            return None if self.sigma else 1.0
        return nt.sign_is_right(1.0, self.sigma * math.sqrt(2 / self.stimulus_ms))
