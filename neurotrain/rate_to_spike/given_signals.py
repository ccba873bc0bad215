"""Signals of the user's own as a task."""

from typing import ClassVar

import numpy as np

from neurotrain.errors import require_whole
from neurotrain.rate_to_spike.given_currents import GivenCurrents
from neurotrain.rate_to_spike.measures import nmse
from neurotrain.rate_to_spike.signals import Signals
from neurotrain.seeding import repeated_order


class GivenSignals:
    """The same trials over and over, each as often as the others, in orders that are drawn.

    Parameters
    ----------
    signals : Signals
        The trials, such as from `Signals.from_array`.
    """

    name: ClassVar[str] = "given-signals"
    chance: ClassVar[float | None] = None

    def __init__(self, signals: Signals) -> None:
        self.signals = signals
        currents = signals.currents
        self.given: GivenCurrents | None = None
        if currents.size:
            rms = float(np.sqrt((currents**2).mean()))
            self.given = GivenCurrents(currents.shape[1], rms)

    @property
    def dt_ms(self) -> float:
        """Duration of a step, in ms."""
        return self.signals.dt_ms

    @property
    def n_inputs(self) -> int:
        """Number of input channels."""
        return self.signals.inputs.shape[1]

    @property
    def n_outputs(self) -> int:
        """Number of output channels."""
        return self.signals.outputs.shape[1]

    @property
    def n_hints(self) -> int:
        """Number of channels that only the rate network sees."""
        return self.signals.hints.shape[1]

    def draw(self, n_trials: int, rng: np.random.Generator) -> Signals:
        """Return `n_trials` trials in an order drawn with `rng`."""
        require_whole("n_trials", n_trials)
        return self.signals.select(repeated_order(self.signals.n_trials, n_trials, rng))

    def score(self, outputs: np.ndarray, signals: Signals) -> np.ndarray:
        """Return 1 less the normalized error, (trial,)."""
        return 1 - nmse(outputs, signals)
