"""Training of a rule's coefficients, by gradients or by evolution."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from neurotrain.errors import require_whole, unknown_name
from neurotrain.kept_training import (
    EveryFewSeconds,
    damaged,
    fingerprint,
    part_of,
    read_kept,
    write_kept,
)
from neurotrain.learning_rules.meta_learning import MetaLearning
from neurotrain.learning_rules.rule import Rule
from neurotrain.optimizers import make_optimizer
from neurotrain.optimizers.gradient_descent import GradientDescent
from neurotrain.progress import open_bar

NAME = "training.npz"
# What a coefficient of 1 is to each: gradients have learning rates of their own.
_SCALE_OF_EVOLUTION = 0.01


@dataclass(eq=False)
class MetaTraining:
    """What came of a training, generation by generation, each measured before it was learned from.

    Parameters
    ----------
    problem : MetaLearning
    final : (term,) array
        The last coefficients.
    coefficients : list of (term,) array
    loss, accuracy : list of float
    """

    problem: MetaLearning
    final: np.ndarray
    coefficients: list[np.ndarray] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)

    @property
    def rule(self) -> Rule:
        """The rule that was found."""
        return self.problem.rule(self.final.tolist())

    @property
    def generations(self) -> int:
        """How many there were."""
        return len(self.loss)

    def formula(self, least: float = 0.0) -> str:
        """Return the rule as a text, without coefficients below `least` in absolute value."""
        pairs = zip(self.final.tolist(), self.problem.terms, strict=True)
        return sum((c * t for c, t in pairs if abs(c) >= least), Rule(())).formula()


def meta_learn(
    problem: MetaLearning,
    start: Mapping[str, float],
    optimizer: str = "adam",
    *,
    generations: int,
    seed: int = 0,
    folder: Path | None = None,
    progress: bool = True,
    **options: Any,
) -> MetaTraining:
    """Learn the coefficients of a rule, each generation on new episodes.

    Parameters
    ----------
    problem : MetaLearning
    start : mapping of str to float
        Where coefficients of named terms begin; those of others are 0.
    optimizer : str
        ``'adam'``, ``'rmsprop'`` or ``'sgd'`` follow the gradient through learning; any other
        optimizer of the library needs no gradient. The scale of coefficients is then 0.01.
    generations : int
        Counts those that an earlier call has spent, too.
    seed : int
        Of the episodes, and of the optimizer.
    folder : Path, optional
        Where the training is kept every few seconds; the same call goes on with it.
    progress : bool
    options
        Of the optimizer, such as ``learning_rate``.

    Raises
    ------
    InvalidInput
        If a name is unknown, or a value out of range.
    RunFolderError
        If the folder holds another training, or cannot be read or written.
    """
    require_whole("generations", generations)
    names = [term.name for term in problem.terms]
    for name in start:
        if name not in names:
            raise unknown_name("plasticity term of this rule", name, names)
    first = np.array([float(start.get(name, 0.0)) for name in names])
    method = _make(optimizer, first, seed, options)
    training = MetaTraining(problem, first)
    description = _described(problem, first, optimizer, seed, options)
    if folder is not None:
        _go_on(folder / NAME, training, method, description)
    bar = open_bar(progress, initial=training.generations, total=generations, **_BAR)
    keeping = EveryFewSeconds()
    while training.generations < generations:
        _advance(training, method, seed)
        if bar is not None:
            bar.update()
        if folder is not None:
            keeping.call(_keep, folder / NAME, training, method, description)
    if bar is not None:
        bar.close()
    if folder is not None:
        _keep(folder / NAME, training, method, description)
    return training


_BAR = {"unit": "generation", "form": "{n_fmt}/{total_fmt} generations [{elapsed}<{remaining}]"}


def _make(name: str, start: np.ndarray, seed: int, options: Mapping[str, Any]) -> Any:
    by_gradient = isinstance(
        make_optimizer(name, start, np.ones_like(start), seed=seed), GradientDescent
    )
    scale = np.full_like(start, 1.0 if by_gradient else _SCALE_OF_EVOLUTION)
    return make_optimizer(name, start, scale, seed=seed, **options)


def _advance(training: MetaTraining, method: Any, seed: int) -> None:
    problem, guess, generation = training.problem, method.guess.copy(), training.generations
    candidates = method.ask()
    if isinstance(method, GradientDescent):
        outcome, gradient = problem.differentiate(guess, seed, generation)
        method.tell(outcome.loss, gradient[np.newaxis])
    else:
        outcome = problem.evaluate(
            np.concatenate([guess[np.newaxis], candidates]), seed, generation
        )
        method.tell(outcome.loss[1:])
    training.coefficients.append(guess)
    training.loss.append(float(outcome.loss[0]))
    training.accuracy.append(float(outcome.accuracy[0]))
    training.final = method.guess.copy()


def _described(
    problem: MetaLearning, start: np.ndarray, optimizer: str, seed: int, options: Mapping[str, Any]
) -> dict[str, Any]:
    episodes, network = problem.episodes, problem.network
    return {
        "images": fingerprint(episodes.images.pixels, episodes.images.labels),
        "episodes": [episodes.ways, episodes.shots, episodes.queries],
        "network": [
            list(network.sizes),
            network.activation.name,
            network.output,
            network.precision,
        ],
        "terms": [term.name for term in problem.terms],
        "feedback": problem.feedback.name,
        "penalty": problem.penalty,
        "together": problem.together,
        "start": start.tolist(),
        "optimizer": optimizer,
        "options": {name: repr(value) for name, value in options.items()},
        "seed": seed,
    }


def _keep(path: Path, training: MetaTraining, method: Any, description: dict[str, Any]) -> None:
    arrays = {
        "coefficients": np.array(training.coefficients),
        "loss": np.array(training.loss),
        "accuracy": np.array(training.accuracy),
        **{f"optimizer.{name}": array for name, array in method.state_dict().items()},
    }
    write_kept(path, arrays, description)


def _go_on(path: Path, training: MetaTraining, method: Any, description: dict[str, Any]) -> None:
    arrays = read_kept(path, description)
    if arrays is None:
        return
    try:
        method.load_state_dict(part_of(arrays, "optimizer."))
        training.coefficients = list(arrays["coefficients"])
        training.loss = arrays["loss"].tolist()
        training.accuracy = arrays["accuracy"].tolist()
    except (KeyError, ValueError) as error:
        raise damaged(path, error) from error
    training.final = method.guess.copy()
