"""A guess that follows estimated gradients downhill."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from neurotrain.errors import require_number
from neurotrain.optimizers.checks import frozen
from neurotrain.optimizers.gradient_optimizers import GradientOptimizer, gradient_optimizer_maker
from neurotrain.optimizers.schedules import schedule_factor


class Descent:
    """The guess, and how a gradient moves it.

    Parameters
    ----------
    start, scale : (parameter,) array
        The first guess, and the natural scale of each parameter.
    method : GradientOptimizer
        Turns gradients into directions.
    learning_rate : float
        By what a direction is multiplied, in units of `scale`.
    schedule : callable
        From a generation to its share of the learning rate.
    weight_decay : float
        Share of the guess removed per generation and unit of learning rate,
        decoupled from the gradient (Loshchilov & Hutter 2019, arXiv:1711.05101).

    Raises
    ------
    InvalidInput
        If the learning rate or the weight decay lies outside its range.
    """

    def __init__(
        self,
        start: np.ndarray,
        scale: np.ndarray,
        method: GradientOptimizer,
        *,
        learning_rate: float,
        schedule: Callable[[int], float],
        weight_decay: float = 0.0,
    ) -> None:
        require_number("learning_rate", learning_rate, above=0)
        require_number("weight_decay", weight_decay, least=0)
        self.guess, self._scale, self.method = start, scale, method
        self._learning_rate, self._schedule = learning_rate, schedule
        self._weight_decay = weight_decay

    def follow(self, gradient: np.ndarray, generation: int) -> None:
        """Move the guess against a (parameter,) gradient, taken in units of scale."""
        step = self._scale * self.method.direction(gradient) + self._weight_decay * self.guess
        rate = self._learning_rate * self._schedule(generation)
        self.guess = frozen(self.guess - rate * step)

    def state(self) -> dict[str, Any]:
        """Return what must be remembered besides the guess."""
        return self.method.state()

    def restore(self, state: Mapping[str, np.ndarray], guess: np.ndarray) -> None:
        """Take over a guess and what `state` returned."""
        self.method.restore(state)
        self.guess = frozen(np.array(guess, dtype=float))


def make_descent(
    start: np.ndarray,
    scale: np.ndarray,
    *,
    gradient_optimizer: str,
    momentum: float,
    beta1: float,
    beta2: float,
    learning_rate: float,
    schedule: str,
    generations: int | None,
    weight_decay: float = 0.0,
) -> Descent:
    """Return the descent that the options of a method describe.

    Parameters
    ----------
    start, scale, learning_rate, weight_decay
        Those of `Descent`.
    gradient_optimizer, momentum, beta1, beta2
        Those of `gradient_optimizer_maker`.
    schedule, generations
        Those of `schedule_factor`.

    Raises
    ------
    InvalidInput
        If a name is unknown, or a number lies outside its range.
    """
    make_method = gradient_optimizer_maker(
        gradient_optimizer, momentum=momentum, beta1=beta1, beta2=beta2
    )
    return Descent(
        start,
        scale,
        make_method(start.size),
        learning_rate=learning_rate,
        schedule=schedule_factor(schedule, generations),
        weight_decay=weight_decay,
    )
