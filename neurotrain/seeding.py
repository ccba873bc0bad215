"""One seed per run, spawned by purpose and index, never by worker, chunk or order."""

import numpy as np

# The numbers are part of the format of a run: append, never renumber.
PURPOSES = {
    "initial-parameters": 0,
    "optimizer": 1,
    "training-trials": 2,
    "training-state": 3,
    "validation-trials": 4,
    "validation-state": 5,
    "test-trials": 6,
    "test-state": 7,
    "task": 8,
    "figure-trials": 9,
    "figure-state": 10,
    "noise": 11,
}


def generator(seed: int, purpose: str, *index: int) -> np.random.Generator:
    """Return the random generator of one purpose, independent of all others.

    Parameters
    ----------
    seed : int
        The run's seed, zero or positive.
    purpose : str
        One of `PURPOSES`.
    index : int
        Which one of this purpose: a generation, a trial.
    """
    sequence = np.random.SeedSequence(seed, spawn_key=(PURPOSES[purpose], *index))
    return np.random.Generator(np.random.PCG64(sequence))
