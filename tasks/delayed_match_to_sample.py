"""Delayed match to sample: is the second stimulus the same as the first?"""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import neurotrain as nt
from neurotrain.errors import require_whole


@dataclass(frozen=True, kw_only=True)
class DelayedMatchToSample(nt.ChoiceTask):
    """A sample is shown, and after a delay a test: is it the same stimulus?

    Each stimulus has a signal of its own, which is 1 while it is shown. Sample and, on
    half of the trials, another test are drawn with equal chances. Label 1 is match, 0 is
    non-match; chance is 1/2. The sample is to be remembered through the delay.

    Parameters
    ----------
    stimuli : int
        Number of different stimuli, at least 2.
    fixation_ms, sample_ms, delay_ms, test_ms, decision_ms : float
        Durations of the periods; `delay_ms` may be drawn.

    Notes
    -----
    The conditions of a trial are ``'delay_ms'``, and ``'sample'`` and ``'test'``, the stimuli.

    The task of Miller, Erickson & Desimone (1996), DOI 10.1523/JNEUROSCI.16-16-05154.1996,
    without intervening stimuli; durations are those of NeuroGym's DelayMatchSample.
    """

    name: ClassVar[str] = "delayed-match-to-sample"
    drawn: ClassVar = {"delay_ms": (0, math.inf)}

    stimuli: int = 2
    fixation_ms: float = 300.0
    sample_ms: float = 500.0
    delay_ms: float | tuple[float, ...] | nt.Between = 1000.0
    test_ms: float = 500.0
    decision_ms: float = 900.0
    sigma: float = 1.0

    def __post_init__(self) -> None:
        require_whole("stimuli", self.stimuli, 2)
        super().__post_init__()

    @property
    def signals(self) -> int:
        """One for each stimulus."""
        return self.stimuli

    @property
    def timeline(self) -> nt.Timeline:
        """Fixation, sample, delay, test, decision."""
        return nt.Timeline(
            self.bin_ms,
            fixation=self.fixation_ms,
            sample=self.sample_ms,
            delay=self.longest("delay_ms"),
            test=self.test_ms,
            decision=self.decision_ms,
        )

    def draw(self, n_trials: int, rng: np.random.Generator) -> nt.Trials:
        """Return `n_trials` trials drawn with `rng`; inputs are (trial, bin, channel)."""
        signals, timeline = self.begin(n_trials), self.timeline
        labels = rng.integers(2, size=n_trials)
        sample = rng.integers(self.stimuli, size=n_trials)
        other = (sample + 1 + rng.integers(self.stimuli - 1, size=n_trials)) % self.stimuli
        test = np.where(labels == 1, sample, other)
        delay_ms = self.draw_setting("delay_ms", n_trials, rng)
        shown = np.eye(self.stimuli)
        signals[:, timeline.bins("sample")] = shown[sample][:, np.newaxis]
        signals[:, timeline.bins("test")] = shown[test][:, np.newaxis]
        signals = timeline.shortened(signals, "delay", delay_ms)
        return self.make_trials(signals, labels, rng, delay_ms=delay_ms, sample=sample, test=test)

    def _ideal(self, trials: nt.Trials) -> float | None:
        if self.stimuli > 2 and self.sigma:
            return None
        first, second = (
            nt.sign_is_right(1.0, self.sigma * math.sqrt(2 / shown_ms))
            for shown_ms in (self.sample_ms, self.test_ms)
        )
        # Two mistakes make a correct choice.
        return first * second + (1 - first) * (1 - second)


@dataclass(frozen=True, kw_only=True)
class WorkingMemory(DelayedMatchToSample):
    """Delayed match to sample in half a second, without noise: what memory costs to train.

    The task of `DelayedMatchToSample` with periods so short that neurons fire few spikes in
    each. Settings, labels and conditions are the same.
    """

    name: ClassVar[str] = "working-memory"
    usual_training: ClassVar = {
        "circuit": "morris-lecar-conductance",
        "model_options": {"receptor": "NMDA"},
        "loss": "spike-count-cross-entropy",
        "generations": 400,
    }

    fixation_ms: float = 50.0
    sample_ms: float = 100.0
    delay_ms: float | tuple[float, ...] | nt.Between = 250.0
    test_ms: float = 100.0
    decision_ms: float = 100.0
    sigma: float = 0.0
