"""How the gradient of a loss grows with the duration of trials: norms of each block."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from neurotrain.errors import InvalidInput
from neurotrain.executions.torch.options import Differentiation
from neurotrain.gradients.differentiation import LossLike, State, loss_and_gradient
from neurotrain.parameters.space import ParameterSpace
from neurotrain.trials import Trials

if TYPE_CHECKING:
    from neurotrain.circuit import Circuit


@dataclass(frozen=True)
class GradientHorizon:
    """Norms of gradients against the duration of trials.

    Parameters
    ----------
    duration_ms : (duration,) array
    loss : (duration, candidate) array
        Infinite where a trial failed.
    norms : mapping of str to (duration, candidate) array
        Of the gradient by each block of searched parameters; NaN where a trial failed.
    """

    duration_ms: np.ndarray
    loss: np.ndarray
    norms: Mapping[str, np.ndarray]

    @property
    def growth(self) -> dict[str, np.ndarray]:
        """Slope of the logarithm of each norm against the duration, (candidate,), in 1/s.

        By least squares; NaN for a candidate with a norm that is zero or not finite.
        """
        seconds = self.duration_ms * 1e-3
        seconds = seconds - seconds.mean()
        slopes = {}
        for name, norms in self.norms.items():
            usable = (np.isfinite(norms) & (norms > 0)).all(axis=0)
            logs = np.log(np.where(usable, norms, 1.0))
            slopes[name] = np.where(usable, seconds @ logs / (seconds @ seconds), np.nan)
        return slopes


def gradient_horizon(
    circuit: "Circuit",
    candidates: np.ndarray,
    batches: Iterable[Trials],
    initial_state: State,
    loss: LossLike,
    options: Differentiation | None = None,
    *,
    blocks: Sequence[str] | None = None,
    threads: int | None = None,
) -> GradientHorizon:
    """Return norms of the gradient on batches of trials that differ in duration.

    Parameters
    ----------
    circuit : Circuit
    candidates : (candidate, parameter) array
    batches : iterable of Trials
        Two or more, each as many trials as the others.
    initial_state : mapping of str to (trial, neuron) array
        The same for all batches.
    loss : Loss, function or str
        As for `loss_and_gradient`.
    options : Differentiation, optional
    blocks : sequence of str, optional
        By which parameters the loss is differentiated; by default by all.
    threads : int, optional
        Threads of PyTorch; by default its own choice.

    Raises
    ------
    InvalidInput
        If there are fewer than two different durations, or as `loss_and_gradient` does.
    """
    batches = sorted(batches, key=lambda trials: trials.duration_ms)
    durations = [trials.duration_ms for trials in batches]
    if len(set(durations)) < 2:
        raise InvalidInput(
            "A horizon needs trials of two or more durations, got "
            f"{', '.join(f'{one:g} ms' for one in durations) or 'none'}."
        )
    losses, norms = [], []
    for trials in batches:
        loss_of, gradient = loss_and_gradient(
            circuit,
            candidates,
            trials,
            initial_state,
            loss,
            options,
            blocks=blocks,
            threads=threads,
        )
        losses.append(loss_of)
        norms.append(block_norms(circuit.parameters, gradient))
    chosen = [name for name in norms[0] if blocks is None or name in blocks]
    return GradientHorizon(
        np.array(durations),
        np.stack(losses),
        {name: np.stack([one[name] for one in norms]) for name in chosen},
    )


def block_norms(space: ParameterSpace, gradients: np.ndarray) -> dict[str, np.ndarray]:
    """Return the norm of each block of gradients (candidate, parameter), each (candidate,).

    Blocks without searched parameters have none. NaN where a gradient is not finite.
    """
    searched = [block for block in space.blocks if block.size]
    ends = np.cumsum([block.size for block in searched])[:-1]
    pieces = np.split(gradients, ends, axis=-1)
    return {block.name: _norm(piece) for block, piece in zip(searched, pieces, strict=True)}


def _norm(vectors: np.ndarray) -> np.ndarray:
    largest = np.abs(vectors).max(axis=-1)
    usable = np.isfinite(largest) & (largest > 0)
    # Divided first: the square of an exploding gradient overflows.
    scaled = np.where(usable[..., np.newaxis], vectors, 0.0)
    scaled /= np.where(usable, largest, 1.0)[..., np.newaxis]
    norms = np.where(usable, largest, 0.0) * np.sqrt((scaled**2).sum(axis=-1))
    return np.where(np.isfinite(largest), norms, np.nan)
