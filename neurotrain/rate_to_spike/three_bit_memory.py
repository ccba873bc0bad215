"""3-bit memory: each output holds the sign of the last pulse of its input."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurotrain.errors import InvalidInput, require_number, require_whole
from neurotrain.rate_to_spike.signals import Signals
from neurotrain.rate_to_spike.target_task import TargetTask


@dataclass(frozen=True, kw_only=True)
class ThreeBitMemory(TargetTask):
    """Pulses up and down come at random to three inputs; each output keeps the sign of the last.

    What is drawn together begins with a pulse of each input, so that all bits are set; from then
    on pulses come as a Poisson process with a dead time of two pulses, also across trials. An
    output goes from one sign to the other as a straight line in 50 ms from the onset of a pulse.
    Nothing counts from the onset of any pulse to `settle_ms` after its end. The score is the
    share of the other time, and of bits, with the right sign.

    Parameters
    ----------
    rate_hz : float
        Pulses per second of each input, but for the dead time.
    pulse_ms, settle_ms, trial_ms : float
        Durations of a pulse, of what does not count after it, and of a trial.

    Notes
    -----
    After Sussillo & Barak (2013), DOI 10.1162/NECO_a_00409; rates and durations are our own.
    """

    name: ClassVar[str] = "three-bit-memory"
    n_inputs: ClassVar[int] = 3
    n_outputs: ClassVar[int] = 3
    chance: ClassVar[float | None] = 0.5

    rate_hz: float = 1.5
    pulse_ms: float = 50.0
    settle_ms: float = 100.0
    trial_ms: float = 2000.0

    def __post_init__(self) -> None:
        super().__post_init__()
        require_number("rate_hz", self.rate_hz, least=0, most=1000 / self.dt_ms)
        self.require_steps("pulse_ms", "trial_ms")
        if self.pulse_ms + self.settle_ms >= self.trial_ms:
            raise InvalidInput(
                f"'trial_ms' must be longer than a pulse and 'settle_ms', "
                f"{self.pulse_ms + self.settle_ms:g} ms, got {self.trial_ms:g} ms."
            )

    def draw_trial(self, rng: np.random.Generator) -> Signals:
        """Return a trial that begins with a pulse of each input."""
        return self.draw(1, rng)

    def draw(self, n_trials: int, rng: np.random.Generator) -> Signals:
        """Return `n_trials` trials drawn with `rng`; what is in memory goes on across them."""
        require_whole("n_trials", n_trials)
        length = self.to_steps(self.trial_ms)
        shape = (n_trials * length, 3)
        wanted = rng.random(shape) < self.rate_hz * self.dt_ms * 1e-3
        signs = rng.choice([-1.0, 1.0], size=shape)
        pulse, settle = self.to_steps(self.pulse_ms), self.to_steps(self.settle_ms)
        onset, before = _last_onsets(wanted, 2 * pulse)
        since = np.arange(shape[0])[:, np.newaxis] - onset
        now = np.take_along_axis(signs, onset, axis=0)
        # Before the first pulses nothing is held.
        last = np.where(before < 0, 0.0, np.take_along_axis(signs, before.clip(0), axis=0))
        return Signals(
            last + (now - last) * (since / pulse).clip(0, 1),
            np.where(since < pulse, now, 0.0),
            scored=(since >= pulse + settle).all(axis=1),
            steps=np.full(n_trials, length),
            dt_ms=self.dt_ms,
        )

    def score(self, outputs: np.ndarray, signals: Signals) -> np.ndarray:
        """Return the share of bits with the right sign, (trial,); NaN where nothing counts."""
        right = signals.matching(outputs) * signals.outputs > 0
        counted = zip(signals.split(right), signals.split(signals.scored), strict=True)
        return np.array([part[s].mean() if s.any() else np.nan for part, s in counted])


def _last_onsets(wanted: np.ndarray, dead_steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Return when the last pulse of each input began, and the one before; -1 if there is none.

    Both are (time, input); a pulse begins at the first step.
    """
    onset, before = np.zeros((2, *wanted.shape), dtype=np.int64)
    for channel in range(wanted.shape[1]):
        begun = [0]
        for step in np.flatnonzero(wanted[:, channel]):
            if step - begun[-1] >= dead_steps:
                begun.append(int(step))
        which = np.searchsorted(begun, np.arange(len(wanted)), side="right") - 1
        onset[:, channel] = np.array(begun)[which]
        before[:, channel] = np.array([-1, *begun])[which]
    return onset, before
