"""Delayed match: have two pulses the same sign?"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.rate_to_spike.signals import Signals
from neurotrain.rate_to_spike.target_task import TargetTask, responses

# Before the first pulse, of each pulse, from the second one to the response, and after it.
BEFORE_MS, PULSE_MS, WAIT_MS, AFTER_MS = 250.0, 250.0, 50.0, 150.0
RESPONSE_MS = 500.0


@dataclass(frozen=True, kw_only=True)
class DelayedMatch(TargetTask):
    """Two pulses up or down, one on each input; the output is 1 if they match and -1 if not.

    Signs are drawn independently with equal chances. Pulses last 250 ms; from 50 ms after the
    second the response lasts 500 ms. A trial of the default delay lasts 1.5 s. Two hints for the
    rate network: the sign of the first pulse, from its end to that of the second, and from there
    to the end of the response the sign of that. A trial is correct if the mean of the output
    during the response has the right sign.

    Parameters
    ----------
    shortest_delay_ms, longest_delay_ms : float
        Bounds of the time between the pulses, drawn uniformly.
    hint : bool
        Whether the rate network is given the hints.

    Notes
    -----
    The conditions of a trial are ``'label'``, 1 or -1, ``'first'`` and ``'second'``, the signs,
    ``'delay_ms'``, and ``'response_ms'``, the onset of the response from that of the trial.

    The task of Kim, Li & Sejnowski (2019), DOI 10.1073/pnas.1905926116.
    """

    name: ClassVar[str] = "delayed-match"
    n_inputs: ClassVar[int] = 2
    n_outputs: ClassVar[int] = 1
    chance: ClassVar[float | None] = 0.5

    shortest_delay_ms: float = 50.0
    longest_delay_ms: float = 50.0
    hint: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.shortest_delay_ms > self.longest_delay_ms:
            raise InvalidInput(
                "'shortest_delay_ms' must be at most 'longest_delay_ms', got "
                f"{self.shortest_delay_ms:g} and {self.longest_delay_ms:g} ms."
            )

    @property
    def n_hints(self) -> int:
        """2 with hints, 0 without."""
        return 2 * self.hint

    def draw_trial(self, rng: np.random.Generator) -> Signals:
        """Return a trial whose signs and delay are drawn."""
        signs = rng.choice([-1.0, 1.0], size=2)
        delay_ms = rng.uniform(self.shortest_delay_ms, self.longest_delay_ms)
        first = self.to_steps(BEFORE_MS)
        pulse, length = self.to_steps(PULSE_MS), self.to_steps(RESPONSE_MS)
        second = first + pulse + self.to_steps(delay_ms)
        start = second + pulse + self.to_steps(WAIT_MS)
        n_steps = start + length + self.to_steps(AFTER_MS)
        inputs, outputs = np.zeros((n_steps, 2)), np.zeros((n_steps, 1))
        inputs[first : first + pulse, 0] = signs[0]
        inputs[second : second + pulse, 1] = signs[1]
        label = int(signs[0] * signs[1])
        outputs[start : start + length] = label
        hints = np.zeros((n_steps, 2))
        hints[first + pulse : second + pulse, 0] = signs[0]
        hints[second + pulse : start + length, 1] = label
        conditions = {
            "label": [label],
            "first": signs[:1],
            "second": signs[1:],
            "delay_ms": [delay_ms],
            "response_ms": [start * self.dt_ms],
        }
        given = hints if self.hint else None
        return Signals(outputs, inputs, given, dt_ms=self.dt_ms, conditions=conditions)

    def score(self, outputs: np.ndarray, signals: Signals) -> np.ndarray:
        """Return 1 for a correct trial and 0 for another, (trial,)."""
        given = responses(outputs, signals, RESPONSE_MS)
        return (given * signals.conditions["label"] > 0).astype(float)
