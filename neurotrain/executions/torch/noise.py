"""Random numbers of a trial, which depend on nothing but its seed, the step and the place."""

import numpy as np
import torch
from numpy.random import Generator, Philox
from torch import Tensor

# Steps that are drawn at once.
_BLOCK = 64
_MASK = 2**64 - 1


class Noise:
    """Draws the random numbers of all trials.

    Parameters
    ----------
    keys : (trial,) uint64 array
        The seed of each trial.
    dtype : torch.dtype
    """

    def __init__(self, keys: np.ndarray, dtype: torch.dtype) -> None:
        self.keys, self.dtype = [int(key) for key in keys], dtype
        self._drawn: dict[tuple, tuple[int, Tensor]] = {}

    def at(self, kind: str, place: tuple[int, int], size: int, step: int) -> Tensor:
        """Return numbers (1, trial, element) of a step.

        `kind` is 'rand', uniform from 0 to 1, or 'randn', normal with standard deviation 1;
        `place` tells apart where in the program they are drawn.
        """
        block, row = divmod(step, _BLOCK)
        key = (kind, place, size)
        if self._drawn.get(key, (-1,))[0] != block:
            drawn = np.stack([self._block(kind, place, size, one, block) for one in self.keys], 1)
            self._drawn[key] = block, torch.as_tensor(drawn, dtype=self.dtype)
        return self._drawn[key][1][row : row + 1]

    @staticmethod
    def _block(kind: str, place: tuple[int, int], size: int, key: int, block: int) -> np.ndarray:
        counter = np.array([0, place[0], place[1], block], np.uint64)
        bits = Philox(key=np.array([key & _MASK, 0], np.uint64), counter=counter)
        rng = Generator(bits)
        draw = rng.random if kind == "rand" else rng.standard_normal
        return draw((_BLOCK, size))
