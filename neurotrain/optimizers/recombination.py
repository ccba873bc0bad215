"""From ranks to the weights with which candidates are recombined, and defaults of all that do."""

import numpy as np

from neurotrain.optimizers.shaping import failures_last


def default_population_size(size: int) -> int:
    """Return ``4 + floor(3 ln d)`` for d parameters (Hansen 2016, equation 48)."""
    return 4 + int(3 * np.log(max(size, 1)))


def log_weights(population_size: int) -> np.ndarray:
    """Return weights of the ranks, lowest loss first, of sum 1 and none below 0, (candidate,).

    They fall with the logarithm of the rank, to 0 from the middle on: Glasmachers et
    al. 2010 (doi:10.1145/1830483.1830557).
    """
    weights = np.log(population_size / 2 + 1) - np.log(np.arange(1, population_size + 1))
    weights = np.maximum(weights, 0)
    return weights / weights.sum()


def weights_of(losses: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return for each loss the weight of its rank, (candidate,).

    Equal losses share the mean of their weights; losses that are not finite rank last,
    equal among themselves.

    Parameters
    ----------
    losses : (candidate,) array
    weights : (candidate,) array
        For the lowest loss first.
    """
    _, group, counts = np.unique(failures_last(losses), return_inverse=True, return_counts=True)
    first = np.cumsum(counts) - counts
    return (np.add.reduceat(weights, first) / counts)[group]


def utilities(losses: np.ndarray) -> np.ndarray:
    """Return `log_weights` of the losses' ranks, moved to a sum of 0, (candidate,).

    Wierstra et al. 2014 (JMLR 15:949-980), section 3.1.
    """
    return weights_of(losses, log_weights(len(losses)) - 1 / len(losses))


def effective_number(weights: np.ndarray) -> float:
    """Return how many equally weighted candidates teach as much as these, of sum 1."""
    return float(1 / (weights**2).sum())
