"""3-bit memory: each output holds the sign of the last pulse of its input."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import neurotrain as nt
from neurotrain.errors import InvalidInput, require_number, require_whole


@dataclass(frozen=True, kw_only=True)
class ThreeBitMemory(nt.TrajectoryTask):
    """Pulses up and down come at random to each input; its output keeps the sign of the last one.

    At the beginning each input has a pulse, so that all bits are set; then pulses come as a
    Poisson process with a dead time of two pulses. The target of an output is +1 or -1. For
    `settle_ms` after the onset of any pulse nothing counts. An output that is always 0
    scores 0.

    Parameters
    ----------
    bits : int
        Number of inputs and of outputs.
    rate_hz : float
        Pulses per second of each input, but for the dead time.
    pulse_ms, settle_ms, decision_ms : float
        Durations of a pulse, of what does not count after its onset, and of the trial after
        the first pulses.

    Notes
    -----
    The task of Sussillo & Barak (2013), DOI 10.1162/NECO_a_00409; the durations are our own.
    """

    name: ClassVar[str] = "three-bit-memory"
    signed: ClassVar[bool] = True

    bits: int = 3
    rate_hz: float = 1.5
    pulse_ms: float = 50.0
    settle_ms: float = 100.0
    decision_ms: float = 2000.0

    def __post_init__(self) -> None:
        require_whole("bits", self.bits)
        super().__post_init__()
        require_number("rate_hz", self.rate_hz, least=0, most=1000 / self.bin_ms)
        if not 0 < self.pulse_ms <= self.settle_ms < self.decision_ms:
            raise InvalidInput(
                f"Of 0, 'pulse_ms', 'settle_ms' and 'decision_ms' each must be longer than the one "
                f"before, got {self.pulse_ms:g}, {self.settle_ms:g} and {self.decision_ms:g} ms."
            )

    @property
    def signals(self) -> int:
        """One for each bit."""
        return self.bits

    @property
    def outputs(self) -> int:
        """One for each bit."""
        return self.bits

    @property
    def timeline(self) -> nt.Timeline:
        """The first pulse, and what comes after it."""
        return nt.Timeline(self.bin_ms, first=self.pulse_ms, decision=self.decision_ms)

    def draw(self, n_trials: int, rng: np.random.Generator) -> nt.Trials:
        """Return `n_trials` trials drawn with `rng`; inputs are (trial, bin, channel)."""
        shape = self.begin(n_trials).shape
        wanted = rng.random(shape) < self.rate_hz * self.bin_ms * 1e-3
        signs = rng.choice([-1.0, 1.0], size=shape)
        onset = self._last_onset(wanted)
        targets = np.take_along_axis(signs, onset, axis=1)
        since_ms = (np.arange(shape[1])[:, np.newaxis] - onset) * self.bin_ms + 1e-6
        signals = np.where(since_ms < self.pulse_ms, targets, 0.0)
        mask = (since_ms >= self.settle_ms).all(axis=2)
        return self.make_trials(signals, targets, rng, mask)

    def _ideal(self, trials: nt.Trials) -> float | None:
        return None if self.sigma else 1.0

    def _last_onset(self, wanted: np.ndarray) -> np.ndarray:
        """Return the bin in which the last pulse began, (trial, bin, bit)."""
        first = self.timeline.bins("first")
        dead_bins = 2 * (first.stop - first.start)
        onset = np.zeros(wanted.shape, dtype=int)
        for bin_ in range(1, wanted.shape[1]):
            last = onset[:, bin_ - 1]
            onset[:, bin_] = np.where(wanted[:, bin_] & (bin_ - last >= dead_bins), bin_, last)
        return onset
