"""Methods that follow the gradient of the loss at their guess, which others compute."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.optimizers.adam import Adam
from neurotrain.optimizers.ask_tell import AskTell
from neurotrain.optimizers.descent import Descent
from neurotrain.optimizers.gradient_limits import GradientLimits
from neurotrain.optimizers.gradient_optimizers import GradientOptimizer
from neurotrain.optimizers.rmsprop import RMSprop
from neurotrain.optimizers.schedules import schedule_factor
from neurotrain.optimizers.sgd import SGD


class GradientDescent(AskTell):
    """A guess that follows the gradient of its own loss; the only candidate is the guess.

    A generation is a step. A loss or gradient that is not finite is counted, and no step taken.

    Parameters
    ----------
    start, scale : (parameter,) array
        The first guess, and the natural scale of each parameter.
    method : GradientOptimizer
        What turns gradients into directions. It is given them in units of `scale`, as other
        optimizers estimate them.
    seed : int
        The run's seed; nothing is drawn from it.
    learning_rate : float
        By what directions are multiplied, in units of `scale`.
    schedule : {'constant', 'cosine', 'linear', 'step'}
        How the learning rate falls over the run.
    generations : int, optional
        Length of the run; needed by the falling schedules.
    weight_decay : float
        Share of the guess removed per generation and unit of learning rate.
    clip_norm : float, optional
        Longest gradient by the parameters themselves, not in units of `scale`; a longer one is
        shortened to it.
    clip_value : float, optional
        Largest entry of the gradient, cut off before.
    normalize : float
        To which power of its norm the gradient is then divided by, in [0, 1].
    surrogate, surrogate_slope, precision, checkpoint_steps, truncate_steps, compiled
        Those of `neurotrain.gradients.Differentiation`.
    rule : str, optional
        A learning rule that is followed instead of the gradient, for circuits of rate units, such
        as ``'pseudo-gradient + 0.01 oja in recurrent'``; the changes that it makes are taken for
        the negative gradient. See `neurotrain.gradients.RuleGradient`.
    feedback : str
        How errors get to the neurons: ``'backpropagation'``, or ``'feedback-alignment'`` or
        ``'direct-feedback-alignment'``, with the rule ``'pseudo-gradient'`` unless there is one.

    Attributes
    ----------
    differentiation : dict
        How gradients are to be taken, for whoever computes them.
    learning_rule : dict or None
        ``rule`` and ``feedback``, where they take the place of the gradient.
    skipped : int
        Number of generations without a step.

    Raises
    ------
    InvalidInput
        If an option lies outside its range.
    """

    def __init__(
        self,
        start: np.ndarray,
        scale: np.ndarray,
        method: GradientOptimizer,
        *,
        seed: int,
        learning_rate: float,
        schedule: str = "constant",
        generations: int | None = None,
        weight_decay: float = 0.0,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        normalize: float = 0.0,
        surrogate: str = "fast-sigmoid",
        surrogate_slope: float | None = None,
        precision: str = "float64",
        checkpoint_steps: int | None = None,
        truncate_steps: int | None = None,
        compiled: bool = True,
        rule: str | None = None,
        feedback: str = "backpropagation",
    ) -> None:
        super().__init__(start, scale, seed=seed, population_size=1)
        self.learning_rule = _learning_rule(rule, feedback)
        if self.learning_rule and truncate_steps is not None:
            raise InvalidInput("A learning rule is not truncated; leave out truncate_steps.")
        self._limits = GradientLimits(clip_norm, clip_value, normalize)
        self.learning_rate, self.skipped = learning_rate, 0
        self._descent = Descent(
            self._start,
            self._scale,
            method,
            learning_rate=learning_rate,
            schedule=schedule_factor(schedule, generations),
            weight_decay=weight_decay,
        )
        self.differentiation = {
            "surrogate": surrogate,
            "surrogate_slope": surrogate_slope,
            "precision": precision,
            "checkpoint_steps": checkpoint_steps,
            "truncate_steps": truncate_steps,
            "compiled": compiled,
        }
        self._gradient: np.ndarray | None = None

    @property
    def guess(self) -> np.ndarray:
        """Where the next gradient is wanted, a read-only (parameter,) array."""
        return self._descent.guess

    def tell(self, losses: np.ndarray, gradients: np.ndarray | None = None) -> None:
        """Follow the gradient at the guess, which is the candidate that `ask` returned.

        Parameters
        ----------
        losses : (1,) array
            One that is not finite marks a failure.
        gradients : (1, parameter) array
            Of the loss by the parameters; a failure if an entry is not finite.

        Raises
        ------
        InvalidInput
            If `ask` was not called before, or an array has another shape.
        """
        self._gradient = gradient_at_guess(gradients, self._start.size)
        super().tell(losses)

    def _sample(self) -> np.ndarray:
        return self.guess[np.newaxis].copy()

    def _update(self, losses: np.ndarray) -> None:
        usable = np.isfinite(losses).all() and np.isfinite(self._gradient).all()
        gradient = self._scale * self._limits.apply(self._gradient) if usable else self._gradient
        with np.errstate(over="ignore"):
            # Methods square it.
            usable = usable and np.isfinite(np.square(gradient).sum())
        if usable:
            self._descent.follow(gradient, self.generation)
        else:
            self.skipped += 1

    def _own_state(self) -> dict[str, Any]:
        return {**self._descent.state(), "skipped": self.skipped}

    def _restore(self, state: Mapping[str, np.ndarray]) -> None:
        self._descent.restore(state, state["guess"])
        self.skipped = int(state["skipped"])


class AdamDescent(GradientDescent):
    """Adam on backpropagated gradients, which need PyTorch (Kingma & Ba 2015).

    Parameters
    ----------
    start, scale, seed
        Those of `GradientDescent`.
    learning_rate : float
        The largest steady step of a parameter, in units of `scale`.
    beta1, beta2 : float
        Decay of Adam's moments per step.
    options
        All others of `GradientDescent`.
    """

    def __init__(
        self,
        start: np.ndarray,
        scale: np.ndarray,
        *,
        seed: int,
        learning_rate: float = 0.03,
        beta1: float = 0.9,
        beta2: float = 0.999,
        **options: Any,
    ) -> None:
        method = Adam(np.size(start), beta1, beta2)
        super().__init__(start, scale, method, seed=seed, learning_rate=learning_rate, **options)


class SGDDescent(GradientDescent):
    """Stochastic gradient descent with momentum, by backpropagation, which needs PyTorch.

    Parameters
    ----------
    start, scale, seed
        Those of `GradientDescent`.
    learning_rate : float
        By what the sum of gradients, in units of `scale`, is multiplied.
    momentum : float
        Share of the velocity kept per step.
    options
        All others of `GradientDescent`.
    """

    def __init__(
        self,
        start: np.ndarray,
        scale: np.ndarray,
        *,
        seed: int,
        learning_rate: float = 1.0,
        momentum: float = 0.9,
        **options: Any,
    ) -> None:
        method = SGD(np.size(start), momentum)
        super().__init__(start, scale, method, seed=seed, learning_rate=learning_rate, **options)


class RMSpropDescent(GradientDescent):
    """RMSprop on backpropagated gradients, which need PyTorch (Tieleman & Hinton 2012).

    Parameters
    ----------
    start, scale, seed
        Those of `GradientDescent`.
    learning_rate : float
        The usual step of a parameter, in units of `scale`.
    decay : float
        Of the running mean square per step.
    options
        All others of `GradientDescent`.
    """

    def __init__(
        self,
        start: np.ndarray,
        scale: np.ndarray,
        *,
        seed: int,
        learning_rate: float = 0.01,
        decay: float = 0.9,
        **options: Any,
    ) -> None:
        method = RMSprop(np.size(start), decay)
        super().__init__(start, scale, method, seed=seed, learning_rate=learning_rate, **options)


def _learning_rule(rule: str | None, feedback: str) -> dict[str, str] | None:
    if rule is None and feedback == "backpropagation":
        return None
    return {"rule": "pseudo-gradient" if rule is None else rule, "feedback": feedback}


def gradient_at_guess(gradients: np.ndarray | None, size: int) -> np.ndarray:
    """Return the (parameter,) gradient that `tell` is given as (1, parameter).

    Raises
    ------
    InvalidInput
        If there is none, or it has another shape.
    """
    if gradients is None:
        raise InvalidInput(
            "This optimizer follows gradients: give tell the losses and the gradient at the guess."
        )
    gradients = np.array(gradients, dtype=float)
    if gradients.shape != (1, size):
        raise InvalidInput(f"tell expected a gradient of shape (1, {size}), got {gradients.shape}.")
    return gradients[0]
