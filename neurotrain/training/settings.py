"""The settings of a run that are numbers, and their checks."""

from dataclasses import dataclass, fields

from neurotrain.errors import InvalidInput, require_whole


@dataclass(frozen=True)
class Settings:
    """How long to train, on how much, and with which seed.

    Parameters
    ----------
    generations : int
        Length of the run.
    trials : int
        Trials of a generation, the same for all candidates.
    validation_trials, validation_every : int
        On how many fresh trials the guess is validated, and after how many generations.
    test_trials : int
        Trials on which the result is tested at the end.
    checkpoint_every : int
        Generations between checkpoints.
    seed : int
        From which everything random of the run follows.
    execution : str
        How circuits are simulated.
    threads : int or None
        Threads of the simulation; None takes all cores. Does not change results.

    Raises
    ------
    InvalidInput
        If a number is out of its range.
    """

    generations: int
    trials: int
    validation_trials: int
    validation_every: int
    test_trials: int
    checkpoint_every: int
    seed: int
    execution: str
    threads: int | None = None

    def __post_init__(self) -> None:
        for name in _SIZES:
            require_whole(name, getattr(self, name), 1)
        require_whole("seed", self.seed, 0)
        if self.threads is not None:
            require_whole("threads", self.threads, 1)
        if not isinstance(self.execution, str):
            raise InvalidInput(f"execution must be a name such as 'fused', got {self.execution!r}.")


_SIZES = (
    "generations",
    "trials",
    "validation_trials",
    "validation_every",
    "test_trials",
    "checkpoint_every",
)
SETTINGS = tuple(field.name for field in fields(Settings))
