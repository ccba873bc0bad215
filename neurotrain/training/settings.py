"""The settings of a run that are numbers, and their checks."""

from dataclasses import dataclass, fields

from neurotrain.errors import InvalidInput, require_number, require_whole


@dataclass(frozen=True)
class Settings:
    """How long to train, on how much, and with which seed.

    Parameters
    ----------
    generations : int or None
        Length of the run, at most; None while it is not known.
    trials : int
        Trials of a generation, the same for all candidates.
    validation_trials, validation_every : int
        On how many fresh trials the guess is validated, and after how many generations.
    test_trials : int
        Trials on which the result is tested at the end.
    checkpoint_every : int or None
        Generations between checkpoints; None for what takes little of the time.
    seed : int
        From which everything random of the run follows.
    execution : str
        How circuits are simulated.
    threads : int or None
        Threads of the simulation; None takes all cores. Does not change results.
    trial_simulations : int or None
        Most simulations of one candidate on one trial, in training and validation.
    seconds : float or None
        After how much time in all sittings together the last generation ends.
    patience : int or None
        After how many validations in a row without a better guess training ends.
    candidate_seconds : float or None
        Most processor time of a candidate on the trials of a generation; one that takes longer
        has failed. In proportion to their trials also in validations and in the test.

    Raises
    ------
    InvalidInput
        If a number is out of its range.
    """

    generations: int | None
    trials: int
    validation_trials: int
    validation_every: int
    test_trials: int
    seed: int
    execution: str
    checkpoint_every: int | None = None
    threads: int | None = None
    trial_simulations: int | None = None
    seconds: float | None = None
    patience: int | None = None
    candidate_seconds: float | None = None

    def __post_init__(self) -> None:
        for name in _SIZES:
            require_whole(name, getattr(self, name), 1)
        require_whole("seed", self.seed, 0)
        for name in _LIMITS:
            if getattr(self, name) is not None:
                require_whole(name, getattr(self, name), 1)
        for name in ("seconds", "candidate_seconds"):
            if getattr(self, name) is not None:
                require_number(name, getattr(self, name), above=0)
        if not isinstance(self.execution, str):
            raise InvalidInput(f"execution must be a name such as 'fused', got {self.execution!r}.")

    @property
    def trial_seconds(self) -> float | None:
        """Most processor time of a candidate for each trial; None for no limit."""
        return None if self.candidate_seconds is None else self.candidate_seconds / self.trials


_SIZES = (
    "trials",
    "validation_trials",
    "validation_every",
    "test_trials",
)
_LIMITS = ("generations", "checkpoint_every", "threads", "trial_simulations", "patience")
SETTINGS = tuple(field.name for field in fields(Settings))
