"""Training of neural ODEs by gradient descent, with the interface of evolution."""

from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np

from neurotrain.errors import unknown_name
from neurotrain.kept_training import fingerprint, part_of
from neurotrain.neural_ode.evolution import with_length
from neurotrain.neural_ode.fit import Fit
from neurotrain.neural_ode.training import Budget, Step, Training, run, starting_point
from neurotrain.neural_ode.training_file import described
from neurotrain.neural_ode.windows import Batch
from neurotrain.optimizers import make_optimizer, optimizer_options
from neurotrain.optimizers.gradient_descent import GradientDescent

# Options of the library's optimizers that each method takes, and what AdamW adds to Adam.
_METHODS = {"adam": "adam", "adamw": "adam", "rmsprop": "rmsprop", "sgd": "sgd"}
_ADAMW = {"weight_decay": 0.01}
# They say how gradients through circuits are taken.
_OF_CIRCUITS = {
    "surrogate",
    "surrogate_slope",
    "precision",
    "checkpoint_steps",
    "truncate_steps",
    "compiled",
}
GRADIENTS = ("discrete", "torchdiffeq", "torchdiffeq-adjoint")

Gradient = Callable[[np.ndarray, Batch], tuple[float, np.ndarray]]


def descend(
    fit: Fit,
    optimizer: str = "adam",
    *,
    seed: int = 0,
    generations: int | None = None,
    seconds: float | None = None,
    start: np.ndarray | str = "glorot",
    scale: np.ndarray | None = None,
    gradient: str = "discrete",
    alternate: bool = False,
    folder: Path | None = None,
    threads: int | None = None,
    progress: bool = True,
    **options: Any,
) -> Training:
    """Train a vector field by the gradient of its loss; a generation is one step.

    A loss or gradient that is not finite is counted, and no step taken.

    Parameters
    ----------
    fit, seed, generations, seconds, start, folder, threads, progress
        Those of `evolve`.
    optimizer : {'adam', 'adamw', 'rmsprop', 'sgd'}
        The method. AdamW is Adam with ``weight_decay=0.01``.
    scale : (parameter,) array, optional
        Units of the learning rate and of the gradient that the method sees; by default 1, as in
        publications.
    gradient : {'discrete', 'torchdiffeq', 'torchdiffeq-adjoint'}
        Whose gradient: that of our solver, exact for the steps that it took; or that of the
        package torchdiffeq with the same tolerances, by automatic differentiation through its
        steps, or by its adjoint equation.
    alternate : bool
        Whether each generation changes one layer, in turn, each with a memory of its own.
    options
        Those of the library's optimizer: ``learning_rate``, ``schedule`` ('constant', 'cosine',
        'linear', 'step'), ``weight_decay``, ``clip_norm``, ``clip_value``, ``normalize=1.0`` for
        gradients of norm 1, and what moments are called.

    Raises
    ------
    InvalidInput
        If a name is unknown, a value out of range, or torchdiffeq is wanted and not installed or
        cannot solve this.
    RunFolderError
        If the folder holds another training, or cannot be read or written.
    """
    budget = Budget(generations, seconds)
    first = starting_point(fit, start, seed)
    scale = np.ones(first.size) if scale is None else np.asarray(scale, dtype=float)
    blocks = _layers(fit) if alternate else [slice(0, first.size)]
    options = _checked(optimizer, options)
    own = with_length(options, generations and ceil(generations / len(blocks)))
    methods = [
        make_optimizer(_METHODS[optimizer], first[block], scale[block], seed=seed, **own)
        for block in blocks
    ]
    description = described(
        fit,
        optimizer=optimizer,
        options=own,
        seed=seed,
        start=fingerprint(first),
        scale=fingerprint(scale),
        gradient=gradient,
        alternate=alternate,
    )
    learner = _Descent(fit, methods, blocks, seed, _gradient_by(gradient, fit, threads))
    return run(fit, learner, budget, description=description, folder=folder, progress=progress)


def _checked(optimizer: str, options: dict[str, Any]) -> dict[str, Any]:
    if optimizer not in _METHODS:
        raise unknown_name("gradient optimizer", optimizer, _METHODS)
    known = optimizer_options(_METHODS[optimizer]).keys() - _OF_CIRCUITS
    for option in options:
        if option not in known:
            raise unknown_name(f"option of {optimizer}", option, known)
    return _ADAMW | options if optimizer == "adamw" else options


def _layers(fit: Fit) -> list[slice]:
    """Return where each layer lies in the parameter vector."""
    sizes = [rows * (columns + fit.field.biases) for rows, columns in fit.field.shapes]
    ends = np.cumsum(sizes).tolist()
    return [slice(end - size, end) for end, size in zip(ends, sizes, strict=True)]


def _gradient_by(name: str, fit: Fit, threads: int | None) -> Gradient:
    if name not in GRADIENTS:
        raise unknown_name("gradient", name, GRADIENTS)
    if name == "discrete":
        return lambda parameters, batch: fit.loss_and_gradient(parameters, batch, threads)
    from neurotrain.neural_ode.torchdiffeq_gradient import TorchdiffeqGradient

    return TorchdiffeqGradient(fit, adjoint=name.endswith("adjoint"))


class _Descent:
    """Gradient descent of each block in turn; of all parameters, if that is one block."""

    def __init__(
        self,
        fit: Fit,
        methods: list[GradientDescent],
        blocks: list[slice],
        seed: int,
        gradient: Gradient,
    ) -> None:
        self._fit, self._methods, self._blocks = fit, methods, blocks
        self._seed, self._gradient = seed, gradient

    @property
    def guess(self) -> np.ndarray:
        return np.concatenate([method.guess for method in self._methods])

    def step(self, generation: int) -> Step:
        turn = generation % len(self._methods)
        method, block = self._methods[turn], self._blocks[turn]
        batch = self._fit.batch(self._seed, generation)
        loss, gradient = self._gradient(self.guess, batch)
        skipped = method.skipped
        method.ask()
        method.tell(np.array([loss]), gradient[np.newaxis, block])
        return Step(loss, int(not np.isfinite(loss)), method.skipped > skipped)

    def state_dict(self) -> dict[str, np.ndarray]:
        return {
            f"block{i}.{name}": array
            for i, method in enumerate(self._methods)
            for name, array in method.state_dict().items()
        }

    def load_state_dict(self, state: dict[str, np.ndarray]) -> None:
        for i, method in enumerate(self._methods):
            method.load_state_dict(part_of(state, f"block{i}."))
