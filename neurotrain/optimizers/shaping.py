"""From losses to ranks: the only thing about losses that our evolution strategies use."""

import numpy as np


def failures_last(losses: np.ndarray) -> np.ndarray:
    """Return (candidate,) losses with all that is not finite replaced by infinity."""
    return np.where(np.isfinite(losses), losses, np.inf)


def centered_ranks(losses: np.ndarray) -> np.ndarray:
    """Return ranks from -0.5 for the lowest loss to 0.5 for the highest, (candidate,).

    Equal losses share their mean rank; losses that are not finite rank last,
    equal among themselves. Fitness shaping of Salimans et al. 2017, section 2
    (arXiv:1703.03864).
    """
    _, group, counts = np.unique(failures_last(losses), return_inverse=True, return_counts=True)
    last = np.cumsum(counts) - 1
    mean_rank = last - (counts - 1) / 2
    return mean_rank[group] / max(len(losses) - 1, 1) - 0.5 * (len(losses) > 1)


def ordinal_ranks(losses: np.ndarray, tie_break: np.ndarray) -> np.ndarray:
    """Return ranks 0, 1, 2, ... without ties, (candidate,).

    Equal losses rank in the order of `tie_break`, (candidate,); losses that are
    not finite rank last.
    """
    ranks = np.empty(len(losses), dtype=int)
    ranks[np.lexsort((tie_break, failures_last(losses)))] = np.arange(len(losses))
    return ranks
