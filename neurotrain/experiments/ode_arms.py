"""Vector fields trained by evolution and by gradients, both tuned alike and for equal seconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from neurotrain.experiments.report import Setting, save_figure
from neurotrain.experiments.trainings import BACKPROPAGATION, EVOLUTION
from neurotrain.neural_ode import Fit, OdeProblem, Training, VectorField, descend, evolve

# No seed of these is one of the trainings that are reported.
TUNING_SEED = 99
NEVER = "never"


@dataclass(frozen=True, eq=False)
class Arm:
    """A method with its settings.

    Parameters
    ----------
    method : {'evolution strategy', 'backpropagation'}
    optimizer : str
    options : mapping
        Of the optimizer. A schedule falls over as many steps as fit into the seconds.
    """

    method: str
    optimizer: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What tables and folders call it."""
        told = [f"{value:g}" if isinstance(value, float) else str(value) for value in self._told()]
        return "-".join([self.optimizer, *told])

    def _told(self) -> list[Any]:
        short = {"weight_decay", "normalize"}
        return [value for name, value in self.options.items() if name not in short]

    @property
    def falls(self) -> bool:
        """Whether the learning rate follows a schedule."""
        return self.options.get("schedule", "constant") != "constant"


# As many settings for one as for the other.
EVOLVING = (
    Arm(EVOLUTION, "cma-es", {"sigma": 0.3}),
    Arm(EVOLUTION, "cr-fm-nes"),
    Arm(EVOLUTION, "snes"),
    Arm(EVOLUTION, "snes", {"population_size": 60}),
)
_DECAY = {"weight_decay": 1e-6}
DESCENDING = (
    Arm(BACKPROPAGATION, "adamw", {"learning_rate": 0.005, **_DECAY}),
    Arm(BACKPROPAGATION, "adamw", {"learning_rate": 0.005, "schedule": "cosine", **_DECAY}),
    Arm(BACKPROPAGATION, "adamw", {"learning_rate": 0.01, "schedule": "cosine", **_DECAY}),
    Arm(BACKPROPAGATION, "adamw", {"learning_rate": 0.02, "schedule": "cosine", **_DECAY}),
)


@dataclass(frozen=True)
class Plan:
    """How long trainings are.

    Parameters
    ----------
    seconds, tuning_seconds : float
        Of each training that is reported, and of each that tunes.
    seeds : tuple of int
    settings : int
        Of each method so many are tuned, the first ones.
    published_steps : int
        Of the gradient descent as published.
    """

    seconds: float
    tuning_seconds: float
    seeds: tuple[int, ...]
    settings: int
    published_steps: int


def stiff_fit(problem: OdeProblem, field: VectorField) -> Fit:
    """Return what is trained: the field, solved far more exactly than it can follow the data."""
    options = {"rtol": 1e-4, "atol": 1e-5 * problem.scale, "max_steps": 1000}
    return Fit(problem, field, method="sdirk4", options=options)


def trained(
    setting: Setting, name: str, fit: Fit, arm: Arm, seed: int, **budget: float
) -> Training:
    """Return a training, gone on with if it is in the experiment's folder already.

    Parameters
    ----------
    setting : Setting
    name : str
        What is trained.
    fit : Fit
    arm : Arm
    seed : int
        Of initial parameters too, so that they are the same for all arms.
    budget
        ``seconds`` or ``generations``.
    """
    train = evolve if arm.method == EVOLUTION else descend
    length = "-".join(f"{value:g}{what}" for what, value in budget.items())
    return train(
        fit,
        arm.optimizer,
        seed=seed,
        folder=setting.folder / f"{name}-{arm.name}-{length}-seed{seed}",
        threads=setting.threads,
        progress=setting.progress,
        **budget,
        **arm.options,
    )


def timed(
    setting: Setting, name: str, fit: Fit, arm: Arm, seed: int, seconds: float, speed: float
) -> Training:
    """Return a training of so many seconds; a schedule falls over `speed` times as many steps."""
    budget = {"generations": max(1, int(speed * seconds))} if arm.falls else {"seconds": seconds}
    return trained(setting, name, fit, arm, seed, **budget)


def compared(
    setting: Setting,
    name: str,
    fit: Fit,
    plan: Plan,
    methods: Sequence[Sequence[Arm]] = (EVOLVING, DESCENDING),
) -> dict[Arm, tuple[Training, ...]]:
    """Return the trainings of the best setting of each method.

    That is the one with the lowest loss after the tuning's seconds. The first setting of each
    must have no schedule.
    """
    found = {}
    for arms in methods:
        speed, tuned = 0.0, {}
        for arm in arms[: plan.settings]:
            one = timed(setting, name, fit, arm, TUNING_SEED, plan.tuning_seconds, speed)
            # The first one, without a schedule, tells how many steps a second has.
            speed = speed or one.history.generations / one.history.total_seconds
            tuned[arm.name] = one.best_loss
        best = min(arms[: plan.settings], key=lambda arm: tuned[arm.name])
        found[best] = tuple(
            timed(setting, name, fit, best, seed, plan.seconds, speed) for seed in plan.seeds
        )
    return found


def row(
    field_name: str, arm: Arm, trainings: Sequence[Training], levels: Sequence[float]
) -> dict[str, Any]:
    """Return what is told of trainings with several seeds: medians, and the lowest loss of any.

    ``loss`` is that of the guess at the end, the median of the last 1000 generations, or of a
    tenth of them; ``seconds_to`` a level, when the guess was first that low.
    """
    histories = [one.history for one in trainings]
    times = {level: median(one.seconds_to(level) for one in histories) for level in levels}
    return {
        "field": field_name,
        "method": arm.method,
        "optimizer": arm.name,
        "seconds": median(one.total_seconds for one in histories),
        "generations": median(one.generations for one in histories),
        "loss": finite(median(map(end_loss, trainings))),
        "best": finite(median_best(trainings)),
        "lowest": finite(min(one.best_loss for one in trainings)),
        **{f"seconds_to_{level:g}": finite(time) for level, time in times.items()},
        "failed_solves": sum(sum(one.failed) for one in histories),
    }


def median_best(trainings: Sequence[Training]) -> float:
    """Return the median over seeds of the lowest loss that a guess had."""
    return float(median(one.best_loss for one in trainings))


def end_loss(training: Training) -> float:
    """Return the median loss of the last 1000 generations, or of the last tenth of fewer."""
    losses = training.history.loss
    return median(losses[-max(1, min(1000, len(losses) // 10)) :])


def finite(value: float) -> float | str:
    """Return a number as it is, in place of infinity a word, which JSON knows."""
    return float(value) if value < float("inf") else NEVER


def save_curves(
    setting: Setting,
    name: str,
    panels: Mapping[str, Mapping[Arm, Sequence[Training]]],
    levels: Mapping[str, float],
) -> None:
    """Write the figure of the lowest losses so far against seconds."""
    from neurotrain.analysis.loss_curves import loss_curves_figure

    curves = {
        title: {
            arm.method: [(one.history.seconds, one.history.loss) for one in trainings]
            for arm, trainings in panel.items()
        }
        for title, panel in panels.items()
    }
    save_figure(setting, name, loss_curves_figure(curves, levels=levels))
