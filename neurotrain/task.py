"""What a task is, and the checks that every task must pass."""

from typing import Protocol, runtime_checkable

import numpy as np

from neurotrain.trials import Trials


@runtime_checkable
class Task(Protocol):
    """A seeded source of trials and their score.

    A task is a frozen dataclass: its fields are its settings. A field called
    ``seed`` fixes what stays the same over a whole run, such as the code of a
    word.

    Attributes
    ----------
    name : str
        The name by which the command line finds it.
    channels : int
        Number of input channels.
    classes : int
        Number of possible choices.
    """

    name: str
    channels: int
    classes: int

    def draw(self, n_trials: int, rng: np.random.Generator) -> Trials:
        """Return `n_trials` trials drawn with `rng`."""
        ...

    def score(self, decisions: np.ndarray, trials: Trials) -> np.ndarray:
        """Return the share of correct trials: (..., trial) choices give (...)."""
        ...
