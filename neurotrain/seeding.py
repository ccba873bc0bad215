"""One seed per run, spawned by purpose and index, never by worker, chunk or order."""

from zlib import crc32

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
    "structure": 12,
    "rate-parameters": 13,
    "rate-trials": 14,
    "rate-state": 15,
    "ode-parameters": 16,
    "ode-windows": 17,
    "rate-to-spike-network": 18,
    "rate-to-spike-trials": 19,
    "rate-to-spike-state": 20,
    "rate-to-spike-updates": 21,
    "learning-weights": 22,
    "learning-feedback": 23,
    "learning-samples": 24,
    "learning-episodes": 25,
    "glyphs": 26,
    "predictive-coding": 27,
    "readout-trials": 28,
    "readout-state": 29,
    "reservoir-weights": 30,
    "reservoir-noise": 31,
    "decoding": 32,
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


def structure_generator(seed: int, name: str, what: str) -> np.random.Generator:
    """Return the generator of what is random in a circuit and the same in all of its runs.

    Parameters
    ----------
    seed : int
        Of the circuit, not of a run.
    name : str
        The block that is made, such as ``'recurrent.weight'``.
    what : str
        What of it is made, such as ``'mask'``.
    """
    return generator(seed, "structure", crc32(name.encode()), crc32(what.encode()))


def repeated_order(known: int, n_drawn: int, rng: np.random.Generator) -> np.ndarray:
    """Return `n_drawn` of `known` trials, each as often as the others, in orders that are drawn."""
    rounds = -(-n_drawn // known)
    return np.concatenate([rng.permutation(known) for _ in range(rounds)])[:n_drawn]
