"""Perceptual decision: into which of two directions do the dots move?"""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import neurotrain as nt


@dataclass(frozen=True, kw_only=True)
class PerceptualDecision(nt.ChoiceTask):
    """Moving dots, of which only some move together: which of two directions?

    Two signals stand for the two directions, ``0.5 + coherence/200`` and
    ``0.5 - coherence/200``, in noise. The label is the direction with the larger mean, drawn
    with equal chances, also where the coherence is 0; chance is 1/2.

    Parameters
    ----------
    coherence : float
        In percent; **difficulty**. May be drawn.
    fixation_ms, stimulus_ms, delay_ms, decision_ms : float
        Durations of the periods; `delay_ms` may be drawn.

    Notes
    -----
    The conditions of a trial are ``'coherence'`` and ``'delay_ms'``.

    The task of Britten, Shadlen, Newsome & Movshon (1992),
    DOI 10.1523/JNEUROSCI.12-12-04745.1992; signals, coherences and durations are those of
    NeuroGym's PerceptualDecisionMaking.
    """

    name: ClassVar[str] = "perceptual-decision"
    signals: ClassVar[int] = 2
    drawn: ClassVar = {"coherence": (0, 100), "delay_ms": (0, math.inf)}

    coherence: float | tuple[float, ...] | nt.Between = (0.0, 6.4, 12.8, 25.6, 51.2)
    fixation_ms: float = 100.0
    stimulus_ms: float = 2000.0
    delay_ms: float | tuple[float, ...] | nt.Between = 0.0
    decision_ms: float = 100.0
    sigma: float = 1.0

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
        labels = rng.integers(2, size=n_trials)
        coherence = self.draw_setting("coherence", n_trials, rng)
        delay_ms = self.draw_setting("delay_ms", n_trials, rng)
        sign = np.where(labels[:, np.newaxis] == [0, 1], 1, -1)  # (trial, direction)
        strength = 0.5 + sign * coherence[:, np.newaxis] / 200
        signals[:, timeline.bins("stimulus")] = strength[:, np.newaxis]
        signals = timeline.shortened(signals, "delay", delay_ms)
        return self.make_trials(signals, labels, rng, coherence=coherence, delay_ms=delay_ms)

    def _ideal(self, trials: nt.Trials) -> np.ndarray:
        noise = self.sigma * math.sqrt(2 / self.stimulus_ms)
        return nt.sign_is_right(trials.conditions["coherence"] / 100, noise)
