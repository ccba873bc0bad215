"""How irregular spikes are, and how much their counts vary from trial to trial."""

import numpy as np

from neurotrain.errors import InvalidInput, require_number, require_whole


def cv(times_ms: np.ndarray, neurons: np.ndarray, n_neurons: int) -> np.ndarray:
    """Return the coefficient of variation of each neuron's interspike intervals, (neuron,).

    The standard deviation divided by the mean; 1 for a Poisson process of constant rate, but a
    rate that changes in time adds to it, see `cv2`. NaN for a neuron with fewer than two
    intervals.

    Parameters
    ----------
    times_ms, neurons : (spike,) array
        When which neuron fired, as in a SpikeMonitor.
    n_neurons : int

    Raises
    ------
    InvalidInput
        If the two differ in length, or a neuron is not one of 0 to `n_neurons` - 1.
    """
    intervals, owner = _intervals(times_ms, neurons, n_neurons)
    count = np.bincount(owner, minlength=n_neurons)
    mean = _means(intervals, owner, count)
    spread = _means((intervals - mean[owner]) ** 2, owner, count)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count > 1, np.sqrt(spread) / mean, np.nan)


def cv2(times_ms: np.ndarray, neurons: np.ndarray, n_neurons: int) -> np.ndarray:
    """Return the local variation of each neuron's interspike intervals, (neuron,).

    The mean of ``2 |I' - I| / (I' + I)`` over successive intervals (Holt et al. 1996,
    DOI 10.1152/jn.1996.75.5.1806); 1 for a Poisson process, and hardly raised by slow changes of
    the rate. NaN for a neuron with fewer than two intervals. Parameters and errors are those of
    `cv`.
    """
    intervals, owner = _intervals(times_ms, neurons, n_neurons)
    pairs = owner[1:] == owner[:-1]
    first, second, owner = intervals[:-1][pairs], intervals[1:][pairs], owner[1:][pairs]
    total = first + second
    # Two spikes at the same time, and a third, have nothing that varies.
    each = np.divide(2 * abs(second - first), total, out=np.zeros_like(total), where=total > 0)
    return _means(each, owner, np.bincount(owner, minlength=n_neurons))


def spike_counts(
    times_ms: np.ndarray,
    neurons: np.ndarray,
    n_neurons: int,
    *,
    starts_ms: np.ndarray,
    duration_ms: float,
    window_ms: float = 100.0,
) -> np.ndarray:
    """Return how often each neuron fired in each window of each trial, (trial, window, neuron).

    Parameters
    ----------
    times_ms, neurons, n_neurons
        As for `cv`.
    starts_ms : (trial,) array
        When each trial begins; trials do not overlap.
    duration_ms : float
        How much of each trial is looked at; what is left beside whole windows is not counted.
    window_ms : float
        Duration of a window.

    Raises
    ------
    InvalidInput
        As for `cv`, if trials overlap, or last no window.
    """
    require_number("window_ms", window_ms, above=0)
    require_number("duration_ms", duration_ms, least=window_ms)
    times_ms, neurons = _spikes(times_ms, neurons, n_neurons)
    starts_ms = np.asarray(starts_ms, dtype=float)
    n_windows = int(duration_ms / window_ms + 1e-9)
    if starts_ms.ndim != 1 or (np.diff(starts_ms) < n_windows * window_ms - 1e-6).any():
        raise InvalidInput(
            f"Trials must follow one another by at least the {n_windows * window_ms:g} ms "
            "in which their spikes are counted."
        )
    # Brian2's times are sums of steps; a spike at the start of a window belongs into it.
    slack = 1e-6
    trial = np.searchsorted(starts_ms, times_ms + slack, side="right") - 1
    since = times_ms + slack - starts_ms[trial.clip(0)]
    window = (since / window_ms).astype(int)
    counted = (trial >= 0) & (window < n_windows)
    shape = (len(starts_ms), n_windows, n_neurons)
    flat = np.ravel_multi_index((trial[counted], window[counted], neurons[counted]), shape)
    return np.bincount(flat, minlength=np.prod(shape)).reshape(shape)


def fano_factor(counts: np.ndarray) -> np.ndarray:
    """Return variance over mean of the counts across trials, averaged over windows, (neuron,).

    Each window is compared with the same one of other trials, so that rates which change in the
    same way on every trial do not count; 1 for Poisson processes. Windows without any spike are
    left out; NaN for a neuron that never fired.

    Parameters
    ----------
    counts : (trial, window, neuron) array
        Of trials of one condition, from `spike_counts`.

    Raises
    ------
    InvalidInput
        If there are less than two trials.
    """
    counts = np.asarray(counts, dtype=float)
    if counts.ndim != 3 or len(counts) < 2:
        raise InvalidInput(
            "counts must have shape (trial, window, neuron) with at least two trials, "
            f"got shape {counts.shape}."
        )
    mean, fired = counts.mean(axis=0), counts.any(axis=0)
    each = np.divide(counts.var(axis=0, ddof=1), mean, out=np.zeros_like(mean), where=fired)
    n_windows = fired.sum(axis=0)
    return np.divide(
        each.sum(axis=0), n_windows, out=np.full(len(n_windows), np.nan), where=n_windows > 0
    )


def _intervals(
    times_ms: np.ndarray, neurons: np.ndarray, n_neurons: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return interspike intervals, neuron after neuron, and whose they are."""
    times_ms, neurons = _spikes(times_ms, neurons, n_neurons)
    order = np.lexsort((times_ms, neurons))
    times_ms, neurons = times_ms[order], neurons[order]
    same = neurons[1:] == neurons[:-1]
    return np.diff(times_ms)[same], neurons[1:][same]


def _means(values: np.ndarray, owner: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Return the mean of each neuron's values, NaN where it has none."""
    sums = np.bincount(owner, values, minlength=len(count))
    return np.divide(sums, count, out=np.full(len(count), np.nan), where=count > 0)


def _spikes(
    times_ms: np.ndarray, neurons: np.ndarray, n_neurons: int
) -> tuple[np.ndarray, np.ndarray]:
    require_whole("n_neurons", n_neurons)
    times_ms, neurons = np.asarray(times_ms, dtype=float), np.asarray(neurons)
    if times_ms.ndim != 1 or times_ms.shape != neurons.shape:
        raise InvalidInput(
            "Every spike needs a time and a neuron, got shapes "
            f"{times_ms.shape} and {neurons.shape}."
        )
    if not neurons.size:
        return times_ms, neurons.astype(np.int64)
    if not np.isfinite(times_ms).all():
        raise InvalidInput("Times of spikes must be finite.")
    if not np.issubdtype(neurons.dtype, np.integer):
        raise InvalidInput(f"neurons must be whole numbers, got {neurons.dtype}.")
    if neurons.min() < 0 or neurons.max() >= n_neurons:
        raise InvalidInput(
            f"neurons must be 0 to {n_neurons - 1}, got {neurons.min()} to {neurons.max()}."
        )
    return times_ms, neurons.astype(np.int64)
