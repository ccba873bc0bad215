"""Context-dependent integration: decide on motion or on color, as the context says."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import neurotrain as nt

MOTION, COLOR, CONTEXT = slice(0, 2), slice(2, 4), slice(4, 6)


@dataclass(frozen=True, kw_only=True)
class ContextDependentIntegration(nt.ChoiceTask):
    """Dots have a direction and a color; the context says which of the two is to be judged.

    Six signals: two for motion and two for color, each ``0.5 + coherence/200`` for the side
    that is shown and ``0.5 - coherence/200`` for the other, and one for each context, which
    is 1 for the whole trial. Context, both sides and both coherences are drawn
    independently; the label is the side of what the context names, 0 or 1. Chance is 1/2,
    and so is the score of who always judges motion on the trials that are not congruent.

    Parameters
    ----------
    coherence : float
        Of motion and of color, in percent; **difficulty**. May be drawn.
    fixation_ms, stimulus_ms, delay_ms, decision_ms : float
        Durations of the periods; `delay_ms` may be drawn.

    Notes
    -----
    The conditions of a trial are ``'coherence'``, of what is to be judged, ``'context'``, 0
    motion and 1 color, ``'congruent'``, whether both are on the same side, and ``'delay_ms'``.

    The task of Mante, Sussillo, Shenoy & Newsome (2013), DOI 10.1038/nature12742; signals,
    coherences and durations are those of NeuroGym's ContextDecisionMaking, with the delay at
    its lower limit.
    """

    name: ClassVar[str] = "context-dependent-integration"
    signals: ClassVar[int] = 6
    drawn: ClassVar = {"coherence": (0, 100), "delay_ms": (0, math.inf)}

    coherence: float | tuple[float, ...] | nt.Between = (5.0, 15.0, 50.0)
    fixation_ms: float = 300.0
    stimulus_ms: float = 750.0
    delay_ms: float | tuple[float, ...] | nt.Between = 300.0
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
        context, motion, color = rng.integers(2, size=(3, n_trials))
        of_motion = self.draw_setting("coherence", n_trials, rng)
        of_color = self.draw_setting("coherence", n_trials, rng)
        delay_ms = self.draw_setting("delay_ms", n_trials, rng)
        stimulus = timeline.bins("stimulus")
        signals[:, stimulus, MOTION] = _evidence(motion, of_motion)
        signals[:, stimulus, COLOR] = _evidence(color, of_color)
        signals = timeline.shortened(signals, "delay", delay_ms)
        signals[:, :, CONTEXT] = np.eye(2)[context][:, np.newaxis]
        return self.make_trials(
            signals,
            np.where(context == 0, motion, color),
            rng,
            coherence=np.where(context == 0, of_motion, of_color),
            context=context,
            congruent=(motion == color).astype(int),
            delay_ms=delay_ms,
        )

    def _ideal(self, trials: nt.Trials) -> np.ndarray:
        noise = self.sigma * math.sqrt(2 / self.stimulus_ms)
        return nt.sign_is_right(trials.conditions["coherence"] / 100, noise)


def _evidence(side: np.ndarray, coherence: np.ndarray) -> np.ndarray:
    """Return the strengths of both sides, (trial, 1, side)."""
    sign = np.where(side[:, np.newaxis] == [0, 1], 1, -1)
    return (0.5 + sign * coherence[:, np.newaxis] / 200)[:, np.newaxis]
