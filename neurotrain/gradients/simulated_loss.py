"""The loss as a function of the parameters alone, as instruments look at it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.errors import require_whole
from neurotrain.losses.base import Loss
from neurotrain.recording import Recording
from neurotrain.trials import Trials

if TYPE_CHECKING:
    from neurotrain.circuit import Circuit


@dataclass(frozen=True)
class SimulatedLoss:
    """The loss of candidates, all of them on the same trials from the same initial states.

    Parameters
    ----------
    circuit : Circuit
    trials : Trials
    initial_state : mapping of str to (trial, neuron) array
        As `Circuit.draw_initial_state` gives it.
    loss : Loss
    execution : str
        Single precision would hide how smooth a loss is.
    threads : int, optional
        By default as many as there are cores.
    chunk : int
        Most candidates in one simulation, which bounds the memory. Losses do not depend on it.
    """

    circuit: "Circuit"
    trials: Trials
    initial_state: Mapping[str, np.ndarray]
    loss: Loss
    execution: str = "fused-float64"
    threads: int | None = None
    chunk: int = 256

    def __post_init__(self) -> None:
        require_whole("chunk", self.chunk)

    def __call__(self, candidates: np.ndarray) -> np.ndarray:
        """Return the loss of candidates (candidate, parameter), (candidate,)."""
        losses = [self.loss(recording, self.trials) for recording in self.recordings(candidates)]
        return np.concatenate(losses)

    def recordings(self, candidates: np.ndarray) -> Iterator[Recording]:
        """Yield what was recorded of one chunk of candidates after the other."""
        for start in range(0, len(candidates), self.chunk):
            yield self.circuit.simulate(
                candidates[start : start + self.chunk],
                self.trials,
                self.initial_state,
                execution=self.execution,
                threads=self.threads,
            )
