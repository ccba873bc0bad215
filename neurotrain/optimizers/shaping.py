"""From losses to what evolution strategies weigh noise with; failures always count as worst."""

from collections.abc import Callable

import numpy as np

from neurotrain.errors import require_name


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


def raw_losses(losses: np.ndarray) -> np.ndarray:
    """Return (candidate,) losses, where failures have the highest of those that are finite."""
    finite = np.isfinite(losses)
    return np.where(finite, losses, losses[finite].max())


def z_scores(losses: np.ndarray) -> np.ndarray:
    """Return how many standard deviations each loss lies above the mean, (candidate,).

    Mean and standard deviation are those of the finite losses, and failures have the
    highest score among these. Equal losses score 0.
    """
    filled, finite = raw_losses(losses), np.isfinite(losses)
    # Squares of losses as large as floats can be would overflow.
    filled = filled / (np.abs(filled).max() or 1.0)
    distance = filled - filled[finite].mean()
    deviation = filled[finite].std()
    return distance / deviation if deviation > 0 else np.zeros(len(losses))


_SHAPINGS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "centered-rank": centered_ranks,
    "raw": raw_losses,
    "z-score": z_scores,
}


def shaping_function(name: str) -> Callable[[np.ndarray], np.ndarray]:
    """Return what turns (candidate,) losses, not all of them failed, into weights.

    Parameters
    ----------
    name : {'centered-rank', 'z-score', 'raw'}
        Which of the functions of this module.

    Raises
    ------
    InvalidInput
        If the name is unknown.
    """
    require_name("shaping", name, _SHAPINGS)
    return _SHAPINGS[name]
