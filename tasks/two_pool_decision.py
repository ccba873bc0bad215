"""Two noisy inputs compete: which one is stronger?"""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import neurotrain as nt
from neurotrain.errors import InvalidInput


@dataclass(frozen=True, kw_only=True)
class TwoPoolDecision(nt.ChoiceTask):
    """Two noisy inputs are on for the whole trial; the pool of the stronger one is to win.

    The means of both are drawn uniformly from 0 to 1, so that difficulty varies without
    steps. The label is the stronger one, 0 or 1; chance is 1/2. The readout is taken at the
    end of the stimulus, while it is still there.

    Parameters
    ----------
    fixation_ms, stimulus_ms : float
        Durations of the periods.
    decision_ms : float
        Last part of the stimulus, in which the choice is read.

    Notes
    -----
    The condition of a trial is ``'difference'``, between the stronger and the weaker mean.

    After the decision network of Wang (2002), DOI 10.1016/S0896-6273(02)01092-9, where two
    pools of neurons get noisy inputs for 1 s; the uniform means are our own.
    """

    name: ClassVar[str] = "two-pool-decision"
    signals: ClassVar[int] = 2

    fixation_ms: float = 100.0
    stimulus_ms: float = 1000.0
    decision_ms: float = 100.0
    sigma: float = 2.5

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.decision_ms > self.stimulus_ms:
            raise InvalidInput(
                f"'decision_ms' is the last part of the stimulus, at most {self.stimulus_ms:g} ms, "
                f"got {self.decision_ms:g} ms."
            )

    @property
    def timeline(self) -> nt.Timeline:
        """Fixation, the stimulus before the decision period, and the decision period."""
        return nt.Timeline(
            self.bin_ms,
            fixation=self.fixation_ms,
            stimulus=max(0.0, self.stimulus_ms - self.decision_ms),
            decision=self.decision_ms,
        )

    def draw(self, n_trials: int, rng: np.random.Generator) -> nt.Trials:
        """Return `n_trials` trials drawn with `rng`; inputs are (trial, bin, channel)."""
        signals, timeline = self.begin(n_trials), self.timeline
        means = rng.random((n_trials, 2))
        signals[:, timeline.bins("fixation").stop :] = means[:, np.newaxis]
        return self.make_trials(
            signals, means.argmax(axis=1), rng, difference=np.abs(means[:, 0] - means[:, 1])
        )

    def _ideal(self, trials: nt.Trials) -> np.ndarray:
        noise = self.sigma * math.sqrt(2 / self.stimulus_ms)
        return nt.sign_is_right(trials.conditions["difference"], noise)
