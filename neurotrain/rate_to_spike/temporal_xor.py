"""Temporal exclusive-or: did two pulses last equally long?"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.rate_to_spike.signals import Signals
from neurotrain.rate_to_spike.target_task import TargetTask, responses


@dataclass(frozen=True, kw_only=True)
class TemporalXor(TargetTask):
    """Two pulses, each short or long; half a sine up if their durations differ, down if not.

    Both durations are drawn independently with equal chances. Three hints for the rate network:
    the time since the onset of a pulse, 1 for the long one; 1 after a long first pulse and -1
    after a short one, up to the end of the second; and from there on the sign of the response. A
    trial is correct if the mean of the output during the response has the right sign.

    Parameters
    ----------
    short_ms, long_ms : float
        The durations of a pulse.
    onset_to_onset_ms : float
        From one pulse to the other.
    delay_ms, response_ms : float
        From the end of the second pulse to the response, and how long that lasts.
    shortest_rest_ms, longest_rest_ms : float
        Bounds of the time before the first pulse, drawn uniformly.
    hint : bool
        Whether the rate network is given the hints.

    Notes
    -----
    The conditions of a trial are ``'label'``, 1 or -1, ``'first_ms'`` and ``'second_ms'``, the
    durations of the pulses, and ``'response_ms'``, the onset of the response from that of the
    trial. Form and durations are our own.
    """

    name: ClassVar[str] = "temporal-xor"
    n_inputs: ClassVar[int] = 1
    n_outputs: ClassVar[int] = 1
    chance: ClassVar[float | None] = 0.5

    short_ms: float = 100.0
    long_ms: float = 300.0
    onset_to_onset_ms: float = 600.0
    delay_ms: float = 300.0
    response_ms: float = 500.0
    shortest_rest_ms: float = 500.0
    longest_rest_ms: float = 1500.0
    hint: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require_steps("short_ms", "response_ms")
        if not self.short_ms < self.long_ms <= self.onset_to_onset_ms:
            raise InvalidInput(
                "'short_ms' must be less than 'long_ms', and that at most 'onset_to_onset_ms', got "
                f"{self.short_ms:g}, {self.long_ms:g} and {self.onset_to_onset_ms:g} ms."
            )
        if self.shortest_rest_ms > self.longest_rest_ms:
            raise InvalidInput(
                "'shortest_rest_ms' must be at most 'longest_rest_ms', got "
                f"{self.shortest_rest_ms:g} and {self.longest_rest_ms:g} ms."
            )

    @property
    def n_hints(self) -> int:
        """3 with hints, 0 without."""
        return 3 * self.hint

    def draw_trial(self, rng: np.random.Generator) -> Signals:
        """Return a trial whose rest and durations are drawn."""
        is_long = rng.integers(2, size=2)
        rest_ms = rng.uniform(self.shortest_rest_ms, self.longest_rest_ms)
        durations_ms = np.where(is_long == 1, self.long_ms, self.short_ms)
        first = self.to_steps(rest_ms)
        second = first + self.to_steps(self.onset_to_onset_ms)
        start = second + self.to_steps(durations_ms[1]) + self.to_steps(self.delay_ms)
        length = self.to_steps(self.response_ms)
        inputs, outputs = np.zeros((2, start + length, 1))
        hints, longest = np.zeros((start + length, 3)), self.to_steps(self.long_ms)
        stops = [
            at + self.to_steps(ms) for at, ms in zip((first, second), durations_ms, strict=True)
        ]
        label = 1 if is_long[0] != is_long[1] else -1
        for onset, stop in zip((first, second), stops, strict=True):
            inputs[onset:stop] = 1
            hints[onset:stop, 0] = np.arange(stop - onset) / longest
        hints[stops[0] : stops[1], 1] = 2 * is_long[0] - 1
        hints[stops[1] :, 2] = label
        outputs[start:, 0] = label * np.sin(np.pi * np.arange(length) / length)
        conditions = {
            "label": [label],
            "first_ms": durations_ms[:1],
            "second_ms": durations_ms[1:],
            "response_ms": [start * self.dt_ms],
        }
        given = hints if self.hint else None
        return Signals(outputs, inputs, given, dt_ms=self.dt_ms, conditions=conditions)

    def score(self, outputs: np.ndarray, signals: Signals) -> np.ndarray:
        """Return 1 for a correct trial and 0 for another, (trial,)."""
        given = responses(outputs, signals, self.response_ms)
        return (given * signals.conditions["label"] > 0).astype(float)
