"""A neural ODE learns the cubic spiral: evolution and backpropagation.

Three curves of the precursor of Hazelden et al. (2023) are obtained anew, with its network of
1,000 hidden neurons, windows and losses: its evolution strategy, its backpropagation, and the same
backpropagation with a learning rate that decays. Then strategies of the library and
backpropagation get the same seconds each. The figure `spiral.png` shows all of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from neurotrain.experiments.measurements import plain_name
from neurotrain.experiments.ode_trainings import (
    Outcome,
    generations_within,
    ode_medians,
    seconds_to,
    trained_from_seeds,
)
from neurotrain.experiments.report import Check, Findings, Setting, save_figure
from neurotrain.neural_ode import Fit, Training, VectorField, Windows, descend, evolve, spiral

PUBLISHED = "Hazelden et al. (2023), the code before"
SEEDS = (0, 1, 2)
WIDTH, WINDOWS = 1000, Windows(20, 10)
# For each training by a method of the second part.
SECONDS = 30.0


@dataclass(frozen=True)
class Method:
    """How to train: by evolution or by gradients, from which start, for how long if published."""

    name: str
    train: Callable[..., Training]
    optimizer: str
    start: str
    biases: bool
    options: Mapping[str, Any]
    generations: int | None = None

    @property
    def plain_name(self) -> str:
        """What folders call it."""
        return plain_name(self.name)

    def fit(self, width: int) -> Fit:
        """Return the task for a network of so many hidden neurons."""
        net = VectorField(2, width, 1, power=3, biases=self.biases)
        # One step of order 4 from each time to the next is as exact as the published tolerance.
        return Fit(spiral(), net, WINDOWS, "rk4", {"precision": "float32"})

    def run(self, width: int, **how: Any) -> Training:
        """Train a network of so many hidden neurons."""
        fit, options = self.fit(width), dict(self.options)
        if self.optimizer == "song":
            # Two weight matrices of as many entries.
            options["blocks"] = [fit.field.size // 2] * 2
        scale = np.ones(fit.field.size)
        return self.train(fit, self.optimizer, start=self.start, scale=scale, **options, **how)


_RMSPROP = {"learning_rate": 1e-3, "decay": 0.99, "alternate": True}
_FALLING = {"schedule": "step", "sigma_schedule": "step", "final_sigma": 1e-5}
ES, BP, COSINE = "ES as published", "BP as published", "BP, cosine decay"
PUBLISHED_METHODS = (
    Method(
        ES,
        evolve,
        "song",
        "uniform",
        False,
        {
            "population_size": 500,
            "sigma": 0.01,
            "learning_rate": 1e-3,
            "gradient_optimizer": "rmsprop",
            "beta2": 0.99,
        },
        400,
    ),
    Method(BP, descend, "rmsprop", "torchdiffeq", True, _RMSPROP, 2000),
    Method(
        COSINE, descend, "rmsprop", "torchdiffeq", True, {**_RMSPROP, "schedule": "cosine"}, 2000
    ),
)
# The settings are the best of some trials with another seed, of 15 seconds of one core each.
EQUAL_BP = "RMSprop, cosine decay"
STRATEGIES = (
    Method(
        "OpenAI-ES",
        evolve,
        "openai-es",
        "uniform",
        False,
        {"population_size": 100, "sigma": 0.003, "learning_rate": 3e-4, **_FALLING},
    ),
    Method(
        "CR-FM-NES",
        evolve,
        "cr-fm-nes",
        "uniform",
        False,
        {"population_size": 100, "sigma": 0.003},
    ),
)
GRADIENTS = (
    Method(EQUAL_BP, descend, "rmsprop", "uniform", False, {**_RMSPROP, "schedule": "cosine"}),
    Method(
        "Adam, cosine decay",
        descend,
        "adam",
        "uniform",
        False,
        {"learning_rate": 1e-3, "schedule": "cosine"},
    ),
)
EQUAL = (*STRATEGIES, *GRADIENTS)


def run(setting: Setting) -> Findings:
    """Fit the spiral by evolution and by backpropagation."""
    published = {m.name: _trainings(setting, m, m.generations) for m in PUBLISHED_METHODS}
    equal = {m.name: _trainings(setting, m, _length(setting, m)) for m in EQUAL}
    rows = [
        {
            "method": name,
            "budget": budget,
            **ode_medians(outcomes),
            "seconds_to_1e-3": seconds_to(outcomes, 1e-3),
        }
        for budget, part in (("published", published), ("equal seconds", equal))
        for name, outcomes in part.items()
    ]
    _save_figure(setting, published, equal)
    checks = _quick_checks if setting.quick else _checks
    return Findings(tuple(checks(published, equal)), tuple(rows))


def _length(setting: Setting, method: Method) -> int:
    """Return how many generations of a method last for as long as those of the others."""
    if setting.quick:
        return 60
    train = partial(method.run, _width(setting))
    return generations_within(setting, method.plain_name, train, SECONDS)


def _width(setting: Setting) -> int:
    return 20 if setting.quick else WIDTH


def _trainings(setting: Setting, method: Method, generations: int) -> list[Outcome]:
    width, seeds = _width(setting), SEEDS
    if setting.quick:
        generations, seeds = min(generations, 60), SEEDS[:1]
    name = f"{method.plain_name}-width{width}"
    return trained_from_seeds(setting, name, partial(method.run, width), generations, seeds)


def _checks(
    published: Mapping[str, list[Outcome]], equal: Mapping[str, list[Outcome]]
) -> list[Check]:
    es, bp, cosine = (ode_medians(published[name])["loss"] for name in (ES, BP, COSINE))
    strategies = {m.name: ode_medians(equal[m.name])["loss"] for m in STRATEGIES}
    best = min(strategies, key=strategies.get)
    gradient = ode_medians(equal[EQUAL_BP])["loss"]
    return [
        Check(f"loss, {ES}", es, 1.5e-3, False, f"1 to 1.5e-3, {PUBLISHED}"),
        Check(f"loss, {BP}, stalls", bp, 3e-3, True, f"4 to 5e-3, {PUBLISHED}"),
        Check(f"loss, {BP}", bp, 6.5e-3, False, f"4 to 5e-3, {PUBLISHED}"),
        Check(f"loss, {COSINE}", cosine, 1e-3, False, "3 to 7e-4, ours"),
        Check(f"loss, {best}, as long as others", strategies[best], cosine, False, COSINE),
        Check(f"loss, {best}, at equal seconds", strategies[best], gradient, False, EQUAL_BP),
    ]


def _quick_checks(
    published: Mapping[str, list[Outcome]], equal: Mapping[str, list[Outcome]]
) -> list[Check]:
    standstill = STRATEGIES[0].fit(1)
    bound = standstill.loss(np.zeros(standstill.field.size))
    return [
        Check(f"loss on all windows, {name}", one["test_loss"], bound, False, "a field of zeros")
        for name, (one,) in {**published, **equal}.items()
    ]


def _save_figure(
    setting: Setting,
    published: Mapping[str, list[Outcome]],
    equal: Mapping[str, list[Outcome]],
) -> None:
    from neurotrain.analysis.ode_curves import ode_curves_figure

    panels = {
        "published": {name: [one["curve"] for one in part] for name, part in published.items()},
        "equal seconds": {name: [one["curve"] for one in part] for name, part in equal.items()},
    }
    figure = ode_curves_figure(panels, costs=("generation", "seconds"))
    save_figure(setting, "spiral", figure)
