"""The plain score function estimate, as the precursor of this package used it."""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from neurotrain.errors import InvalidInput, require_number, require_whole
from neurotrain.optimizers.ask_tell import AskTell
from neurotrain.optimizers.checks import frozen
from neurotrain.optimizers.descent import make_descent
from neurotrain.optimizers.noise import Noise
from neurotrain.optimizers.perturbations import Perturbations
from neurotrain.optimizers.shaping import shaping_function


class SONG(AskTell):
    """Score function estimate of Hazelden et al. 2023 (arXiv:2311.10869), minimizing.

    Candidate 0 is the guess, the others are the guess plus ``sigma * scale * noise``.
    The estimate of the gradient is the mean of ``loss * noise / sigma`` over all
    candidates, with no baseline, mirroring or ranks: its variance grows with the square
    of the mean loss. `openai-es` differs in those three and in little else.

    With `blocks`, each generation perturbs and changes one block of parameters, in
    turn, as the precursor did with its weight matrices.

    Parameters
    ----------
    start, scale : (parameter,) array
        The first guess, and the natural scale of each parameter.
    seed : int
        The run's seed.
    population_size : int
        Number of candidates, the unperturbed one included; at least 2.
    sigma : float
        Standard deviation of the noise, in units of `scale`; the precursor's was twice
        the standard deviation of its initial weights.
    learning_rate : float
        By what the gradient optimizer's direction is multiplied, in units of `scale`.
    schedule : {'constant', 'cosine', 'linear', 'step'}
        How the learning rate falls over the run; constant in the precursor.
    generations : int, optional
        Length of the run; needed by the falling schedules.
    gradient_optimizer : {'adam', 'clipup', 'rmsprop', 'sgd'}
        What turns the gradient into a direction; every block has its own.
    momentum : float
        Of SGD and ClipUp: share of the velocity kept per generation.
    beta1, beta2 : float
        Decay of Adam's moments per generation; the second also of RMSprop's mean square.
    shaping : {'raw', 'z-score', 'centered-rank'}
        What of the losses weighs the noise.
    blocks : sequence of int, optional
        Sizes of the blocks, in the order in which they lie in the parameter vector;
        by default all parameters are one block.

    Raises
    ------
    InvalidInput
        If an option lies outside its range, or the blocks do not add up.
    """

    samples_from = ("guess",)

    def __init__(
        self,
        start: np.ndarray,
        scale: np.ndarray,
        *,
        seed: int,
        population_size: int = 100,
        sigma: float = 2.0,
        learning_rate: float = 0.1,
        schedule: str = "constant",
        generations: int | None = None,
        gradient_optimizer: str = "adam",
        momentum: float = 0.9,
        beta1: float = 0.9,
        beta2: float = 0.999,
        shaping: str = "raw",
        blocks: Sequence[int] | None = None,
    ) -> None:
        super().__init__(start, scale, seed=seed, population_size=population_size)
        require_whole("population_size of song", population_size, 2)
        require_number("sigma", sigma, above=0)
        self.sigma, self.learning_rate = sigma, learning_rate
        self._shape = shaping_function(shaping)
        self._blocks = _slices(blocks, self._start.size)
        self._perturbations = [
            Perturbations(Noise(population_size - 1, block.stop - block.start), mirrored=False)
            for block in self._blocks
        ]
        self._descents = [
            make_descent(
                self._start[block],
                self._scale[block],
                gradient_optimizer=gradient_optimizer,
                momentum=momentum,
                beta1=beta1,
                beta2=beta2,
                learning_rate=learning_rate,
                schedule=schedule,
                generations=generations,
            )
            for block in self._blocks
        ]

    @property
    def guess(self) -> np.ndarray:
        """The center of the candidates, a read-only (parameter,) array."""
        return frozen(np.concatenate([descent.guess for descent in self._descents]))

    @property
    def _turn(self) -> int:
        """The block that this generation perturbs."""
        return self.generation % len(self._blocks)

    def _sample(self) -> np.ndarray:
        turn = self._turn
        block, perturbations = self._blocks[turn], self._perturbations[turn]
        candidates = np.empty((self.population_size, self._start.size))
        candidates[:] = self.guess
        chunks = perturbations.noise.draw(self._rng(self.generation))
        for rows, directions in chunks:
            candidates[1:, block][rows] += self.sigma * self._scale[block] * directions
        return candidates

    def _update(self, losses: np.ndarray) -> None:
        if not np.isfinite(losses).any():
            return
        turn = self._turn
        total = self._perturbations[turn].total(self._shape(losses)[1:])
        # The mean is over all candidates, though the first has no noise.
        gradient = total / (self.population_size * self.sigma)
        self._descents[turn].follow(gradient, self.generation)

    def _own_state(self) -> dict[str, Any]:
        return {
            f"block{i}_{name}": value
            for i, descent in enumerate(self._descents)
            for name, value in descent.state().items()
        }

    def _restore(self, state: Mapping[str, np.ndarray]) -> None:
        for i, (block, descent) in enumerate(zip(self._blocks, self._descents, strict=True)):
            own = {name: state[f"block{i}_{name}"] for name in descent.state()}
            descent.restore(own, state["guess"][block])


def _slices(blocks: Sequence[int] | None, size: int) -> list[slice]:
    """Return where each block lies in the parameter vector."""
    if blocks is None:
        return [slice(0, size)]
    if not isinstance(blocks, Sequence):
        raise InvalidInput(f"blocks must be a list of sizes such as [800, 64], got {blocks!r}.")
    sizes = list(blocks)
    for each in sizes:
        require_whole("Each size in blocks", each)
    if sum(sizes) != size:
        raise InvalidInput(f"blocks must hold {size} parameters in all, got {sizes}: {sum(sizes)}.")
    ends = list(accumulate(sizes))
    return [slice(end - each, end) for end, each in zip(ends, sizes, strict=True)]
