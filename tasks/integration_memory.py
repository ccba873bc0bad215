"""Integration of discrete evidence, followed by a delay before the answer."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import neurotrain as nt

from .stimulus_integration import EOS, N_CLASSES, NULL, StimulusIntegration


@dataclass(frozen=True, kw_only=True)
class IntegrationMemory(nt.ChoiceTask):
    """Which of three kinds of evidence came most often, to be answered after a delay.

    The words are those of `StimulusIntegration`. Null words fill the delay, and what comes
    before the evidence where the delay is not the longest; ``<eos>`` is shown in the
    decision period. Chance is 1/3.

    Parameters
    ----------
    words, margin : int
        Number of words and smallest lead of the largest count.
    delay_ms : float
        Between the last word and ``<eos>``; may be drawn.
    decision_ms : float
        Duration of ``<eos>`` and of the decision period.
    code_channels : int
        Over how many signals the code of a word is spread, at least 3.
    seed : int
        Fixes the code of the words, not the trials.

    Notes
    -----
    The conditions of a trial are ``'margin'``, ``'evidence'`` and ``'delay_ms'``.

    As stimulus integration after Aitken & Mihalas (2023), DOI 10.7554/eLife.83035; words of
    5 ms, so that usual delays are whole numbers of words. Combination and delays are our own.
    """

    name: ClassVar[str] = "integration-memory"
    classes: ClassVar[int] = N_CLASSES
    drawn: ClassVar = {"delay_ms": (0, math.inf)}

    words: int = 49
    margin: int = 1
    delay_ms: float | tuple[float, ...] | nt.Between = 250.0
    decision_ms: float = 10.0
    code_channels: int = 50
    bin_ms: float = 5.0
    seed: int = 0

    def __post_init__(self) -> None:
        self.integration  # noqa: B018 - it checks the settings that are its own
        super().__post_init__()

    @property
    def integration(self) -> StimulusIntegration:
        """The task that gives words and labels."""
        return StimulusIntegration(
            words=self.words,
            margin=self.margin,
            channels=self.code_channels,
            bin_ms=self.bin_ms,
            decision_ms=self.bin_ms,
            seed=self.seed,
        )

    @property
    def signals(self) -> int:
        """As many as the code has."""
        return self.code_channels

    @property
    def timeline(self) -> nt.Timeline:
        """Evidence, delay, decision."""
        return nt.Timeline(
            self.bin_ms,
            evidence=self.words * self.bin_ms,
            delay=self.longest("delay_ms"),
            decision=self.decision_ms,
        )

    def draw(self, n_trials: int, rng: np.random.Generator) -> nt.Trials:
        """Return `n_trials` trials drawn with `rng`; inputs are (trial, bin, channel)."""
        signals, timeline = self.begin(n_trials), self.timeline
        integration, codes = self.integration, self.integration.word_codes
        evidence = integration.draw(n_trials, rng)
        delay_ms = self.draw_setting("delay_ms", n_trials, rng)
        signals[:] = codes[NULL]
        signals[:, timeline.bins("evidence")] = evidence.inputs[:, : self.words]
        signals[:, timeline.bins("decision")] = codes[EOS]
        signals = timeline.shortened(signals, "delay", delay_ms, rest=codes[NULL])
        conditions = {**evidence.conditions, "delay_ms": delay_ms}
        return self.make_trials(signals, evidence.labels, rng, **conditions)

    def _ideal(self, trials: nt.Trials) -> float | None:
        return None if self.sigma else 1.0
