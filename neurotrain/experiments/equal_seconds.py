"""Trainings by several methods for the same seconds, each with the best of as many settings.

Every setting is tried for a share of the seconds, with one seed that plays no part later and a
constant learning rate. The one that validates best is trained with all other seeds. How many
generations it gets, over which its learning rate falls, is how many there were in the trials of
settings; the seconds end it if it turns out slower. So a method never gets more than its seconds,
and a training that is gone on with has the length that it began with.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any

from neurotrain.errors import TrainingFailed
from neurotrain.experiments.measurements import plain_name
from neurotrain.experiments.report import Setting
from neurotrain.experiments.trainings import (
    BACKPROPAGATION,
    BY_GRADIENT,
    EVOLUTION,
    highest_validated,
    trained,
)
from neurotrain.training.result import Result

# A setting is tried for this many times fewer seconds than it is trained for.
TUNING = 5
TUNING_SEED = 100
# As many as there is time for.
_ENDLESS = 10**9
# Gradients with compiled steps use one thread, so that more would be for one method only.
_THREADS = 1

Options = Mapping[str, Any]


@dataclass(frozen=True)
class Method:
    """A way to train, and what of it is tried.

    Parameters
    ----------
    optimizer : str
    tried : tuple of mapping
        Options of the optimizer, of which those that validate best are taken.
    options : mapping
        All others that are not the usual ones.
    """

    optimizer: str
    tried: tuple[Options, ...]
    options: Options = field(default_factory=dict)

    def in_form(self, quick: bool) -> "Method":
        """Return what is tried in the quick form or in the full one."""
        return replace(self, tried=self.tried[-3:-1] or self.tried) if quick else self


def _rates(*rates: float) -> tuple[Options, ...]:
    return tuple({"learning_rate": rate} for rate in rates)


# Learning rates in units of the natural scale of each parameter, around the usual one.
METHODS = {
    EVOLUTION: Method("openai-es", _rates(0.1, 0.2, 0.4, 0.8)),
    BACKPROPAGATION: Method("adam", _rates(0.003, 0.01, 0.03, 0.1), BY_GRADIENT),
}


@dataclass(frozen=True)
class Budget:
    """How long each training is: `seconds`, or `generations` where the machine is to play no part.

    A method that follows gradients takes a step in each generation.
    """

    seconds: float | None = None
    generations: int | None = None


@dataclass(frozen=True)
class Tuned:
    """What came of a method; a training that could not take its first steps is None.

    Parameters
    ----------
    chosen : mapping
        Of the options tried, those that validated best.
    tuning : sequence of pairs of mapping, and Result or None
        All options tried.
    results : sequence of Result or None
        Of the chosen ones, of each seed.
    """

    chosen: Options
    tuning: Sequence[tuple[Options, Result | None]]
    results: Sequence[Result | None]


def train_tuned(
    setting: Setting,
    name: str,
    method: Method,
    budget: Budget,
    seeds: Sequence[int],
    **arguments: Any,
) -> Tuned:
    """Return what comes of a method.

    Parameters
    ----------
    setting : Setting
        Trainings run on one thread unless it says how many.
    name : str
        Tells all that may differ between trainings, but for method, budget and seed.
    method : Method
    budget : Budget
        Of each training; settings are tried for a fifth of it.
    seeds : sequence of int
    arguments
        All others of `neurotrain.train`.
    """
    setting = replace(setting, threads=setting.threads or _THREADS)
    tuning = [
        (tried, _try(setting, name, method, tried, budget, **arguments)) for tried in method.tried
    ]
    best = highest_validated({k: [result] for k, (_, result) in enumerate(tuning)})
    chosen = method.tried[best]
    done = [len(result.metrics) for _, result in tuning if result is not None]
    if not done:
        return Tuned(chosen, tuning, [None] * len(seeds))
    generations = budget.generations or max(1, round(TUNING * median(done)))
    results = [
        _train(
            setting,
            f"{name}-{_described(method, chosen)}-{_told(budget)}-seed{seed}",
            method,
            chosen,
            generations=generations,
            seconds=budget.seconds,
            validation_every=max(1, generations // 20),
            seed=seed,
            **arguments,
        )
        for seed in seeds
    ]
    return Tuned(chosen, tuning, results)


def _try(
    setting: Setting, name: str, method: Method, tried: Options, budget: Budget, **arguments: Any
) -> Result | None:
    """Return a training that is `TUNING` times shorter."""
    length = {"generations": max(1, (budget.generations or 0) // TUNING)}
    name = f"tuning-{name}-{_described(method, tried)}-{_told(budget)}-seed{TUNING_SEED}"
    if budget.seconds is not None:
        # How far a schedule is to fall is not known yet.
        tried = {**tried, "schedule": "constant"}
        length = {"generations": _ENDLESS, "seconds": budget.seconds / TUNING}
    return _train(setting, name, method, tried, seed=TUNING_SEED, **length, **arguments)


def _train(
    setting: Setting, name: str, method: Method, tried: Options, **arguments: Any
) -> Result | None:
    try:
        return trained(
            setting,
            name,
            optimizer=method.optimizer,
            optimizer_options={**method.options, **tried},
            **arguments,
        )
    except TrainingFailed:
        return None


def _described(method: Method, tried: Options) -> str:
    return "-".join(
        [method.optimizer, *(f"{key}={plain_name(str(value))}" for key, value in tried.items())]
    )


def _told(budget: Budget) -> str:
    if budget.seconds is None:
        return f"{budget.generations}generations"
    return f"{budget.seconds:g}s"
