"""What can be decoded from the activity of a population, and when."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from neurotrain.analysis.counts import checked_values
from neurotrain.errors import InvalidInput, require_whole
from neurotrain.seeding import generator


@dataclass(frozen=True)
class Decoding:
    """How well a decoder tells labels from the activity in each bin.

    Parameters
    ----------
    accuracy : (bin,) array
        Share of trials whose label is decoded, on trials that the decoder was not fitted to, the
        mean over folds.
    permuted : (permutation, bin) array
        The same with labels exchanged between trials at random; those of a permutation are the
        same in all bins.
    p_value : (bin,) array
        How probable such an accuracy is without anything to decode,
        ``(1 + permutations at least as accurate)/(1 + permutations)``; not corrected for the
        number of bins.
    chance : float
        Share of the most frequent label: what always telling that one would be worth.
    """

    accuracy: np.ndarray
    permuted: np.ndarray
    p_value: np.ndarray
    chance: float


def decode(
    activity: np.ndarray,
    labels: np.ndarray,
    *,
    folds: int = 5,
    permutations: int = 100,
    seed: int = 0,
    decoder: Any = None,
) -> Decoding:
    """Return how well labels are decoded from the activity in each bin.

    A decoder is fitted for each bin, fold and permutation: (1 + permutations) times folds times
    bins fits of some milliseconds each, so take few bins, see `rebin`.

    Parameters
    ----------
    activity : (trial, bin, neuron) array
        Such as spike counts.
    labels : (trial,) array
        What is decoded: labels, choices, or a condition with few values; numbers or texts.
    folds : int
        Of the stratified cross-validation, at least 2.
    permutations : int
        For the control, at least 1; the smallest p value is ``1/(1 + permutations)``.
    seed : int
        Of folds and permutations.
    decoder : classifier of scikit-learn, optional
        By default logistic regression on standardized activity.

    Raises
    ------
    InvalidInput
        If shapes disagree, something is not finite, there is one label only, or a label has fewer
        trials than there are folds.

    Notes
    -----
    The control is that of Ojala and Garriga (2010), J. Mach. Learn. Res. 11:1833, by
    ``sklearn.model_selection.permutation_test_score``.
    """
    from sklearn.model_selection import StratifiedKFold, permutation_test_score

    activity = np.asarray(activity, dtype=float)
    require_whole("folds", folds, 2)
    require_whole("permutations", permutations)
    require_whole("seed", seed, 0)
    labels, shares = _checked(activity, labels, folds)
    fold_seed, permutation_seed = generator(seed, "decoding").integers(2**31, size=2).tolist()
    how = {
        "cv": StratifiedKFold(folds, shuffle=True, random_state=fold_seed),
        "n_permutations": permutations,
        "random_state": permutation_seed,
        "scoring": "accuracy",
    }
    decoder = _logistic_regression() if decoder is None else decoder
    bins = np.moveaxis(activity, 1, 0)
    scores = [permutation_test_score(decoder, each, labels, **how) for each in bins]
    accuracy, permuted, p_value = zip(*scores, strict=True)
    return Decoding(
        np.array(accuracy), np.stack(permuted, axis=1), np.array(p_value), float(shares.max())
    )


def _checked(activity: np.ndarray, labels: np.ndarray, folds: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the labels as whole numbers, and the share of each."""
    if activity.ndim != 3 or not activity.size or not np.isfinite(activity).all():
        raise InvalidInput(
            f"Activity must be finite, (trial, bin, neuron), got shape {activity.shape}."
        )
    # A condition is often a float, of which scikit-learn makes no classes.
    shown, index, n = np.unique(
        checked_values(labels, len(activity), least=2), return_inverse=True, return_counts=True
    )
    if n.min() < folds:
        raise InvalidInput(
            f"Label {shown[n.argmin()].item()!r} has {n.min()} trials, fewer than the {folds} "
            "folds; take fewer folds, or more trials."
        )
    return index, n / n.sum()


def _logistic_regression() -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
