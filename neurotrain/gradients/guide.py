"""Backpropagated gradients that guide an evolution strategy, and may be wrong."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.errors import require_whole
from neurotrain.executions.torch.options import Differentiation
from neurotrain.gradients.differentiation import loss_and_gradient
from neurotrain.losses import Loss
from neurotrain.recording import Recording
from neurotrain.seeding import generator
from neurotrain.trials import Trials

if TYPE_CHECKING:
    from neurotrain.circuit import Circuit


class TruncatedGradient:
    """A guide for guided-es: the gradient of backpropagation truncated in time.

    ``nt.train(circuit, task, optimizer="guided-es", guide=TruncatedGradient(circuit, loss, 50))``.
    It is biased, since what lies further back than a truncation does not count, but does not
    explode. The same weights and trials give the same gradient: they begin in the same states.

    Parameters
    ----------
    circuit : Circuit
        The one that is trained.
    loss : Loss, function or str
        One with a derivative; not necessarily the one that is trained with, which may have none.
    truncate_steps : int, optional
        The gradient through the states is cut every so many steps; by default it is whole.
    options : Differentiation, optional
        How else gradients are taken.
    trials : int, optional
        How many trials of a generation to take it on, the first ones; by default all.
    seed : int
        From which initial states are drawn.
    threads : int, optional
        Threads of PyTorch.

    Raises
    ------
    InvalidInput
        If a number is out of its range.
    """

    def __init__(
        self,
        circuit: "Circuit",
        loss: Loss | Callable[[Recording, Trials], np.ndarray] | str,
        truncate_steps: int | None = None,
        *,
        options: Differentiation | None = None,
        trials: int | None = None,
        seed: int = 0,
        threads: int | None = None,
    ) -> None:
        if trials is not None:
            require_whole("trials", trials)
        require_whole("seed", seed, 0)
        self.circuit, self.loss, self.trials, self.seed = circuit, loss, trials, seed
        self.options = replace(options or Differentiation(), truncate_steps=truncate_steps)
        self.threads = threads

    def __call__(self, weights: np.ndarray, trials: Trials) -> np.ndarray:
        """Return the gradient, (parameter,), at (parameter,) weights; NaN where a trial fails."""
        trials = trials.select(slice(self.trials))
        rng = generator(self.seed, "training-state", 0)
        state = self.circuit.draw_initial_state(trials.n_trials, rng)
        _, gradient = loss_and_gradient(
            self.circuit,
            weights[np.newaxis],
            trials,
            state,
            self.loss,
            self.options,
            threads=self.threads,
        )
        return gradient[0]
