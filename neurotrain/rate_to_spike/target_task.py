"""What tasks share whose outputs are signals in time."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np

from neurotrain.errors import InvalidInput, require_number, require_whole
from neurotrain.rate_to_spike.given_currents import GivenCurrents
from neurotrain.rate_to_spike.measures import nmse
from neurotrain.rate_to_spike.signals import Signals, join


@dataclass(frozen=True, kw_only=True)
class TargetTask(ABC):
    """A task that gives trials of signals, drawn one after another.

    A setting whose name ends in ``_ms`` is a duration.

    Parameters
    ----------
    dt_ms : float
        Duration of a step, in ms.

    Attributes
    ----------
    name : str
    n_inputs, n_outputs : int
    n_hints : int
        Channels that only the rate network sees.
    chance : float or None
        Score of guessing, where there is something to guess.
    given : GivenCurrents or None
        Of currents that come with the trials; none if those of a driven rate network are learned.
    """

    name: ClassVar[str]
    n_inputs: ClassVar[int]
    n_outputs: ClassVar[int]
    n_hints: ClassVar[int] = 0
    chance: ClassVar[float | None] = None
    given: ClassVar[GivenCurrents | None] = None

    dt_ms: float = 1.0

    def __post_init__(self) -> None:
        require_number("dt_ms", self.dt_ms, above=0)
        for each in fields(self):
            if each.name.endswith("_ms"):
                require_number(each.name, getattr(self, each.name), least=0)

    def draw(self, n_trials: int, rng: np.random.Generator) -> Signals:
        """Return `n_trials` trials drawn with `rng`."""
        require_whole("n_trials", n_trials)
        return join([self.draw_trial(rng) for _ in range(n_trials)])

    @abstractmethod
    def draw_trial(self, rng: np.random.Generator) -> Signals:
        """Return a single trial drawn with `rng`."""

    def score(self, outputs: np.ndarray, signals: Signals) -> np.ndarray:
        """Return how well each trial was done, (trial,), at best 1.

        By default 1 less the normalized error; other tasks say in their description what counts
        as correct, of which this is the share.

        Parameters
        ----------
        outputs : (time, output) array
            What a network produced.
        signals : Signals
            What it was to produce.

        Raises
        ------
        InvalidInput
            If the shape of the outputs is not that of the signals'.
        """
        return 1 - nmse(outputs, signals)

    def to_steps(self, duration_ms: float) -> int:
        """Return the nearest whole number of steps."""
        return round(duration_ms / self.dt_ms)

    def times_ms(self, n_steps: int) -> np.ndarray:
        """Return when each step begins, (time,), from 0."""
        return np.arange(n_steps) * self.dt_ms

    def require_steps(self, *names: str) -> None:
        """Raise `InvalidInput` for one of these durations that is shorter than a step."""
        for name in names:
            if self.to_steps(getattr(self, name)) < 1:
                raise InvalidInput(
                    f"'{name}' must last at least one step, {self.dt_ms:g} ms, "
                    f"got {getattr(self, name):g} ms."
                )


def responses(outputs: np.ndarray, signals: Signals, duration_ms: float) -> np.ndarray:
    """Return the mean of the first output in each trial's response, (trial,).

    Parameters
    ----------
    outputs : (time, output) array
    signals : Signals
        With the condition ``'response_ms'``, the onset of the response from that of the trial.
    duration_ms : float
        How long the response lasts.
    """
    first = (signals.conditions["response_ms"] / signals.dt_ms).round().astype(int)
    length = round(duration_ms / signals.dt_ms)
    parts = signals.split(signals.matching(outputs))
    return np.array(
        [part[at : at + length, 0].mean() for part, at in zip(parts, first, strict=True)]
    )
