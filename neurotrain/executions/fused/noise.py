"""The keys under which the fused kernel draws the noise of each trial."""

import numpy as np

from neurotrain.errors import require_whole
from neurotrain.seeding import generator


def trial_keys(seed: int, n_trials: int) -> np.ndarray:
    """Return (trial,) unsigned 64-bit keys of Philox, one for the noise of each trial.

    Key k depends on the seed and on k alone: more trials add keys and change none.

    Parameters
    ----------
    seed : int
        Zero or positive.
    n_trials : int
        How many keys.

    Raises
    ------
    InvalidInput
        If the seed is negative, or either is not a whole number.
    """
    require_whole("seed", seed, least=0)
    require_whole("n_trials", n_trials, least=0)
    return generator(seed, "noise").integers(2**64, size=n_trials, dtype=np.uint64)
