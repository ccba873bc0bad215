"""When a training ends: generations, trial-simulations, seconds, or no more progress."""

from dataclasses import replace

from neurotrain.errors import InvalidInput
from neurotrain.training.metrics_file import Metrics
from neurotrain.training.settings import Settings
from neurotrain.training.training_state import TrainingState

DEFAULT_GENERATIONS = 600


def with_length(settings: Settings, population_size: int) -> Settings:
    """Return settings whose number of generations is known.

    Where only trial-simulations are limited, it is how many generations these last with their
    validations, so that schedules fall over the whole run.

    Raises
    ------
    InvalidInput
        If the trial-simulations do not last for one generation and its validation.
    """
    budget = settings.trial_simulations
    if budget is None:
        return replace(settings, generations=settings.generations or DEFAULT_GENERATIONS)
    generation, validation = population_size * settings.trials, settings.validation_trials
    if generation + validation > budget:
        raise InvalidInput(
            f"trial_simulations must be at least {generation + validation}, got {budget}: one "
            f"generation simulates {population_size} candidates on {settings.trials} trials each, "
            f"its validation {validation} trials."
        )
    # The best so far is validated again beside every guess.
    cost = generation + 2 * validation / settings.validation_every
    return replace(settings, generations=settings.generations or max(1, int(budget / cost)))


def reached_limit(
    settings: Settings,
    state: TrainingState,
    wall_seconds: float,
    *,
    validates: bool,
    beside: int = 0,
) -> str | None:
    """Return which limit ends the training after this generation, None if it goes on.

    Parameters
    ----------
    settings : Settings
    state : TrainingState
        Before the validation of this generation.
    wall_seconds : float
        Spent so far.
    validates : bool
        Whether there is a validation, also if the training goes on.
    beside : int
        How often the next generation simulates the guess beside its candidates.
    """
    if state.optimizer.generation >= settings.generations:
        return "generations"
    if settings.trial_simulations is not None:
        validation = 2 * settings.validation_trials
        candidates = state.optimizer.population_size + beside
        ahead = candidates * settings.trials + validation * (1 + validates)
        if state.trial_simulations + ahead > settings.trial_simulations:
            return "trial-simulations"
    if settings.seconds is not None and wall_seconds >= settings.seconds:
        return "seconds"
    return None


def lost_patience(settings: Settings, state: TrainingState) -> bool:
    """Whether as many validations as `patience` have found no better guess than the best."""
    return settings.patience is not None and state.best.validations > settings.patience


def expected_generations(settings: Settings, metrics: Metrics, wall_seconds: float) -> int:
    """Return how many generations there will be at the pace so far, if patience is not lost.

    Parameters
    ----------
    settings : Settings
    metrics : mapping
        Of the last generation.
    wall_seconds : float
        Spent so far.
    """
    generation, ends = metrics["generation"], [settings.generations]
    spent = {"seconds": wall_seconds, "trial_simulations": metrics["trial_simulations"]}
    for name, so_far in spent.items():
        most = getattr(settings, name)
        if most is not None and so_far > 0:
            ends.append(int(generation * most / so_far))
    return max(generation, min(ends))
