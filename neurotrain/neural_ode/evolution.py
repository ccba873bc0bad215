"""Training of neural ODEs by evolution strategies."""

from pathlib import Path
from typing import Any

import numpy as np

from neurotrain.kept_training import fingerprint
from neurotrain.neural_ode.fit import Fit
from neurotrain.neural_ode.training import Budget, Step, Training, run, starting_point
from neurotrain.neural_ode.training_file import described
from neurotrain.optimizers import make_optimizer
from neurotrain.optimizers.base import Optimizer


def evolve(
    fit: Fit,
    optimizer: str = "cma-es",
    *,
    seed: int = 0,
    generations: int | None = None,
    seconds: float | None = None,
    start: np.ndarray | str = "glorot",
    scale: np.ndarray | None = None,
    folder: Path | None = None,
    threads: int | None = None,
    progress: bool = True,
    **options: Any,
) -> Training:
    """Train a vector field by an optimizer that needs nothing but losses.

    All candidates of a generation solve the same windows. One with a failed solve ranks last.

    Parameters
    ----------
    fit : Fit
        What is trained.
    optimizer : str
        One of `neurotrain.optimizers.optimizer_names`, or ``LIBRARY:ALGORITHM``.
    seed : int
        Of initial parameters, windows and the optimizer's noise.
    generations, seconds : optional
        The budget, whichever ends first; at least one of them. A folder's training counts what
        it has spent already. A falling schedule is one over `generations`.
    start : (parameter,) array or str
        Initial parameters, or how `VectorField.initial` draws them.
    scale : (parameter,) array, optional
        The natural scale of each parameter, by default `VectorField.parameter_scale`.
    folder : Path, optional
        Where the training is kept; one that is there already goes on.
    threads : int, optional
        Of the solver; by default all cores.
    progress : bool
        Whether to show the progress.
    options
        Those of the optimizer.

    Raises
    ------
    InvalidInput
        If a name is unknown or a value out of range.
    RunFolderError
        If the folder holds another training, or cannot be read or written.
    """
    budget = Budget(generations, seconds)
    first = starting_point(fit, start, seed)
    scale = fit.field.parameter_scale() if scale is None else np.asarray(scale, dtype=float)
    options = with_length(options, generations)
    method = make_optimizer(optimizer, first, scale, seed=seed, **options)
    description = described(
        fit,
        optimizer=optimizer,
        options=options,
        seed=seed,
        start=fingerprint(first),
        scale=fingerprint(scale),
    )
    learner = _Evolution(fit, method, seed, threads)
    return run(fit, learner, budget, description=description, folder=folder, progress=progress)


def with_length(options: dict[str, Any], generations: int | None) -> dict[str, Any]:
    """Return options in which falling schedules know over how many generations they fall."""
    falling = any(options.get(n, "constant") != "constant" for n in ("schedule", "sigma_schedule"))
    return {"generations": generations, **options} if falling else options


class _Evolution:
    """An optimizer by ask and tell; the guess is solved beside its candidates."""

    def __init__(self, fit: Fit, optimizer: Optimizer, seed: int, threads: int | None) -> None:
        self._fit, self._optimizer = fit, optimizer
        self._seed, self._threads = seed, threads
        self.state_dict = optimizer.state_dict
        self.load_state_dict = optimizer.load_state_dict

    @property
    def guess(self) -> np.ndarray:
        return self._optimizer.guess

    def step(self, generation: int) -> Step:
        batch = self._fit.batch(self._seed, generation)
        candidates = np.concatenate([self._optimizer.ask(), self.guess[np.newaxis]])
        losses = self._fit.losses(candidates, batch, self._threads)
        self._optimizer.tell(losses.values[:-1])
        return Step(losses.values[-1], losses.failed.sum(), skipped=False)
