"""An oscillation of four sines that goes on and on."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurotrain.rate_to_spike.signals import Signals
from neurotrain.rate_to_spike.target_task import TargetTask

HARMONICS = (1, 2, 3, 5)


@dataclass(frozen=True, kw_only=True)
class FourSines(TargetTask):
    """A pulse begins each period; the output is a sum of four sines, of peak 1.

    ``sum(sin(2*pi*k*t/period_ms))`` for k of 1, 2, 3 and 5, divided by the largest of its
    samples. A trial is a period, and all are the same.

    Parameters
    ----------
    period_ms : float
        Duration of a period.
    pulse_ms, pulse : float
        Duration and size of the input.

    Notes
    -----
    The task of the code of DePasquale, Churchland & Abbott (2016), arXiv:1601.07620.
    """

    name: ClassVar[str] = "four-sines"
    n_inputs: ClassVar[int] = 1
    n_outputs: ClassVar[int] = 1

    period_ms: float = 1000.0
    pulse_ms: float = 50.0
    pulse: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require_steps("period_ms")

    def draw_trial(self, rng: np.random.Generator) -> Signals:
        """Return a period; nothing of it is drawn."""
        times_ms = self.times_ms(self.to_steps(self.period_ms))
        phase = 2 * np.pi * times_ms / self.period_ms
        output = sum(np.sin(k * phase) for k in HARMONICS)
        inputs = np.where(times_ms < self.pulse_ms, self.pulse, 0.0)
        outputs = (output / output.max())[:, np.newaxis]
        return Signals(outputs, inputs[:, np.newaxis], dt_ms=self.dt_ms)
