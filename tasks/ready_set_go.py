"""Ready-set-go: wait again for as long as the time between two pulses."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import neurotrain as nt
from neurotrain.errors import InvalidInput


@dataclass(frozen=True, kw_only=True)
class ReadySetGo(nt.TrajectoryTask):
    """Two pulses, ready and set; the response is to begin as long after set as set was after ready.

    Each pulse has a signal of its own. The target is 0, and from `gap_ms` after the onset of
    set a bump of height 1, ``(4 u (1 - u))**3`` with u from 0 to 1 during the response. An
    output that is always 0 scores 0.

    Parameters
    ----------
    gap_ms : float
        From onset to onset; drawn.
    pulse_ms : float
        Duration of a pulse.
    response_ms : float
        Duration of the bump.
    fixation_ms : float
        Before ready, where the gap is the longest.

    Notes
    -----
    The condition of a trial is ``'gap_ms'``. The decision period begins with set.

    After Jazayeri & Shadlen (2010), DOI 10.1038/nn.2590; pulses, gaps and bump are those of
    DePasquale, Cueva, Rajan, Escola & Abbott (2018), DOI 10.1371/journal.pone.0191527, whose
    target rests at -0.5, where ours rests at 0.
    """

    name: ClassVar[str] = "ready-set-go"
    signals: ClassVar[int] = 2
    drawn: ClassVar = {"gap_ms": (0, math.inf)}

    gap_ms: float | tuple[float, ...] | nt.Between = nt.Between(100.0, 2100.0)
    pulse_ms: float = 50.0
    response_ms: float = 500.0
    fixation_ms: float = 100.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.pulse_ms <= self.shortest("gap_ms"):
            raise InvalidInput(
                f"'pulse_ms' must be above 0 and at most the shortest gap, "
                f"{self.shortest('gap_ms'):g} ms, got {self.pulse_ms:g} ms."
            )

    @property
    def varies(self) -> bool:
        """Whether the gap is drawn."""
        return self.longest("gap_ms") > self.shortest("gap_ms")

    @property
    def timeline(self) -> nt.Timeline:
        """Fixation, ready, wait, decision."""
        longest_ms = self.longest("gap_ms")
        return nt.Timeline(
            self.bin_ms,
            fixation=self.fixation_ms,
            ready=self.pulse_ms,
            wait=max(0.0, longest_ms - self.pulse_ms),
            decision=longest_ms + self.response_ms,
        )

    def draw(self, n_trials: int, rng: np.random.Generator) -> nt.Trials:
        """Return `n_trials` trials drawn with `rng`; inputs are (trial, bin, channel)."""
        signals, timeline = self.begin(n_trials), self.timeline
        gap_ms = self.draw_setting("gap_ms", n_trials, rng)
        signals[:, timeline.bins("ready"), 0] = 1
        signals = timeline.shortened(signals, "wait", gap_ms - self.pulse_ms)
        since_set_ms = timeline.times_ms - timeline.periods["decision"][0]
        signals[:, (since_set_ms > 0) & (since_set_ms < self.pulse_ms), 1] = 1
        u = ((since_set_ms - gap_ms[:, np.newaxis]) / self.response_ms).clip(0, 1)
        targets = (4 * u * (1 - u)) ** 3
        return self.make_trials(signals, targets[..., np.newaxis], rng, gap_ms=gap_ms)

    def _ideal(self, trials: nt.Trials) -> float | None:
        return None if self.sigma else 1.0
