"""Ready, set, go: wait again for as long as the time between two pulses."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.rate_to_spike.signals import Signals
from neurotrain.rate_to_spike.target_task import TargetTask

BASELINE, HEIGHT = -0.5, 1.5
# A response begins where the output is first halfway up.
HALFWAY = BASELINE + HEIGHT / 2
TOLERANCE, LEAST_TOLERANCE_MS = 0.2, 50.0


@dataclass(frozen=True, kw_only=True)
class ReadySetGo(TargetTask):
    """Two pulses, ready and set; the response comes as long after set as set after ready.

    Each pulse has an input of its own. The output rests at -0.5, and from a gap after the onset
    of set there is a bump up to 1, ``-0.5 + 1.5*(4*u*(1 - u))**3`` with u from 0 to 1 in
    `response_ms`. Two hints for the rate network: the time in s, which rises from ready to set
    and falls back to 0 at go; and 1 while it rises, -1 while it falls. A trial is correct if the
    output after set first crosses 0.25 within 20 % of the gap from where the target does; within
    50 ms is always enough.

    Parameters
    ----------
    shortest_gap_ms, longest_gap_ms : float
        Bounds of the gap from the onset of ready to that of set, drawn uniformly.
    pulse_ms, response_ms : float
        Durations of a pulse, and of the response.
    rest_ms, mean_wait_ms : float
        Between two trials: the shortest time, and the mean of the exponentially distributed
        time that is added to it; half before a trial and half after it.
    hint : bool
        Whether the rate network is given the hints.

    Notes
    -----
    The condition of a trial is ``'gap_ms'``; ``'set_ms'`` is the onset of set from that of the
    trial.

    The task of the code of DePasquale, Cueva, Rajan, Escola & Abbott (2018),
    DOI 10.1371/journal.pone.0191527, but for the second hint: without it noise of the spikes hides
    the beginning of the rise. What counts as correct is our own.
    """

    name: ClassVar[str] = "ready-set-go"
    n_inputs: ClassVar[int] = 2
    n_outputs: ClassVar[int] = 1

    shortest_gap_ms: float = 100.0
    longest_gap_ms: float = 2100.0
    pulse_ms: float = 50.0
    response_ms: float = 500.0
    rest_ms: float = 400.0
    mean_wait_ms: float = 2000.0
    hint: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require_steps("pulse_ms", "response_ms")
        if not self.pulse_ms <= self.shortest_gap_ms <= self.longest_gap_ms:
            raise InvalidInput(
                "Of 'pulse_ms', 'shortest_gap_ms' and 'longest_gap_ms' none may be longer than the "
                f"next, got {self.pulse_ms:g}, {self.shortest_gap_ms:g} and "
                f"{self.longest_gap_ms:g} ms."
            )

    @property
    def n_hints(self) -> int:
        """2 with hints, 0 without."""
        return 2 * self.hint

    def draw_trial(self, rng: np.random.Generator) -> Signals:
        """Return a trial whose gap and rest are drawn."""
        gap = self.to_steps(rng.uniform(self.shortest_gap_ms, self.longest_gap_ms))
        ready = self.to_steps((self.rest_ms + rng.exponential(self.mean_wait_ms)) / 2)
        pulse, response = self.to_steps(self.pulse_ms), self.to_steps(self.response_ms)
        set_, go = ready + gap, ready + 2 * gap
        n_steps = go + response + ready
        inputs = np.zeros((n_steps, 2))
        inputs[ready : ready + pulse, 0] = 1
        inputs[set_ : set_ + pulse, 1] = 1
        outputs = np.full((n_steps, 1), BASELINE)
        u = np.arange(response) / response
        outputs[go : go + response, 0] += HEIGHT * (4 * u * (1 - u)) ** 3
        from_set = np.abs(np.arange(n_steps) - set_)
        hints = np.zeros((n_steps, 2))
        hints[:, 0] = (gap - from_set).clip(0) * self.dt_ms / 1000
        hints[ready:set_, 1], hints[set_:go, 1] = 1, -1
        conditions = {"gap_ms": [gap * self.dt_ms], "set_ms": [set_ * self.dt_ms]}
        given = hints if self.hint else None
        return Signals(outputs, inputs, given, dt_ms=self.dt_ms, conditions=conditions)

    def score(self, outputs: np.ndarray, signals: Signals) -> np.ndarray:
        """Return 1 for a correct trial and 0 for another, (trial,)."""
        gap_ms = signals.conditions["gap_ms"]
        tolerance_ms = np.maximum(TOLERANCE * gap_ms, LEAST_TOLERANCE_MS)
        given, right = (
            self._crossing_ms(each, signals)
            for each in (signals.matching(outputs), signals.outputs)
        )
        return (np.abs(given - right) <= tolerance_ms).astype(float)

    def _crossing_ms(self, outputs: np.ndarray, signals: Signals) -> np.ndarray:
        """Return when after set each trial's output is first halfway up, infinite if never."""
        found = []
        for part, set_ms in zip(signals.split(outputs), signals.conditions["set_ms"], strict=True):
            above = np.flatnonzero(part[self.to_steps(set_ms) :, 0] > HALFWAY)
            found.append(above[0] * self.dt_ms if above.size else np.inf)
        return np.array(found)
