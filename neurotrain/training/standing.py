"""How a run stands, seen from outside, as data and in a line."""

from dataclasses import dataclass

from neurotrain.training.budget import expected_generations
from neurotrain.training.progress import format_score
from neurotrain.training.watched_run import Glance, WatchedRun

# Without any sign of life a run has stopped: after the time of so many of its generations, if that
# is more than so many seconds; the longer time while it is not known how long a generation takes.
GENERATIONS, SECONDS, FIRST_SECONDS = 20, 60.0, 600.0

WAITING, TRAINING, STOPPED, COMPLETE = "waiting", "training", "stopped", "complete"


@dataclass(frozen=True)
class Standing:
    """How a run stands.

    Parameters
    ----------
    state : str
        ``'waiting'`` for the first generation, ``'training'``, ``'stopped'`` before its end, or
        ``'complete'``.
    generation, generations : int
        The last one, and how many there will be at the pace so far.
    measure : str
        ``'accuracy'``, or ``'score'`` of trajectories and of an unknown task.
    loss, accuracy : float or None
        Means over the candidates of the last generation.
    validation_generation, validation_accuracy : optional
        Of the last validation of the guess.
    test_accuracy : float or None
        Of a complete run.
    seconds_per_generation, seconds_left : float or None
        The mean so far, and what follows from it; unknown before the first checkpoints.
    """

    state: str
    generation: int
    generations: int
    measure: str
    loss: float | None
    accuracy: float | None
    validation_generation: int | None
    validation_accuracy: float | None
    test_accuracy: float | None
    seconds_per_generation: float | None
    seconds_left: float | None


def standing_of(run: WatchedRun, glance: Glance) -> Standing:
    """Return how the run stands at a glance."""
    last = glance.metrics[-1] if glance.metrics else {}
    validated = [each for each in glance.metrics if "validation_accuracy" in each]
    validation = validated[-1] if validated else {}
    generations, pace = _generations(run, glance), glance.seconds_per_generation
    return Standing(
        state=_state(run, glance),
        generation=glance.generation,
        generations=generations,
        measure=run.measure,
        loss=last.get("loss"),
        accuracy=last.get("accuracy"),
        validation_generation=validation.get("generation"),
        validation_accuracy=validation.get("validation_accuracy"),
        test_accuracy=(glance.summary or {}).get("test_accuracy"),
        seconds_per_generation=pace,
        seconds_left=None if pace is None else pace * (generations - glance.generation),
    )


def describe(standing: Standing) -> str:
    """Return a line that says how far the run is, how well it does, and how long it will take."""
    measure, generation = standing.measure, standing.generation
    parts = [f"generation {generation}/{standing.generations}"]
    parts[0] += f" ({generation / standing.generations:.0%})"
    if standing.loss is not None:
        parts.append(f"loss {standing.loss:.3g}")
    if standing.accuracy is not None:
        parts.append(f"{measure} {format_score(standing.accuracy, measure)}")
    if standing.validation_accuracy is not None:
        shown = format_score(standing.validation_accuracy, measure)
        parts.append(f"validation {shown} (generation {standing.validation_generation})")
    if standing.seconds_per_generation is not None:
        parts.append(f"{standing.seconds_per_generation:.3g} s a generation")
    return ", ".join([*parts, _outlook(standing)])


def _outlook(standing: Standing) -> str:
    from tqdm import tqdm

    if standing.state == COMPLETE:
        test = format_score(standing.test_accuracy, standing.measure)
        return f"complete: test {standing.measure} {test}"
    if standing.state == TRAINING and standing.seconds_left is not None:
        return f"{tqdm.format_interval(standing.seconds_left)} left"
    return {
        WAITING: "waiting for the first generation",
        TRAINING: "waiting for the first checkpoint after it",
        STOPPED: "stopped before its end",
    }[standing.state]


def _generations(run: WatchedRun, glance: Glance) -> int:
    pace = glance.seconds_per_generation
    if glance.summary is not None:
        return glance.summary.get("generations", run.settings.generations)
    if pace is None or not glance.metrics:
        return run.settings.generations
    return expected_generations(run.settings, glance.metrics[-1], pace * glance.generation)


def _state(run: WatchedRun, glance: Glance) -> str:
    if glance.summary is not None:
        return COMPLETE
    pace = glance.seconds_per_generation
    limit = FIRST_SECONDS if pace is None else max(SECONDS, GENERATIONS * pace)
    if run.silent_seconds() > limit:
        return STOPPED
    return TRAINING if glance.metrics else WAITING
