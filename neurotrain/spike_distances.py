"""Distances between spike trains, of many pairs of trains at once."""

from collections.abc import Sequence

import numpy as np

from neurotrain.errors import InvalidInput


def pad_trains(trains: Sequence[Sequence[float] | np.ndarray]) -> np.ndarray:
    """Return spike trains of any lengths as one (train, spike) array, with NaN behind the last."""
    length = max((len(train) for train in trains), default=0)
    padded = np.full((len(trains), length), np.nan)
    for row, train in zip(padded, trains, strict=True):
        row[: len(train)] = np.sort(np.asarray(train, dtype=float))
    return padded


def spike_times(counts: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return when the counted spikes were, with NaN behind the last.

    Parameters
    ----------
    counts : (..., bin) int array
        Spikes in each bin; several in one bin are at the same time.
    times : (bin,) array
        When the spikes of each bin count as fired, increasing.

    Returns
    -------
    (..., spike) array
        As long as the longest train.
    """
    counts = np.asarray(counts).astype(np.int64)
    total = counts.cumsum(axis=-1)
    length = int(total[..., -1].max(initial=0)) if total.shape[-1] else 0
    # The k-th spike lies in the first bin by whose end more than k have been counted.
    bins = np.stack([(total <= k).sum(axis=-1) for k in range(length)], axis=-1) if length else None
    if bins is None:
        return np.full((*counts.shape[:-1], 0), np.nan)
    return np.append(np.asarray(times, dtype=float), np.nan)[bins]


def van_rossum_distance(one: np.ndarray, other: np.ndarray, tau: float) -> np.ndarray:
    """Return the distances of van Rossum between pairs of spike trains.

    ``sqrt(sum_ij d_i d_j exp(-|t_i - t_j|/tau))`` over the spikes of both trains, where ``d`` is
    1 for those of one and -1 for those of the other. So a train with a single spike is at
    distance 1 from an empty one, as in Elephant.

    Parameters
    ----------
    one, other : (..., spike) array
        Spike times with NaN behind the last; leading axes are broadcast.
    tau : float
        Time constant of the exponential kernel, in the unit of the times.

    Returns
    -------
    (...) array

    Raises
    ------
    InvalidInput
        If `tau` is not a positive number.

    Notes
    -----
    van Rossum (2001), DOI 10.1162/089976601300014321; the recursion, whose time grows with the
    number of spikes and not with its square, is that of Houghton and Kreuz (2012),
    DOI 10.3109/0954898X.2012.673048.

    Examples
    --------
    >>> import numpy as np
    >>> one, other = np.array([10.0, 20.0]), np.array([10.0, 21.0])
    >>> float(van_rossum_distance(one, other, tau=10.0).round(3))
    0.436
    """
    if not 0 < tau < np.inf:
        raise InvalidInput(f"The time constant tau must be a positive number, got {tau!r}.")
    times, signs = _merged(one, other)
    squared = np.zeros(times.shape[:-1])
    trace = np.zeros(times.shape[:-1])
    # One spike after the other, so that the padding of a train changes no bit of its distance.
    for k in range(times.shape[-1]):
        if k:
            trace = trace * np.exp((times[..., k - 1] - times[..., k]) / tau)
        squared = squared + signs[..., k] * (2 * trace + signs[..., k])
        trace = trace + signs[..., k]
    return np.sqrt(np.maximum(squared, 0.0))


def _merged(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the times of both trains in order, and 1 or -1 for whose they are, 0 for padding."""
    one, other = _broadcast(one, other)
    times = np.concatenate([one, other], axis=-1)
    signs = np.concatenate([np.ones(one.shape), -np.ones(other.shape)], axis=-1)
    signs = np.where(np.isnan(times), 0.0, signs)
    order = np.argsort(times, axis=-1, kind="stable")  # NaN comes last
    times, signs = (np.take_along_axis(each, order, axis=-1) for each in (times, signs))
    last = np.fmax.reduce(times, axis=-1, initial=0.0)[..., np.newaxis]
    return np.where(np.isnan(times), last, times), signs


def victor_purpura_distance(one: np.ndarray, other: np.ndarray, cost: float) -> np.ndarray:
    """Return the distances of Victor and Purpura between pairs of spike trains.

    The least cost of making one train into the other, where a spike is added or removed at
    cost 1 and shifted by t at ``cost * |t|``.

    Parameters
    ----------
    one, other : (..., spike) array
        Increasing spike times with NaN behind the last; leading axes are broadcast.
    cost : float
        Of a shift by one unit of time; 0 compares the numbers of spikes alone.

    Returns
    -------
    (...) array

    Raises
    ------
    InvalidInput
        If `cost` is negative or not finite.

    Notes
    -----
    Victor and Purpura (1996), DOI 10.1152/jn.1996.76.2.1310, by their dynamic programming.

    Examples
    --------
    >>> import numpy as np
    >>> one, other = np.array([10.0, 20.0]), np.array([10.0, 21.0])
    >>> float(victor_purpura_distance(one, other, cost=0.1))
    0.1
    """
    if not 0 <= cost < np.inf:
        raise InvalidInput(f"The cost of a shift must be 0 or a positive number, got {cost!r}.")
    one, other = _broadcast(one, other)
    present = ~np.isnan(other)
    # previous[..., j] is the distance of what has been seen of `one` from the first j of `other`.
    previous = np.concatenate([np.zeros((*one.shape[:-1], 1)), present.cumsum(axis=-1)], axis=-1)
    for i in range(one.shape[-1]):
        exists = ~np.isnan(one[..., i])
        current = np.empty_like(previous)
        current[..., 0] = previous[..., 0] + 1
        for j in range(other.shape[-1]):
            shift = cost * np.abs(one[..., i] - other[..., j])
            best = np.minimum(previous[..., j + 1], current[..., j]) + 1
            best = np.fmin(best, previous[..., j] + shift)
            current[..., j + 1] = np.where(present[..., j], best, current[..., j])
        previous = np.where(exists[..., np.newaxis], current, previous)
    return previous[..., -1]


def _broadcast(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give both the same leading axes."""
    one, other = np.asarray(one, dtype=float), np.asarray(other, dtype=float)
    shape = np.broadcast_shapes(one.shape[:-1], other.shape[:-1])
    return tuple(np.broadcast_to(each, (*shape, each.shape[-1])) for each in (one, other))
